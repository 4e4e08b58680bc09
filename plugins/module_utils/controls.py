# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Controls and what they answered: the noun that every role, the evidence and every report share.

A control is declared once, in `roles/<family>/meta/controls.yml`; `control_list.py` is generated from those files.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping
from typing import Any


class State(enum.StrEnum):
    """What is true of a control. A check run says `drifted` where a converge run would have mended."""

    IN_PLACE = "in_place"
    DRIFTED = "drifted"
    VIOLATED = "violated"
    NOT_APPLICABLE = "not_applicable"
    NOT_REACHED = "not_reached"


# From the worst to the best: when several tasks answer for one control, the worst answer is the control's.
WORST_FIRST = (State.VIOLATED, State.NOT_REACHED, State.DRIFTED, State.IN_PLACE, State.NOT_APPLICABLE)


class Path(enum.StrEnum):
    """The two roads of triage: a light one for small internal helpers, a full one for everything that can hurt."""

    LIGHT = "light"
    FULL = "full"


@dataclasses.dataclass(frozen=True, slots=True)
class Control:
    """One thing that an app owes, as its role declares it."""

    id: str
    title: str
    why: str
    proof: str
    paths: tuple[Path, ...]
    applies: str

    @property
    def family(self) -> str:
        """The role that enforces it: `k8s_tenancy-01` belongs to `k8s_tenancy`."""
        return self.id.rsplit("-", 1)[0]


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What one control answered in one run.

    `state` and `proof` describe the world; `found` and `done` describe this run (what it met, what it did about it).
    `reason` says why the state is not `in_place`, and what to do; it is empty when all is well.
    """

    control: str
    state: State
    proof: tuple[str, ...] = ()
    reason: str = ""
    found: str = ""
    done: str = ""

    def as_result(self) -> dict[str, Any]:
        """The answer as plain data, as tasks return it and evidence keeps it."""
        return {
            "control": self.control,
            "state": str(self.state),
            "proof": list(self.proof),
            "reason": self.reason,
            "found": self.found,
            "done": self.done,
        }

    @classmethod
    def from_result(cls, data: Mapping[str, Any]) -> Answer:
        """Read back what `as_result` wrote."""
        return cls(
            control=data["control"],
            state=State(data["state"]),
            proof=tuple(data.get("proof", ())),
            reason=data.get("reason", ""),
            found=data.get("found", ""),
            done=data.get("done", ""),
        )


def merge(answers: Iterable[Answer]) -> dict[str, Answer]:
    """One answer per control: the worst state wins, and what tells why comes first, for a table's cell has little room."""
    given: dict[str, list[Answer]] = {}
    for answer in answers:
        given.setdefault(answer.control, []).append(answer)
    return {control: _together(together) for control, together in given.items()}


def _together(answers: list[Answer]) -> Answer:
    worst_first = sorted(answers, key=lambda answer: WORST_FIRST.index(answer.state))
    return Answer(
        control=worst_first[0].control,
        state=worst_first[0].state,
        proof=tuple(dict.fromkeys(proof for answer in answers for proof in answer.proof)),
        reason=joined(answer.reason for answer in worst_first),
        found=joined(answer.found for answer in worst_first),
        done=joined(answer.done for answer in worst_first),
    )


def joined(sentences: Iterable[str]) -> str:
    """Several sentences as one, each once; only the last keeps its full stop."""
    *others, last = dict.fromkeys(sentence for sentence in sentences if sentence) or ("",)
    return "; ".join([*(sentence.removesuffix(".") for sentence in others), last])
