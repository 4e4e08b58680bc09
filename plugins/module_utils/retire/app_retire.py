# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The capability `app_retire`: what we applied for an app in one environment goes, and nothing else.

Everything is looked at first. One thing that must not go (others run something in the namespace, a login is in use) or that
cannot be looked at, and nothing is begun. Then: cluster, role, logins, access keys, secrets, images, so that a run which is
killed can be repeated and always knows what is left.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Final

from ..aws.session import AwsSession, session_for
from ..capability import Capability, Outcome, Plan, Request
from ..catalog.profile_schema import profile_from
from ..errors import Conflict, MicroappsError
from ..gate.lease import LEASE, NAMESPACE, ClusterLeases, FileLeases, Leases, holder_of, leave, process_started, take
from ..kubernetes.client import Client, connect
from ..profile import Profile
from ..rotation.stores import open_store
from ..rotation.stores.gcp_secretmanager import secret_id
from ..sandbox.runner import read_release
from ..signatures.admission.wanted import RESOURCES
from ..state_folder import state_folder
from ..workload_identity.azure import Azure
from ..workload_identity.google import Google
from . import (
    access_keys,
    account,
    azure_identity,
    database,
    google_identity,
    mysql_logins,
    namespace,
    openbao,
    policies,
    recoverable,
)
from .model import ROLE_PREFIX, Area, Kept, Step, blocked, checked_name, may_retire
from .stored import Ours, documents, secrets_of

SPEC: Final[dict[str, Any]] = {
    "app": {"type": "str", "required": True},
    "profile": {"type": "dict", "required": True},
    "catalogued": {"type": "bool", "required": True},
    "confirm": {"type": "str", "default": ""},
    "images": {"type": "str", "choices": ["keep", "delete"], "default": "keep"},
    "sessions": {"type": "str", "choices": ["refuse", "end"], "default": "refuse"},
}
PERMISSIONS: Final = (
    *access_keys.PERMISSIONS,
    "apps/daemonsets:list",
    "apps/deployments:list",
    "apps/replicasets:list",
    "apps/statefulsets:list",
    "batch/cronjobs:list",
    "batch/jobs:list",
    "configmaps:delete",
    "configmaps:list",
    "coordination.k8s.io/leases:create",
    "coordination.k8s.io/leases:delete",
    "coordination.k8s.io/leases:get",
    "coordination.k8s.io/leases:update",
    "ecr:DeleteRepository",
    "ecr:DescribeRepositories",
    "ecr:ListImages",
    "ecr:ListTagsForResource",
    "external-secrets.io/externalsecrets:delete",
    "external-secrets.io/externalsecrets:list",
    "secrets-store.csi.x-k8s.io/secretproviderclasses:delete",
    "secrets-store.csi.x-k8s.io/secretproviderclasses:list",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
    "iam:ListRoles",
    "key vault: delete secrets",
    "key vault: get secrets",
    "key vault: list secrets",
    "Microsoft.Authorization/roleAssignments/delete",
    "Microsoft.Authorization/roleAssignments/read",
    "Microsoft.KeyVault/vaults/read",
    "Microsoft.ManagedIdentity/userAssignedIdentities/delete",
    "Microsoft.ManagedIdentity/userAssignedIdentities/read",
    "limitranges:delete",
    "limitranges:list",
    "monitoring.coreos.com/podmonitors:delete",
    "monitoring.coreos.com/podmonitors:list",
    "monitoring.coreos.com/prometheusrules:delete",
    "monitoring.coreos.com/prometheusrules:list",
    "namespaces:delete",
    "namespaces:get",
    "networking.k8s.io/networkpolicies:delete",
    "networking.k8s.io/networkpolicies:list",
    "persistentvolumeclaims:list",
    "pods:list",
    *(f"{resource}:{verb}" for resource in RESOURCES for verb in ("delete", "list", "patch")),
    "rbac.authorization.k8s.io/rolebindings:delete",
    "rbac.authorization.k8s.io/rolebindings:list",
    "replicationcontrollers:list",
    "resourcequotas:delete",
    "resourcequotas:list",
    "secretmanager.secrets.delete",
    "secretmanager.secrets.get",
    "secretmanager.secrets.getIamPolicy",
    "secretmanager.secrets.list",
    "secretmanager.secrets.setIamPolicy",
    "secretmanager.versions.access",
    "secretmanager.versions.disable",
    "secretmanager.versions.list",
    "secretsmanager:DeleteSecret",
    "secretsmanager:DescribeSecret",
    "secretsmanager:ListSecrets",
    "secretsmanager:RemoveRegionsFromReplication",
    "serviceaccounts:delete",
    "serviceaccounts:list",
    "services:list",
)


def run(request: Request) -> Outcome:
    """Look at everything, then remove it in an order that can be repeated; in check mode only look."""
    profile = profile_from(request.params["profile"])
    app = checked_name(request.params["app"])
    may_retire(app, profile.name, request.params["catalogued"], request.params["confirm"])
    client = connect(profile.cluster, request.environ, request.secrets) if profile.cluster.available else None
    session = session_for(profile.aws, request.environ).verify_account()
    lease = _hold(request, profile, client, app)
    areas = tuple(areas_of(request, profile, client, session, app))
    found = any(area.steps or area.kept for area in areas)
    kept = (*(entry for area in areas for entry in area.kept), *(_always_kept(profile, client, app) if found else ()))
    stops = blocked(areas)
    steps = tuple(step for area in areas for step in area.steps)
    plans = stops or (tuple(step.plan for step in steps) if request.check else done(steps))
    if lease is not None:
        lease.end()
    request.progress(request.secrets.scrub(told(plans, kept, f"{app} in {profile.name}", request.check)))
    warnings = () if steps else (f"Nothing of the app {app} in {profile.name} is left to be removed.",)
    return Outcome(plans, result={"kept": [entry.as_result() for entry in kept]}, warnings=warnings)


def told(plans: tuple[Plan, ...], kept: tuple[Kept, ...], what: str, check: bool) -> str:
    """What a person reads: everything that goes (in check mode: would go), then what stays and why."""
    gone = [f"  {plan.object}{_HOW.get(plan.verb, '')}" for plan in plans if plan.changes and not plan.failure]
    lines = ["", f"What {'would go' if check else 'went'} of {what}:", *gone] if gone else []
    stays = [f"  {entry.object}: {entry.why}" for entry in kept]
    return "\n".join([*lines, *(["", f"What stays of {what}:", *stays] if stays else [])])


# An object that is not deleted: closed, scheduled, or given back.
_HOW: Final = {"updated": " (can be brought back)"}


def done(steps: tuple[Step, ...]) -> tuple[Plan, ...]:
    """Carry the steps out in order. After one that fails the others are not begun: the next run finds what is left."""
    plans: list[Plan] = []
    failed = ""
    for step in steps:
        if failed:
            error = Conflict(f"{step.plan.object} was not removed", f"{failed} could not be", "Run again.")
            plans.append(step.plan.failed(error) if step.plan.changes else step.plan)
            continue
        try:
            if step.deed is not None:
                step.deed()
            plans.append(step.plan)
        except MicroappsError as error:
            failed = step.plan.object
            plans.append(step.plan.failed(error))
    return tuple(plans)


def areas_of(request: Request, profile: Profile, client: Client | None, session: AwsSession, app: str) -> list[Area]:
    """Look at every system, in the order in which things go; one that cannot be looked at is a failed step of its area."""
    name = profile.name
    stored = _secrets(request, profile, session, app)
    ours = secrets_of(request, profile, lambda: session, app)
    looks: list[tuple[str, Callable[[], Area]]] = [
        ("the IAM role", lambda: account.role_area(session, f"{ROLE_PREFIX}{app}-{name}", app)),
    ]
    if azure_identity.is_known(profile.secret_store):
        looks.append(("the identity at Azure", lambda: azure_identity.area(_azure(request, profile), app, name)))
    if profile.secret_store.scheme == "gcp_secretmanager":
        looks.append(("who reads the secrets at Google", lambda: _google_readers(request, profile, app)))
    if client is not None:
        # The namespace first: without its policies, policy-controller refuses all that is started in it.
        looks.insert(0, (f"Namespace/{app}-{name}", lambda: namespace.area_of(client, f"{app}-{name}")))
        looks.insert(1, ("the cluster's policies for its images", lambda: policies.area_of(client, app, name)))
    # A login bears no environment's name: only a secret of this environment says that it is this one's.
    if ours:
        if profile.database is not None:
            looks.append(("the logins", lambda: _postgresql(request, profile, app)))
        if profile.mysql is not None:
            looks.append(("the logins to MySQL", lambda: _mysql(request, profile, app, ours)))
        if profile.secret_store.scheme == "aws_secretsmanager":
            looks.append(("the access keys", lambda: access_keys.area(session, request.secrets, app, name)))
    looks.append(("the secrets", lambda: stored))
    images = request.params["images"] == "delete"
    looks.append(("the image repositories", lambda: account.repository_area(session, app, name, images)))
    return [_looked(what, look) for what, look in looks]


def _looked(what: str, look: Callable[[], Area]) -> Area:
    try:
        return look()
    except MicroappsError as error:
        return Area((Step(Plan(what, failure=error)),))


def _postgresql(request: Request, profile: Profile, app: str) -> Area:
    if profile.database is None:
        return Area()
    return database.area_of(profile.database, request.secrets, app, request.params["sessions"] == "end")


def _mysql(request: Request, profile: Profile, app: str, ours: tuple[Ours, ...]) -> Area:
    if profile.mysql is None:
        return Area()
    store = open_store(profile, request.secrets, request.environ)
    held = documents(store, (one.name for one in ours if not one.closed))
    return mysql_logins.area_of(profile.mysql, request.secrets, app, held, request.params["sessions"] == "end")


def _secrets(request: Request, profile: Profile, session: AwsSession, app: str) -> Area:
    if profile.secret_store.scheme == "openbao":
        folder = openbao.Folder.open(profile, request.secrets, request.environ)
        return openbao.area(folder, app, profile.name)
    if profile.secret_store.scheme in recoverable.SCHEMES:
        return recoverable.area(recoverable.opened(request, profile), profile.name, app)
    return account.secrets_area(session, app, profile.name, profile.secret_store.recovery_days)


def _azure(request: Request, profile: Profile) -> Azure:
    return Azure.open(profile.secret_store, request.secrets, request.environ)


def _google_readers(request: Request, profile: Profile, app: str) -> Area:
    found = recoverable.entries(recoverable.opened(request, profile), profile.name, app)
    ids = [secret_id(entry.name) for entry in found if entry.is_ours]
    if not ids:
        return Area()
    cloud = Google.open(profile.secret_store, request.secrets, request.environ)
    return google_identity.area(cloud, profile.secret_store.identity_provider, app, profile.name, ids)


def _always_kept(profile: Profile, client: Client | None, app: str) -> tuple[Kept, ...]:
    kept = [Kept(f"git:{app}@{profile.forge.branch}", "the repository is the owner's, and so is what becomes of the branch")]
    if client is None:
        kept.append(Kept(f"Namespace/{app}-{profile.name}", "the profile has no cluster, so it was not looked at"))
    if profile.runner.kind == "supervisor" and read_release(profile.runner.release_folder, app):
        kept.append(Kept(f"runner:{app}", "the sandbox goes on running its example, whose login is closed"))
    return tuple(kept)


@dataclasses.dataclass(frozen=True, slots=True)
class _Lease:
    """The app's lease while it is retired: afterwards nothing of it stays, not even an object without a holder."""

    leases: Leases
    client: Client | None
    name: str
    me: str

    def take(self, profile: Profile, request: Request) -> None:
        take(self.leases, self.name, self.me, profile.lease_seconds, request.now())

    def end(self) -> None:
        held = self.leases.read(self.name)
        found = self.client.get(LEASE, NAMESPACE, f"microapp-{self.name}") if self.client else None
        if self.client is None or found is None or held is None or held.holder != self.me:
            leave(self.leases, self.name, self.me)
        else:
            self.client.delete(LEASE, NAMESPACE, f"microapp-{self.name}", uid=str(found["metadata"]["uid"]))


def _hold(request: Request, profile: Profile, client: Client | None, app: str) -> _Lease | None:
    if request.run is None or request.check:
        return None
    leases: Leases = ClusterLeases(client) if client else FileLeases(state_folder(request.environ) / "leases")
    lease = _Lease(leases, client, f"{app}.{profile.name}", holder_of(request.run, process_started))
    lease.take(profile, request)
    return lease


CAPABILITY: Final = Capability("app_retire", SPEC, run, PERMISSIONS)
