# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether what the runbook's commands name is really there: told from what the roles before it answered in this run."""

from __future__ import annotations

from collections.abc import Iterable

from ..app import App
from ..controls import Answer, State
from ..oci.reference import written
from ..profile import Profile


def names_of(app: App, profile: Profile) -> tuple[str, ...]:
    """The objects that the runbook's commands and places name, as they end in the names of proofs."""
    cluster = (app.namespace,) if profile.cluster.available else ()
    role, image = f"iam:role/{app.role_name}", f"ecr:repository/{written(app.image).path}"
    return (*cluster, image, role, *(app.secret_name(secret.name) for secret in app.secrets))


def answer(control: str, names: tuple[str, ...], answers: Iterable[Answer]) -> Answer:
    """One answer for all names: the worst. A name that nobody's proof holds could not be told, and is listed."""
    answers = tuple(answers)
    proving = {name: [one for one in answers if any(_holds(proof, name) for proof in one.proof)] for name in names}
    unknown = [name for name, found in proving.items() if not any(_seen(one) for one in found)]
    missing = [name for name, found in proving.items() if name not in unknown and not any(_is_there(one) for one in found)]
    proof = tuple(dict.fromkeys(shown for name in names if (shown := _proof(name, proving[name]))))
    if unknown:
        mend = "Run the whole road (harden); if this was it, mend first what its other answers name."
        reason = f"No role of this run could say whether these are there: {', '.join(unknown)}. {mend}"
        return Answer(control, State.NOT_REACHED, proof, reason, "could not be told")
    if missing:
        reason = f"Not there yet: {', '.join(missing)}"
        return Answer(control, State.DRIFTED, proof, reason, reason)
    return Answer(control, State.IN_PLACE, proof)


def _proof(name: str, answers: list[Answer]) -> str:
    # The shortest is the object itself, or the nearest to it: a namespace rather than something in it.
    return min(
        (proof for one in answers for proof in one.proof if _holds(proof, name)),
        key=lambda proof: (len(proof), proof),
        default="",
    )


def _holds(proof: str, name: str) -> bool:
    # "iam:role/x" names x, and "NetworkPolicy/where2eat-prod/deny" the namespace; a name is never part of a longer one.
    return f"/{name}/" in f"/{proof}/"


def _seen(one: Answer) -> bool:
    return one.state in (State.IN_PLACE, State.DRIFTED, State.VIOLATED)


def _is_there(one: Answer) -> bool:
    return one.state in (State.IN_PLACE, State.VIOLATED)
