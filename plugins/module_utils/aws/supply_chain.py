# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an app's image registry and its workload's identity should be, as data. Pure: no call, no clock."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Final

from ..app import App, identity_login
from ..capability import KEEP, Plan, Refusal
from ..errors import Invalid
from ..oci.reference import written
from ..profile import Aws, Profile
from ..verdict import Verdict
from . import ecr_plan, iam_plan
from .grants import reaches, why_not
from .session import partition_of
from .sets import APP_TAG
from .trust import Token, Trust, accepted_strangers, checked, trust_accepts, trust_policy

IMMUTABLE: Final = "supply_chain-01"
SCANNED: Final = "supply_chain-02"
ENCRYPTED: Final = "supply_chain-03"
EXPIRING: Final = "supply_chain-04"
PRIVATE: Final = "supply_chain-05"
OWNED: Final = "supply_chain-06"
BOUND: Final = "supply_chain-07"
NARROW: Final = "supply_chain-08"
FENCED: Final = "supply_chain-09"
CONTROLS: Final = (IMMUTABLE, SCANNED, ENCRYPTED, EXPIRING, PRIVATE, OWNED, BOUND, NARROW, FENCED)

# Which control asks for which field of the repository and of the role.
REPOSITORY_CONTROLS: Final = {
    "mutability": IMMUTABLE,
    "exclusions": IMMUTABLE,
    "scan_on_push": SCANNED,
    "encryption": ENCRYPTED,
    "lifecycle": EXPIRING,
    "policy": PRIVATE,
    "tags": OWNED,
}
ROLE_CONTROLS: Final = {
    "trust": BOUND,
    "statements": NARROW,
    "other_policies": NARROW,
    "permissions_boundary": FENCED,
    "description": OWNED,
    "tags": OWNED,
}

_PULL_AND_PUSH: Final = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:ListImages",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
# What both ECR and IAM take in a tag's value; a person's free text may hold anything.
_NOT_IN_TAGS: Final = re.compile(r"[^\w .:/=+@-]", re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """How long images stay, and which tags may be moved although all others may not."""

    mutable_tags: tuple[str, ...]
    images_kept: int
    untagged_days: int


@dataclasses.dataclass(frozen=True, slots=True)
class Desired:
    """The repository, the role, whom the role trusts, and the declared rights that are not granted, with the reason."""

    repository: ecr_plan.Wanted
    role: iam_plan.Wanted
    trust: Trust
    refused: tuple[Refusal, ...]


def wanted(app: App, profile: Profile, verdict: Verdict | None, limits: Limits, key: str = "") -> Desired:
    """The desired objects of one app. `key` is the ARN of the profile's KMS key ('' if it names none)."""
    trust = trust_of(app, profile.aws)
    granted, refused = declared(app, profile.aws)
    statements = [*_own_secrets(app, profile, verdict, key), *_own_login(app, profile), *granted]
    repository = ecr_plan.Wanted(
        name=written(app.image).path,
        mutability="IMMUTABLE",
        exclusions=tuple(sorted(set(limits.mutable_tags))),
        scan_on_push=True,
        # Without a key of the platform's, whatever the repository has is AWS's own encryption at least.
        encryption=ecr_plan.Encryption("KMS", key) if key else KEEP,
        lifecycle=lifecycle(limits),
        policy=repository_policy(profile.aws),
        # One repository serves every environment of the account, so the environment is not among its tags.
        tags=_tags(app),
    )
    role = iam_plan.Wanted(
        name=app.role_name,
        description=f"Workload of {app.name} in {app.environment}",
        trust=trust_policy(trust),
        permissions_boundary=profile.aws.permissions_boundary or KEEP,
        policy=iam_plan.policy_of(statements),
        exclusive=True,
        tags={**_tags(app), "goldenpath.microapps/environment": app.environment},
    )
    return Desired(repository, role, trust, refused)


def trust_of(app: App, aws: Aws) -> Trust:
    """The app's one service account, by Pod Identity, and by IRSA where the profile names the cluster's issuer."""
    provider = f"arn:{partition_of(aws.region)}:iam::{aws.account}:oidc-provider/{aws.oidc_provider}"
    return checked(
        Trust(
            namespace=app.namespace,
            service_account=app.service_account,
            cluster=aws.eks_cluster,
            issuer=aws.oidc_provider,
            provider=provider if aws.oidc_provider else "",
        )
    )


def declared(app: App, aws: Aws) -> tuple[list[Mapping[str, Any]], tuple[Refusal, ...]]:
    """The app's declared rights as statements, one for each resource, and those that are too wide to be granted."""
    secrets = f"arn:{partition_of(aws.region)}:secretsmanager:{aws.region}:{aws.account}:secret:microapps/*"
    places: dict[str, list[str]] = {}
    refused = []
    for action, resource in app.aws_actions:
        why = why_not(action, resource)
        if not why and action.startswith("secretsmanager:") and reaches(resource, secrets):
            why = "the platform's secrets are read by their owner alone, which needs no declaration"
        if why:
            next_step = f"Narrow aws_actions in {app.file or 'the catalog entry'}."
            refused.append(Refusal(f"{app.name} is not given {action} on {resource}", why, next_step, NARROW))
        else:
            places.setdefault(resource, []).append(action)
    statements: list[Mapping[str, Any]] = [
        {"Sid": f"Declared{number}", "Effect": "Allow", "Action": sorted(set(actions)), "Resource": [resource]}
        for number, (resource, actions) in enumerate(sorted(places.items()), start=1)
    ]
    return statements, tuple(refused)


def _own_login(app: App, profile: Profile) -> list[Mapping[str, Any]]:
    """The right to sign for the app's own login, where it has no password. Source: RDS User Guide, IAM database access."""
    resource, aws = profile.database.resource_id if profile.database else "", profile.aws
    if not resource or not any(spec.kind == "aws_rds_iam" for spec in app.secrets):
        return []
    user = f"arn:{partition_of(aws.region)}:rds-db:{aws.region}:{aws.account}:dbuser:{resource}/{identity_login(app.name)}"
    return [{"Sid": "OwnDatabaseLogin", "Effect": "Allow", "Action": ["rds-db:connect"], "Resource": [user]}]


def _own_secrets(app: App, profile: Profile, verdict: Verdict | None, key: str) -> list[Mapping[str, Any]]:
    owes = verdict is not None and any(finding.owes_rotation for finding in verdict.credentials)
    if profile.secret_store.scheme != "aws_secretsmanager" or not (app.secrets or owes):
        return []
    aws = profile.aws
    partition = partition_of(aws.region)
    secrets = f"arn:{partition}:secretsmanager:{aws.region}:{aws.account}:secret:{app.secret_name('*')}"
    actions = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    statements: list[Mapping[str, Any]] = [{"Sid": "OwnSecrets", "Effect": "Allow", "Action": actions, "Resource": [secrets]}]
    if key:
        # The key serves every app: only through Secrets Manager, and only for this app's secrets.
        condition = {
            "StringEquals": {"kms:ViaService": f"secretsmanager.{aws.region}.amazonaws.com"},
            "StringLike": {"kms:EncryptionContext:SecretARN": secrets},
        }
        statements.append(
            {"Sid": "OwnSecretsKey", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [key], "Condition": condition}
        )
    return statements


def lifecycle(limits: Limits) -> dict[str, Any]:
    """Untagged images go after some days, and of the others the newest stay."""
    untagged = {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": limits.untagged_days,
    }
    newest = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": limits.images_kept}
    expire = {"type": "expire"}
    return {
        "rules": [
            {"rulePriority": 1, "description": "untagged images expire", "selection": untagged, "action": expire},
            {"rulePriority": 2, "description": "the newest images stay", "selection": newest, "action": expire},
        ]
    }


def repository_policy(aws: Aws) -> dict[str, Any]:
    """Pull and push by identities of the own account; everybody else is denied, whatever their own policies say."""
    root = f"arn:{partition_of(aws.region)}:iam::{aws.account}:root"
    stranger = {
        "StringNotEquals": {"aws:PrincipalAccount": aws.account},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    }
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "OwnAccount", "Effect": "Allow", "Principal": {"AWS": root}, "Action": list(_PULL_AND_PUSH)},
            {"Sid": "NobodyElse", "Effect": "Deny", "Principal": "*", "Action": "ecr:*", "Condition": stranger},
        ],
    }


def _tags(app: App) -> dict[str, str]:
    tags = {
        APP_TAG: app.name,
        "goldenpath.microapps/owner": app.owner.team,
        "goldenpath.microapps/data": str(app.data),
        "goldenpath.microapps/managed-by": "goldenpath.microapps",
        "cost-center": app.cost_center,
    }
    return {name: _NOT_IN_TAGS.sub("_", value)[:256] for name, value in tags.items()}


def proven(made: Plan, trust: Trust) -> Plan:
    """The role's plan, with a refusal if the trust that will hold lets a stranger in or keeps the workload out."""
    if made.after is None or made.refusals or made.failure:
        return made
    wrong = ", ".join(let_in(made.after["trust"], trust))
    if not wrong:
        return made
    refusal = Refusal(f"The trust policy of {made.object} is wrong", f"it accepts or refuses wrongly: {wrong}", "", BOUND)
    return dataclasses.replace(made, refusals=(*made.refusals, refusal))


def let_in(policy: Mapping[str, Any], trust: Trust) -> tuple[str, ...]:
    """What is wrong with a trust policy, token by token; empty if it accepts the workload and nobody else."""
    try:
        wrong = accepted_strangers(policy, trust)
        own = Token(trust.namespace, trust.service_account, cluster=trust.cluster)
        irsa = Token(trust.namespace, trust.service_account, issuer=trust.issuer)
        if trust.pod_identity and not trust_accepts(policy, own):
            wrong = (*wrong, "not the workload itself by Pod Identity")
        if trust.issuer and not trust_accepts(policy, irsa):
            wrong = (*wrong, "not the workload itself by IRSA")
    except Invalid as error:
        return (error.sentence(),)
    return wrong
