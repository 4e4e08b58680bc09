# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Takes found credentials out of the source, each by its language's rewriter, or says what a person must do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ..app import App
from ..triage import paths
from ..triage.fingerprints import fingerprint
from ..verdict import CredentialFinding
from . import rewrite_node, rewrite_python
from .mapping import database_variables, is_database, target_of
from .model import Browser
from .rewrite_python import Rewritten, Wanted

_SCRIPTS: Final = (".js", ".mjs", ".cjs", ".ts", ".jsx", ".tsx")
# Shorter values are found by chance in any text.
SHORTEST_SEARCHED: Final = 8


@dataclasses.dataclass(frozen=True, slots=True)
class Undone:
    """A credential that stays in the code until a person acts."""

    file: str
    line: int
    why: str
    next_step: str


@dataclasses.dataclass(frozen=True, slots=True)
class Cleaned:
    """The files as they should be (None: removed), the values that are gone, and what is left to people."""

    files: Mapping[str, bytes | None]
    values: tuple[str, ...] = dataclasses.field(repr=False, default=())
    variables: tuple[str, ...] = ()
    browser: tuple[Browser, ...] = ()
    undone: tuple[Undone, ...] = ()
    without_secret: tuple[str, ...] = ()


def owed(finding: CredentialFinding) -> bool:
    """In the tree, and to be taken out: what lets somebody in, and a browser's key whose use is paid for."""
    paid = finding.kind == "google_api_key" and finding.standing == "public_by_design" and finding.file.endswith(_SCRIPTS)
    return not finding.commit and (finding.owes_rotation or paid)


def cleaned(app: App, findings: Iterable[CredentialFinding], texts: Mapping[str, bytes], can_fill: bool) -> Cleaned:
    """What becomes of every file with a finding; `can_fill` says that the platform's wrapper can fill marks in browser files."""
    of_file: dict[str, list[CredentialFinding]] = {}
    for finding in findings:
        if owed(finding) and finding.file in texts:
            of_file.setdefault(finding.file, []).append(finding)
    parts = [_of_file(app, file, found, texts[file], can_fill) for file, found in sorted(of_file.items())]
    return Cleaned(
        {file: content for part in parts for file, content in part.files.items()},
        tuple(dict.fromkeys(value for part in parts for value in part.values)),
        tuple(dict.fromkeys(name for part in parts for name in part.variables)),
        tuple(one for part in parts for one in part.browser),
        tuple(one for part in parts for one in part.undone),
        tuple(dict.fromkeys(name for part in parts for name in part.without_secret)),
    )


def _of_file(app: App, file: str, found: list[CredentialFinding], content: bytes, can_fill: bool) -> Cleaned:
    name = file.rsplit("/", 1)[-1]
    wanted = [_wanted(finding, app) for finding in found]
    unknown = tuple(one.variable for one, finding in zip(wanted, found, strict=True) if not target_of(finding, app).secret)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return _left(file, found, "the file is not UTF-8", "Rewrite it as UTF-8 and read the value from the environment.")
    if name == ".env" or (name.startswith(".env.") and "example" not in name):
        values = tuple(
            line.partition("=")[2].strip().strip("\"'") for line in text.splitlines() if "=" in line and not line.startswith("#")
        )
        lines = {finding.line for finding in found}
        secret = tuple(value for number, value in enumerate(_values_by_line(text), 1) if number in lines and value)
        return Cleaned({file: None}, secret or values, tuple(one.variable for one in wanted), without_secret=unknown)
    if file.endswith(".py"):
        return _from(file, rewrite_python.rewrite(text, wanted), unknown)
    if file.endswith(_SCRIPTS):
        return _of_script(app, file, found, wanted, text, unknown, can_fill)
    return _left(
        file,
        found,
        "its format has no way to read the environment",
        "Move the value into a secret of the catalog and read it in the code.",
    )


def _of_script(
    app: App, file: str, found: list[CredentialFinding], wanted: list[Wanted], text: str, unknown: tuple[str, ...], can_fill: bool
) -> Cleaned:
    if not (app.runtime != "node" or paths.is_browser_code(file)):
        return _from(file, rewrite_node.rewrite(text, wanted), unknown)
    if not can_fill or paths.is_built(file):
        return _left(
            file,
            found,
            "it is shipped to every browser",
            "Call the third party from the server, or restrict the key to your page.",
        )
    made = rewrite_node.rewrite(text, wanted, replacement='"__PLATFORM_@@__"')
    marks = tuple(Browser(file, f"__PLATFORM_{name}__", name) for name in made.variables)
    return dataclasses.replace(_from(file, made, unknown), browser=marks)


def _values_by_line(text: str) -> list[str]:
    return [line.partition("=")[2].strip().strip("\"'") for line in text.splitlines()]


def _wanted(finding: CredentialFinding, app: App) -> Wanted:
    target = target_of(finding, app)
    database = database_variables(app) if is_database(finding) else {}

    def is_value(text: str) -> bool:
        return fingerprint(text, app.name) == finding.fingerprint

    return Wanted(finding.line, finding.variable, target.variable, is_value, database, bool(target.secret))


def _from(file: str, made: Rewritten, unknown: tuple[str, ...]) -> Cleaned:
    undone = tuple(Undone(file, line, why, "Read the value from the environment by hand.") for line, why in made.left)
    missing = tuple(name for name in unknown if name in made.variables)
    files: dict[str, bytes | None] = {file: made.text.encode()} if made.values else {}
    return Cleaned(files, made.values, made.variables, undone=undone, without_secret=missing)


def _left(file: str, found: Iterable[CredentialFinding], why: str, next_step: str) -> Cleaned:
    return Cleaned({}, undone=tuple(Undone(file, finding.line, why, next_step) for finding in found))


def remaining(values: Iterable[str], texts: Mapping[str, bytes], register: Callable[[str], str]) -> tuple[Undone, ...]:
    """Every place where a value that was taken out still stands, in any file of the branch."""
    searched = [register(value).encode() for value in values if len(value) >= SHORTEST_SEARCHED]
    found: list[Undone] = []
    for file, content in sorted(texts.items()):
        for value in searched:
            at = content.find(value)
            if at >= 0:
                line = content.count(b"\n", 0, at) + 1
                found.append(Undone(file, line, "the same credential stands here as well", "Remove it here by hand."))
    return tuple(found)
