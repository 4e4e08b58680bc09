# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the branch should hold, file by file, and why: pure, from the world as it was read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final

from ..app import App
from ..capability import Change, Plan, Refusal
from ..controls import Path
from ..verdict import Verdict
from . import judge
from .credentials import Cleaned, cleaned, remaining
from .manifest import Made, Manifest, catalog_digest, made, write
from .model import BASES, HEALTH, IMAGE, MANIFEST, SECRETS, TEMPLATE_VERSION, TESTS, File, Source
from .reading import source_of, wanted
from .render import marks_in, render, variables_in
from .three_way import Decision, Merge, Outcome, decide
from .world import World

_RESTORE: Final = "Put it back on the branch, or ask for an exception."


@dataclasses.dataclass(frozen=True, slots=True)
class Planned:
    """The files to write (None: remove), an entry for each object, and what people should hear."""

    changes: Mapping[str, bytes | None]
    plans: tuple[Plan, ...]
    secrets: tuple[str, ...] = dataclasses.field(repr=False, default=())
    warnings: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class _Settled:
    file: File
    known: Made | None
    current: bytes | None
    decision: Decision


def plan(world: World, apps: tuple[App, ...], verdict: Verdict, branch: str, merge: Merge) -> Planned:
    """The whole plan; `apps` is the app in each of its environments."""
    app = apps[0]
    runtime = str(verdict.facts.get("runtime") or app.runtime)
    runtime = app.runtime if runtime in ("unknown", "") else runtime
    source = source_of(
        runtime, app.repository.branch, world.entries, {p: world.texts[p] for p in wanted(world.texts) if p in world.texts}
    )
    clean = cleaned(app, verdict.credentials, world.own, source.entry is not None)
    sources = _sources(world, clean, merge)
    texts = {path: text for path, text in {**world.texts, **sources.changes}.items() if text is not None}
    ours = set(world.manifest.files)
    theirs = {path: text for path, text in texts.items() if path not in ours}
    files = render(apps, source, verdict.path, variables_in(theirs), marks_in(theirs))
    settled = tuple(_settle(file, world, merge) for file in files)
    changes = {**sources.changes, **_file_changes(settled), **_dropped(world, files)}
    changes.update(_bookkeeping(world, settled, apps, bool({k: v for k, v in changes.items() if world.texts.get(k) != v})))
    changes = {path: text for path, text in changes.items() if world.texts.get(path) != text}
    final = {path: text for path, text in {**world.texts, **changes}.items() if text is not None}
    name = f"git:{app.name}@{branch}"
    plans = [
        *_merged(world, app, name),
        *(_file_plan(name, one) for one in settled),
        *_source_plans(name, world, sources, clean),
        *_other_plans(name, world, changes, settled, sources),
        *_judged(name, settled),
        *_missing(name, source, final, verdict),
        *_undone(name, clean, sources, final),
    ]
    warnings = [f"{name} needs the variable {one}, which no secret of the catalog fills." for one in clean.without_secret]
    warnings += [
        f"{path} was changed on {app.repository.branch} as well; the branch keeps its own version." for path in world.taken
    ]
    return Planned(changes, tuple(plans), clean.values, tuple(warnings), tuple(sorted(sources.changes)))


@dataclasses.dataclass(frozen=True, slots=True)
class _Sources:
    changes: Mapping[str, bytes | None]
    conflicts: tuple[str, ...] = ()


def _sources(world: World, clean: Cleaned, merge: Merge) -> _Sources:
    changes: dict[str, bytes | None] = {}
    conflicts: list[str] = []
    secrets = [value.encode() for value in clean.values]
    for path, wanted_text in clean.files.items():
        before, current = world.own[path], world.texts.get(path)
        if current is None or current == wanted_text or not any(value in current for value in secrets):
            continue  # the owner (or our last run) took it out already
        made_text = wanted_text if current == before or wanted_text is None else merge(before, current, wanted_text)
        if made_text is None and wanted_text is not None:
            conflicts.append(path)
        else:
            changes[path] = made_text
    return _Sources(changes, tuple(conflicts))


def _settle(file: File, world: World, merge: Merge) -> _Settled:
    known, current = world.manifest.files.get(file.path), world.texts.get(file.path)
    good = current is not None and not judge.findings(file.path, current.decode("utf-8", "replace"))
    entry = world.entries.get(file.path)
    if entry is not None and not entry.is_file:
        return _Settled(file, known, None, Decision(None, Outcome.CONFLICT, False))
    return _Settled(file, known, current, decide(file, known, world.bases.get(file.path), current, merge, good))


def _file_changes(settled: tuple[_Settled, ...]) -> dict[str, bytes | None]:
    return {one.file.path: one.decision.content for one in settled if one.decision.content != one.current}


def _dropped(world: World, files: tuple[File, ...]) -> dict[str, bytes | None]:
    """Files that we made once and make no more: taken away unless the owner made them theirs."""
    rendered = {file.path for file in files}
    return {
        path: None
        for path in world.manifest.files
        if path not in rendered and path in world.texts and world.texts[path] == world.bases.get(path)
    }


def _bookkeeping(world: World, settled: tuple[_Settled, ...], apps: tuple[App, ...], is_changed: bool) -> dict[str, bytes | None]:
    files: dict[str, Made] = {}
    changes: dict[str, bytes | None] = {}
    for one in settled:
        path = one.file.path
        if one.decision.is_new_base:
            new = made(one.file.content, one.file.lines)
            files[path] = new
            if one.decision.content == one.file.content:
                changes[BASES + path] = None
            elif not one.file.lines and (one.known is None or one.known.blob != new.blob):
                # The branch never held just this text: without a copy the base of the next merge would be nowhere.
                changes[BASES + path] = one.file.content
        elif one.known:
            files[path] = one.known
    changes = {path: text for path, text in changes.items() if text is not None or path in world.texts}
    if is_changed or files != dict(world.manifest.files):
        changes[MANIFEST] = write(Manifest(files, TEMPLATE_VERSION, catalog_digest(apps)))
    return changes


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode("utf-8", "replace")


def _file_plan(name: str, one: _Settled) -> Plan:
    control, path = one.file.control, one.file.path
    controls = (control,) if control else ()
    if one.decision.outcome is Outcome.CONFLICT:
        what = f"{path} was changed by its owner where the baseline changed too"
        refusal = Refusal(what, "the owner's version is kept", "Merge the baseline's change by hand on the branch.", control)
        return Plan(f"{name}:{path}", _text(one.current), _text(one.current), (), (refusal,), controls)
    if one.decision.outcome is Outcome.DELETED:
        refusals = (Refusal(f"{path} was removed by its owner", "it is not made again", _RESTORE, control),) if control else ()
        return Plan(f"{name}:{path}", None, None, (), refusals, controls)
    if one.decision.content == one.current:
        return Plan(f"{name}:{path}", path, path, (), (), controls)
    change = Change("create" if one.current is None else "update", "content", None, None, control)
    return Plan(f"{name}:{path}", _text(one.current), _text(one.decision.content), (change,), (), controls)


def _merged(world: World, app: App, name: str) -> list[Plan]:
    if world.blocked:
        what = f"{name} cannot be brought up to date with {app.repository.branch}"
        why = f"both changed {', '.join(world.blocked)}"
        return [Plan(name, world.tip, world.tip, (), (Refusal(what, why, "Merge the two branches by hand."),))]
    if not world.is_merged_in:
        return []
    change = Change("update", f"merge of {app.repository.branch}", world.tip, world.default)
    return [Plan(name, {"holds": world.tip}, {"holds": [world.tip, world.default]}, (change,))]


def _source_plans(name: str, world: World, sources: _Sources, clean: Cleaned) -> list[Plan]:
    plans = []
    for path in clean.files:
        before = world.texts.get(path)
        if path in sources.changes:
            after = sources.changes[path]
            change = Change("delete" if after is None else "update", "credentials", None, None, SECRETS)
            plans.append(Plan(f"{name}:{path}", _text(before), _text(after), (change,), (), (SECRETS,)))
        elif path not in sources.conflicts:
            plans.append(Plan(f"{name}:{path}", path, path, (), (), (SECRETS,)))
    return plans


def _other_plans(
    name: str, world: World, changes: Mapping[str, bytes | None], settled: tuple[_Settled, ...], sources: _Sources
) -> list[Plan]:
    told = {one.file.path for one in settled} | set(sources.changes)
    plans = []
    for path, text in sorted(changes.items()):
        if path not in told:
            before = world.texts.get(path)
            change = Change("delete" if text is None else "create" if before is None else "update", "bookkeeping")
            plans.append(Plan(f"{name}:{path}", _text(before), _text(text), (change,)))
    return plans


def _judged(name: str, settled: tuple[_Settled, ...]) -> list[Plan]:
    plans = []
    for one in settled:
        if one.decision.content is None or not one.file.control or one.file.lines:
            continue
        path = one.file.path
        for finding in judge.findings(path, one.decision.content.decode("utf-8", "replace")):
            refusal = Refusal(finding.sentence(), "", "Correct it on the branch.", one.file.control)
            plans.append(Plan(f"{name}:{path}", path, path, (), (refusal,), (one.file.control,)))
    return plans


def _missing(name: str, source: Source, final: Mapping[str, bytes], verdict: Verdict) -> list[Plan]:
    plans = []
    image = final.get("Dockerfile")
    if image is None:
        plans.append(
            _refused(
                name, "Dockerfile", IMAGE, "There is no Dockerfile", f"none is rendered for {source.runtime} without a start"
            )
        )
    elif source.runtime not in ("python", "node", "static"):
        found = judge.findings("Dockerfile", image.decode("utf-8", "replace"))
        plans.append(Plan(f"{name}:Dockerfile", "Dockerfile", "Dockerfile", (), (), (IMAGE,)))
        plans += [_refused(name, "Dockerfile", IMAGE, finding.sentence(), "") for finding in found]
    if source.runtime not in ("node", "static") and source.entry is None:
        plans.append(
            _refused(
                name, "*", HEALTH, "No health endpoint was added", f"no web app that we know was recognised ({source.runtime})"
            )
        )
    if source.runtime not in ("python", "node", "static"):
        if verdict.facts.get("tests") == "real":
            plans.append(Plan(f"{name}:*", "tests", "tests", (), (), (TESTS,)))
        else:
            plans.append(
                _refused(name, "*", TESTS, "There are no tests that can fail", f"none are rendered for {source.runtime}")
            )
    return plans


def _refused(name: str, path: str, control: str, what: str, why: str) -> Plan:
    refusal = Refusal(what, why, "A person must write it on the branch.", control)
    return Plan(f"{name}:{path}", None, path, (), (refusal,), (control,))


def _undone(name: str, clean: Cleaned, sources: _Sources, final: Mapping[str, bytes]) -> list[Plan]:
    plans = []
    left = [*clean.undone, *remaining(clean.values, final, str)]
    for one in dict.fromkeys(left):
        refusal = Refusal(f"A credential stays in {one.file}:{one.line}", one.why, one.next_step, SECRETS)
        plans.append(Plan(f"{name}:{one.file}", one.file, one.file, (), (refusal,), (SECRETS,)))
    for path in sources.conflicts:
        refusal = Refusal(f"A credential stays in {path}", "the branch changed the same lines", "Take it out by hand.", SECRETS)
        plans.append(Plan(f"{name}:{path}", path, path, (), (refusal,), (SECRETS,)))
    return plans


def is_owed(control: str, verdict: Verdict) -> bool:
    """Whether the app owes the control; a verdict without any (triage knew none) owes those of its path."""
    return verdict.owes(control) if verdict.controls else (control != "scaffold-09" or verdict.path is Path.FULL)
