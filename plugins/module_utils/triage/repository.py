# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads a bare repository: the tree of a branch and every version of every file in the history of all refs.

Nothing in the repository is run: no hooks, no filters, no text conversion, no attributes, no submodules; git is asked for
objects only, with the user's and the system's configuration out of the way.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Final

from ..errors import NotFound, Unreachable
from . import paths
from .model import Snapshot, SourceFile, source_file

LARGEST_FILE: Final = 2 * 1024 * 1024
MOST_FILES: Final = 20_000
MOST_VERSIONS: Final = 60_000
MOST_BYTES: Final = 512 * 1024 * 1024
MESSAGE_PATH: Final = "(commit message)"
_SAFE: Final = (
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "safe.directory=*",
    "-c",
    "core.attributesFile=/dev/null",
    "-c",
    "protocol.ext.allow=never",
    "-c",
    "core.quotePath=false",
    "-c",
    "log.showSignature=false",
    "-c",
    "core.commitGraph=false",
)


@dataclasses.dataclass(frozen=True, slots=True)
class Version:
    """One version of a file: the commit that made it, where, and the object that holds it."""

    commit: str
    path: str
    blob: str


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What git is started with: the caller's environment without anything that could make it run or read more."""
    kept = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    return {
        **kept,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C.UTF-8",
    }


def git(folder: pathlib.Path, *arguments: str) -> bytes:
    """What git prints; Unreachable if it fails."""
    command = ["git", *_SAFE, f"--git-dir={folder}", *arguments]
    done = subprocess.run(command, env=environment(os.environ), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        why = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Unreachable(
            f"git {arguments[0]} failed in the mirror",
            why[-1] if why else f"exit code {done.returncode}",
            f"Delete {folder} and run again; it is only a copy.",
        )
    return done.stdout


def commit_of(folder: pathlib.Path, branch: str) -> str:
    """The commit a branch (or tag) stands at; of the repository's own default branch if `branch` is empty."""
    for ref in (f"refs/heads/{branch}", f"refs/tags/{branch}") if branch else ("HEAD",):
        try:
            return git(folder, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").decode().strip()
        except Unreachable:
            continue
    branches = git(folder, "for-each-ref", "--sort=-committerdate", "--format=%(refname:short)", "refs/heads").decode().split()
    if not branch and branches:
        return commit_of(folder, branches[0])
    raise NotFound(
        f"The repository has no branch '{branch}'" if branch else "The repository has no commit",
        f"it has: {', '.join(branches) or 'none'}",
        "Correct 'branch' in the app's catalog entry.",
    )


def snapshot(folder: pathlib.Path, commit: str) -> Snapshot:
    """The tree of a commit, as text. What is vendored is listed by path but not read; what is too large or too much is told."""
    listed: list[tuple[str, str, int]] = []
    for entry in git(folder, "ls-tree", "-r", "-l", "-z", commit).split(b"\0"):
        if not entry:
            continue
        meta, _tab, raw = entry.partition(b"\t")
        mode, kind, name, size = meta.split()
        if kind == b"blob" and mode != b"120000":
            listed.append((raw.decode("utf-8", "replace"), name.decode(), int(size)))
    wanted, left_out = _bounded(listed)
    files: list[SourceFile] = []
    texts = dict(read_blobs(folder, dict.fromkeys(blob for _path, blob, _size in wanted)))
    for path, blob, _size in wanted:
        text = text_of(texts.get(blob, b""))
        if text is not None:
            files.append(source_file(path, text))
    return Snapshot(commit, tuple(path for path, _blob, _size in listed), tuple(files), tuple(left_out))


def blobs_of(folder: pathlib.Path, commit: str) -> Iterator[tuple[str, str]]:
    """Path and object of every file in a commit's tree."""
    for entry in git(folder, "ls-tree", "-r", "-z", commit).split(b"\0"):
        if entry:
            meta, _tab, raw = entry.partition(b"\t")
            yield raw.decode("utf-8", "replace"), meta.split()[2].decode()


def _bounded(listed: Iterable[tuple[str, str, int]]) -> tuple[list[tuple[str, str, int]], list[tuple[str, str]]]:
    wanted: list[tuple[str, str, int]] = []
    left_out: list[tuple[str, str]] = []
    vendored = total = 0
    for path, blob, size in sorted(listed, key=lambda entry: (paths.is_built(entry[0]), entry[0].count("/"), entry[0])):
        if paths.is_vendored(path) and not path.rsplit("/", 1)[-1].startswith(".env"):
            vendored += 1
        elif size > LARGEST_FILE:
            if not is_media(path):
                left_out.append((path, f"not read: {size // 1024} KiB is more than {LARGEST_FILE // 1024} KiB"))
        elif len(wanted) >= MOST_FILES or total + size > MOST_BYTES:
            left_out.append((path, "not read: the repository is larger than what is read at once"))
        elif not is_media(path):
            wanted.append((path, blob, size))
            total += size
    if vendored:
        left_out.append((f"{vendored} files", "not read: copies of other people's packages"))
    return wanted, left_out


_MEDIA: Final = (
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".webp",
    ".ico",
    ".bmp",
    ".tiff",
    ".avif",
    ".mp3",
    ".mp4",
    ".mov",
    ".avi",
    ".webm",
    ".wav",
    ".ogg",
    ".flac",
    ".woff",
    ".woff2",
    ".ttf",
    ".otf",
    ".eot",
    ".pdf",
    ".psd",
    ".ai",
    ".sketch",
    ".fig",
    ".glb",
    ".gltf",
    ".exe",
    ".dll",
    ".so",
    ".dylib",
    ".class",
    ".pyc",
    ".pyo",
    ".o",
    ".a",
    ".wasm",
    ".parquet",
    ".npy",
    ".npz",
    ".h5",
    ".onnx",
    ".pt",
    ".pth",
    ".safetensors",
    ".bin",
    ".dat",
    ".docx",
    ".pptx",
)


def is_media(path: str) -> bool:
    """Pictures, sounds, fonts, compiled code: no text, whatever the bytes say."""
    return path.lower().endswith(_MEDIA)


def text_of(data: bytes) -> str | None:
    """The bytes as text, whatever editor wrote them; None if they are none. PowerShell's `>` writes UTF-16."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:8000]:
        half = data[1:400:2]
        if half and half.count(0) > len(half) * 0.8:
            return data.decode("utf-16-le", "replace")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def read_blobs(folder: pathlib.Path, blobs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Objects by id, in the order asked for, over one git process; a missing one is left out."""
    command = ["git", *_SAFE, f"--git-dir={folder}", "cat-file", "--batch"]
    wanted = list(blobs)
    if not wanted:
        return
    with subprocess.Popen(
        command, env=environment(os.environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("git was asked for both pipes and has not got them")
        for start in range(0, len(wanted), 256):
            # Small portions: all at once would fill both pipes and stop both sides.
            portion = wanted[start : start + 256]
            _ask(process.stdin, portion)
            for blob in portion:
                data = _answer(process.stdout)
                if data is not None:
                    yield blob, data
        process.stdin.close()


def _ask(pipe: IO[bytes], blobs: Iterable[str]) -> None:
    pipe.write("".join(f"{blob}\n" for blob in blobs).encode())
    pipe.flush()


def _answer(pipe: IO[bytes]) -> bytes | None:
    head = pipe.readline().split()
    if len(head) < 3:
        return None
    data = pipe.read(int(head[2]))
    pipe.read(1)
    return data


def versions(folder: pathlib.Path) -> list[Version]:
    """Every version of every file that any commit of any ref made, oldest first; merges: what they changed themselves."""
    told = git(
        folder,
        "log",
        "--all",
        "--reverse",
        "--topo-order",
        "--raw",
        "--no-abbrev",
        "-z",
        "--root",
        "-c",
        "--no-renames",
        "--no-ext-diff",
        "--no-textconv",
        "--ignore-submodules=all",
        "--format=%x01%H",
        "--",
    )
    found: list[Version] = []
    seen: set[tuple[str, str]] = set()
    for part in told.split(b"\x01")[1:]:
        commit = part[:40].decode()
        fields = part[40:].split(b"\0")
        for index, field in enumerate(fields):
            field = field.lstrip(b"\n")
            if not field.startswith(b":") or index + 1 >= len(fields):
                continue
            meta = field.lstrip(b":").split()
            parents = len(field) - len(field.lstrip(b":"))
            mode, blob = meta[parents].decode(), meta[2 * parents + 1].decode()
            path = fields[index + 1].decode("utf-8", "replace")
            if mode in ("100644", "100755", "100664") and set(blob) != {"0"} and (path, blob) not in seen:
                seen.add((path, blob))
                found.append(Version(commit, path, blob))
    return found


def sizes(folder: pathlib.Path, blobs: Iterable[str]) -> dict[str, int]:
    """The size of each object in bytes."""
    command = ["git", *_SAFE, f"--git-dir={folder}", "cat-file", "--batch-check=%(objectname) %(objectsize)"]
    asked = "".join(f"{blob}\n" for blob in blobs).encode()
    done = subprocess.run(command, env=environment(os.environ), input=asked, capture_output=True, check=False)
    return {blob: int(size) for blob, size in (line.split() for line in done.stdout.decode().splitlines()) if size.isdigit()}


def messages(folder: pathlib.Path) -> Iterator[tuple[str, SourceFile]]:
    """The message of every commit and annotated tag: people paste keys there too."""
    told = git(folder, "log", "--all", "--format=%x01%H%x02%B", "--").decode("utf-8", "replace")
    told += git(folder, "for-each-ref", "--format=%01%(objectname)%02%(contents)", "refs/tags").decode("utf-8", "replace")
    for part in told.split("\x01")[1:]:
        commit, _unused, text = part.partition("\x02")
        yield commit, source_file(MESSAGE_PATH, text.strip())
