# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How AWS Secrets Manager keeps an app's secrets: in which regions beside its own, and who may read the values.

What the profile does not name (`secret_store.replicas`, `secret_store.readers`) is left as it is. The key, the tags and the
description are the store's (`Store.label`), the recovery window is that of `app_retire`.

The resource policy is a denial: no right is given by it, so nothing in it could be public, and it holds whatever rights the
account's IAM policies give. What it allows is what the app's role may do anyway. Rendered, it names the app's own role and the
profile's readers, and AWS is told to refuse a public one (`BlockPublicPolicy`).

moto 5.2.5 is weaker than AWS: it enforces no resource policy, takes a public one in spite of BlockPublicPolicy, keeps no
replica's key, and replicates at once, where AWS says InProgress first.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ..app import App, SecretSpec
from ..aws.errors import calling
from ..aws.policies import VERSION, document_from, same_meaning
from ..aws.session import AwsSession, partition_of, session_for
from ..capability import Change, Plan, Refusal, Request
from ..errors import Conflict, MicroappsError, NotFound
from ..microapp import Context
from ..profile import Profile
from .controls import IN_STORE
from .delivery import Delivery
from .jobs import about
from .ownership import may_touch
from .side_by_side import in_lanes
from .stores.aws_secretsmanager import AwsSecretsManager, same_key

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

PERMISSIONS: Final = (
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetResourcePolicy",
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:RemoveRegionsFromReplication",
    "secretsmanager:ReplicateSecretToRegions",
)
_ASSUMED: Final = re.compile(r"arn:[a-z-]+:sts::(?P<account>[0-9]{12}):assumed-role/(?P<name>[^/]+)/.*")


@dataclasses.dataclass(frozen=True, slots=True)
class Replica:
    """A copy of a secret in another region. An empty `kms_key` is AWS's own; `failed` says why AWS could not make it."""

    kms_key: str = ""
    failed: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Keeping:
    """What AWS has, or what is wanted. `None`: not looked at, and left alone."""

    replicas: Mapping[str, Replica] | None = None
    policy: Mapping[str, Any] | None = None

    def shown(self) -> dict[str, Any]:
        """For the diff."""
        found: dict[str, Any] = {}
        if self.replicas is not None:
            found["replicas"] = {region: one.kms_key or "AWS's own key" for region, one in sorted(self.replicas.items())}
        if self.policy is not None:
            found["resource_policy"] = self.policy
        return found


def policy_of(app: App, profile: Profile) -> dict[str, Any]:
    """Nobody reads a value but the app's role and the profile's readers. Pure."""
    role = f"arn:{partition_of(profile.aws.region)}:iam::{profile.aws.account}:role/{app.role_name}"
    readers = sorted({role, *(profile.secret_store.readers or ())})
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Sid": "NobodyElseReads",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "secretsmanager:GetSecretValue",
                "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:PrincipalArn": readers}},
            }
        ],
    }


def wanted_by(app: App, profile: Profile) -> Keeping:
    """What the profile asks for. Pure."""
    store = profile.secret_store
    replicas = None if store.replicas is None else {region: Replica(key) for region, key in store.replicas}
    return Keeping(replicas, None if store.readers is None else policy_of(app, profile))


def plan(name: str, current: Keeping | None, wanted: Keeping, caller: str = "") -> Plan:
    """Pure. `current` is None where there is no secret yet; `caller` is who we are, as AWS says."""
    found = current or Keeping({}, {})
    changes: list[Change] = []
    refusals: list[Refusal] = []
    if wanted.policy is not None and not same_meaning(found.policy, wanted.policy):
        changes.append(Change("update", "resource_policy", found.policy or None, wanted.policy, IN_STORE))
    if wanted.policy is not None and not _may_read(caller, wanted.policy):
        refusals.append(_lock_out(name, caller))
    if wanted.replicas is not None:
        have = found.replicas or {}
        for region, one in sorted(wanted.replicas.items()):
            there = have.get(region)
            if there is None:
                changes.append(Change("create", f"replicas.{region}", None, one.kms_key or "AWS's own key", IN_STORE))
            elif there.failed:
                refusals.append(_not_replicated(name, region, there.failed))
            elif one.kms_key and not same_key(there.kms_key, one.kms_key):
                refusals.append(_other_key(name, region, there.kms_key))
        for region in sorted(set(have) - set(wanted.replicas)):
            changes.append(Change("delete", f"replicas.{region}", have[region].kms_key or "AWS's own key", None, IN_STORE))
    # A key that nobody asked for stays as it is.
    kept = {
        region: one if one.kms_key else (found.replicas or {}).get(region, one) for region, one in (wanted.replicas or {}).items()
    }
    after = dataclasses.replace(wanted, replicas=kept if wanted.replicas is not None else None)
    before = dataclasses.replace(found, policy=found.policy or {}) if wanted.policy is not None else found
    shown = {key: value for key, value in before.shown().items() if key in after.shown()}
    return Plan(
        f"secretsmanager:keeping/{name}", shown if current else None, after.shown(), tuple(changes), tuple(refusals), (IN_STORE,)
    )


def _may_read(caller: str, policy: Mapping[str, Any]) -> bool:
    readers = policy["Statement"][0]["Condition"]["StringNotEquals"]["aws:PrincipalArn"]
    return principal_of(caller) in {principal_of(reader) for reader in readers}


def principal_of(arn: str) -> tuple[str, str, str]:
    """Account, kind and name of a role or user. A session's ARN has its role's name, and not the role's path."""
    session = _ASSUMED.fullmatch(arn)
    if session:
        return session["account"], "role", session["name"]
    account, _unused, resource = arn.partition("::")[2].partition(":")
    return account, resource.partition("/")[0], resource.rpartition("/")[2]


def _lock_out(name: str, caller: str) -> Refusal:
    return Refusal(
        f"The resource policy of the secret {name} would lock out whoever writes it",
        f"{caller or 'this login'} is neither the app's role nor among secret_store.readers, so it could rotate nothing any more",
        "Add the role that runs this collection to secret_store.readers in the profile.",
        IN_STORE,
    )


def _not_replicated(name: str, region: str, why: str) -> Refusal:
    return Refusal(
        f"The secret {name} is not replicated to {region}",
        why,
        f"Mend that in {region} (a secret of this name there is not overwritten), take the region out of secret_store.replicas, "
        "run, and put it back.",
        IN_STORE,
    )


def _other_key(name: str, region: str, key: str) -> Refusal:
    return Refusal(
        f"The replica of the secret {name} in {region} is encrypted with {key or 'AWS own key'}",
        "AWS changes the key of no replica",
        "Take the region out of secret_store.replicas, run, and put it back.",
        IN_STORE,
    )


def observe(client: SecretsManagerClient, name: str, wanted: Keeping) -> Keeping | None:
    """Reads only, and only what is asked for; None if there is no such secret."""
    try:
        with calling(f"look how the secret {name} is kept"):
            statuses = client.describe_secret(SecretId=name).get("ReplicationStatus", [])
            text = client.get_resource_policy(SecretId=name).get("ResourcePolicy", "") if wanted.policy is not None else ""
    except NotFound:
        return None
    replicas = {
        one["Region"]: Replica(
            one.get("KmsKeyId", ""), one.get("StatusMessage", "it failed") if one["Status"] == "Failed" else ""
        )
        for one in statuses
    }
    policy = document_from(text, f"The resource policy of the secret {name}") if text else {}
    return Keeping(
        replicas if wanted.replicas is not None else None,
        policy if wanted.policy is not None else None,
    )


def apply(client: SecretsManagerClient, name: str, made: Plan, wanted: Keeping) -> None:
    """Writes only what the plan lists: who may read comes before there are more copies."""
    added = [change.field.partition(".")[2] for change in made.changes if change.action == "create"]
    removed = [change.field.partition(".")[2] for change in made.changes if change.action == "delete"]
    with calling(f"write how the secret {name} is kept"):
        if any(change.field == "resource_policy" for change in made.changes):
            client.put_resource_policy(SecretId=name, ResourcePolicy=json.dumps(wanted.policy), BlockPublicPolicy=True)
        if removed:
            client.remove_regions_from_replication(SecretId=name, RemoveReplicaRegions=removed)
        if added:
            keys = {region: (wanted.replicas or {})[region].kms_key for region in added}
            regions = [{"Region": region, **({"KmsKeyId": key} if key else {})} for region, key in keys.items()]
            client.replicate_secret_to_regions(
                SecretId=name,
                AddReplicaRegions=regions,  # type: ignore[arg-type]  # Region and KmsKeyId, as asked
                ForceOverwriteReplicaSecret=False,
            )


def keep(request: Request, context: Context) -> Delivery:
    """The plans for all secrets of the app, and the function that carries them out once the secrets are there."""
    app, profile = context.app, context.profile
    wanted = wanted_by(app, profile)
    if profile.secret_store.scheme != "aws_secretsmanager" or wanted == Keeping():
        return Delivery((), tuple)
    try:
        session = session_for(profile.aws, request.environ).verify_account()
        caller = _caller(session) if wanted.policy is not None else ""
    except MicroappsError as error:
        failed = tuple(Plan(_object(app, spec), controls=(IN_STORE,)).failed(error) for spec in app.secrets)
        return Delivery(failed, lambda: failed)
    store = AwsSecretsManager(session.secretsmanager, request.secrets)

    def looked_at(spec: SecretSpec) -> Plan | None:
        name = app.secret_name(spec.name)
        try:
            stored = store.describe(name)
            if stored is not None:
                may_touch(name, about(app, profile, spec), stored, profile.adopt)
            return plan(name, observe(store.client, name, wanted) if stored else None, wanted, caller)
        except Conflict:
            return None  # it is somebody else's: the secret's own plan refuses, with the reason
        except MicroappsError as error:
            return Plan(_object(app, spec), controls=(IN_STORE,)).failed(error)

    def kept(spec: SecretSpec) -> Plan | None:
        seen = looks[spec.name]
        if seen is None or seen.failure or seen.refusals or not seen.changes:
            return seen
        name = app.secret_name(spec.name)
        try:
            current = observe(store.client, name, wanted)
            if current is None:
                raise NotFound(
                    f"The secret {name}", "it is not in the store, so nothing can be said of who reads it", "Run again."
                )
            apply(store.client, name, plan(name, current, wanted, caller), wanted)
            _expect(plan(name, observe(store.client, name, wanted), wanted, caller))
        except MicroappsError as error:
            return seen.failed(error)
        return seen

    looks = dict(zip([spec.name for spec in app.secrets], in_lanes(app.secrets, _own_lane, looked_at), strict=True))
    return Delivery(_told(looks.values()), lambda: _told(in_lanes(app.secrets, _own_lane, kept)))


def together(*parts: Delivery) -> Delivery:
    """All of them, one after the other."""
    return Delivery(
        tuple(plan for part in parts for plan in part.plans), lambda: tuple(plan for part in parts for plan in part.apply())
    )


def _told(plans: Any) -> tuple[Plan, ...]:
    return tuple(one for one in plans if one is not None)


def _own_lane(spec: SecretSpec) -> str:
    return spec.name


def _object(app: App, spec: SecretSpec) -> str:
    return f"secretsmanager:keeping/{app.secret_name(spec.name)}"


def _caller(session: AwsSession) -> str:
    with calling("ask AWS who we are"):
        return session.sts.get_caller_identity()["Arn"]


def _expect(left: Plan) -> None:
    if left.refusals:
        first = left.refusals[0]
        raise Conflict(first.what, first.why, first.next_step)
    if left.changes:
        fields = ", ".join(change.field for change in left.changes)
        raise Conflict(f"{left.object}: {fields}", "AWS did not keep what it was told", "See who else writes it, and run again.")
