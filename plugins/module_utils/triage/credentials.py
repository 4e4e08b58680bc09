# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The credentials of a repository: candidates of all detectors, judged, one finding for each value over tree and history."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from ..verdict import CredentialFinding
from . import paths, standing
from .detectors import (
    addressed,
    asked,
    assignments,
    chpasswd,
    commands,
    commented,
    compared,
    connection_strings,
    connections,
    key_blocks,
    logins,
    options,
    pairs,
    password_tables,
    prose,
    rare_logins,
    requests,
    returned,
    rows,
    secret_files,
    setters,
    told_beside_hash,
    typed,
    used,
    vendor_tokens,
)
from .fingerprints import fingerprint
from .model import Candidate, SourceFile
from .standings import LIVE, LOCAL, PLACEHOLDER, PUBLIC, SIGNING_KEY, Judgement
from .views import MOST_ARGUMENTS, plain_of, views

Detector = Callable[[SourceFile], Iterable[Candidate]]
DETECTORS: Final[tuple[Detector, ...]] = (
    key_blocks.candidates,
    vendor_tokens.candidates,
    connection_strings.candidates,
    logins.candidates,
    rare_logins.candidates,
    requests.candidates,
    secret_files.candidates,
    returned.candidates,
    returned.key_functions,
    returned.keys,
    told_beside_hash.candidates,
    commands.candidates,
    password_tables.candidates,
    asked.candidates,
    compared.candidates,
    typed.candidates,
    chpasswd.candidates,
    assignments.candidates,
    used.candidates,
    pairs.candidates,
    pairs.logins,
    options.candidates,
    setters.candidates,
    addressed.candidates,
    addressed.kept,
    addressed.settings,
    commented.candidates,
    rows.candidates,
    prose.candidates,
)
HEAD, BEFORE, AFTER = 8, 12, 4
_SHAPES: Final = ("block", "token", "uri", "call", "comparison", "assignment", "prose")
_STANDINGS: Final = (LIVE, SIGNING_KEY, PUBLIC, LOCAL, PLACEHOLDER)


@dataclasses.dataclass(frozen=True, slots=True)
class Sighting:
    """One credential at one place. `commit` is '' in the tree of the branch that is judged."""

    candidate: Candidate
    judgement: Judgement
    commit: str = ""


def in_file(file: SourceFile, engine: Detector, services: frozenset[str] = frozenset()) -> tuple[Sighting, ...]:
    """Every credential in one file, the same value on a line once, known by its strongest form. `services`: see `hosts`."""
    if paths.is_lock(file.path):
        detectors: tuple[Detector, ...] = (connection_strings.candidates,)
    elif paths.is_built(file.path):
        detectors = (
            key_blocks.candidates,
            vendor_tokens.candidates,
            connection_strings.candidates,
            requests.candidates,
            engine,
            # A map of sources is the sources once more, on one line.
            *(() if file.path.endswith(".map") else (assignments.candidates,)),
        )
    else:
        detectors = (*DETECTORS, engine)
    judged: list[Sighting] = []
    for view in views(around_fresh(file)):
        for detector in detectors:
            for candidate in detector(view):
                candidate = _telling(candidate, view)
                judgement = standing.judge(candidate, view if file.fresh is None else file, services)
                placed = _placed(candidate, view, file)
                if judgement is not None and file.is_fresh(placed.line):
                    judged.append(Sighting(placed, judgement))
    return tuple(_distinct(judged))


def _placed(candidate: Candidate, view: SourceFile, file: SourceFile) -> Candidate:
    """At the line where the value itself stands: an argument of a gathered call may be some lines below the call."""
    own = file.lines[candidate.line - 1].rstrip()
    if candidate.value in own or not view.lines[candidate.line - 1].startswith(f"{own} "):
        return candidate
    below = range(candidate.line, min(candidate.line + MOST_ARGUMENTS, len(file.lines)))
    line = next((at + 1 for at in below if candidate.value in file.lines[at]), candidate.line)
    return dataclasses.replace(candidate, line=line)


def _telling(candidate: Candidate, view: SourceFile) -> Candidate:
    if candidate.kind not in ("password", "database_password"):
        return candidate
    return dataclasses.replace(candidate, kind=connections.kind_in(view.lines, candidate.line) or candidate.kind)


def around_fresh(file: SourceFile) -> SourceFile:
    """A version with all blank but what it added, a few lines around that, and its head; line numbers stay."""
    if file.fresh is None or len(file.fresh) * 4 > len(file.lines):
        return file
    kept = set(range(1, HEAD + 1))
    for number in file.fresh:
        kept.update(range(number - BEFORE, number + AFTER + 1))
    lines = tuple(line if number in kept else "" for number, line in enumerate(file.lines, 1))
    return SourceFile(file.path, "\n".join(lines), lines, file.fresh)


def _distinct(judged: list[Sighting]) -> Iterator[Sighting]:
    kept: dict[int, list[Sighting]] = {}
    for sighting in sorted(
        judged, key=lambda one: (one.candidate.line, _SHAPES.index(one.candidate.shape), -len(one.candidate.value))
    ):
        line = kept.setdefault(sighting.candidate.line, [])
        value = sighting.candidate.value
        if not any(_is_same(value, other.candidate.value) for other in line):
            line.append(sighting)
            yield sighting


def _is_same(value: str, other: str) -> bool:
    # A value within another, or what another's base64 wraps, is the same credential twice.
    if value in other or other in value:
        return True
    return value in (plain_of(other) or "") or other in (plain_of(value) or "")


def findings(sightings: Iterable[Sighting], app: str) -> tuple[CredentialFinding, ...]:
    """One finding for each value: its strictest standing, its first place (the tree first), how often it was seen."""
    by_value: dict[str, list[Sighting]] = {}
    for sighting in sightings:
        by_value.setdefault(sighting.candidate.value, []).append(sighting)
    found = [_finding(value, places, app) for value, places in by_value.items()]
    return tuple(
        sorted(found, key=lambda one: (_STANDINGS.index(one.standing), bool(one.commit), one.file, one.line, one.fingerprint))
    )


def _finding(value: str, places: list[Sighting], app: str) -> CredentialFinding:
    strictest = min(places, key=lambda one: _STANDINGS.index(one.judgement.standing)).judgement.standing
    same = [one for one in places if one.judgement.standing == strictest]
    first = next((one for one in same if not one.commit), same[0])
    name = next((one.candidate.variable for one in (first, *same) if one.candidate.variable), "")
    return CredentialFinding(
        kind=_kind(first.candidate, same),
        standing=strictest,
        file=first.candidate.file,
        line=first.candidate.line,
        commit=first.commit,
        fingerprint=fingerprint(value, app),
        why=_why(first, len(places)),
        variable=name,
    )


def _kind(candidate: Candidate, same: list[Sighting]) -> str:
    # `password = ...` in one place and a PostgreSQL URL in another: the more telling word wins.
    kinds = [one.candidate.kind for one in same]
    telling = [
        kind for kind in kinds if kind not in ("password", "key", "secret", "token", "api_key", "database_password", "app_id")
    ]
    return candidate.kind if candidate.kind in telling or not telling else telling[0]


def _why(first: Sighting, count: int) -> str:
    more = f" (seen in {count} places)" if count > 1 else ""
    where = ", only in the history" if first.commit else ""
    return f"{first.candidate.why}; {first.judgement.why}{where}{more}"
