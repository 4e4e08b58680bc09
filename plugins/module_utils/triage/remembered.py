# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What triage saw of a repository last time, without a single value: an unchanged repository is not read again.

The name of a memory is a digest of all that its content depends on: every ref, the commit that is judged, the app's name
(fingerprints are salted with it), triage's own code and the engine's files. A memory that cannot be read is no memory.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import re
import tempfile
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..verdict import CredentialFinding
from . import engine, repository
from .facts import Found
from .model import Evidence

KEPT: Final = 3  # memories of one app: of the commit that is judged now, and of two others that may come back
LARGEST: Final = 16 * 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True)
class Read:
    """What was read of a repository."""

    commit: str
    found: Found
    credentials: tuple[CredentialFinding, ...]
    left_out: tuple[tuple[str, str], ...]


def place_of(state: pathlib.Path, folder: pathlib.Path, commit: str, app: str) -> pathlib.Path:
    """The file that would hold the memory of this repository as it is now, below the state folder."""
    refs = repository.git(folder, "for-each-ref", "--format=%(objectname) %(refname)").decode("utf-8", "replace")
    digest = hashlib.sha256("\0".join((_code(), engine.identity(), app, commit, refs)).encode()).hexdigest()
    return state / "triage" / "read" / f"{re.sub('[^a-z0-9-]', '-', app)}.{digest[:40]}.json"


def recall(place: pathlib.Path) -> Read | None:
    """What lies at `place`, None if nothing useful does."""
    try:
        if place.stat().st_size > LARGEST:
            return None
        return _read(json.loads(place.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(place: pathlib.Path, read: Read) -> None:
    """Keep what was read, for its owner only, and let go of the app's older memories. A full disk is no reason to fail."""
    data = json.dumps(
        {
            "commit": read.commit,
            "found": dataclasses.asdict(dataclasses.replace(read.found, sure=frozenset())) | {"sure": sorted(read.found.sure)},
            "credentials": [dataclasses.asdict(one) for one in read.credentials],
            "left_out": read.left_out,
        },
        separators=(",", ":"),
    )
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(data)
        os.replace(name, place)
        _sweep(place)
    except OSError:
        return


def _sweep(place: pathlib.Path) -> None:
    app = place.name.rsplit(".", 2)[0]
    mine = [one for one in place.parent.iterdir() if one.name.removeprefix(".").startswith(f"{app}.") and one != place]
    for old in sorted(mine, key=_age, reverse=True)[KEPT - 1 :]:
        old.unlink(missing_ok=True)


def _age(path: pathlib.Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _read(data: Mapping[str, Any]) -> Read:
    found = dict(data["found"])
    evidence = tuple(Evidence(**one) for one in found.pop("evidence"))
    sure = frozenset(found.pop("sure"))
    plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
    return Read(
        commit=data["commit"],
        found=Found(**plain, sure=sure, evidence=evidence),
        credentials=tuple(CredentialFinding(**one) for one in data["credentials"]),
        left_out=_pairs(data["left_out"]),
    )


def _pairs(rows: Iterable[Iterable[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((what, why) for what, why in rows)


@functools.cache
def _code() -> str:
    """A digest of triage's own source: another detector, another answer."""
    here = pathlib.Path(__file__).resolve().parent
    digest = hashlib.sha256()
    for path in sorted(here.rglob("*.py")):
        digest.update(path.relative_to(here).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
