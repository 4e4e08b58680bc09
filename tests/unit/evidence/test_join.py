# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a run amounts to, and that an identical world makes an identical state."""

from __future__ import annotations

import itertools
import json
import pathlib

import jsonschema
import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Answer, Control, Path, State, merge
from ansible_collections.goldenpath.microapps.plugins.module_utils.evidence.join import (
    answered,
    document,
    outcome,
    run_data,
    summary,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.evidence.page import page
from ansible_collections.goldenpath.microapps.plugins.module_utils.evidence.record import Run, parts_of, record_answers
from ansible_collections.goldenpath.microapps.plugins.module_utils.evidence.schema import EVIDENCE_SCHEMA
from ansible_collections.goldenpath.microapps.plugins.module_utils.evidence.table import closing_table
from ansible_collections.goldenpath.microapps.plugins.module_utils.verdict import Verdict

HOSTILE = '<script>alert(1)</script> {{ lookup("pipe", "id") }} | & " \' `'
CONTROLS = tuple(Control(f"family-0{number}", f"Title {number}", "why", "proof", (Path.FULL,), "always") for number in (1, 2, 3))
VERDICT = Verdict(Path.FULL, 61, (), ("family-01", "family-02"), {}, (), (), "a" * 40)
RUN = Run("run-1", "2026-11-23T10:00:00+00:00", "somebody", "here", 42)


def evidence(answers: list[Answer], mode: str = "converge", verdict: Verdict | None = VERDICT) -> dict:
    rows = answered(CONTROLS, verdict, answers)
    run = run_data(RUN, mode, "2026-11-23T10:00:05+00:00", "0.1.0")
    return document("where2eat", "sandbox", verdict, rows, run, {"runbook": "/x/runbook.md"})


def test_unowed_is_not_applicable_and_unanswered_is_not_reached() -> None:
    found = evidence([Answer("family-01", State.IN_PLACE), Answer("family-03", State.VIOLATED, reason="not owed, so left out")])
    states = {control: entry["state"] for control, entry in found["state"]["controls"].items()}
    assert states == {"family-01": "in_place", "family-02": "not_reached", "family-03": "not_applicable"}
    assert found["run"]["outcome"] == "error"


def test_without_a_verdict_everything_is_owed() -> None:
    found = evidence([], verdict=None)
    assert {entry["state"] for entry in found["state"]["controls"].values()} == {"not_reached"}


def test_the_state_does_not_tell_whether_this_run_made_it_so() -> None:
    made = evidence([Answer("family-01", State.IN_PLACE, ("a",), found="a is missing", done="created a")])
    kept = evidence([Answer("family-01", State.IN_PLACE, ("a",))])
    assert made["state"] == kept["state"]
    assert made["run"]["controls"]["family-01"] == {"found": "a is missing", "done": "created a"}


@pytest.mark.parametrize(
    ("states", "word"),
    [
        ((State.IN_PLACE, State.NOT_APPLICABLE), "in_place"),
        ((State.IN_PLACE, State.DRIFTED), "drifted"),
        ((State.DRIFTED, State.NOT_REACHED), "error"),
        ((State.DRIFTED, State.NOT_REACHED, State.VIOLATED), "violated"),
        ((), "in_place"),
    ],
)
def test_a_run_is_as_good_as_its_worst_answer(states: tuple[State, ...], word: str) -> None:
    for order in itertools.permutations(states):
        assert outcome(order) == word


def test_sentences_of_several_answers_are_joined_as_one() -> None:
    reasons = ("It is down. Start it.", "", "it is refused", "Mend it.")
    merged = merge(Answer("a-01", State.NOT_REACHED, reason=reason) for reason in reasons)
    assert {control: answer.reason for control, answer in merged.items()} == {
        "a-01": "It is down. Start it; it is refused; Mend it."
    }


def test_the_worst_of_two_answers_to_one_control_wins_in_either_order() -> None:
    good = Answer("family-01", State.IN_PLACE, ("a",), done="created a")
    bad = Answer("family-01", State.VIOLATED, ("b",), reason="b is open")
    for pair in ([good, bad], [bad, good]):
        merged = merge(pair)["family-01"]
        assert (merged.state, set(merged.proof), merged.reason) == (State.VIOLATED, {"a", "b"}, "b is open")


def test_why_it_is_that_bad_is_told_before_what_is_less_bad() -> None:
    told = [(State.DRIFTED, "b is old"), (State.VIOLATED, "a is open"), (State.IN_PLACE, "c is left")]
    told.append((State.VIOLATED, "d is open"))
    merged = merge(Answer("family-01", state, (why[0],), reason=why, found=why) for state, why in told)["family-01"]
    assert merged.reason == merged.found == "a is open; d is open; b is old; c is left"
    assert merged.proof == ("b", "a", "c", "d"), "in the order in which it was looked at"


def test_the_document_follows_its_schema_and_survives_hostile_text() -> None:
    found = evidence([Answer("family-01", State.VIOLATED, (HOSTILE,), reason=HOSTILE, found=HOSTILE, done=HOSTILE)])
    jsonschema.Draft202012Validator(EVIDENCE_SCHEMA).validate(json.loads(json.dumps(found)))
    assert "<script>" not in page(found)
    assert "VIOLATED family-01" in closing_table(found, 120)


@pytest.mark.parametrize("width", [40, 80, 140, 400])
def test_no_line_of_the_table_is_wider_than_the_terminal_when_there_is_room(width: int) -> None:
    found = evidence([Answer("family-01", State.IN_PLACE, ("kind/" + "name-" * 30,), done="created " + "a word " * 30)])
    grid = [line for line in closing_table(found, width).splitlines() if line.startswith("family-")]
    assert grid and max(map(len, grid)) <= max(width, 100)


@pytest.mark.parametrize("width", range(60, 140))
def test_a_path_in_a_reason_stays_whole_at_every_width(width: int) -> None:
    place = "/srv/micro-apps/inventories/apps-of-the-canteen/where2eat-" + "long-" * 20 + "name.yml"
    found = evidence(
        [Answer("family-01", State.VIOLATED, reason=f"The code and the catalog disagree: correct {place}, or the code")]
    )
    assert place in closing_table(found, width)


def test_the_summary_names_the_open_controls_of_each_app() -> None:
    found = evidence([Answer("family-01", State.DRIFTED, reason="x")])
    assert summary([found]) == {
        "outcome": "error",
        "apps": {
            "where2eat.sandbox": {
                "outcome": "error",
                "counts": {"in_place": 0, "drifted": 1, "violated": 0, "not_applicable": 1, "not_reached": 1},
                "open": ["family-01", "family-02"],
            }
        },
    }


def test_parts_of_another_run_or_mode_are_left_out(tmp_path: pathlib.Path) -> None:
    place = {"directory": str(tmp_path), "app": "where2eat", "environment": "sandbox"}
    other = Run("run-0", "", "", "", 1)

    def result(state: str) -> dict:
        return {"answers": [{"control": "family-01", "state": state}], "artefacts": {"branch": "b"}}

    record_answers(place, "old", other, False, result("violated"))
    record_answers(place, "same", other, False, result("violated"))
    record_answers(place, "same", RUN, False, result("in_place"))
    record_answers(place, "audit_only", RUN, True, result("drifted"))
    (part,) = parts_of(place, False, RUN)
    assert [answer["state"] for answer in part["answers"]] == ["in_place"]
    assert part["artefacts"] == {"branch": "b"}


def test_two_tasks_of_one_capability_add_up(tmp_path: pathlib.Path) -> None:
    place = {"directory": str(tmp_path), "app": "where2eat", "environment": "sandbox"}
    for control in ("family-01", "family-02"):
        record_answers(place, "twice", RUN, False, {"answers": [{"control": control, "state": "in_place"}]})
    (part,) = parts_of(place, False, RUN)
    assert [answer["control"] for answer in part["answers"]] == ["family-01", "family-02"]


def test_half_a_part_is_no_part(tmp_path: pathlib.Path) -> None:
    place = {"directory": str(tmp_path), "app": "where2eat", "environment": "sandbox"}
    folder = tmp_path / "sandbox" / "where2eat" / "converge.parts"
    folder.mkdir(parents=True)
    (folder / "broken.json").write_text('{"run": "run-1", "answ')
    assert parts_of(place, False, RUN) == ()
