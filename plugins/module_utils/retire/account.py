# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an AWS account holds of an app: its role, its image repository and its secrets. Ours is what has our tags."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ..aws import ecr, ecr_plan, iam, iam_plan
from ..aws.errors import calling
from ..aws.session import CONCURRENCY, AwsSession
from ..aws.sets import APP_TAG, tags_from
from ..capability import Change, Plan
from ..errors import NotFound
from .model import MANAGED_BY, ROLE_PREFIX, SECRETS_PREFIX, Area, Kept, Step, app_of_role, app_of_secret

Tags = Mapping[str, str]
SMALLEST_WINDOW: Final = 7


def role_area(session: AwsSession, name: str, app: str) -> Area:
    """The workload's role with its policies."""
    wish = iam_plan.Absent(name)
    current = iam.observe(session.iam, wish)
    if current is None:
        return Area()
    if current.tags.get(APP_TAG) != app:
        return Area(kept=(Kept(iam_plan.object_name(name), f"it was not made by us for {app} (tag {APP_TAG})"),))
    made = iam_plan.plan(current, wish)
    return Area((Step(made, lambda: iam.carried_out(session, wish, current, made)),))


def repository_area(session: AwsSession, app: str, environment: str, delete: bool) -> Area:
    """The app's image repositories. They serve every environment of the account, so they go last and only when asked."""
    names = [name for name, tags in repositories(session) if tags.get(APP_TAG) == app]
    elsewhere = sorted({env for env in environments_of(session, app) if env != environment}) if names else []
    if elsewhere:
        why = f"the app still lives in {', '.join(elsewhere)} of this account"
        return Area(kept=tuple(Kept(ecr_plan.object_name(name), why) for name in names))
    if not delete:
        return Area(kept=tuple(Kept(ecr_plan.object_name(name), "images stay; -e images=delete removes them") for name in names))
    return Area(tuple(_removal(session, name) for name in names))


def _removal(session: AwsSession, name: str) -> Step:
    wish = ecr_plan.Absent(name, force=True)
    _ready, current = ecr.ready(session, wish)
    made = ecr_plan.plan(current, wish, images=current is not None and ecr.holds_images(session.ecr, name))
    return Step(made, lambda: ecr.carried_out(session, wish, current, made))


def repositories(session: AwsSession) -> tuple[tuple[str, Tags], ...]:
    """Every image repository of the account with its tags: a repository's name does not tell its app."""

    def tags(arn: str) -> Tags:
        with calling(f"read the tags of {arn}"):
            return tags_from(session.ecr.list_tags_for_resource(resourceArn=arn)["tags"])

    with calling("list the ECR repositories"):
        pages = session.ecr.get_paginator("describe_repositories").paginate()
        found = sorted((entry["repositoryName"], entry["repositoryArn"]) for page in pages for entry in page["repositories"])
    with concurrent.futures.ThreadPoolExecutor(CONCURRENCY) as pool:
        return tuple(zip((name for name, _arn in found), pool.map(tags, (arn for _name, arn in found)), strict=True))


def role_names(session: AwsSession) -> tuple[str, ...]:
    """The names of all roles of the account that are named like ours."""
    with calling("list the IAM roles"):
        pages = session.iam.get_paginator("list_roles").paginate()
        names = [entry["RoleName"] for page in pages for entry in page["Roles"]]
    return tuple(sorted(name for name in names if name.startswith(ROLE_PREFIX)))


def environments_of(session: AwsSession, app: str) -> tuple[str, ...]:
    """The environments of this account in which the app has a role or a secret."""
    roles = [name.rpartition("-")[2] for name in role_names(session) if app_of_role(name, name.rpartition("-")[2]) == app]
    stored = [
        entry["Name"].split("/")[1]
        for entry in secrets(session, SECRETS_PREFIX)
        if "DeletedDate" not in entry and (entry["Name"].count("/") == 3 and entry["Name"].split("/")[2] == app)
    ]
    return tuple(sorted({*roles, *stored}))


def role_tags(session: AwsSession, name: str) -> Tags:
    """A role's tags; none if it is gone meanwhile."""
    try:
        with calling(f"look at the IAM role {name}"):
            return tags_from(session.iam.get_role(RoleName=name)["Role"].get("Tags", ()))
    except NotFound:
        return {}


def secrets(session: AwsSession, prefix: str) -> tuple[Mapping[str, Any], ...]:
    """What the store says of each secret whose name begins so, those that wait for their deletion too. No value is read."""
    with calling(f"list the secrets {prefix}*"):
        pages = session.secretsmanager.get_paginator("list_secrets").paginate(
            Filters=[{"Key": "name", "Values": [prefix]}], IncludePlannedDeletion=True
        )
        found = [entry for page in pages for entry in page["SecretList"]]
    return tuple(sorted((entry for entry in found if entry["Name"].startswith(prefix)), key=lambda entry: str(entry["Name"])))


def is_ours(entry: Mapping[str, Any], app: str) -> bool:
    """Whether a secret's tags say that we made it for this app."""
    tags = tags_from(entry.get("Tags", ()))
    return tags.get("app") == app and tags.get("managed-by") == MANAGED_BY


def secret_plans(
    entries: Iterable[Mapping[str, Any]], app: str, environment: str, days: int
) -> tuple[tuple[Plan, ...], tuple[Kept, ...]]:
    """Schedule each secret of ours for deletion: for so many days it can be brought back."""
    plans: list[Plan] = []
    kept: list[Kept] = []
    window = max(days, SMALLEST_WINDOW)
    for entry in entries:
        label = f"secretsmanager:secret/{entry['Name']}"
        if not is_ours(entry, app) or app_of_secret(entry["Name"], environment) != app:
            kept.append(Kept(label, f"it was not made by us for {app} (tags app, managed-by)"))
        elif "DeletedDate" in entry:
            kept.append(Kept(label, "it waits for its deletion; aws secretsmanager restore-secret brings it back"))
        else:
            before, after = {"deleted": "never"}, {"deleted": f"after {window} days"}
            changes: tuple[Change, ...] = (Change("update", "deleted", "never", after["deleted"]),)
            copies = regions_of(entry)
            if copies:
                # AWS deletes no secret that has replicas; they go at once, the secret itself can be brought back.
                before, after = {**before, "replicas": ", ".join(copies)}, {**after, "replicas": "none"}
                changes = (Change("delete", "replicas", before["replicas"]), *changes)
            plans.append(Plan(label, before, after, changes))
    return tuple(plans), tuple(kept)


def regions_of(entry: Mapping[str, Any]) -> list[str]:
    """The regions with replicas of a secret, from what DescribeSecret answers."""
    return sorted(str(one["Region"]) for one in entry.get("ReplicationStatus", ()))


def secrets_area(session: AwsSession, app: str, environment: str, days: int) -> Area:
    """The app's secrets in this environment."""
    found = [_with_replicas(session, entry, app) for entry in secrets(session, f"{SECRETS_PREFIX}{environment}/{app}/")]
    plans, kept = secret_plans(found, app, environment, days)
    return Area(tuple(Step(each, _deletion(session, each, max(days, SMALLEST_WINDOW))) for each in plans), kept)


def _with_replicas(session: AwsSession, entry: Mapping[str, Any], app: str) -> Mapping[str, Any]:
    # A listing does not tell them.
    if not is_ours(entry, app) or "DeletedDate" in entry:
        return entry
    with calling(f"look where the secret {entry['Name']} is replicated to"):
        answer = session.secretsmanager.describe_secret(SecretId=entry["Name"])
    return {**entry, "ReplicationStatus": answer.get("ReplicationStatus", [])}


def _deletion(session: AwsSession, made: Plan, window: int) -> Callable[[], None]:
    name = made.object.partition("/")[2]

    def schedule() -> None:
        with calling(f"schedule the secret {name} for deletion"):
            regions = regions_of(session.secretsmanager.describe_secret(SecretId=name))
            if regions:
                session.secretsmanager.remove_regions_from_replication(SecretId=name, RemoveReplicaRegions=regions)
            session.secretsmanager.delete_secret(SecretId=name, RecoveryWindowInDays=window)

    return schedule
