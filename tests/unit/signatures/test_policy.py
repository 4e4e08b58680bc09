# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A policy that could mean less than it says is refused when it is loaded; whether signatures are enough is one table."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import pathlib
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import App, Repository
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Path
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold import workflow
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.reading import source_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Format, Kind, Verified
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.policy import Policy, missing, policy_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.signers import (
    GITHUB_ISSUER,
    Loading,
    github_identity,
)

ROOT = pathlib.Path(__file__).resolve().parents[3]
KEYS = ROOT / "tests" / "fixtures" / "signatures" / "cosign" / "keys"
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


def app_at(url: str, branch: str = "main") -> App:
    found = load_app(str(ROOT / "inventories" / "apps" / "where2eat.yml"), "where2eat", "dev")
    return dataclasses.replace(found, repository=Repository(url, branch))


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/Dining-Club/Where2Eat.git",
        "https://github.com/Dining-Club/Where2Eat",
        "git@github.com:Dining-Club/Where2Eat.git",
        "ssh://git@github.com/Dining-Club/Where2Eat.git",
    ],
)
def test_the_policy_names_exactly_the_workflow_that_the_scaffold_makes(url: str) -> None:
    app = app_at(url, "trunk")
    # What `${{ github.server_url }}/${{ github.workflow_ref }}` is there: the step that signs verifies itself against it.
    expected = f"https://github.com/Dining-Club/Where2Eat/{workflow.PATH}@refs/heads/trunk"
    assert github_identity(app, "here") == expected
    made = workflow.workflow(app, source_of("python", "trunk", {}, {}), Path.FULL)
    assert made.path == workflow.PATH
    assert "${{ github.server_url }}/${{ github.workflow_ref }}" in made.content.decode()
    assert GITHUB_ISSUER in made.content.decode()


@pytest.mark.parametrize(
    "url",
    [
        "https://gitlab.com/a/b.git",
        "https://github.com.example.org/a/b.git",
        "https://github.com/a/b/c",
        "https://github.com/a",
        "/srv/b",
    ],
)
def test_no_workflow_of_github_is_made_up_for_another_forge(url: str) -> None:
    with pytest.raises(Invalid, match=r"not on github\.com"):
        github_identity(app_at(url), "here")


KEYLESS: dict[str, Any] = {"issuer": "https://a.example", "identity": "me@example.com", "trusted_root": "/nonexistent/root.json"}


@pytest.mark.parametrize(
    ("keyless", "says"),
    [
        ({**KEYLESS, "identity": "^.*$"}, "looks like a pattern"),
        ({**KEYLESS, "identity_regexp": "^a$"}, "identity and identity_regexp are both given"),
        ({"issuer": "https://a.example", "trusted_root": "/x"}, "would accept anybody"),
        (KEYLESS, "/nonexistent/root.json cannot be read"),
        ({"identity_from": "github_workflow", "issuer": "https://a.example", "trusted_root": "/x"}, "beside identity_from"),
        ({"identity_from": "github_workflow", "trusted_root": "/x"}, "needs an app of the catalog"),
        ({"identity_from": "anything", "trusted_root": "/x"}, "identity_from"),
    ],
)
def test_an_identity_that_could_be_anybodys(keyless: dict[str, Any], says: str) -> None:
    data = {"signers": [{"name": "a", "role": "ci", "keyless": keyless}], "require": [{"role": "ci"}]}
    with pytest.raises(Invalid, match=says):
        loaded(data)
