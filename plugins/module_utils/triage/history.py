# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The credentials of a whole repository: the tree of the branch, then what any commit of any ref ever added."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Iterator

from ..errors import Unreachable
from . import paths, repository
from .credentials import Detector, Sighting, in_file
from .hosts import services_in
from .model import Snapshot, SourceFile, source_file


def in_tree(snapshot: Snapshot, engine: Detector) -> Iterator[Sighting]:
    """What lies in the tree that is judged."""
    services = services_in(snapshot.files)
    for file in snapshot.files:
        yield from in_file(file, engine, services)


def in_history(folder: pathlib.Path, snapshot: Snapshot, engine: Detector) -> tuple[list[Sighting], list[tuple[str, str]]]:
    """What the commits of all refs added, with the first commit that did, and what was left out and why."""
    versions = repository.versions(folder)
    left_out: list[tuple[str, str]] = []
    if len(versions) > repository.MOST_VERSIONS:
        left_out.append(("history", f"the oldest {len(versions) - repository.MOST_VERSIONS} file versions were not read"))
        versions = versions[-repository.MOST_VERSIONS :]
    current = dict(repository.blobs_of(folder, snapshot.commit))
    wanted = [
        version
        for version in versions
        if current.get(version.path) != version.blob
        and not paths.is_vendored(version.path)
        and not repository.is_media(version.path)
    ]
    sizes = repository.sizes(folder, dict.fromkeys(version.blob for version in wanted))
    small = [version for version in wanted if sizes.get(version.blob, 0) <= repository.LARGEST_FILE]
    large = {version.path for version in wanted} - {version.path for version in small}
    left_out += [(path, "some of its versions were not read: too large") for path in sorted(large) if sizes]
    services = services_in(snapshot.files)
    sightings = list(_of_versions(folder, small, engine, services))
    for commit, message in repository.messages(folder):
        sightings += [Sighting(one.candidate, one.judgement, commit) for one in in_file(message, engine, services)]
    return sightings, left_out


def _of_versions(
    folder: pathlib.Path, versions: list[repository.Version], engine: Detector, services: frozenset[str]
) -> Iterator[Sighting]:
    known: dict[str, set[int]] = {}
    contents = repository.read_blobs(folder, (version.blob for version in versions))
    for version, (_unused, data) in zip(versions, contents, strict=False):
        text = repository.text_of(data)
        if text is None:
            continue
        file = source_file(version.path, text)
        seen = known.setdefault(version.path, set())
        marks = [hash(line) for line in file.lines]
        fresh = frozenset(number for number, mark in enumerate(marks, 1) if mark not in seen)
        seen.update(marks)
        if fresh:
            added = SourceFile(file.path, file.text, file.lines, fresh)
            for sighting in in_file(added, engine, services):
                yield Sighting(sighting.candidate, sighting.judgement, version.commit)


def trees(folder: pathlib.Path) -> Iterable[str]:
    """The tips of all branches, the default one first."""
    head = repository.commit_of(folder, "")
    tips = repository.git(folder, "for-each-ref", "--format=%(objectname)", "refs/heads").decode().split()
    return dict.fromkeys((head, *tips))


def read_version(folder: pathlib.Path, commit: str, path: str) -> SourceFile | None:
    """A file as a commit has it (or a commit's message), None if it is not there or no text."""
    if path == repository.MESSAGE_PATH:
        return next((message for known, message in repository.messages(folder) if known == commit), None)
    try:
        data = repository.git(folder, "cat-file", "blob", f"{commit}:{path}")
    except Unreachable:
        return None
    text = repository.text_of(data)
    return None if text is None else source_file(path, text)
