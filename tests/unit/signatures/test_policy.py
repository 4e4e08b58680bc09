# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A policy that could mean less than it says is refused when it is loaded; whether signatures are enough is one table."""

from __future__ import annotations

import copy
import datetime
import pathlib
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Format, Kind, Verified
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.policy import Policy, missing, policy_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.signers import Loading

KEYS = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "signatures" / "cosign" / "keys"
NOW = datetime.datetime(2026, 11, 25, tzinfo=datetime.UTC)
GOOD: dict[str, Any] = {
    "signers": [
        {"name": "release", "role": "ci", "key": str(KEYS / "p256.pub")},
        {"name": "reviewer", "role": "security", "key": str(KEYS / "security.pub")},
    ],
    "require": [{"role": "ci"}, {"role": "security", "at_least": 1}],
}


def loaded(data: dict[str, Any], registry: str = "registry.example/apps") -> Policy:
    return policy_from(data, registry, Loading(lambda path: pathlib.Path(path).read_bytes(), None, NOW))


def changed(**fields: Any) -> dict[str, Any]:
    return {**copy.deepcopy(GOOD), **fields}


def signer(number: int, **fields: Any) -> dict[str, Any]:
    data = copy.deepcopy(GOOD)
    data["signers"][number] = {**data["signers"][number], **fields}
    return data


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, "signers"),
        (changed(signers=[]), "signers"),
        (changed(require=[]), "require"),
        (changed(require=[{"role": "nobody"}]), r"require\[0\].role: no signer has the role nobody: there are ci, security"),
        (changed(require=[{"role": "ci", "at_least": 0}]), "at_least"),
        (changed(require=[{"role": "ci", "at_least": 2}]), r"require\[0\].at_least: 2 different signers .* it has 1 \(release\)"),
        (changed(require=[{"role": "ci"}, {"role": "ci"}]), "the role ci stands 2 times"),
        (signer(1, key=str(KEYS / "p256.pub")), r"signers\[1\]: reviewer has the same key or identity as release"),
        (signer(1, name="release"), r"signers\[1\]: release has the same name as release"),
        (signer(0, key="/nonexistent/key.pub"), r"signers\[0\].key: /nonexistent/key.pub cannot be read: No such file"),
        (signer(0, key=str(KEYS.parent / "cases.yml")), r"signers\[0\].key: .*cases.yml is not one public key in PEM"),
        (signer(0, key="relative.pub"), "key"),
        ({**GOOD, "signers": [{"name": "a", "role": "ci"}], "require": [{"role": "ci"}]}, r"signers\[0\]: a has none of them"),
        (changed(signers=[{**GOOD["signers"][0], "unknown": 1}, GOOD["signers"][1]]), "unknown"),
        (changed(formats=["notation_jws"]), "formats: no format that ci can sign in counts"),
        (changed(formats=[]), "formats"),
        (changed(formats=["anything"]), "formats"),
        (changed(repositories=[]), "repositories"),
        (changed(repositories=["https://registry.example/app"]), "repositories"),
        (changed(repositories=["../app"]), "repositories"),
        (changed(platforms="some"), "platforms"),
        (changed(bind_repository="yes"), "bind_repository"),
        (changed(attestations={"full": {"vulnerabilities": {}}}), "most_days"),
        (changed(attestations={"heavy": {}}), "heavy"),
    ],
)
def test_a_policy_that_cannot_mean_what_it_says(data: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        loaded(data)


def test_what_is_left_out_is_strict() -> None:
    policy = loaded(GOOD)
    assert Format.COSIGN_LEGACY not in policy.formats
    assert policy.repositories == ("registry.example/apps/*",)
    assert not policy.all_platforms and not policy.bind_repository


@pytest.mark.parametrize(
    ("patterns", "repository", "covered"),
    [
        (["*"], "registry.example/apps/where2eat", True),
        (["*"], "registry.example/where2eat", False),
        (["*"], "registry.example/apps-of-others/where2eat", False),
        (["*"], "other.example/apps/where2eat", False),
        (["where2eat"], "registry.example/apps/where2eat", True),
        (["where2eat"], "registry.example/apps/where2eat2", False),
        (["team/*"], "registry.example/apps/team/a", True),
        (["team/*"], "registry.example/apps/team", False),
        (["team/*"], "registry.example/apps/team2/a", False),
        (["other.example/x"], "other.example/x", True),
    ],
)
def test_a_policy_is_for_its_repositories_only(patterns: list[str], repository: str, covered: bool) -> None:
    assert loaded(changed(repositories=patterns)).covers(repository) is covered


def by(identity: str, role: str) -> Verified:
    return Verified(Kind.SIGNATURE, Format.COSIGN_BUNDLE, "here", "sha256:0", f"{identity} as {role}", role, identity)


@pytest.mark.parametrize(
    ("require", "signatures", "enough"),
    [
        ([("ci", 1)], [], False),
        ([("ci", 1)], [("a", "security")], False),
        ([("ci", 1)], [("a", "ci")], True),
        ([("ci", 2)], [("a", "ci"), ("a", "ci")], False),
        ([("ci", 2)], [("a", "ci"), ("b", "ci")], True),
        ([("ci", 1), ("security", 1)], [("a", "ci"), ("b", "ci")], False),
        ([("ci", 1), ("security", 1)], [("a", "ci"), ("b", "security")], True),
        # One identity in both roles is one person, not two.
        ([("ci", 1), ("security", 1)], [("a", "ci"), ("a", "security")], False),
        ([("ci", 1), ("security", 1)], [("a", "ci"), ("a", "security"), ("b", "ci")], True),
        ([("ci", 1), ("security", 1)], [("b", "ci"), ("a", "ci"), ("a", "security")], True),
        ([("ci", 2), ("security", 1)], [("a", "ci"), ("a", "security"), ("b", "ci")], False),
        ([("ci", 2), ("security", 1)], [("a", "ci"), ("a", "security"), ("b", "ci"), ("c", "ci")], True),
    ],
)
def test_each_signer_counts_once(require: list[tuple[str, int]], signatures: list[tuple[str, str]], enough: bool) -> None:
    policy = loaded(GOOD)
    policy = Policy(**{**{name: getattr(policy, name) for name in Policy.__slots__}, "require": tuple(require)})
    assert (not missing(policy, [by(*one) for one in signatures])) is enough
    assert (not missing(policy, [by(*one) for one in reversed(signatures)])) is enough
