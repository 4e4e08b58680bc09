# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read the catalog: one entry for a task, or the whole folder for the inventory, with every fault at once."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ..app import App
from ..errors import Invalid, NotFound
from . import backstage
from .check import Checker, quoted
from .entries import app_from, contradictions
from .groups import slug
from .schema import APP_SCHEMA
from .source import Document, Faulty, documents, read_text

CHECKER: Final = Checker(APP_SCHEMA)
SUFFIXES: Final = (".yml", ".yaml")
MOST_COMPLAINTS: Final = 10  # of one file; the rest is counted


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One fault: where it stands, and a sentence that ends with the mend."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.sentence}"


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A valid entry: its data, the file it came from, and the environments it lives in."""

    name: str
    file: str
    data: Mapping[str, Any]
    name_line: int = 1
    team_line: int = 1

    @property
    def environments(self) -> tuple[str, ...]:
        """Where it lives, in the order of the file."""
        return tuple(self.data["environments"])


@dataclasses.dataclass(frozen=True, slots=True)
class Catalog:
    """A folder's entries that are right, and what is wrong with the others."""

    folder: str
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]

    def apps(self, environment: str) -> tuple[App, ...]:
        """The apps that live in an environment, by name."""
        return tuple(
            app_from(entry.data, environment, entry.file) for entry in self.entries if environment in entry.data["environments"]
        )


def load_app(file: str, name: str, environment: str) -> App:
    """One app from its file, as every task reads it: raises `Invalid` (one line) or `NotFound`."""
    path = pathlib.Path(os.path.abspath(file))
    entries, problems = _read(path, path.parent)
    mine = next((entry for entry in entries if entry.name == name), None)
    if mine is None and problems:
        raise Invalid("The catalog entry is not valid", " | ".join(str(problem) for problem in problems), "Mend the file.")
    if mine is None:
        raise NotFound(f"The app {name!r} is not in {file}", f"it holds {', '.join(entry.name for entry in entries) or 'none'}")
    if environment not in mine.data["environments"]:
        lives = ", ".join(mine.environments)
        raise NotFound(
            f"The app {name} does not live in {environment!r}",
            f"{file} names {lives}",
            "Add the environment there, or choose another.",
        )
    return app_from(mine.data, environment, str(path))


def load_catalog(folder: str) -> Catalog:
    """Every entry of a folder: its own `*.yml` files, and `catalog-info.yaml` files one level below."""
    root = pathlib.Path(os.path.abspath(folder))
    if not root.is_dir():
        raise NotFound(f"The catalog folder {root} is not there", "", "Correct `catalog` in microapps.yml.")
    entries: list[Entry] = []
    problems: list[Problem] = []
    for file in _files(root):
        good, bad = _read(file, root)
        entries += good
        problems += bad
    entries.sort(key=lambda entry: (entry.name, entry.file))
    unique, repeated = _without_repeated(entries)
    distinct, colliding = _without_collisions(unique)
    return Catalog(str(root), tuple(distinct), (*problems, *repeated, *colliding))


def _files(root: pathlib.Path) -> Iterator[pathlib.Path]:
    with os.scandir(root) as found:
        # A link to itself is no folder here, and an error to entry.is_dir().
        names = sorted((entry.name, os.path.isdir(entry.path)) for entry in found if not entry.name.startswith("."))
    for name, is_folder in names:
        if is_folder:
            yield from (root / name / file for file in backstage.FILES if os.path.lexists(root / name / file))
        elif name.endswith(SUFFIXES):
            yield root / name


def _read(file: pathlib.Path, folder: pathlib.Path) -> tuple[list[Entry], list[Problem]]:
    real = os.path.realpath(file)
    if not real.startswith(os.path.realpath(folder) + os.sep):
        return [], [Problem(str(file), 1, "the file is a link that leads out of the catalog; put the entry itself here")]
    if not real.endswith(SUFFIXES):
        # Not even looked at: what stands in somebody's key file must not come back as a part of our complaint.
        return [], [Problem(str(file), 1, f"is not named as a catalog entry is; its name ends in {' or '.join(SUFFIXES)}")]
    if not os.path.isfile(real):
        return [], [Problem(str(file), 1, "is not a file; a catalog entry is one YAML file")]
    try:
        found = documents(read_text(file))
    except Faulty as fault:
        return [], [Problem(str(file), fault.line, fault.sentence)]
    except Invalid as error:
        return [], [Problem(str(file), 1, error.sentence())]
    entries: list[Entry] = []
    problems: list[Problem] = []
    if not found:
        problems.append(Problem(str(file), 1, "the file is empty; write an entry or remove it"))
    native = [document for document in found if not backstage.is_backstage(document.data)]
    if len(native) > 1 or (native and len(found) > 1):
        problems.append(Problem(str(file), 1, "the file holds several documents; keep one app per file"))
        return entries, problems
    for document in found:
        entry, wrong = _entry(document, file)
        problems += wrong
        entries += [entry] if entry else []
    return entries, problems


def _entry(document: Document, file: pathlib.Path) -> tuple[Entry | None, list[Problem]]:
    if backstage.is_backstage(document.data):
        if not backstage.is_component(document.data):
            return None, []
        try:
            document = backstage.converted(document)
        except Faulty as fault:
            return None, [Problem(str(file), fault.line, fault.sentence)]
    elif isinstance(document.data, dict) and document.data.get("name", file.stem) != file.stem:
        sentence = (
            f"name: {quoted(document.data['name'])} is not the file's name; call the file <name>.yml, or write name: {file.stem}"
        )
        return None, [Problem(str(file), document.line(("name",)), sentence)]
    complaints = CHECKER.complaints(document.data) or contradictions(document.data)
    if complaints:
        return None, list(_problems(document, file, complaints))
    data = document.data
    return Entry(data["name"], str(file), data, document.line(("name",)), document.line(("owner", "team"))), []


def _problems(document: Document, file: pathlib.Path, complaints: Iterable[Any]) -> Iterator[Problem]:
    placed = sorted(
        (Problem(str(file), document.line(complaint.path), complaint.sentence) for complaint in complaints),
        key=lambda problem: problem.line,
    )
    yield from placed[:MOST_COMPLAINTS]
    if len(placed) > MOST_COMPLAINTS:
        yield Problem(str(file), placed[-1].line, f"and {len(placed) - MOST_COMPLAINTS} more; mend those above first")


def _without_repeated(entries: Iterable[Entry]) -> tuple[list[Entry], list[Problem]]:
    # Of several entries with one name none is kept: nobody can say which one is meant.
    files: dict[str, list[Entry]] = {}
    for entry in entries:
        files.setdefault(entry.name, []).append(entry)
    problems = [
        Problem(
            entry.file,
            entry.name_line,
            f"name: {quoted(entry.name)} is not a new name; {same[0].file} has it already: rename or remove one of them",
        )
        for same in files.values()
        for entry in same[1:]
    ]
    return [same[0] for same in files.values() if len(same) == 1], problems


def _without_collisions(entries: Iterable[Entry]) -> tuple[list[Entry], list[Problem]]:
    # Two teams in one group could be mistaken for each other; the first by app name keeps it.
    first: dict[str, Entry] = {}
    kept: list[Entry] = []
    problems: list[Problem] = []
    for entry in entries:
        team = entry.data["owner"]["team"]
        earlier = first.setdefault(slug(team), entry)
        other = earlier.data["owner"]["team"]
        if other == team:
            kept.append(entry)
            continue
        sentence = (
            f"owner.team: {quoted(team)} is not told apart from {quoted(other)} of {earlier.file} (both are the group "
            f"owner_{slug(team)}); write both alike if it is one team, or rename one"
        )
        problems.append(Problem(entry.file, entry.team_line, sentence))
    return kept, problems
