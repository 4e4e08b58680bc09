# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a task answers, read off plans: changed, diff, objects, controls, failures."""

from __future__ import annotations

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import (
    EVIDENCE_OPTION,
    KEEP,
    Capability,
    Change,
    Outcome,
    Plan,
    Refusal,
    Request,
    answers_of,
    no_log_values,
    perform,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Denied, Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

CREATED = Plan("thing/a", None, {"size": 1}, (Change("create", control="family-01"),), controls=("family-01",))
UPDATED = Plan("thing/b", {"size": 1}, {"size": 2}, (Change("update", "size", 1, 2, "family-01"),), controls=("family-01",))
SAME = Plan("thing/c", {"size": 1}, {"size": 1}, controls=("family-01",))
REFUSED = Plan(
    "thing/d", {"kind": 1}, {"kind": 2}, (), (Refusal("The kind", "it is fixed", "Make it anew.", "family-01"),), ("family-01",)
)
BROKEN = UPDATED.failed(Unreachable("Write thing/b", "no answer", "Try again."))


@pytest.mark.parametrize(
    ("plans", "check", "state", "changed"),
    [
        ((SAME,), False, "in_place", False),
        ((SAME, CREATED), False, "in_place", True),
        ((SAME, CREATED), True, "drifted", True),
        ((UPDATED,), True, "drifted", True),
        ((REFUSED, CREATED), True, "violated", True),
        ((REFUSED,), False, "violated", False),
        ((BROKEN, REFUSED), False, "not_reached", False),
    ],
)
def test_answers_and_changed_are_read_off_the_plans(plans: tuple[Plan, ...], check: bool, state: str, changed: bool) -> None:
    (answer,) = answers_of(plans, ["family-01"], check)
    assert str(answer.state) == state
    assert Outcome(plans=plans).changed is changed
    assert bool(answer.reason) == (state != "in_place")


def test_what_another_controls_refusal_keeps_undone_is_not_called_in_place() -> None:
    changes = (Change("update", "tags", {}, {"a": "b"}, "family-02"),)
    plan = Plan("thing/d", {}, {}, changes, (Refusal("The kind", "it is fixed", "Make it anew.", "family-01"),), ("family-01",))
    first, second = answers_of([plan], ["family-01", "family-02"], check=False)
    assert (str(first.state), str(second.state)) == ("violated", "drifted")
    assert "thing/d differs in tags" in second.reason and "Make it anew" in second.reason
    assert second.done == ""


def test_a_part_that_is_down_is_one_sentence_whatever_number_of_objects_it_holds() -> None:
    down = Unreachable("Ask the cluster", "nobody answers", "Start it.")
    (answer,) = answers_of([CREATED.failed(down), UPDATED.failed(down)], ["family-01"], check=False)
    assert answer.reason == "Ask the cluster: nobody answers. Start it."
    assert answer.proof == ("thing/a", "thing/b")


def test_a_failure_of_the_object_itself_is_told_with_its_name() -> None:
    plans = [CREATED.failed(Denied("Write it", "not permitted")), UPDATED.failed(Denied("Write it", "not permitted"))]
    (answer,) = answers_of(plans, ["family-01"], check=False)
    assert answer.reason == "thing/a: Write it: not permitted; thing/b: Write it: not permitted."


def test_state_is_the_same_after_mending_as_when_nothing_was_to_do() -> None:
    (mended,) = answers_of([UPDATED], ["family-01"], check=False)
    (untouched,) = answers_of([Plan("thing/b", {"size": 2}, {"size": 2}, controls=("family-01",))], ["family-01"], check=False)
    assert (mended.state, mended.proof, mended.reason) == (untouched.state, untouched.proof, untouched.reason)
    assert mended.found == "thing/b differs in size"


def capability(plans: tuple[Plan, ...] = (), error: Exception | None = None) -> Capability:
    def run(request: Request) -> Outcome:
        if error:
            raise error
        return Outcome(plans=plans, answers=answers_of(plans, ["family-01"], request.check))

    return Capability("try_out", {"evidence": EVIDENCE_OPTION}, run, controls=("family-01",))


EVIDENCE = {"evidence": {"directory": "d", "app": "a", "environment": "e"}}


def test_a_refusal_fails_alone_and_is_an_answer_with_evidence() -> None:
    alone = perform(capability((REFUSED,)), Request({}))
    recorded = perform(capability((REFUSED,)), Request(EVIDENCE))
    assert alone["failed"] and "Make it anew" in alone["msg"]
    assert "failed" not in recorded
    assert recorded["answers"][0]["state"] == "violated"


def test_a_part_that_is_down_fails_alone_and_is_not_reached_with_evidence() -> None:
    error = Unreachable("Ask the part", "nobody listens on port 1", "Start it.")
    alone = perform(capability(error=error), Request({}))
    recorded = perform(capability(error=error), Request(EVIDENCE))
    assert alone["failed"] and alone["msg"] == "Ask the part: nobody listens on port 1. Start it."
    assert "failed" not in recorded
    assert recorded["answers"] == [
        {
            "control": "family-01",
            "state": "not_reached",
            "proof": [],
            "reason": alone["msg"],
            "found": "could not be told",
            "done": "",
        }
    ]


def test_a_bug_fails_even_with_evidence_and_quotes_nothing_but_its_place() -> None:
    result = perform(capability(error=KeyError("hunter2-hunter2")), Request(EVIDENCE))
    assert result["failed"]
    assert "hunter2" not in str(result)
    assert "KeyError at test_capability.py:" in result["msg"]


def test_a_chained_driver_error_leaves_nothing_of_its_cause() -> None:
    cause = ValueError("password=hunter2-hunter2")
    error = Unreachable("Log in", "the server refused hunter2-hunter2", "")
    error.__cause__ = cause
    result = perform(capability(error=error), Request({}, secrets=Secrets(["hunter2-hunter2"])))
    assert "hunter2" not in str(result)


def test_unchanged_objects_are_answered_by_name_only() -> None:
    result = perform(capability((SAME, UPDATED)), Request({}))
    assert result["objects"] == [
        {"object": "thing/c", "action": "unchanged"},
        {"object": "thing/b", "action": "updated", "fields": ["size"]},
    ]
    assert [entry["before_header"] for entry in result["diff"]] == ["thing/b"]


def test_keep_cannot_be_taken_for_a_truth_value() -> None:
    with pytest.raises(TypeError):
        bool(KEEP)


def test_no_log_values_are_found_at_any_depth() -> None:
    spec = {
        "token": {"no_log": True},
        "items": {"type": "list", "options": {"key": {"no_log": True}, "name": {}}},
        "plain": {},
    }
    params = {"token": {"a": ["one"]}, "items": [{"key": "two", "name": "n"}], "plain": "p"}
    assert sorted(no_log_values(spec, params)) == ["one", "two"]
