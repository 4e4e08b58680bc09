# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may become a workload's role: the trust policy for exactly one service account, and the proof that nobody else may.

Pure. The proof evaluates a policy against tokens the way AWS does; it is asked about what AWS holds, not about what we wrote.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..errors import Invalid
from ..workload_identity.subject import NAMESPACE, SERVICE_ACCOUNT, Subject, exactly_one, neighbours
from .policies import VERSION, Document, listed

POD_IDENTITY: Final = "pods.eks.amazonaws.com"
AUDIENCE: Final = "sts.amazonaws.com"
NAMESPACE_TAG: Final = "aws:RequestTag/kubernetes-namespace"
ACCOUNT_TAG: Final = "aws:RequestTag/kubernetes-service-account"
CLUSTER_TAG: Final = "aws:RequestTag/eks-cluster-arn"

_ISSUER: Final = re.compile(r"[a-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._/-]+)?")
_CLUSTER: Final = re.compile(r"arn:[a-z0-9-]+:eks:[a-z0-9-]+:[0-9]{12}:cluster/[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


@dataclasses.dataclass(frozen=True, slots=True)
class Trust:
    """One service account in one namespace, by Pod Identity (of `cluster`, an ARN, if it is known), by IRSA, or by both.

    `issuer` is the cluster's OIDC issuer without https://, `provider` the ARN of its IAM identity provider.
    """

    namespace: str
    service_account: str
    pod_identity: bool = True
    cluster: str = ""
    issuer: str = ""
    provider: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """What a pod shows to AWS. Pod Identity tells the cluster; IRSA tells the issuer and the audience."""

    namespace: str
    service_account: str
    cluster: str = ""
    issuer: str = ""
    audience: str = AUDIENCE


def checked(trust: Trust) -> Trust:
    """The same trust, if it names exactly one service account; raises `Invalid` for a wildcard, a gap or nobody at all."""
    for name, value, pattern in (
        ("namespace", trust.namespace, NAMESPACE),
        ("service_account", trust.service_account, SERVICE_ACCOUNT),
        ("irsa.issuer", trust.issuer or "none", _ISSUER),
        ("cluster", trust.cluster or "arn:aws:eks:none:000000000000:cluster/none", _CLUSTER),
    ):
        exactly_one(name, value, pattern)
    if trust.issuer and not trust.provider.endswith(f":oidc-provider/{trust.issuer}"):
        raise Invalid(
            f"trust.irsa.provider_arn: '{trust.provider}' is not the provider of {trust.issuer}",
            "the policy would trust one cluster's tokens by another's name",
            "Take the ARN from `aws iam list-open-id-connect-providers`.",
        )
    if not trust.pod_identity and not trust.issuer:
        raise Invalid("trust: nobody could take this role", "neither pod_identity nor irsa is given", "Choose at least one.")
    return trust


def trust_policy(trust: Trust) -> dict[str, Any]:
    """The trust policy document: exact names only, Pod Identity first."""
    statements: list[dict[str, Any]] = []
    if trust.pod_identity:
        tags = {NAMESPACE_TAG: trust.namespace, ACCOUNT_TAG: trust.service_account}
        statements.append(
            {
                "Sid": "PodIdentity",
                "Effect": "Allow",
                "Principal": {"Service": POD_IDENTITY},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Condition": {"StringEquals": {**tags, **({CLUSTER_TAG: trust.cluster} if trust.cluster else {})}},
            }
        )
    if trust.issuer:
        subject = str(Subject(trust.namespace, trust.service_account))
        statements.append(
            {
                "Sid": "ServiceAccountToken",
                "Effect": "Allow",
                "Principal": {"Federated": trust.provider},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {f"{trust.issuer}:sub": subject, f"{trust.issuer}:aud": AUDIENCE}},
            }
        )
    return {"Version": VERSION, "Statement": statements}


def strangers(trust: Trust) -> Iterator[tuple[str, Token]]:
    """Tokens that must be refused, each with what is wrong about it: the cases of the trust proof."""
    right = {"namespace": trust.namespace, "service_account": trust.service_account}
    for kind in ("Pod Identity", "IRSA"):
        way = {"cluster": trust.cluster or "arn:aws:eks:x:000000000000:cluster/x"} if kind == "Pod Identity" else {}
        way = way or {"issuer": trust.issuer or "issuer.example"}
        for what, other in neighbours(Subject(trust.namespace, trust.service_account)):
            yield f"{what} by {kind}", Token(other.namespace, other.service_account, **way)
    if trust.cluster or not trust.pod_identity:
        yield "another cluster by Pod Identity", Token(**right, cluster=f"{trust.cluster or 'arn:aws:eks:x:0:cluster/x'}-2")
    yield "another cluster by IRSA", Token(**right, issuer=f"{trust.issuer or 'issuer.example'}2")
    yield "another audience by IRSA", Token(**right, issuer=trust.issuer or "issuer.example", audience="kubernetes.default.svc")


def accepted_strangers(policy: Document, trust: Trust) -> tuple[str, ...]:
    """Which of the tokens that must be refused this policy accepts; empty is the proof."""
    return tuple(what for what, token in strangers(trust) if trust_accepts(policy, token))


def trust_accepts(policy: Document, token: Token) -> bool:
    """Whether AWS would hand this role to the bearer of `token`.

    Raises `Invalid` for a condition it cannot judge: a proof that guesses is none.
    """
    actions = ("sts:AssumeRoleWithWebIdentity",) if token.issuer else ("sts:AssumeRole", "sts:TagSession")
    return all(_decides(policy, token, action) for action in actions)


def _decides(policy: Document, token: Token, action: str) -> bool:
    allowed = False
    for statement in listed(policy.get("Statement", [])):
        if not (_is_for(statement, token) and _covers(statement, action)):
            continue
        if not _holds(statement.get("Condition", {}), _context(token)):
            continue
        if statement.get("Effect") == "Deny":
            return False
        allowed = allowed or statement.get("Effect") == "Allow"
    return allowed


def _is_for(statement: Mapping[str, Any], token: Token) -> bool:
    if "NotPrincipal" in statement:
        raise Invalid("The trust policy uses NotPrincipal", "who is left over cannot be told", "Name the principal.")
    principal = statement.get("Principal", {})
    if not isinstance(principal, Mapping):
        return True
    if "*" in listed(principal.get("AWS", [])):
        return True
    if token.issuer:
        return any(str(who).partition(":oidc-provider/")[2] == token.issuer for who in listed(principal.get("Federated", [])))
    return POD_IDENTITY in listed(principal.get("Service", []))


def _covers(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not _any_like(statement["NotAction"], action)
    return _any_like(statement.get("Action", []), action)


def _any_like(patterns: Any, action: str) -> bool:
    return any(fnmatch.fnmatchcase(action.lower(), str(pattern).lower()) for pattern in listed(patterns))


def _context(token: Token) -> dict[str, str]:
    if token.issuer:
        subject = str(Subject(token.namespace, token.service_account))
        return {f"{token.issuer}:sub".lower(): subject, f"{token.issuer}:aud".lower(): token.audience}
    return {
        NAMESPACE_TAG.lower(): token.namespace,
        ACCOUNT_TAG.lower(): token.service_account,
        CLUSTER_TAG.lower(): token.cluster,
    }


def _holds(condition: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    return all(
        _test(operator, key, [str(value) for value in listed(values)], context)
        for operator, tests in condition.items()
        for key, values in tests.items()
    )


def _test(operator: str, key: str, values: list[str], context: Mapping[str, str]) -> bool:
    name = operator.lower()
    # Every value of a token is single, so the set operators differ in one case only: no value at all passes ForAllValues.
    for_all, lenient = name.startswith("forallvalues:"), name.endswith("ifexists")
    name = name.removeprefix("forallvalues:").removeprefix("foranyvalue:").removesuffix("ifexists")
    value = context.get(key.lower())
    if name == "null":
        return (value is None) == (values[0].lower() == "true")
    if value is None:
        return for_all or lenient or name in ("stringnotequals", "stringnotlike", "arnnotequals", "arnnotlike")
    like = any(fnmatch.fnmatchcase(value, pattern.replace("[", "[[]")) for pattern in values)
    answers = {
        "stringequals": value in values,
        "stringnotequals": value not in values,
        "stringequalsignorecase": value.lower() in [item.lower() for item in values],
        "stringlike": like,
        "stringnotlike": not like,
        "arnequals": like,
        "arnlike": like,
        "arnnotequals": not like,
        "arnnotlike": not like,
    }
    if name not in answers:
        raise Invalid(f"The trust policy's condition {operator} is not one this proof can judge", "", "Use StringEquals.")
    return answers[name]
