# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The parts of one run joined into one evidence document: pure, so the same answers make the same document.

`state` tells what is true and is identical for an identical world; `run` tells what this run met and did, when and by
whom. The document's schema is `evidence.schema.EVIDENCE_SCHEMA`, published in docs/schema/evidence.schema.json.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..controls import Answer, Control, State, merge
from ..verdict import Verdict
from .record import Run

VERSION: Final = "goldenpath.microapps/evidence/v1"
NOT_ASKED: Final = "The run ended before this control was asked. Mend what ended it and run again."
AT_A_GATE: Final = "The road ended before this control was asked: {}"

# What a run amounts to, from the worst: the word a pipeline reads in summary.json.
OUTCOMES: Final = ("violated", "error", "drifted", "in_place")


def answered(
    controls: Iterable[Control], verdict: Verdict | None, answers: Iterable[Answer], gate: str = ""
) -> tuple[tuple[Control, Answer], ...]:
    """Every declared control with its answer, in the order of the list.

    What the app does not owe is `not_applicable`; what it owes and nobody answered is `not_reached`. Without a verdict
    (triage itself failed) everything is owed. An answer given for a control that is not owed is left out. `gate` is what a gate
    said that ended the road.
    """
    given = merge(answers)
    not_asked = AT_A_GATE.format(gate) if gate else NOT_ASKED
    rows = []
    for control in controls:
        if verdict is not None and not verdict.owes(control.id):
            answer = Answer(control.id, State.NOT_APPLICABLE, reason="Triage found nothing here that would owe it.")
        else:
            answer = given.get(control.id) or Answer(control.id, State.NOT_REACHED, reason=not_asked)
        rows.append((control, answer))
    return tuple(rows)


def outcome(states: Iterable[State]) -> str:
    """One word for a whole run."""
    present = set(states)
    for state, word in ((State.VIOLATED, "violated"), (State.NOT_REACHED, "error"), (State.DRIFTED, "drifted")):
        if state in present:
            return word
    return "in_place"


def document(
    app: str,
    environment: str,
    verdict: Verdict | None,
    rows: Iterable[tuple[Control, Answer]],
    run: Mapping[str, Any],
    artefacts: Mapping[str, str],
) -> dict[str, Any]:
    """The evidence document. `run` holds what `run_data` made; `artefacts` maps a label to a place (path, branch)."""
    rows = tuple(rows)
    return {
        "version": VERSION,
        "state": {
            "app": app,
            "environment": environment,
            "path": str(verdict.path) if verdict else None,
            "score": verdict.score if verdict else None,
            "commit": verdict.commit if verdict else None,
            "contradictions": list(verdict.contradictions) if verdict else [],
            "controls": {
                answer.control: {
                    "title": control.title,
                    "state": str(answer.state),
                    "reason": answer.reason,
                    "proof": list(answer.proof),
                }
                for control, answer in rows
            },
        },
        "run": {
            **run,
            "outcome": outcome(answer.state for _control, answer in rows),
            "artefacts": dict(artefacts),
            "controls": {
                answer.control: {"found": answer.found, "done": answer.done}
                for _control, answer in rows
                if answer.found or answer.done
            },
        },
    }


def run_data(run: Run, mode: str, finished: str, collection_version: str) -> dict[str, Any]:
    """Who, when, how: `finished` is RFC 3339 in UTC."""
    return {**run.as_data(), "mode": mode, "finished": finished, "collection": collection_version}


def summary(documents: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A small JSON for a pipeline: the worst outcome, and for each app its outcome, counts and the controls behind it."""
    apps = {}
    for evidence in documents:
        states = {control: entry["state"] for control, entry in evidence["state"]["controls"].items()}
        counts = {str(state): sum(1 for value in states.values() if value == state) for state in State}
        apps[f"{evidence['state']['app']}.{evidence['state']['environment']}"] = {
            "outcome": evidence["run"]["outcome"],
            "counts": counts,
            "open": sorted(control for control, state in states.items() if state not in ("in_place", "not_applicable")),
        }
    outcomes = {entry["outcome"] for entry in apps.values()}
    return {"outcome": next((word for word in OUTCOMES if word in outcomes), "in_place"), "apps": apps}
