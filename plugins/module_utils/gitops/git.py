# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A repository as a bare mirror: its trees are read, and commits made and pushed, without a work tree.

    copy = mirror(url, environ)                       # one round trip when nothing moved
    commit = copy.head("main")                        # or None: copy.find("main")
    copy.read(commit, "app.py")
    new = copy.commit_tree(commit, {"Dockerfile": b"..."}, "Message", author, date)
    copy.push(new, "goldenpath/baseline", expected_remote=copy.find("goldenpath/baseline"))

The mirror lies in `<state>/repositories/<sha of the URL>.git`. It is only a copy: it may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import fcntl
import hashlib
import os
import pathlib
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ..errors import Conflict, Invalid, NotFound, Unreachable
from ..state_folder import state_folder
from .process import Answer, checked_branch, checked_path, checked_url, raise_for, run_git, shown

REGULAR: Final = ("100644", "100755", "100664")
ABSENT: Final = "0" * 40
# How long another run may hold the same mirror: its longest fetch is cut off before that.
LOCK_TRIES: Final = 4500
LOCK_PAUSE_SECONDS: Final = 0.2


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """What stands at a path of a commit: git's mode (100644, 100755, 120000 for a link, 160000 for a submodule), the object."""

    mode: str
    object: str

    @property
    def is_file(self) -> bool:
        """A file, not a link or a submodule."""
        return self.mode in REGULAR


@dataclasses.dataclass(frozen=True, slots=True)
class Author:
    """Whose name a commit carries."""

    name: str
    email: str


@dataclasses.dataclass(frozen=True, slots=True)
class Merge:
    """Two commits put together: the tree, and the paths that could not be (the tree then holds git's conflict marks there)."""

    tree: str
    conflicts: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Mirror:
    """A bare copy of a remote repository. Every method starts git on objects only; none changes a work tree."""

    folder: pathlib.Path
    url: str
    environ: Mapping[str, str] = dataclasses.field(repr=False)

    def find(self, branch: str) -> str | None:
        """The commit the branch stood at when the mirror was brought up to date, or None."""
        name = f"refs/heads/{checked_branch(branch)}^{{commit}}"
        done = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", name)
        return done.output.decode().strip() if done.code == 0 else None

    def head(self, branch: str = "") -> str:
        """The commit a branch stands at, the repository's own default branch if it is ''; NotFound names those there are."""
        if branch:
            commit = self.find(branch)
        else:
            done = self._git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
            commit = done.output.decode().strip() if done.code == 0 else None
        if commit is None:
            there = ", ".join(self.branches()) or "no branch at all"
            raise NotFound(
                f"{shown(self.url)} has no branch {branch!r}"
                if branch
                else f"{shown(self.url)} has no commit on its default branch",
                f"it has {there}",
                "Correct 'repository.branch' in the app's catalog entry.",
            )
        return commit

    def branches(self) -> tuple[str, ...]:
        """The names of all branches."""
        return tuple(self._ask("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads").decode().splitlines())

    def entries(self, commit: str) -> dict[str, Entry]:
        """Everything in a commit's (or tree's) tree by path."""
        found: dict[str, Entry] = {}
        for line in self._ask("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", _checked_object(commit)).split(b"\0"):
            if line:
                meta, _tab, path = line.partition(b"\t")
                mode, _kind, blob = meta.decode().split(" ")
                found[path.decode("utf-8", "surrogateescape")] = Entry(mode, blob)
        return found

    def files(self, commit: str) -> tuple[str, ...]:
        """The paths of all regular files of a commit: no links, no submodules."""
        return tuple(path for path, entry in self.entries(commit).items() if entry.is_file)

    def read(self, commit: str, path: str) -> bytes:
        """The content of one regular file; NotFound if there is none."""
        found = self.read_many(commit, [path])
        if path not in found:
            raise NotFound(f"{shown(self.url)} has no file {shown(path)!r} in commit {commit[:12]}")
        return found[path]

    def read_many(self, commit: str, paths: Iterable[str] | None = None) -> dict[str, bytes]:
        """The content of many regular files (of all, if no paths are given); a path without a file is left out."""
        entries = {path: entry for path, entry in self.entries(commit).items() if entry.is_file}
        wanted = list(entries) if paths is None else [path for path in dict.fromkeys(paths) if path in entries]
        objects = self.objects({entries[path].object for path in wanted})
        return {path: objects[entries[path].object] for path in wanted}

    def objects(self, names: Iterable[str]) -> dict[str, bytes]:
        """The content of objects by their names; one that is not there is left out."""
        asked = "".join(f"{_checked_object(name)}\n" for name in sorted(set(names)))
        if not asked:
            return {}
        answer = self._ask("cat-file", "--batch", data=asked.encode())
        found: dict[str, bytes] = {}
        at = 0
        while at < len(answer):
            end = answer.index(b"\n", at)
            head = answer[at:end].split()
            at = end + 1
            if len(head) == 3:
                size = int(head[2])
                found[head[0].decode()] = answer[at : at + size]
                at += size + 1
        return found

    def line(self, commit: str, most: int) -> tuple[str, ...]:
        """The commit and those that its branch stood at before, the newest first: what was merged into it is left out."""
        asked = ("--first-parent", f"--max-count={most}", "--end-of-options", _checked_object(commit))
        return tuple(self._ask("rev-list", *asked).decode().split())

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether `newer` holds everything that `older` has."""
        done = self._git("merge-base", "--is-ancestor", _checked_object(older), _checked_object(newer))
        return done.code == 0

    def merge_base(self, one: str, other: str) -> str | None:
        """The newest commit that both hold, or None."""
        done = self._git("merge-base", _checked_object(one), _checked_object(other))
        return done.output.decode().partition("\n")[0] if done.code == 0 else None

    def writers(self, older: str, newer: str, path: str) -> frozenset[str]:
        """The e-mail addresses of those who changed `path` between two commits."""
        span = f"{_checked_object(older)}..{_checked_object(newer)}"
        return frozenset(self._ask("log", "--format=%ae", "--end-of-options", span, "--", f":(literal){path}").decode().split())

    def merge(self, one: str, other: str) -> Merge:
        """Put two commits together in memory; conflicts are listed, never decided."""
        arguments = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", "--allow-unrelated-histories")
        done = self._git(*arguments, _checked_object(one), _checked_object(other))
        parts = [part for part in done.output.decode("utf-8", "surrogateescape").split("\0") if part]
        if done.code not in (0, 1) or not parts:
            raise_for(f"Two commits of {shown(self.url)} could not be merged", done.complaint, "git 2.38 or newer is needed.")
        return Merge(parts[0], tuple(dict.fromkeys(parts[1:])))

    def write_tree(self, base: str | None, changes: Mapping[str, bytes | None]) -> str:
        """The tree of `base` with files written (bytes) or removed (None); returns its name. A file keeps its mode."""
        entries = self.entries(base) if base else {}
        _check_places(entries, changes)
        lines: list[bytes] = []
        for path, content in sorted(changes.items()):
            name = os.fsencode(checked_path(path))
            if content is None:
                lines.append(b"0 " + ABSENT.encode() + b"\t" + name)
            else:
                mode = entries[path].mode if path in entries else REGULAR[0]
                lines.append(f"{mode} {self._store(content)}\t".encode() + name)
        with self._scratch() as scratch:
            index = str(scratch / "index")
            if base:
                self._ask("read-tree", "--end-of-options", _checked_object(base), index=index)
            self._ask("update-index", "-z", "--index-info", data=b"".join(line + b"\0" for line in lines), index=index)
            return self._ask("write-tree", index=index).decode().strip()

    def commit(self, tree: str, parents: Iterable[str], message: str, author: Author, date: datetime.datetime) -> str:
        """A commit of a tree; the same arguments make the same commit. Nothing points to it until it is pushed."""
        flags = [word for parent in parents for word in ("-p", _checked_object(parent))]
        stamp = f"{int(date.timestamp())} +0000"
        who = {
            f"GIT_{role}_{field}": value
            for role in ("AUTHOR", "COMMITTER")
            for field, value in (("NAME", author.name), ("EMAIL", author.email), ("DATE", stamp))
        }
        done = self._ask(
            "commit-tree", _checked_object(tree), *flags, "-F", "-", data=message.encode("utf-8", "replace"), extra=who
        )
        return done.decode().strip()

    def commit_tree(
        self, base_commit: str, changes: Mapping[str, bytes | None], message: str, author: Author, date: datetime.datetime
    ) -> str:
        """A commit on top of `base_commit` with files written (bytes) or removed (None)."""
        return self.commit(self.write_tree(base_commit, changes), (base_commit,), message, author, date)

    def push(self, commit: str, branch: str, expected_remote: str | None) -> None:
        """Move the remote's branch to `commit`, if it still stands at `expected_remote` (None: is not there). Else Conflict."""
        ref = f"refs/heads/{checked_branch(branch)}"
        lease = f"--force-with-lease={ref}:{expected_remote or ''}"
        arguments = (
            "push",
            "--quiet",
            "--porcelain",
            "--no-verify",
            lease,
            "--end-of-options",
            self.url,
            f"{_checked_object(commit)}:{ref}",
        )
        done = self._git(*arguments, url=self.url)
        if done.code:
            refused = [shown(line) for line in done.output.decode("utf-8", "replace").splitlines() if line.startswith("!")]
            why = " / ".join([*refused, done.complaint] if refused else [done.complaint])
            raise_for(f"The branch {branch} of {shown(self.url)} could not be pushed", why)
        self._ask("update-ref", ref, commit)

    def merge_file(self, base: bytes, owner: bytes, ours: bytes) -> bytes | None:
        """Two versions of a file put together over their common base; None if both changed the same lines (or it is no text)."""
        with self._scratch() as scratch:
            for name, content in (("owner", owner), ("base", base), ("ours", ours)):
                (scratch / name).write_bytes(content)
            names = [str(scratch / name) for name in ("owner", "base", "ours")]
            done = run_git(None, ("merge-file", "-p", "--quiet", *names), self.environ)
        return done.output if done.code == 0 else None

    def _store(self, content: bytes) -> str:
        return self._ask("hash-object", "-w", "--no-filters", "--stdin", data=content).decode().strip()

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[pathlib.Path]:
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{self.folder.stem}.tmp-{os.getpid()}-", dir=self.folder.parent))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _git(
        self, *arguments: str, data: bytes | None = None, url: str = "", index: str = "", extra: Mapping[str, str] | None = None
    ) -> Answer:
        own = {**({"GIT_INDEX_FILE": index} if index else {}), **(extra or {})}
        return run_git(str(self.folder), arguments, self.environ, data, url, own)

    def _ask(
        self, *arguments: str, data: bytes | None = None, url: str = "", index: str = "", extra: Mapping[str, str] | None = None
    ) -> bytes:
        done = self._git(*arguments, data=data, url=url, index=index, extra=extra)
        if done.code:
            raise_for(
                f"git {arguments[0]} failed on the copy of {shown(self.url)}",
                done.complaint,
                f"Delete {self.folder}: it is only a copy.",
            )
        return done.output


def mirror(url: str, environ: Mapping[str, str]) -> Mirror:
    """The mirror of a repository, brought up to date. Unreachable, Denied or NotFound in one line if it cannot be.

    Two runs of the same mirror wait for each other; what an interrupted one left is swept by the next.
    """
    found = _mirror_of(url, environ)
    folder, name = found.folder.parent, found.folder.stem
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(folder / f"{name}.lock", url):
        _sweep(folder, name)
        remote, default = _remote_refs(url, environ)
        if not found.folder.exists():
            _clone(found, name)
        elif remote != _local_refs(found):
            _fetch(found)
        if default:
            run_git(str(found.folder), ("symbolic-ref", "HEAD", default), environ)
    return found


def last_mirror(url: str, environ: Mapping[str, str]) -> Mirror | None:
    """The mirror as the last run left it, None if there is none."""
    found = _mirror_of(url, environ)
    return found if found.folder.exists() else None


def _mirror_of(url: str, environ: Mapping[str, str]) -> Mirror:
    name = hashlib.sha256(checked_url(url).encode()).hexdigest()[:40]
    return Mirror(state_folder(environ) / "repositories" / f"{name}.git", url, environ)


def _remote_refs(url: str, environ: Mapping[str, str]) -> tuple[dict[str, str], str]:
    done = run_git(None, ("ls-remote", "--symref", "--quiet", "--end-of-options", url), environ, url=url)
    if done.code:
        raise_for(f"The repository {shown(url)} cannot be read", done.complaint)
    refs: dict[str, str] = {}
    default = ""
    for line in done.output.decode("utf-8", "surrogateescape").splitlines():
        value, _unused, name = line.partition("\t")
        if value.startswith("ref: ") and name == "HEAD":
            default = value.removeprefix("ref: ")
        elif name.startswith("refs/") and not name.endswith("^{}"):
            refs[name] = value
    return refs, default if default.startswith("refs/heads/") else ""


def _local_refs(found: Mirror) -> dict[str, str] | None:
    done = run_git(str(found.folder), ("for-each-ref", "--format=%(objectname) %(refname)"), found.environ)
    if done.code:
        return None
    lines = done.output.decode("utf-8", "surrogateescape").splitlines()
    return {name: value for value, _unused, name in (line.partition(" ") for line in lines)}


def _clone(found: Mirror, name: str) -> None:
    # Renamed only when it is whole: a run that is killed leaves a folder that the next one sweeps.
    scratch = found.folder.with_name(f"{name}.tmp-clone-{os.getpid()}")
    done = run_git(None, ("init", "--bare", "--quiet", "--template=", "--end-of-options", str(scratch)), found.environ)
    if done.code:
        raise Unreachable("A copy of the repository cannot be made", done.complaint, "Check the state folder's permissions.")
    _fetch(dataclasses.replace(found, folder=scratch))
    scratch.rename(found.folder)


def _fetch(found: Mirror) -> None:
    options = ("--quiet", "--prune", "--no-write-fetch-head", "--no-tags", "--force", "--end-of-options")
    arguments = ("fetch", *options, found.url, "+refs/*:refs/*")
    done = run_git(str(found.folder), arguments, found.environ, url=found.url)
    if done.code:
        raise_for(f"The repository {shown(found.url)} cannot be read", done.complaint)


def _sweep(folder: pathlib.Path, name: str) -> None:
    for left in folder.glob(f"{name}.tmp-*"):
        if not _alive(left.name):
            shutil.rmtree(left, ignore_errors=True)


def _alive(name: str) -> bool:
    number = next((word for word in name.split("-") if word.isdigit()), "")
    try:
        os.kill(int(number or 0) or 2**22 + 1, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def _locked(path: pathlib.Path, url: str) -> Iterator[None]:
    # Bound to this process: the kernel lets go of it however the process ends.
    with path.open("a") as handle:
        for _unused in range(LOCK_TRIES):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(LOCK_PAUSE_SECONDS)
        else:
            raise Conflict(f"Another run holds the copy of {shown(url)}", "it did not let go", "Run again when it has ended.")
        yield


def _checked_object(name: str) -> str:
    if len(name) not in (40, 64) or any(letter not in "0123456789abcdef" for letter in name):
        raise Invalid(f"{shown(name)!r} is not the name of a git object")
    return name


def _check_places(entries: Mapping[str, Entry], changes: Mapping[str, bytes | None]) -> None:
    folders = {path[:at] for path in entries for at, letter in enumerate(path) if letter == "/"}
    for path, content in changes.items():
        if content is None:
            continue
        parts = checked_path(path).split("/")
        for depth in range(1, len(parts)):
            parent = "/".join(parts[:depth])
            if parent in entries:
                raise Conflict(f"{shown(path)} cannot be written", f"{shown(parent)} is no folder in this repository")
        if path in folders or (path in entries and not entries[path].is_file):
            raise Conflict(f"{shown(path)} cannot be written", "a folder, a link or a submodule stands there")
