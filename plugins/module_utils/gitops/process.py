# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Starts git so that nothing of a repository is run: no hook, filter, text conversion, monitor, submodule or odd transport.

Objects only: there is never a work tree, so attributes have nothing to act on. The user's own git configuration is read in
one case: when a forge elsewhere is asked, for its credential helper and proxy.
"""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from typing import Final, NoReturn

from ..errors import Conflict, Denied, Invalid, MicroappsError, NotFound, Unreachable

TRANSPORTS: Final = ("https", "http", "ssh", "git", "file")
# A forge that neither answers nor closes the connection must not hold the play for ever.
SECONDS_OF_SILENCE: Final = 60
LONGEST_CALL_SECONDS: Final = 900

_SAFE: Final = (
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.fsmonitor=false",
    "-c", "core.attributesFile=/dev/null",
    "-c", "core.quotePath=false",
    "-c", "core.logAllRefUpdates=false",
    "-c", "safe.directory=*",
    "-c", "protocol.ext.allow=never",
    "-c", "fetch.recurseSubmodules=no",
    "-c", "submodule.recurse=false",
    "-c", "push.recurseSubmodules=no",
    "-c", "push.gpgSign=false",
    "-c", "gc.auto=0",
    "-c", "maintenance.auto=false",
    "-c", "i18n.commitEncoding=UTF-8",
    "-c", "init.templateDir=",
)  # fmt: skip
# What a user sets on purpose so that git can log in.
_KEPT: Final = ("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH")
_WITH_SCHEME: Final = re.compile(r"^(?P<scheme>[a-z][a-z0-9+]*)://(?P<rest>[^\s]+)$")
_LIKE_SCP: Final = re.compile(r"^[A-Za-z0-9._][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:(?![:-])[^\s:]+$")
_LOOPBACK: Final = re.compile(r"^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$")
_USER_INFO: Final = re.compile(r"(?<=//)[^/@\s]+@")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What a git process said: its exit code, its output, and the complaint, for people, in one line."""

    code: int
    output: bytes
    complaint: str


def checked_url(url: str) -> str:
    """`url` as it is, if git may be given it: a known transport, no password, nothing that git takes for an option."""
    scheme = _WITH_SCHEME.match(url)
    if scheme and scheme["scheme"] in TRANSPORTS:
        authority = scheme["rest"].partition("/")[0]
        user, at, host = authority.rpartition("@")
        if ":" in user or (at and scheme["scheme"] in ("http", "https")):
            raise Invalid(
                f"The repository's URL {shown(url)} holds a login",
                "a URL is printed and kept in plain text",
                "Remove it and let git's credential helper or ssh hold the login.",
            )
        if not host.startswith("-") and not user.startswith("-") and "::" not in scheme["rest"].partition("]")[2]:
            return url
    elif _LIKE_SCP.match(url) or (os.path.isabs(url) and not _UNPRINTABLE.search(url)):
        return url
    raise Invalid(
        f"{shown(url)!r} is not a repository's URL that may be asked",
        f"only {', '.join(TRANSPORTS)}, user@host:path and absolute paths are taken",
        "Correct 'repository.url' in the catalog or 'forge.base' in the profile.",
    )


def shown(text: str) -> str:
    """Text of git or of a user as one printable line without any login in a URL."""
    return _UNPRINTABLE.sub(" ", _USER_INFO.sub("", text)).strip()


def standing(url: str, branch: str, commit: str, default: str) -> str:
    """Where a branch stands, for people. What is on another than the default branch is proposed: the app's owner merges it."""
    owed = "" if branch == default else f", to be merged into {default}"
    return f"{shown(url)} {branch} @{commit[:12]}{owed}"


def checked_branch(branch: str) -> str:
    """`branch` as it is, if it can be a branch's name (git-check-ref-format) and nothing else."""
    parts = branch.split("/")
    odd = re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//", branch)
    if not branch or odd or branch.startswith(("-", "/")) or branch == "@" or branch.endswith((".", "/")):
        raise Invalid(f"{shown(branch)!r} cannot be the name of a branch", "git refuses it", "Choose another, like main.")
    if any(part.startswith(".") or part.endswith(".lock") for part in parts):
        raise Invalid(f"{shown(branch)!r} cannot be the name of a branch", "git refuses it", "Choose another, like main.")
    return branch


def checked_path(path: str) -> str:
    """`path` as it is, if it stays inside the repository and outside of git's own folder, on any file system."""
    parts = path.split("/")
    bad = {"", ".", ".."}
    if (
        any(part in bad or part.lower().rstrip(". ") in (".git", "git~1") or _UNPRINTABLE.search(part) for part in parts)
        or "\\" in path
    ):
        raise Invalid(f"{shown(path)!r} is not a path that may be written", "it leaves the repository or enters git's own folder")
    return path


def run_git(
    folder: str | None,
    arguments: Iterable[str],
    environ: Mapping[str, str],
    data: bytes | None = None,
    url: str = "",
    extra: Mapping[str, str] | None = None,
) -> Answer:
    """Run git on the bare repository `folder`, with `data` on its input; `url` says that this forge is going to be asked.

    `extra` are variables of git's own that the caller sets (a private index, an author).
    """
    place = () if folder is None else (f"--git-dir={folder}",)
    proxy = ("-c", "http.proxy=") if _is_loopback(url) else ()
    command = ["git", *_SAFE, *proxy, *place, *arguments]
    try:
        done = subprocess.run(
            command,
            env={**_environment(environ, url), **(extra or {})},
            input=data if data is not None else b"",
            capture_output=True,
            check=False,
            timeout=LONGEST_CALL_SECONDS,
        )
    except FileNotFoundError:
        raise Unreachable("git cannot be started", "it is not on the PATH", "Install git 2.38 or newer.") from None
    except subprocess.TimeoutExpired:
        raise Unreachable(
            f"{shown(url) or 'git'} gave no answer", f"nothing after {LONGEST_CALL_SECONDS} s", "Run again when it is up."
        ) from None
    return Answer(done.returncode, done.stdout, _complaint(done.stderr))


def _is_loopback(url: str) -> bool:
    scheme = _WITH_SCHEME.match(url)
    return bool(scheme and _LOOPBACK.match(scheme["rest"].partition("/")[0]))


def _environment(environ: Mapping[str, str], url: str) -> dict[str, str]:
    kept = {name: value for name, value in environ.items() if not name.startswith("GIT_") or name in _KEPT}
    elsewhere = bool(url) and not url.startswith(("/", "file:")) and not _is_loopback(url)
    # A private forge needs the user's credential helper and proxy; nothing else ever does.
    own = {} if elsewhere else {"GIT_CONFIG_GLOBAL": os.devnull}
    return {
        **kept,
        **own,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": ":".join(TRANSPORTS),
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_HTTP_LOW_SPEED_LIMIT": "1",
        "GIT_HTTP_LOW_SPEED_TIME": str(SECONDS_OF_SILENCE),
        "GIT_SSH_COMMAND": kept.get("GIT_SSH_COMMAND", f"ssh -oBatchMode=yes -oConnectTimeout={SECONDS_OF_SILENCE}"),
        "SSH_ASKPASS": "",
        "LC_ALL": "C.UTF-8",
    }


def _complaint(stderr: bytes) -> str:
    lines = [shown(line) for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    # The reason stands in the first `fatal:` or `error:`; advice and blank hints follow it.
    told = [line for line in lines if re.match(r"(remote: )?(fatal|error|ERROR)\b|.*errno=", line)] or lines[-1:]
    return " / ".join(dict.fromkeys(re.sub(r"^((remote: )?(fatal|error|ERROR): ?)+", "", line) for line in told))[:400]


_RACE: Final = r"stale info|non-fast-forward|fetch first|failed to update ref|cannot lock ref|already exists"
_NO_RIGHT: Final = (
    r"authentication|permission denied|could not read (username|password)|\b40[13]\b"
    r"|hook declined|protected|denied to|not allowed"
)
_NOT_THERE: Final = r"not found|does not exist|not exported|not appear to be a git repository|no such|\b404\b"
_MEANINGS: Final[tuple[tuple[str, type[MicroappsError], str], ...]] = (
    (_RACE, Conflict, "Somebody pushed at the same time: run again."),
    (
        _NO_RIGHT,
        Denied,
        "Give git a login that may do this (ssh key or credential helper), or ask who keeps the repository.",
    ),
    (_NOT_THERE, NotFound, "Correct 'repository.url' in the catalog or 'forge.base' in the profile."),
)


def raise_for(what: str, complaint: str, next_step: str = "Run again when it is up.") -> NoReturn:
    """The error of ours that a complaint of git means."""
    for pattern, kind, advice in _MEANINGS:
        if re.search(pattern, complaint, re.IGNORECASE):
            raise kind(what, complaint, advice)
    raise Unreachable(what, complaint or "git gave no reason", next_step)
