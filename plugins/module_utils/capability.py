# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a module or action of ours can do, apart from how Ansible calls it.

A capability has two doors: the module (`run_as_module`, for a task delegated to another machine) and the in-process
action plugin of the same name (`plugin_utils/in_process.py`). Both make a `Request`, call `run` and turn the `Outcome`
into a result with `result_of`, so they cannot disagree.

Deciding is pure and apart from doing: `plan(current, wanted) -> Plan`. `changed`, the diff and the controls' answers are
read off the plans. `run` is the only function of a capability that knows check mode.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import os
import secrets as random_source
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

from ansible.module_utils.basic import AnsibleModule

from .controls import Answer, State, joined
from .errors import MicroappsError, Unreachable
from .evidence.record import Run
from .scrubber import Secrets
from .state_folder import state_folder


class _Keep(enum.Enum):
    KEEP = "keep"

    def __bool__(self) -> bool:
        raise TypeError("KEEP is neither true nor false: ask `is KEEP`")


Keep = Literal[_Keep.KEEP]
# An option that was not given: whatever is there is left alone, never a default written over it.
KEEP: Final = _Keep.KEEP

# Characters of a line where no terminal says otherwise: a log, a job page.
WIDE: Final = 140

# The option that every capability with controls takes; documented in doc_fragments/evidence.py.
EVIDENCE_OPTION: Final[dict[str, Any]] = {
    "type": "dict",
    "options": {
        "directory": {"type": "path"},
        "app": {"type": "str", "required": True},
        "environment": {"type": "str", "required": True},
    },
}


def keep_if_none(value: Any) -> Any:
    """Ansible hands an omitted option over as None; the logic wants KEEP."""
    return KEEP if value is None else value


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One difference between what is and what is wanted, and the control that asks for it ('' if none does)."""

    action: Literal["create", "update", "delete"]
    field: str = ""
    before: Any = None
    after: Any = None
    control: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """A difference that must not be mended by itself: it cannot be changed in place, or it is somebody else's."""

    what: str
    why: str
    next_step: str
    control: str = ""

    def sentence(self) -> str:
        """The line a user reads."""
        return MicroappsError(self.what, self.why, self.next_step).sentence()


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """One object: what it is, what it should be, and the way from one to the other.

    `before` and `after` are plain data for the diff (None: not there) and hold no secret. `controls` are those that this
    object proves, changed or not. `failure` is set by the I/O side when the object could not be read or written.
    """

    object: str
    before: Any = None
    after: Any = None
    changes: tuple[Change, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    controls: tuple[str, ...] = ()
    failure: MicroappsError | None = None

    @property
    def verb(self) -> str:
        """What happened (or, in check mode, would happen) to the object as a whole."""
        if self.failure:
            return "failed"
        if self.refusals:
            return "refused"
        if not self.changes:
            return "unchanged"
        if self.before is None:
            return "created"
        return "deleted" if self.after is None else "updated"

    def failed(self, error: MicroappsError) -> Plan:
        """The same plan with the reason why it could not be carried out."""
        return dataclasses.replace(self, failure=error)


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What a capability answers: an entry per object, an answer per control, and what else callers may want.

    `gate` ends the road: why nothing after this task may be done. The task fails with it, whatever is recorded.
    """

    plans: tuple[Plan, ...] = ()
    answers: tuple[Answer, ...] = ()
    result: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    gate: str = ""

    @property
    def changed(self) -> bool:
        """Whether anything was (in check mode: would be) changed."""
        return any(plan.changes and not plan.refusals and not plan.failure for plan in self.plans)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _silent(_message: str) -> None:
    return None


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """One call: the validated options, the mode, and everything from outside that the logic may use.

    Nothing below a capability's `run` reads the clock, the environment or randomness by itself: they come from here.
    `run` is the identity of the ansible-playbook that asks; there is none behind the module door. `columns` is the width of
    the terminal that `progress` prints on.
    """

    params: Mapping[str, Any]
    check: bool = False
    now: Callable[[], datetime.datetime] = _now
    random_bytes: Callable[[int], bytes] = random_source.token_bytes
    environ: Mapping[str, str] = dataclasses.field(default_factory=lambda: dict(os.environ))
    secrets: Secrets = dataclasses.field(default_factory=Secrets)
    progress: Callable[[str], None] = _silent
    run: Run | None = None
    columns: int = WIDE


@dataclasses.dataclass(frozen=True, slots=True)
class Capability:
    """A name, the options (an Ansible argument spec and its rules) and the function that does it.

    `permissions` are the outside rights it needs, in the outside system's words (`ecr:CreateRepository`); preflight and
    the generated least-privilege policy read them. `controls` are those it answers for: when it cannot be carried out at
    all, they are answered `not_reached`.
    """

    name: str
    spec: Mapping[str, Any]
    run: Callable[[Request], Outcome]
    permissions: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    rules: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def answers_of(plans: Iterable[Plan], controls: Iterable[str], check: bool) -> tuple[Answer, ...]:
    """One answer per control in `controls`, read off the plans: pure, so an audit needs no code of its own.

    A control without any plan is in place by the absence of differences only if the caller lists it: pass only controls
    that were really looked at.
    """
    plans = tuple(plans)
    return tuple(_answer(control, plans, check) for control in controls)


def _answer(control: str, plans: tuple[Plan, ...], check: bool) -> Answer:
    proving = [plan for plan in plans if control in plan.controls or _names(plan, control)]
    proof = tuple(sorted(plan.object for plan in proving if plan.after is not None or plan.refusals or plan.failure))
    failures = dict.fromkeys(_failure(plan.object, plan.failure) for plan in proving if plan.failure)
    refusals = [refusal.sentence() for plan in proving for refusal in plan.refusals if refusal.control in ("", control)]
    pending = [plan for plan in proving if not plan.failure and _names(plan, control)]
    found = "; ".join(_found(plan, control) for plan in pending)
    if failures:
        return Answer(control, State.NOT_REACHED, proof, reason=joined(failures), found="could not be told")
    if refusals:
        return Answer(control, State.VIOLATED, proof, reason=joined(refusals), found=joined(refusals))
    # Nothing of an object is changed while something about it is refused: what another control wants stays undone.
    blocked = [refusal.sentence() for plan in pending for refusal in plan.refusals]
    if blocked:
        reason = f"{found}; not mended, because of this: {'; '.join(blocked)}"
        return Answer(control, State.DRIFTED, proof, reason=reason, found=found)
    if pending and check:
        return Answer(control, State.DRIFTED, proof, reason=found, found=found)
    done = "; ".join(f"{plan.verb} {plan.object}" for plan in pending)
    return Answer(control, State.IN_PLACE, proof, found=found, done=done)


def _failure(name: str, failure: MicroappsError) -> str:
    # A part that is down is one sentence, whatever number of its objects nobody could ask about.
    return failure.sentence() if isinstance(failure, Unreachable) else f"{name}: {failure.sentence()}"


def _names(plan: Plan, control: str) -> bool:
    return any(change.control == control for change in plan.changes)


def _found(plan: Plan, control: str) -> str:
    if plan.before is None:
        return f"{plan.object} is missing"
    if plan.after is None:
        return f"{plan.object} should not be there"
    fields = dict.fromkeys(change.field for change in plan.changes if change.control == control and change.field)
    return f"{plan.object} differs in {', '.join(fields)}" if fields else f"{plan.object} differs"


def result_of(outcome: Outcome, request: Request) -> dict[str, Any]:
    """The outcome as an Ansible result. Failure is decided here, at the end, with every object's answer beside it.

    With the `evidence` option a refusal or failure of an object is an answer that the play's last task counts; without
    it, the task fails.
    """
    answers = outcome.answers
    result: dict[str, Any] = {
        **outcome.result,
        "changed": outcome.changed,
        "objects": [_object_entry(plan) for plan in outcome.plans],
        "answers": [answer.as_result() for answer in answers],
        "diff": [_diff_entry(plan) for plan in outcome.plans if plan.changes and not plan.refusals],
    }
    if outcome.warnings:
        result["warnings"] = list(outcome.warnings)
    problems = [plan.failure.sentence() for plan in outcome.plans if plan.failure]
    problems += [refusal.sentence() for plan in outcome.plans for refusal in plan.refusals]
    if outcome.gate:
        return scrubbed({**result, "failed": True, "msg": outcome.gate, "gate": outcome.gate}, request.secrets)
    if problems and not (request.params.get("evidence") and answers):
        result["failed"] = True
        result["msg"] = " ".join(dict.fromkeys(problems))
    return scrubbed(result, request.secrets)


def failure_of(error: Exception, capability: Capability, request: Request) -> dict[str, Any]:
    """Any exception as a result: no traceback, no cause, nothing secret.

    With the `evidence` option an error of ours is recorded as `not_reached` for every control of the capability and the
    road goes on; a bug always fails the task.
    """
    if not isinstance(error, MicroappsError):
        return scrubbed({"failed": True, "changed": False, "msg": _bug(error, capability)}, request.secrets)
    sentence = error.sentence()
    result: dict[str, Any] = {"changed": False, "msg": sentence, "objects": [], "answers": [], "diff": []}
    if request.params.get("evidence") and capability.controls:
        answers = [
            Answer(control, State.NOT_REACHED, reason=sentence, found="could not be told") for control in capability.controls
        ]
        result["answers"] = [answer.as_result() for answer in answers]
        result["warnings"] = [sentence]
    else:
        result["failed"] = True
    return scrubbed(result, request.secrets)


def _bug(error: Exception, capability: Capability) -> str:
    # The message of a foreign exception may hold what it worked on; its place does not.
    if isinstance(error, OSError) and error.strerror and isinstance(error.filename, str):
        return f"{capability.name} cannot use {error.filename}: {error.strerror}. Mend that, or choose another folder."
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "an unknown place"
    return (
        f"{capability.name} met a {type(error).__name__} at {place}, which is a defect in goldenpath.microapps. "
        "Please report it with this line."
    )


def scrubbed(result: dict[str, Any], secrets: Secrets) -> dict[str, Any]:
    """The last thing done to every result, on both doors."""
    clean: dict[str, Any] = secrets.scrub(result)
    return clean


def _object_entry(plan: Plan) -> dict[str, Any]:
    entry: dict[str, Any] = {"object": plan.object, "action": plan.verb}
    if plan.changes:
        entry["fields"] = [change.field for change in plan.changes if change.field]
    if plan.failure or plan.refusals:
        sentences = [plan.failure.sentence()] if plan.failure else [refusal.sentence() for refusal in plan.refusals]
        entry["reason"] = " ".join(sentences)
    return entry


def _diff_entry(plan: Plan) -> dict[str, Any]:
    return {
        "before_header": plan.object,
        "after_header": plan.object,
        "before": "" if plan.before is None else plan.before,
        "after": "" if plan.after is None else plan.after,
    }


def no_log_values(spec: Mapping[str, Any], params: Mapping[str, Any]) -> Iterable[str]:
    """Every string behind an option marked `no_log`, at any depth."""
    for name, option in spec.items():
        value = params.get(name)
        if value is None:
            continue
        if option.get("no_log"):
            yield from _strings(value)
        elif isinstance(option.get("options"), Mapping):
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, Mapping):
                    yield from no_log_values(option["options"], part)


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _strings(item)
    elif not isinstance(value, bool):
        yield str(value)


def with_evidence_folder(params: Mapping[str, Any], environ: Mapping[str, str]) -> Mapping[str, Any]:
    """The options with `evidence.directory` filled in where the profile names none: `evidence` in the state folder."""
    evidence = params.get("evidence")
    if not evidence or evidence.get("directory"):
        return params
    return {**params, "evidence": {**evidence, "directory": str(state_folder(environ) / "evidence")}}


def perform(capability: Capability, request: Request) -> dict[str, Any]:
    """Run a capability and answer with a result, whatever happens: the one place where every exception ends."""
    try:
        return result_of(capability.run(request), request)
    except MicroappsError as error:
        return failure_of(error, capability, request)
    except Exception as error:  # noqa: BLE001 - a bug of ours must not print a traceback that quotes what it worked on
        return failure_of(error, capability, request)


def run_as_module(capability: Capability) -> None:
    """The module door: the same capability in a process of its own, on the machine the task runs on."""
    module = AnsibleModule(
        argument_spec=dict(capability.spec),
        supports_check_mode=True,
        mutually_exclusive=capability.rules.get("mutually_exclusive"),
        required_together=capability.rules.get("required_together"),
        required_one_of=capability.rules.get("required_one_of"),
        required_if=capability.rules.get("required_if"),
        required_by=capability.rules.get("required_by", {}),
    )
    request = Request(
        params=with_evidence_folder(module.params, os.environ),
        check=module.check_mode,
        secrets=Secrets(no_log_values(capability.spec, module.params)),
    )
    result = perform(capability, request)
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


# Imported by every module of ours; says early and plainly what would otherwise be a syntax error deep in a trace.
if sys.version_info < (3, 11):  # noqa: UP036 - a managed machine's Python is not the controller's
    raise ImportError("goldenpath.microapps needs Python 3.11 or newer on the machine its tasks run on")
