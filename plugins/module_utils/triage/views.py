# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Other readings of a file, line for line: a notebook's cells without their JSON, what base64 wraps, a script's joined parts."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from .model import SourceFile

_WRAPPED: Final = re.compile(
    r"(?<![A-Za-z0-9+/=_.-])(?=[A-Za-z0-9+/]*[a-z])(?=[A-Za-z0-9+/]*[A-Z0-9])([A-Za-z0-9+/]{16,4096}={0,2})(?![A-Za-z0-9+/=_]|[.-]\w)"
)
_JOINED: Final = re.compile(r"(?P<quote>[\"'])\s*(?:\+|\.|~)\s*(?P=quote)|(?<=\w)\"\s+\"(?=\w)|(?<=\w)'\s+'(?=\w)")
# A literal within a literal: JSON in JSON, a Gradle field
_ESCAPED: Final = re.compile(
    r'\\"[\w-]*(?i:pass|pwd|secret|token|key|auth)[\w-]*\\"\s*[:=,]|(?i:pass\w*|pwd|secret|token|key)"\s*,\s*"\\"'
)
_OPTION_IN_LIST: Final = re.compile(r"""["'], ?["']-|\[\s*["']--?\w""")
# ["redis-cli", "-a", "x"]: a command as a list of its words
_LISTED: Final = re.compile(r"""[\[(]\s*(?:["'][\w./][\w./-]*["'](?:\s*,\s*["'][^"'\n]*["'])*?\s*,\s*)?["']-""")
_BETWEEN: Final = re.compile(r"""["']\s*,\s*["']""")
# smtp.login( and its arguments below: what formatters make of a long call
_OPENED: Final = re.compile(
    r"(?i)(?:login|connect|auth|client|session|sign|verify|encode|decode|hash|user|password|credential|key|token|smtp|ftp|redis|"
    r"mysql|pool|sequelize|dialer|secret|get|env|config|default|basic|equals|compare|create)\w{0,20}\("
)
_LAST_COMMA: Final = re.compile(r",\s*\)")
LONGEST_ARGUMENT: Final = 300
MOST_ARGUMENTS: Final = 10
# A comment behind an argument, where no quote is left open before it
_TOLD_BESIDE: Final = re.compile(r"""^((?:[^"'`#/]|"[^"\n]*"|'[^'\n]*'|`[^`\n]*`)*?)\s*(?:#|//).*$""")
# curl -s https://... \ and its options below
_GOES_ON: Final = re.compile(
    r"\b(?:curl|wget|https?|sshpass|mysql\w*|mariadb|psql|docker|lftp|mosquitto_\w+|mongo\w*|redis-cli|sqlcmd|openssl|keytool|ldap\w+)\b[^\n]*\\\s*$"
)
_CONTINUED: Final = re.compile(_GOES_ON.pattern, re.MULTILINE)
_KUBERNETES_SECRET: Final = re.compile(r"^kind:\s*Secret\s*$", re.MULTILINE)


def views(file: SourceFile) -> Iterator[SourceFile]:
    """The file itself, and every other way its lines can be read."""
    if file.suffix == ".ipynb":
        yield _notebook(file)
        return
    decoded = _decoded(file)
    if decoded is not None and _is_kubernetes_secret(file):
        yield decoded
        return
    yield file
    if '\\"' in file.text and _ESCAPED.search(file.text):
        yield _rewritten(file, [line.replace('\\"', '"') if _ESCAPED.search(line) else "" for line in file.lines])
    if _JOINED.search(file.text):
        yield _rewritten(file, [_JOINED.sub("", line) if len(line) < 4000 else line for line in file.lines])
    if _OPTION_IN_LIST.search(file.text):
        yield _rewritten(file, [_command(line) for line in file.lines])
    if ("(\n" in file.text or ",\n" in file.text) and (gathered := _gathered(file)) is not None:
        yield gathered
    if "\\\n" in file.text and _CONTINUED.search(file.text):
        yield _on_one_line(file)
    if decoded is not None:
        yield decoded


def _on_one_line(file: SourceFile) -> SourceFile:
    """Commands that go on behind a backslash, each on the line it begins on; all else is blank."""
    lines = [""] * len(file.lines)
    fresh = set(file.fresh or ())
    for number, line in enumerate(file.lines, 1):
        if not _GOES_ON.search(line[:LONGEST_ARGUMENT]):
            continue
        below = file.lines[number : number + MOST_ARGUMENTS]
        last = next((at for at, text in enumerate(below) if not text.rstrip().endswith("\\")), len(below))
        if any(file.is_fresh(number + 1 + at) for at in range(last + 1)):
            rest = " ".join(text.strip().removesuffix("\\").strip() for text in below[: last + 1])
            lines[number - 1] = f"{line.rstrip()} {rest}"
            fresh.add(number)
    return SourceFile(file.path, "\n".join(lines), tuple(lines), None if file.fresh is None else frozenset(fresh))


def _gathered(file: SourceFile) -> SourceFile | None:
    """Calls whose arguments stand on lines of their own, each on the line it begins on; all else is blank. None without any."""
    lines = [""] * len(file.lines)
    fresh = set(file.fresh or ())
    for number, line in enumerate(file.lines, 1):
        if len(line) > LONGEST_ARGUMENT or line.rstrip()[-1:] not in ("(", ",") or not _OPENED.search(line):
            continue
        arguments = _arguments(line, file.lines[number : number + MOST_ARGUMENTS])
        if any(file.is_fresh(number + 1 + at) for at in range(len(arguments))):
            given = " ".join(_TOLD_BESIDE.sub(r"\1", argument).strip() for argument in arguments)
            lines[number - 1] = _LAST_COMMA.sub(")", f"{line.rstrip()} {given}")
            fresh.add(number)
    if not any(lines):
        return None
    return SourceFile(file.path, "\n".join(lines), tuple(lines), None if file.fresh is None else frozenset(fresh))


def _arguments(head: str, below: tuple[str, ...]) -> list[str]:
    """The lines that close what the head opened, none if they do not or are no arguments."""
    depth, taken = head.count("(") - head.count(")"), list[str]()
    for line in below:
        if depth <= 0 or len(line) > LONGEST_ARGUMENT:
            break
        taken.append(line)
        depth += line.count("(") - line.count(")")
    return taken if depth <= 0 else []


def _command(line: str) -> str:
    return _BETWEEN.sub(" ", line) if "[" in line and len(line) < 4000 and _LISTED.search(line) else ""


def _is_kubernetes_secret(file: SourceFile) -> bool:
    return file.suffix in (".yml", ".yaml") and bool(_KUBERNETES_SECRET.search(file.text))


def _rewritten(file: SourceFile, lines: list[str]) -> SourceFile:
    return SourceFile(file.path, "\n".join(lines), tuple(lines), file.fresh)


def _notebook(file: SourceFile) -> SourceFile:
    lines = []
    for line in file.lines:
        inner = re.match(r'^\s*"((?:[^"\\]|\\.)*)"\s*,?\s*$', line)
        text = inner.group(1) if inner else line
        text = text.removesuffix("\\n").replace('\\"', '"').replace("\\t", "\t").replace("\\\\", "\\") if inner else text
        lines.append("" if len(text) > 4000 else text)  # pictures in outputs
    return _rewritten(file, lines)


def _decoded(file: SourceFile) -> SourceFile | None:
    kubernetes = _is_kubernetes_secret(file)
    lines = list(file.lines) if kubernetes else [""] * len(file.lines)
    found = False
    for number, line in file.numbered():
        if len(line) > 20_000 or (not kubernetes and len(line) < 20):
            continue
        if kubernetes and (entry := re.match(r"^(\s+[\w.\-]+:\s*)[\"']?([A-Za-z0-9+/]{4,}={0,2})[\"']?\s*$", line)):
            plain = plain_of(entry.group(2))
            if plain is not None:
                lines[number - 1], found = entry.group(1) + plain, True
            continue
        for match in _WRAPPED.finditer(line):
            plain = plain_of(match.group(1))
            if plain is not None and len(plain) >= 8:
                lines[number - 1], found = line[: match.start()] + plain + line[match.end() :], True
                break
    return _rewritten(file, lines) if found else None


def plain_of(wrapped: str) -> str | None:
    """What a base64 string wraps if that is printable text on one line, else None."""
    try:
        text = base64.b64decode(wrapped + "=" * (-len(wrapped) % 4), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    text = text.strip("\n")
    return text if text.isprintable() and len(text) >= 3 else None
