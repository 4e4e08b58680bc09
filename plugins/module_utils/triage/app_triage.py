# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Triage as a capability: the four questions answered by the catalog and by the app's repository."""

from __future__ import annotations

import dataclasses
import datetime
import pathlib
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from ..app import App
from ..capability import Capability, Outcome, Plan, Request
from ..control_list import CONTROLS
from ..controls import Answer, Path, State
from ..errors import Unreachable
from ..evidence.record import app_folder, write_json
from ..gitops.git import Mirror, last_mirror, mirror
from ..microapp import MICROAPP_OPTIONS, context_of
from ..state_folder import state_folder
from ..verdict import CredentialFinding, Verdict
from . import credentials, engine, history, remembered, repository
from .facts import Found, find
from .hosts import family
from .remembered import Read
from .scoring import Weighed, is_shipped, owed, weigh
from .standings import DISMISSED, LIVE, PUBLIC, SIGNING_KEY

AGREES, ANSWERED_FOR, IMPACT_KNOWN = "triage-01", "triage-02", "triage-03"
MOST_HARMLESS: Final = 20  # findings that owe no rotation, in the verdict; all are in triage.json
MOST_HOSTS: Final = 40


def latest(url: str, request: Request) -> tuple[Mirror, str]:
    """The mirror brought up to date; while the forge is down that of the last run, and why. Unreachable if there is none."""
    try:
        return mirror(url, request.environ), ""
    except Unreachable as error:
        copy = last_mirror(url, request.environ)
        if copy is None:
            raise
        return copy, f"{error.sentence()} Until then all answers are for the code as the last run saw it."


def read(app: App, copy: Mirror, request: Request) -> Read:
    """See what the mirror's branch and the history of all its refs hold; as it is, if it was seen before."""
    engine.demand()
    commit = copy.head(app.repository.branch)
    place = remembered.place_of(state_folder(request.environ), copy.folder, commit, app.name)
    known = remembered.recall(place)
    if known is not None:
        return known
    seen = _read(app, copy.folder, commit, request)
    remembered.remember(place, seen)
    return seen


def _read(app: App, folder: pathlib.Path, commit: str, request: Request) -> Read:
    # Every secret is registered the moment it is seen.
    snapshot = repository.snapshot(folder, commit)
    cache = engine.cache_folder(state_folder(request.environ))
    in_tree = tuple(history.in_tree(snapshot, lambda file: engine.candidates(file, cache)))
    in_history, left_out = history.in_history(folder, snapshot, lambda file: engine.candidates(file, cache))
    sightings = (*in_tree, *in_history)
    for sighting in sightings:
        if sighting.judgement.standing in (LIVE, SIGNING_KEY):
            request.secrets.register(sighting.candidate.value)
    found = find(snapshot)
    named = tuple(_named(one, found) for one in credentials.findings(sightings, app.name))
    return Read(commit, found, named, (*snapshot.left_out, *left_out))


def _named(finding: CredentialFinding, found: Found) -> CredentialFinding:
    # `DB_PASSWORD = ...` alone does not say of which database it is; the rest of the code does.
    if finding.kind not in ("password", "database_password") or family(finding.variable) != "db" or not found.database:
        return finding
    return dataclasses.replace(finding, kind=f"{found.database}_password")


def resolved(app: App, seen: Read, today: datetime.date) -> Read:
    """The findings with what people say of them. That one was revoked is believed later, and only where nobody can try it."""
    told = app.resolutions(today)

    def one(finding: CredentialFinding) -> CredentialFinding:
        said = told.get(finding.fingerprint)
        if said is None or not finding.owes_rotation:
            return finding
        if said.is_false_positive:
            why = f"no credential: {said.sentence()} (else {finding.standing}: {finding.why})"
            return dataclasses.replace(finding, standing=DISMISSED, why=why)
        return dataclasses.replace(finding, why=f"{finding.why}; revoked: {said.sentence()}")

    return dataclasses.replace(seen, credentials=tuple(map(one, seen.credentials)))


def unheard(app: App, seen: Read, today: datetime.date) -> str:
    """Which of the catalog's `resolved_credentials` do not count, and why; '' if all do."""
    found = {one.fingerprint for one in seen.credentials}
    early = [one.fingerprint for one in app.resolved_credentials if one.on > today.isoformat()]
    unknown = [one.fingerprint for one in app.resolved_credentials if one.fingerprint not in found]
    told = [f"{fingerprint} is resolved on a day that has not come" for fingerprint in early]
    told += [f"{fingerprint} is not found in the code or its history" for fingerprint in unknown]
    return f"Of resolved_credentials in {app.file} some do not count: {'; '.join(told)}." if told else ""


def facts_of(app: App, seen: Read, weighed: Weighed) -> dict[str, Any]:
    """The facts as plain values: the code's answer where it gives one, else the catalog's; the stricter for data and exposure."""
    found = seen.found
    shipped = [one for one in seen.credentials if one.standing in (LIVE, SIGNING_KEY, PUBLIC) and is_shipped(one)]
    return {
        "runtime": found.runtime if found.runtime != "unknown" else app.runtime or "unknown",
        "framework": found.framework,
        "frameworks": list(found.frameworks[:8]),
        "exposure": str(weighed.effective.exposure),
        "data": str(weighed.effective.data),
        "database": found.database or (app.database.engine if app.database else ""),
        "databases": list(found.databases[:8]),
        "container": found.container,
        "ci": found.ci,
        "tests": found.tests,
        "health": found.health,
        "metrics": found.metrics,
        "login": found.login,
        "third_parties": list(found.third_parties[:MOST_HOSTS]),
        "browser_keys": sorted({*found.browser_keys, *(one.variable or one.kind for one in shipped)}),
        "faults": list(found.faults),
        "declared_secrets": [secret.name for secret in app.secrets],
        "credential_counts": dict(sorted(Counter(one.standing for one in seen.credentials).items())),
        "code_shows": {"runtime": found.runtime, "exposure": found.exposure, "data": found.data, "database": found.database},
        "not_read": [f"{path}: {why}" for path, why in seen.left_out[:10]],
    }


def verdict_of(app: App, seen: Read) -> Verdict:
    """Everything put together; pure."""
    weighed = weigh(app, seen.found, seen.credentials)
    facts = facts_of(app, seen, weighed)
    owing = tuple(one for one in seen.credentials if one.owes_rotation)
    # What a person dismissed is never among those that are left out.
    others = sorted((one for one in seen.credentials if not one.owes_rotation), key=lambda one: one.standing != DISMISSED)
    return Verdict(
        path=weighed.path,
        score=weighed.score,
        reasons=tuple(reason.sentence() for reason in weighed.reasons),
        controls=owed(CONTROLS, weighed.path, facts, seen.credentials),
        facts=facts,
        credentials=(*owing, *others[:MOST_HARMLESS]),
        contradictions=weighed.contradictions,
        commit=seen.commit,
    )


def answers_of(app: App, verdict: Verdict) -> tuple[Answer, ...]:
    """What triage's own controls say."""
    proof = (f"git:{app.name}@{verdict.commit[:12]}",)
    told = "; ".join(verdict.contradictions)
    correct = f"{told}. Correct the catalog entry {app.file}, or the code." if told else ""
    people = {contact.email.lower() for contact in app.escalation if contact.email}
    wanted = 2 if verdict.path is Path.FULL else 1
    missing = (
        f"{len(people)} of {wanted} people to call are named. Add them under 'escalation' in {app.file}."
        if len(people) < wanted
        else ""
    )
    unknown = "" if app.impact.strip() else f"nobody has said what happens when the app fails. Fill 'impact' in {app.file}."
    return tuple(
        answer
        for answer in (
            _answer(AGREES, proof, correct, _agreement(verdict)),
            _answer(ANSWERED_FOR, (f"catalog:{app.name}",), missing, "owner, maintainer and escalation are named"),
            _answer(IMPACT_KNOWN, (f"catalog:{app.name}",), unknown, "the impact of a failure is written down"),
        )
        if verdict.owes(answer.control)
    )


def _agreement(verdict: Verdict) -> str:
    dismissed = [f"{one.kind} at {one.file}:{one.line}: {one.why}" for one in verdict.credentials if one.standing == DISMISSED]
    return "; ".join(("catalog and code agree", *dismissed))


def _answer(control: str, proof: tuple[str, ...], wrong: str, right: str) -> Answer:
    return Answer(control, State.VIOLATED if wrong else State.IN_PLACE, proof, reason=wrong, found=wrong or right)


def report(seen: Read, verdict: Verdict) -> dict[str, Any]:
    """All findings for people: every credential without its value, all evidence; the same for the same repository."""
    return {
        **verdict.as_result(),
        "credentials": [dataclasses.asdict(one) for one in seen.credentials],
        "evidence": [dataclasses.asdict(one) for one in _strongest(seen.found)],
        "not_read": [{"what": path, "why": why} for path, why in seen.left_out],
    }


def _strongest(found: Found) -> Iterable[Any]:
    return sorted(found.evidence, key=lambda one: (one.topic, -one.weight, one.file, one.line, one.value, one.why))


def run(request: Request) -> Outcome:
    """Read only: a check run and a converge run are the same."""
    app = context_of(request).app
    url = request.params.get("repository") or context_of(request).profile.repository_url(app)
    copy, outdated = latest(url, request)
    today = request.now().date()
    seen = resolved(app, read(app, copy, request), today)
    verdict = verdict_of(app, seen)
    evidence = request.params.get("evidence")
    if evidence:
        write_json(app_folder(evidence) / "triage.json", request.secrets.scrub(report(seen, verdict)))
    answers = tuple(_unless(outdated, answer) for answer in answers_of(app, verdict))
    plan = Plan(f"git:{app.name}", before={}, after={}, controls=tuple(answer.control for answer in answers))
    left_out = f"Triage could not read everything: {'; '.join(verdict.facts['not_read'][:3])}" if _is_serious(seen) else ""
    told = (outdated, left_out, unheard(app, seen, today))
    return Outcome((plan,), answers, {"verdict": verdict.as_result()}, tuple(text for text in told if text))


def _unless(outdated: str, answer: Answer) -> Answer:
    """Only the control that compares catalog and code could not be asked; the others are answered by the catalog."""
    return Answer(AGREES, State.NOT_REACHED, answer.proof, reason=outdated) if outdated and answer.control == AGREES else answer


def _is_serious(seen: Read) -> bool:
    return any("packages" not in why for _unused, why in seen.left_out)


CAPABILITY: Final = Capability(
    name="app_triage",
    spec={**MICROAPP_OPTIONS, "repository": {"type": "str"}},
    run=run,
    controls=(AGREES, ANSWERED_FOR, IMPACT_KNOWN),
)
