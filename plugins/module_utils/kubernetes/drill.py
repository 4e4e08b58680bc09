# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The capability `k8s_tenancy_drill`: what must be refused is tried, and is refused.

Every attempt is a server-side dry run or a question; nothing is ever made. An attempt counts as refused only for the right
reason, and one pod that keeps every rule must be admitted: a cluster that refuses everything proves nothing.
"""

from __future__ import annotations

import dataclasses
import datetime
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..app import App
from ..capability import Capability, Outcome, Plan, Refusal, Request, answers_of
from ..controls import Answer, State
from ..errors import Conflict, Denied, MicroappsError
from ..microapp import MICROAPP_OPTIONS, context_of
from ..profile import Profile
from .answers import QuotaNotCounted
from .client import Client, connect
from .kinds import BY_GROUP_KIND
from .tenancy import LARGEST, most_pods
from .tenancy_controls import DRILL_ACCOUNT, DRILL_PODS, DRILL_QUOTA, DRILLS

SPEC: Final[dict[str, Any]] = {**MICROAPP_OPTIONS}
PERMISSIONS: Final = (
    "namespaces:get",
    "pods:create",
    "resourcequotas:list",
    "services:create",
    "authorization.k8s.io/subjectaccessreviews:create",
)
_POD: Final = BY_GROUP_KIND["Pod"]
_SERVICE: Final = BY_GROUP_KIND["Service"]
_QUOTAS: Final = BY_GROUP_KIND["ResourceQuota"]
_NAMESPACE: Final = BY_GROUP_KIND["Namespace"]
_REVIEW: Final = BY_GROUP_KIND["SubjectAccessReview.authorization.k8s.io"]
_ABOUT_IMAGES: Final = "admission webhook "
_POD_SECURITY: Final = "violates PodSecurity"
_QUOTA: Final = "exceeded quota"
# A quota made a moment ago is counted within a second or two.
_TRIES, _PAUSE_SECONDS = 50, 0.2
# An API server that looked for quotas of a namespace and found none remembers that for half a minute.
_SEEN_BY_ALL: Final = datetime.timedelta(seconds=60)
_TRIES_OF_A_NEW_QUOTA: Final = 200
# A controller manager that was started a moment ago counts nothing for a minute, and until then a quota limits nothing.
_TRIES_UNTIL_COUNTED: Final = 600
# Counted is not yet enforced: an API server hears of the count by its watch, and may have answered a try just before it did.
_TRIES_AFTER_THE_COUNT: Final = 50
_LONGEST_QUOTE: Final = 200


@dataclasses.dataclass(frozen=True, slots=True)
class Attempt:
    """Something that must not work. `refusal` is what the server's message must say for the right rule to have refused it."""

    name: str
    control: str
    refusal: str
    manifest: Mapping[str, Any]


def attempts(app: App, profile: Profile) -> tuple[Attempt, ...]:
    """The forbidden things that are tried, as manifests. Pure."""
    spec = pod(app)["spec"]
    container = spec["containers"][0]
    security = {**container["securityContext"], "privileged": True, "allowPrivilegeEscalation": True}
    # Each within what one container may have, together more than the namespace may hold.
    largest = {"cpu": f"{LARGEST * app.workload.cpu_millicores}m", "memory": f"{LARGEST * app.workload.memory_mib}Mi"}
    full = {**container, "resources": {"requests": largest, "limits": largest}}
    too_many = [{**full, "name": f"c{number}"} for number in range(most_pods(app, profile) // LARGEST + 1)]
    host_path = {"name": "root", "hostPath": {"path": "/"}}
    return (
        Attempt("privileged pod", DRILL_PODS, _POD_SECURITY, pod(app, containers=[{**container, "securityContext": security}])),
        Attempt("pod on the node's disk", DRILL_PODS, _POD_SECURITY, pod(app, volumes=[host_path])),
        Attempt("pod on the node's network", DRILL_PODS, _POD_SECURITY, pod(app, hostNetwork=True)),
        Attempt("pod that may be root", DRILL_PODS, _POD_SECURITY, pod(app, securityContext={})),
        Attempt("pod over the quota", DRILL_QUOTA, _QUOTA, pod(app, containers=too_many)),
        Attempt("load balancer of its own", DRILL_QUOTA, _QUOTA, _service(app, "LoadBalancer")),
        Attempt("port on every node", DRILL_QUOTA, _QUOTA, _service(app, "NodePort")),
    )


def pod(app: App, **changed: Any) -> dict[str, Any]:
    """A pod that keeps every rule of the restricted standard, with `changed` written over its spec."""
    container = {
        "name": "drill",
        "image": "registry.invalid/drill@sha256:" + "0" * 64,
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spec = {
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        **changed,
    }
    metadata = {"name": "goldenpath-drill", "namespace": app.namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _service(app: App, kind: str) -> dict[str, Any]:
    metadata = {"name": "goldenpath-drill", "namespace": app.namespace}
    spec = {"type": kind, "ports": [{"port": 80, "protocol": "TCP"}], "selector": {"app.kubernetes.io/name": "goldenpath-drill"}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def questions(app: App) -> tuple[tuple[str, dict[str, Any]], ...]:
    """What the app's own account must not be allowed, as SubjectAccessReviews. Pure."""
    account = f"system:serviceaccount:{app.namespace}:{app.service_account}"
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{app.namespace}", "system:authenticated"]
    asked: tuple[tuple[str, dict[str, str]], ...] = (
        ("read secrets of kube-system", {"verb": "list", "resource": "secrets", "namespace": "kube-system"}),
        ("read secrets everywhere", {"verb": "list", "resource": "secrets"}),
        ("list its own namespace's secrets", {"verb": "list", "resource": "secrets", "namespace": app.namespace}),
        ("make pods elsewhere", {"verb": "create", "resource": "pods", "namespace": "default"}),
        (
            "give itself more rights",
            {"verb": "create", "resource": "rolebindings", "group": "rbac.authorization.k8s.io", "namespace": app.namespace},
        ),
        (
            "open its own fence",
            {"verb": "create", "resource": "networkpolicies", "group": "networking.k8s.io", "namespace": app.namespace},
        ),
    )
    head = {"apiVersion": _REVIEW.api_version, "kind": _REVIEW.kind}
    return tuple(
        (name, {**head, "spec": {"user": account, "groups": groups, "resourceAttributes": attributes}})
        for name, attributes in asked
    )


def run(request: Request) -> Outcome:
    """Try what must be refused. In check mode an open fence is drift: the converge before this may be what closes it."""
    context = context_of(request)
    client, app = connect(context.profile.cluster, request.environ, request.secrets), context.app
    if client.get(_NAMESPACE, "", app.namespace) is None:
        return Outcome(answers=tuple(_nothing_there(control, app, request.check) for control in DRILLS))
    tries = (*attempts(app, context.profile), Attempt("pod that keeps every rule", DRILL_PODS, "", pod(app)))
    new = _quota_is_new(client, app, request.now())
    plans = client.together(lambda attempt: _tried(client, app, attempt, new), tries)
    plans += client.together(lambda question: _asked(client, app, *question), questions(app))
    answers = tuple(_quoting(answer, plans) for answer in answers_of(plans, DRILLS, request.check))
    if not request.check:
        return Outcome(tuple(plans), answers)
    shown = tuple(dataclasses.replace(plan, refusals=()) for plan in plans)
    return Outcome(shown, tuple(_as_drift(answer) for answer in answers))


def _quota_is_new(client: Client, app: App, now: datetime.datetime) -> bool:
    """Whether a quota of the namespace was made so recently that not every API server may count with it yet."""
    made = [str(quota["metadata"].get("creationTimestamp", "")) for quota in client.list_all(_QUOTAS, app.namespace)]
    return any(now - datetime.datetime.fromisoformat(moment) < _SEEN_BY_ALL for moment in made if moment)


def _nothing_there(control: str, app: App, check: bool) -> Answer:
    reason = f"the namespace {app.namespace} is not there yet, so nothing in it can be tried"
    return Answer(control, State.DRIFTED if check else State.NOT_REACHED, reason=reason, found=reason)


def _quoting(answer: Answer, plans: Sequence[Plan]) -> Answer:
    """The server's own words for each attempt: what it said no to is the evidence."""
    if answer.state is not State.IN_PLACE:
        return answer
    said = [
        f"{plan.object.rpartition('/')[2]}: {str(plan.after['answer'])[:_LONGEST_QUOTE]}"
        for plan in plans
        if answer.control in plan.controls and plan.after
    ]
    return dataclasses.replace(answer, found="; ".join(said))


def _as_drift(answer: Answer) -> Answer:
    return dataclasses.replace(answer, state=State.DRIFTED) if answer.state is State.VIOLATED else answer


def _tried(client: Client, app: App, attempt: Attempt, new_quota: bool) -> Plan:
    base = Plan(f"drill/{app.namespace}/{attempt.name}", controls=(attempt.control,))
    try:
        said = refusal_of(client, attempt.manifest, new_quota and attempt.refusal == _QUOTA)
    except MicroappsError as error:
        return base.failed(error)
    if not attempt.refusal:
        # A full quota or a rule about images may refuse it too, and that is as it should be.
        well = said is None or _POD_SECURITY not in said
        return _answered(base, said or "admitted", well, f"it is refused: {said}")
    if said is None:
        return _answered(base, "admitted", False, "it is admitted")
    if attempt.refusal == _QUOTA and _ABOUT_IMAGES in said:
        # Quotas are counted last: where the cluster verifies images, this pod gets no further, and the services alone prove it.
        return dataclasses.replace(base, before={"answer": said}, after={"answer": said}, controls=())
    if attempt.refusal not in said:
        return base.failed(Denied(f"Try a {attempt.name}", f"it is refused, but not by the rule in question: {said}"))
    return _answered(base, said, True, "")


def refusal_of(client: Client, manifest: Mapping[str, Any], is_awaited: bool) -> str | None:
    """What the server says against it, None if it is admitted; `is_awaited` says that a refusal may take a while to come."""
    kind = client.kind_of(manifest)
    namespace = manifest["metadata"]["namespace"]
    open_at, is_counted = _TRIES_OF_A_NEW_QUOTA, False
    for tried in range(1, (_TRIES_UNTIL_COUNTED if is_awaited else _TRIES) + 1):
        try:
            client.create(kind, namespace, manifest, dry_run=True)
        except QuotaNotCounted:
            time.sleep(_PAUSE_SECONDS)
        except (Denied, Conflict) as error:
            return error.why
        else:
            if not is_awaited or (is_counted and tried >= open_at):
                return None
            if not is_counted and tried >= _TRIES_OF_A_NEW_QUOTA - _TRIES_AFTER_THE_COUNT and _is_counted(client, namespace):
                open_at, is_counted = max(open_at, tried + _TRIES_AFTER_THE_COUNT), True
            time.sleep(_PAUSE_SECONDS)
    raise Conflict(f"Try a {kind.kind}", "the cluster has not counted the new quota yet", "Repeat the run.")


def _is_counted(client: Client, namespace: str) -> bool:
    """Whether the controller manager has taken up every quota: one without a status admits everything, and says nothing."""
    return all(quota.get("status", {}).get("hard") for quota in client.list_all(_QUOTAS, namespace))


def _asked(client: Client, app: App, name: str, review: Mapping[str, Any]) -> Plan:
    base = Plan(f"drill/{app.namespace}/{name}", controls=(DRILL_ACCOUNT,))
    try:
        status = client.create(_REVIEW, "", review).get("status") or {}
    except MicroappsError as error:
        return base.failed(error)
    reason = str(status.get("reason") or "")[:_LONGEST_QUOTE]
    # RBAC's reason names the binding that has to go; it may be one of the cluster's, which no run of ours touches.
    return _answered(
        base, reason or "no rule allows it", not status.get("allowed"), f"it is allowed ({reason})" if reason else "it is allowed"
    )


def _answered(base: Plan, said: str, well: bool, why: str) -> Plan:
    seen = {"answer": said}
    plan = dataclasses.replace(base, before=seen, after=seen)
    if well:
        return plan
    step = "Run the role k8s_tenancy without --check; if that changes nothing, ask who runs the cluster."
    return dataclasses.replace(plan, refusals=(Refusal(base.object, why, step, base.controls[0]),))


CAPABILITY: Final = Capability("k8s_tenancy_drill", SPEC, run, PERMISSIONS, DRILLS)
