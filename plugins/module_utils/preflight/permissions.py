# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What our capabilities need of other systems: told apart by system, and as the least IAM policy and ClusterRole. Pure.

A right is written as its system writes it: `ecr:CreateRepository` (AWS), `secretmanager.secrets.get` (Google),
`Microsoft.KeyVault/vaults/read` (Azure), `namespaces:get` or `apps/deployments:patch` (Kubernetes: group, resource, verb).
What is written in words (`git: read the repository`) is for people only.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..aws.policies import NEEDS_NO_RIGHT, least_policy
from ..profile import SecretStore

_AWS: Final = re.compile(r"[a-z0-9-]+:[A-Z][A-Za-z0-9]*")
# A service, its kind of object and a verb: Google's IAM.
_GOOGLE: Final = re.compile(r"[a-z]+(?:\.[a-zA-Z]+){2}")
# A provider, its kind of object and a verb: Azure's RBAC.
_AZURE: Final = re.compile(r"Microsoft\.[A-Za-z]+(?:/[A-Za-z]+){2,}")
_KUBERNETES: Final = re.compile(r"(?:(?P<group>[a-z0-9.-]+)/)?(?P<resource>[a-z]+(?:/[a-z]+)?):(?P<verb>[a-z]+)")
# Asked by preflight alone, about whoever is logged in: no object of ours, so least_policy does not know it.
SIMULATE: Final = "iam:SimulatePrincipalPolicy"
ROLE_NAME: Final = "goldenpath-microapps"


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Right:
    """One right on the cluster, as RBAC has it. `group` is empty for the core API."""

    group: str
    resource: str
    verb: str

    def __str__(self) -> str:
        return f"{self.group}/{self.resource}:{self.verb}" if self.group else f"{self.resource}:{self.verb}"


def aws_rights(permissions: Iterable[str]) -> tuple[str, ...]:
    """Those that AWS grants, each once and sorted; what AWS answers to everybody is left out."""
    return tuple(sorted({right for right in permissions if _AWS.fullmatch(right)} - NEEDS_NO_RIGHT))


def google_rights(permissions: Iterable[str]) -> tuple[str, ...]:
    """Those that Google grants, each once and sorted."""
    return tuple(sorted({right for right in permissions if _GOOGLE.fullmatch(right)}))


def azure_rights(permissions: Iterable[str]) -> tuple[str, ...]:
    """Those that Azure grants, each once and sorted."""
    return tuple(sorted({right for right in permissions if _AZURE.fullmatch(right)}))


def cluster_rights(permissions: Iterable[str]) -> tuple[Right, ...]:
    """Those that the cluster grants, each once and sorted."""
    return tuple(sorted({right for right in map(_right, permissions) if right}))


def _right(text: str) -> Right | None:
    found = _KUBERNETES.fullmatch(text)
    if not found:
        return None
    group, resource, verb = found["group"] or "", found["resource"], found["verb"]
    # A subresource of the core API (`pods/log`) looks like a group; groups of the core's neighbours are few, or have a dot.
    if group and "." not in group and group not in ("apps", "autoscaling", "batch", "policy"):
        return Right("", f"{group}/{resource}", verb)
    return Right(group, resource, verb)


def unknown(permissions: Iterable[str]) -> tuple[str, ...]:
    """Those that are written like none of these: a capability's slip, which a test finds."""
    known = (_AWS, _GOOGLE, _AZURE)
    left = (right for right in permissions if not any(kind.fullmatch(right) for kind in known))
    return tuple(sorted({right for right in left if not _right(right) and ": " not in right}))


def iam_policy(permissions: Iterable[str], account: str, region: str, boundary: str = "") -> dict[str, Any]:
    """The least IAM policy for whoever runs the playbooks."""
    wanted = aws_rights(permissions)
    document = least_policy(wanted, account, region, boundary)
    if SIMULATE in wanted:
        statements = [_without(statement, SIMULATE) for statement in document["Statement"]]
        ask = {"Sid": "Preflight", "Effect": "Allow", "Action": [SIMULATE], "Resource": "*"}
        document = {**document, "Statement": [*(each for each in statements if each["Action"]), ask]}
    return document


def _without(statement: Mapping[str, Any], right: str) -> dict[str, Any]:
    return {**statement, "Action": [action for action in statement["Action"] if action != right]}


def cluster_role(permissions: Iterable[str]) -> dict[str, Any]:
    """The least ClusterRole for whoever runs the playbooks: resources with the same verbs stand in one rule."""
    verbs: dict[tuple[str, str], set[str]] = {}
    for right in cluster_rights(permissions):
        verbs.setdefault((right.group, right.resource), set()).add(right.verb)
    rules: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (group, resource), allowed in sorted(verbs.items()):
        rules.setdefault((group, tuple(sorted(allowed))), []).append(resource)
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": ROLE_NAME},
        "rules": [
            {"apiGroups": [group], "resources": resources, "verbs": list(allowed)}
            for (group, allowed), resources in rules.items()
        ],
    }


def store_role(permissions: Iterable[str], store: SecretStore) -> dict[str, Any]:
    """The least role for whoever runs the playbooks at the cloud that keeps the secrets, as its command line takes it; {} for the
    stores whose rights are not of these.

    Google: `gcloud iam roles create --file`, on the project. Azure: `az role definition create`, in the vault's resource group,
    beside Key Vault Secrets Officer for what is in the vault.
    """
    if store.scheme == "gcp_secretmanager":
        return {"title": ROLE_NAME, "stage": "GA", "includedPermissions": list(google_rights(permissions))}
    if store.scheme == "azure_keyvault" and store.vault_id:
        group = "/".join(store.vault_id.split("/")[:5])
        actions = list(azure_rights(permissions))
        return {"Name": ROLE_NAME, "IsCustom": True, "Actions": actions, "AssignableScopes": [group]}
    return {}


def missing(evaluations: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The actions that IAM's simulator does not allow, each once: `EvaluationResults` of SimulatePrincipalPolicy."""
    refused = {str(entry["EvalActionName"]) for entry in evaluations if entry.get("EvalDecision") != "allowed"}
    return tuple(sorted(refused))


def principal(caller: str) -> str:
    """The ARN that IAM's simulator takes for a caller: of a role's session, the role."""
    found = re.fullmatch(r"arn:([^:]+):sts::([0-9]{12}):assumed-role/([^/]+)/.+", caller)
    return f"arn:{found[1]}:iam::{found[2]}:role/{found[3]}" if found else caller
