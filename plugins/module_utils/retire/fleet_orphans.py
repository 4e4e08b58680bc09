# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The capability `fleet_orphans`: what carries our marks in an environment and belongs to no app of its catalog. Reads only."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Iterable
from typing import Any, Final

from ..aws.session import AwsSession, session_for
from ..aws.sets import APP_TAG
from ..capability import Capability, Outcome, Request
from ..catalog.profile_schema import profile_from
from ..errors import MicroappsError
from ..kubernetes.client import connect
from ..profile import Profile
from ..rotation.stores import open_store
from ..signatures.admission.wanted import RESOURCES
from ..workload_identity.azure import Azure
from . import account, azure_identity, database, mysql_logins, namespace, policies
from .model import Marked, app_of_namespace, app_of_role
from .stored import documents, secrets_of

SPEC: Final[dict[str, Any]] = {
    "profile": {"type": "dict", "required": True},
    "apps": {"type": "list", "elements": "str", "required": True},
    "unread": {"type": "bool", "default": False},
}
PERMISSIONS: Final = (
    "Microsoft.KeyVault/vaults/read",
    "Microsoft.ManagedIdentity/userAssignedIdentities/read",
    "ecr:DescribeRepositories",
    "ecr:ListTagsForResource",
    "iam:GetRole",
    "iam:ListRoles",
    "key vault: get secrets",
    "key vault: list secrets",
    "namespaces:list",
    *(f"{resource}:list" for resource in RESOURCES),
    "secretmanager.secrets.get",
    "secretmanager.secrets.list",
    "secretmanager.versions.access",
    "secretmanager.versions.list",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:ListSecrets",
)
Look = Callable[[], Iterable[Marked]]


def run(request: Request) -> Outcome:
    """Ask every system at once; one that cannot be asked is a warning, and the others are still told."""
    profile = profile_from(request.params["profile"])
    known = frozenset(request.params["apps"])
    found: list[Marked] = []
    warnings: list[str] = []
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for entries, problem in pool.map(_told, looks(request, profile, known)):
            found += [entry for entry in entries if entry.app not in known]
            warnings += [f"Orphans could not be looked for everywhere. {problem}"] if problem else []
    if found and request.params["unread"]:
        warnings.append("Some catalog entries could not be read, so some of these may be no orphans. Mend the catalog first.")
    orphans = by_app(found, profile.name)
    if orphans:
        request.progress(lines(orphans, profile.name))
    return Outcome(result={"orphans": orphans}, warnings=tuple(warnings))


def looks(request: Request, profile: Profile, known: frozenset[str]) -> tuple[Look, ...]:
    """One function for each system; each makes its own clients. What is named like a known app is not asked for its marks."""

    def aws() -> AwsSession:
        return session_for(profile.aws, request.environ).verify_account()

    def in_cluster() -> Iterable[Marked]:
        if profile.cluster.available:
            client = connect(profile.cluster, request.environ, request.secrets)
            for app, name in namespace.apps_in(client, profile.name, app_of_namespace):
                yield Marked(app, name)
            for app, name in policies.apps_in(client, profile.name):
                yield Marked(app, name)

    def in_account() -> Iterable[Marked]:
        return marked_in_account(aws(), profile.name, known)

    def in_stores() -> Iterable[Marked]:
        stored = _stored(request, profile, aws)
        yield from (entry for entry in stored if entry.object)
        if profile.database is None:
            return
        logins = database.open_logins(database.observe(profile.database, request.secrets))
        apps = {entry.app for entry in stored}
        # A login bears no environment's name: only a secret of this environment says that it is this one's.
        yield from (Marked(app, name) for app, name in logins if app in apps)

    return in_cluster, in_account, in_stores, lambda: _in_mysql(request, profile, aws, known)


def _told(look: Look) -> tuple[list[Marked], str]:
    try:
        return list(look()), ""
    except MicroappsError as error:
        return [], error.sentence()


def marked_in_account(session: AwsSession, environment: str, known: frozenset[str]) -> Iterable[Marked]:
    """Roles of this environment, and image repositories of apps that have no role left in any environment."""
    names = account.role_names(session)
    for name in names:
        app = app_of_role(name, environment)
        if app and app not in known and account.role_tags(session, name).get(APP_TAG) == app:
            yield Marked(app, f"iam:role/{name}")
    elsewhere = {app_of_role(name, name.rpartition("-")[2]) for name in names if not name.endswith(f"-{environment}")}
    for name, tags in account.repositories(session):
        app = tags.get(APP_TAG, "")
        if app and app not in elsewhere:
            yield Marked(app, f"ecr:repository/{name}")


def _stored(request: Request, profile: Profile, aws: Callable[[], AwsSession]) -> list[Marked]:
    """Every secret of ours in this environment; one that waits for its deletion is no orphan, so its object is empty."""
    found = [Marked(one.app, "" if one.closed else one.object) for one in secrets_of(request, profile, aws)]
    if azure_identity.is_known(profile.secret_store):
        cloud = Azure.open(profile.secret_store, request.secrets, request.environ)
        found += azure_identity.marked(cloud, profile.name)
    return found


def _in_mysql(request: Request, profile: Profile, aws: Callable[[], AwsSession], known: frozenset[str]) -> Iterable[Marked]:
    """Open logins whose password a secret of ours holds. Only secrets of apps that are not known are read."""
    if profile.mysql is None:
        return
    store = open_store(profile, request.secrets, request.environ)
    left = [one for one in secrets_of(request, profile, aws) if one.app not in known and not one.closed]
    for app in sorted({one.app for one in left}):
        held = documents(store, (one.name for one in left if one.app == app))
        for name in mysql_logins.open_logins(profile.mysql, request.secrets, app, held):
            yield Marked(app, name)


def by_app(found: Iterable[Marked], environment: str) -> list[dict[str, Any]]:
    """One entry for each app, with the command that removes what it left. Pure."""
    apps: dict[str, set[str]] = {}
    for entry in found:
        apps.setdefault(entry.app, set()).add(entry.object)
    return [
        {
            "app": app,
            "environment": environment,
            "objects": sorted(objects),
            "command": f"ansible-playbook goldenpath.microapps.retire -i <inventory of {environment}> -e app={app}"
            + (" -e images=delete" if all(name.startswith("ecr:") for name in objects) else ""),
        }
        for app, objects in sorted(apps.items())
    ]


def lines(orphans: Iterable[dict[str, Any]], environment: str) -> str:
    """What a person reads."""
    told = ["", f"Not in the catalog of {environment} any more, and not retired:"]
    for orphan in orphans:
        told += [f"  {orphan['app']}: {', '.join(orphan['objects'])}", f"    {orphan['command']}"]
    return "\n".join(told)


CAPABILITY: Final = Capability("fleet_orphans", SPEC, run, PERMISSIONS)
