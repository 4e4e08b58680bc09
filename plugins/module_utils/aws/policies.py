# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Policy documents compared by what they mean, and the least policy that our own capabilities need. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..errors import Invalid
from .session import partition_of

Document = Mapping[str, Any]

VERSION: Final = "2012-10-17"
# What a document means that names no version.
OLD_VERSION: Final = "2008-10-17"

# The tag of an IAM user that says when an access key was last asked for.
KEY_ASKED: Final = "goldenpath-key-asked"

# The services of AWS whose rights our capabilities name, and the objects of ours that they touch. `ACTION` entries need
# every object, because AWS checks them against no object.
RESOURCES: Final[Mapping[str, str]] = {
    "budgets": "arn:{partition}:budgets::{account}:budget/microapp*",
    "ecr": "arn:{partition}:ecr:{region}:{account}:repository/*",
    "iam": "arn:{partition}:iam::{account}:role/microapp-*",
    "kms": "arn:{partition}:kms:{region}:{account}:key/*",
    "secretsmanager": "arn:{partition}:secretsmanager:{region}:{account}:secret:microapps/*",
}
ON_POLICIES: Final = {"iam:GetPolicy": "arn:{partition}:iam::{account}:policy/*"}
# Rights on IAM users: on those that carry an app's name only, and of their tags only the one that says when a key was asked for.
_TAGGED: Final = {"StringLike": {"iam:ResourceTag/app": "*"}}
ON_USERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "iam:CreateAccessKey": _TAGGED,
    "iam:DeleteAccessKey": _TAGGED,
    "iam:GetAccessKeyLastUsed": {},
    "iam:GetUser": {},
    "iam:ListAccessKeys": {},
    "iam:TagUser": {**_TAGGED, "ForAllValues:StringEquals": {"aws:TagKeys": [KEY_ASKED]}},
    "iam:UpdateAccessKey": _TAGGED,
}
ON_EVERYTHING: Final = frozenset(
    {
        "ecr:DeleteSigningConfiguration",
        "ecr:GetAuthorizationToken",
        "ecr:GetRegistryScanningConfiguration",
        "ecr:GetSigningConfiguration",
        "ecr:PutRegistryScanningConfiguration",
        "ecr:PutSigningConfiguration",
        "iam:ListRoles",
        "secretsmanager:GetRandomPassword",
        "secretsmanager:ListSecrets",
    }
)
# AWS answers this one to everybody who is logged in; no policy can forbid it.
NEEDS_NO_RIGHT: Final = frozenset({"sts:GetCallerIdentity"})


def document_from(value: Any, name: str) -> dict[str, Any]:
    """A policy document given as a mapping or as JSON text; raises `Invalid` naming the option."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise Invalid(f"{name} is not JSON", str(error), "Give it as a mapping, as AWS documents it.") from None
    if not isinstance(value, Mapping):
        raise Invalid(f"{name} is not a policy document", f"it is a {type(value).__name__}", "Give it as a mapping.")
    return dict(value)


def same_meaning(one: Document | None, other: Document | None) -> bool:
    """Whether two policy documents allow and deny the same: order, case of actions, one or a list, and ids do not count."""
    if not one or not other:
        return not one and not other
    return meaning(one) == meaning(other)


def meaning(document: Document) -> dict[str, Any]:
    """A policy document in the one form in which equal meanings are equal."""
    statements = document.get("Statement", [])
    statements = [statements] if isinstance(statements, Mapping) else statements
    forms = {json.dumps(_statement(statement), sort_keys=True): None for statement in statements}
    return {"Version": document.get("Version", OLD_VERSION), "Statement": sorted(forms)}


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    form: dict[str, Any] = {"Effect": statement.get("Effect")}
    for key in ("Action", "NotAction"):
        if key in statement:
            form[key] = sorted({str(action).lower() for action in listed(statement[key])})
    for key in ("Resource", "NotResource"):
        if key in statement:
            form[key] = sorted({str(resource) for resource in listed(statement[key])})
    for key in ("Principal", "NotPrincipal"):
        if key in statement:
            form[key] = _principal(statement[key])
    if statement.get("Condition"):
        form["Condition"] = _condition(statement["Condition"])
    return form


def _principal(principal: Any) -> dict[str, list[str]]:
    if not isinstance(principal, Mapping):
        return {"AWS": ["*"]}
    return {
        kind: sorted({_account(str(who)) if kind == "AWS" else str(who) for who in listed(whom)})
        for kind, whom in principal.items()
    }


def _account(who: str) -> str:
    # AWS answers the root's ARN for a bare account number.
    found = re.fullmatch(r"arn:[a-z-]+:iam::([0-9]{12}):root", who)
    return found[1] if found else who


def _condition(condition: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    return {
        operator.lower(): {key.lower(): sorted({_text(item) for item in listed(values)}) for key, values in tests.items()}
        for operator, tests in condition.items()
    }


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def listed(value: Any) -> list[Any]:
    """IAM takes one value or a list of them everywhere."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def same_lifecycle(one: Document | None, other: Document | None) -> bool:
    """Whether two ECR lifecycle policies expire the same images: rules by priority, lists as sets, numbers as numbers."""
    if not one or not other:
        return not one and not other
    return _rules(one) == _rules(other)


def _rules(document: Document) -> list[Any]:
    rules = [_plain(rule) for rule in document.get("rules", [])]
    return sorted(rules, key=lambda rule: (int(rule.get("rulePriority", 0)), json.dumps(rule, sort_keys=True)))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return sorted(str(item) for item in value)
    # A number that went through a template is text.
    return int(value) if isinstance(value, str) and value.isdigit() else value


def least_policy(permissions: Iterable[str], account: str, region: str, boundary: str = "") -> dict[str, Any]:
    """The IAM policy that allows just these rights (`ecr:CreateRepository`), each service on our own objects only.

    Names of other systems' rights are left out. With `boundary`, roles can be made only under that permissions boundary.
    """
    names = {"partition": partition_of(region), "account": account, "region": region}
    wanted = sorted({right for right in permissions if right.split(":")[0] in RESOURCES} - NEEDS_NO_RIGHT)
    statements: dict[str, dict[str, Any]] = {}
    for right in wanted:
        condition = _asked_of(right, boundary)
        place = _place(right).format(**names)
        service = right.split(":")[0].capitalize()
        entry = {"Sid": f"{service}{len(statements) + 1}", "Effect": "Allow", "Action": [], "Resource": place}
        statement = statements.setdefault(
            json.dumps([place, condition]), {**entry, **({"Condition": condition} if condition else {})}
        )
        statement["Action"].append(right)
    return {"Version": VERSION, "Statement": list(statements.values())}


def _place(right: str) -> str:
    if right in ON_EVERYTHING:
        return "*"
    if right in ON_USERS:
        return "arn:{partition}:iam::{account}:user/*"
    return ON_POLICIES.get(right, RESOURCES[right.split(":")[0]])


def _asked_of(right: str, boundary: str) -> Mapping[str, Any]:
    if boundary and right in ("iam:CreateRole", "iam:PutRolePermissionsBoundary"):
        return {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    return ON_USERS.get(right, {})
