# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The trust proof: our policies accept the workload and no stranger, and policies seen in the wild are found out."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.supply_chain import let_in
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.trust import (
    Token,
    Trust,
    accepted_strangers,
    checked,
    strangers,
    trust_accepts,
    trust_policy,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid

CLUSTER = "arn:aws:eks:eu-west-1:123456789012:cluster/one"
ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/A"
PROVIDER = f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"
BOTH = Trust("shop-dev", "shop", True, CLUSTER, ISSUER, PROVIDER)
KINDS = {
    "both": BOTH,
    "pod identity": Trust("shop-dev", "shop", True, CLUSTER),
    "irsa": Trust("shop-dev", "shop", False, "", ISSUER, PROVIDER),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_workload_and_nobody_else(kind: str) -> None:
    trust = KINDS[kind]
    policy = trust_policy(checked(trust))
    assert let_in(policy, trust) == ()
    assert len(list(strangers(trust))) >= 10
    assert [what for what, token in strangers(trust) if trust_accepts(policy, token)] == []


def test_the_strangers_come_from_everywhere() -> None:
    told = " ".join(what for what, _unused in strangers(BOTH))
    for word in ("namespace", "service account", "another cluster by Pod Identity", "another cluster by IRSA", "audience"):
        assert word in told


def changed(statement: int, **parts: Any) -> dict[str, Any]:
    policy = copy.deepcopy(trust_policy(BOTH))
    policy["Statement"][statement].update(parts)
    return policy


# Policies that people write, and a stranger that each lets in.
WIDE: dict[str, tuple[dict[str, Any], str]] = {
    "no condition": (changed(0, Condition={}), "another namespace by Pod Identity"),
    "no service account": (
        changed(0, Condition={"StringEquals": {"aws:RequestTag/kubernetes-namespace": "shop-dev"}}),
        "another service account by Pod Identity",
    ),
    "any cluster": (
        changed(
            0,
            Condition={
                "StringEquals": {
                    "aws:RequestTag/kubernetes-namespace": "shop-dev",
                    "aws:RequestTag/kubernetes-service-account": "shop",
                }
            },
        ),
        "another cluster by Pod Identity",
    ),
    "no audience": (
        changed(1, Condition={"StringEquals": {f"{ISSUER}:sub": "system:serviceaccount:shop-dev:shop"}}),
        "another audience by IRSA",
    ),
    "a wildcard subject": (
        changed(
            1,
            Condition={
                "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"},
                "StringLike": {f"{ISSUER}:sub": "system:serviceaccount:shop-dev:*"},
            },
        ),
        "another service account by IRSA",
    ),
    "if exists": (
        changed(
            1,
            Condition={
                "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"},
                "StringEqualsIfExists": {f"{ISSUER}:subject": "system:serviceaccount:shop-dev:shop"},
            },
        ),
        "another namespace by IRSA",
    ),
    "a set operator that is true of nothing": (
        changed(
            1,
            Condition={
                "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"},
                "ForAllValues:StringEquals": {f"{ISSUER}:subject": "x"},
            },
        ),
        "another namespace by IRSA",
    ),
    "everybody": (changed(0, Principal="*", Condition={}), "another namespace by Pod Identity"),
}


@pytest.mark.parametrize("case", WIDE)
def test_a_wide_policy_is_found_out(case: str) -> None:
    policy, stranger = WIDE[case]
    assert stranger in accepted_strangers(policy, BOTH)


def test_a_policy_that_keeps_the_workload_out_is_wrong_too() -> None:
    policy = changed(0, Action=["sts:AssumeRole"])
    assert "not the workload itself by Pod Identity" in let_in(policy, BOTH)
    denied = trust_policy(BOTH)
    denied["Statement"].append({"Effect": "Deny", "Principal": "*", "Action": "sts:*"})
    assert not trust_accepts(denied, Token("shop-dev", "shop", cluster=CLUSTER))


@pytest.mark.parametrize(
    "part", [{"Condition": {"NumericEquals": {"aws:RequestTag/kubernetes-namespace": "1"}}}, {"NotPrincipal": "*"}]
)
def test_what_cannot_be_judged_is_no_proof(part: dict[str, Any]) -> None:
    policy = changed(0, **part)
    with pytest.raises(Invalid):
        trust_accepts(policy, Token("shop-dev", "shop", cluster=CLUSTER))
    assert let_in(policy, BOTH)


@pytest.mark.parametrize(
    "trust",
    [
        Trust("*", "shop"),
        Trust("shop-dev", "sh*"),
        Trust("shop-dev", "shop?"),
        Trust("", "shop"),
        Trust("shop-dev", ""),
        Trust("shop-dev", "shop\n"),
        Trust("shop-dev", "shop", True, "arn:aws:eks:eu-west-1:123456789012:cluster/*"),
        Trust("shop-dev", "shop", True, "", "*", PROVIDER),
        Trust("shop-dev", "shop", True, "", ISSUER, f"{PROVIDER}B"),
        Trust("shop-dev", "shop", False),
    ],
)
def test_only_exact_names_are_trusted(trust: Trust) -> None:
    with pytest.raises(Invalid):
        checked(trust)


NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


@given(NAMES, NAMES, NAMES, NAMES)
def test_two_workloads_never_share_a_role(namespace: str, account: str, other: str, stranger: str) -> None:
    policy = trust_policy(checked(Trust(namespace, account, True, CLUSTER, ISSUER, PROVIDER)))
    same = (namespace, account) == (other, stranger)
    assert trust_accepts(policy, Token(other, stranger, cluster=CLUSTER)) == same
    assert trust_accepts(policy, Token(other, stranger, issuer=ISSUER)) == same
