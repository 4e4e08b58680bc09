# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The capability `preflight`: every part of an environment is shown before anything is changed. Writes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..capability import Capability, Outcome, Plan, Request
from ..catalog.check import nearest, quoted
from ..catalog.load import load_app
from ..catalog.profile_schema import profile_from
from ..errors import Invalid, NotFound
from ..profile import Profile
from ..scaffold.formats import yaml_bytes
from .parts import Asked, rows
from .permissions import SIMULATE, cluster_role, iam_policy, store_role
from .registry import CAPABILITIES, permissions_of
from .rows import Repository, Row, table

SPEC: Final[dict[str, Any]] = {
    "profile": {"type": "dict", "required": True},
    "apps": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "environment": {"type": "str", "required": True},
            "file": {"type": "path", "required": True},
        },
    },
    "app": {"type": "str", "default": ""},
    "print_policies": {"type": "bool", "default": False},
}
# What preflight itself asks, beyond what the others need.
PERMISSIONS: Final = (
    SIMULATE,
    "secretsmanager:ListSecrets",
    "namespaces:get",
    "authorization.k8s.io/selfsubjectaccessreviews:create",
)


def run(request: Request) -> Outcome:
    """Ask every part at once, show the table, and fail at the end if any of them needs a person."""
    profile = profile_from(request.params["profile"])
    permissions = permissions_of((*CAPABILITIES, CAPABILITY))
    repositories = tuple(_repositories(profile, _chosen(request.params["apps"], request.params["app"], profile.name)))
    found = rows(Asked(profile, permissions, repositories, request.environ, request.secrets))
    policy = iam_policy(permissions, profile.aws.account, profile.aws.region, profile.aws.permissions_boundary)
    role = cluster_role(permissions)
    kept = store_role(permissions, profile.secret_store)
    # Shown at once: what is registered in a result is read by programs, not by people.
    request.progress(request.secrets.scrub(table(f"Preflight of {profile.name}: nothing was changed", found)))
    if request.params["print_policies"]:
        request.progress(_policies(policy, role, kept))
    result = {"parts": [row.as_result() for row in found], "iam_policy": policy, "cluster_role": role}
    result |= {"store_role": kept} if kept else {}
    return Outcome(tuple(map(_plan, found)), result=result)


def _plan(row: Row) -> Plan:
    return Plan(f"part:{row.part.strip()}", failure=row.problem)


def _chosen(apps: list[Mapping[str, str]], app: str, environment: str) -> list[Mapping[str, str]]:
    names = sorted(identity["name"] for identity in apps)
    if not app or app in names:
        return [identity for identity in apps if app in ("", identity["name"])]
    close = nearest(app, names)
    guess = f"Did you mean {close}? " if close else ""
    raise NotFound(f"There is no app {quoted(app)} in {environment}", "", f"{guess}The apps are: {', '.join(names) or 'none'}.")


def _repositories(profile: Profile, apps: Iterable[Mapping[str, str]]) -> Iterable[Repository]:
    for identity in apps:
        if identity["environment"] != profile.name:
            raise Invalid(
                f"The app {identity['name']} was given for {identity['environment']}", f"this is the profile of {profile.name}"
            )
        app = load_app(identity["file"], identity["name"], identity["environment"])
        yield Repository(app.name, profile.repository_url(app))


def _policies(policy: Mapping[str, Any], role: Mapping[str, Any], kept: Mapping[str, Any]) -> str:
    head = "The least ClusterRole for whoever runs the playbooks:"
    stored = ("", "The least role at the secret store's cloud for whoever runs the playbooks:", json.dumps(kept, indent=2))
    return "\n".join(
        (
            "",
            "The least IAM policy for whoever runs the playbooks:",
            json.dumps(policy, indent=2),
            *(stored if kept else ()),
            "",
            yaml_bytes(dict(role), head).decode(),
        )
    )


CAPABILITY: Final = Capability("preflight", SPEC, run, PERMISSIONS)
