# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A rule names somebody, or is refused when the policy is loaded."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog import patterns as kinds
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.keyless.rules import (
    SIGNER_FIELDS,
    SIGNER_REQUIRED,
    Demands,
    rule_from,
)

ISSUER = "https://token.actions.githubusercontent.com"
WORKFLOW = "https://github.com/example/where2eat/.github/workflows/release.yml@refs/heads/main"
RULE = {"issuer": ISSUER, "identity": WORKFLOW, "trusted_root": "/etc/goldenpath/trusted_root.json"}
SCHEMA = kinds.record("A signer.", SIGNER_FIELDS, SIGNER_REQUIRED)


def changed(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**RULE, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (changed(issuer=None), "neither issuer nor issuer_regexp is given: it would accept anybody"),
        (changed(identity=None), "neither identity nor identity_regexp is given: it would accept anybody"),
        (changed(identity=None, claims={"build_trigger": "push"}), "neither identity"),
        (changed(identity_regexp="^.+@example\\.com$"), "identity and identity_regexp are both given"),
        (changed(issuer_regexp="^https://a$"), "issuer and issuer_regexp are both given"),
        (changed(identity="^https://example$"), "looks like a pattern"),
        (changed(identity="https://github.com/example/*"), "looks like a pattern"),
        (changed(issuer="https://.*$"), "looks like a pattern"),
        (changed(identity=None, identity_regexp="https://github.com/example/"), "does not begin with ^"),
        (changed(identity=None, identity_regexp="^https://github.com/example/"), "does not end with $"),
        (changed(identity=None, identity_regexp="^a@b$|c"), "something stands behind its $"),
        (changed(identity=None, identity_regexp="^.*$"), "fits anybody"),
        (changed(issuer=None, issuer_regexp="^https?://.*|.*$"), "alternatives"),
        (changed(claims={"github_workflow_ref": "refs/heads/*"}), "looks like a pattern"),
        (changed(claims_regexp={"github_workflow_ref": "refs/heads/main"}), "signer.claims_regexp.github_workflow_ref"),
        (
            changed(claims={"build_trigger": "push"}, claims_regexp={"build_trigger": "^push$"}),
            "the claim build_trigger stands in claims and in claims_regexp",
        ),
    ],
)
def test_a_rule_that_means_nobody_or_anybody_is_refused(data: dict[str, Any], why: str) -> None:
    jsonschema.validate(data, SCHEMA)
    with pytest.raises(Invalid) as refused:
        rule_from(data, "signer")
    assert why in refused.value.sentence()


@pytest.mark.parametrize(
    "data",
    [
        changed(trusted_root=None),
        changed(trusted_root="trusted_root.json"),
        changed(trusted_root="https://example.com/trusted_root.json"),
        changed(identity=""),
        changed(identity="a\nb"),
        changed(times=0),
        changed(log_entries=-1),
        changed(log_entries="1"),
        changed(claims={"github_workflow": "x"}),
        changed(claims={"build_trigger": 1}),
        changed(anything="else"),
    ],
)
def test_the_schema_refuses_what_is_no_rule(data: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, SCHEMA)


def test_a_rule_is_exact_unless_it_says_otherwise() -> None:
    rule = rule_from(changed(claims={"build_trigger": "push"}, claims_regexp={"source_repository_ref": "^refs/tags/v.+$"}), "s")
    assert rule.identity.matches(WORKFLOW)
    assert not rule.identity.matches(WORKFLOW + "2")
    assert not rule.identity.matches(WORKFLOW.replace(".", "x"))
    assert not rule.identity.matches("")
    assert rule.claims["build_trigger"].matches("push")
    assert not rule.claims["build_trigger"].matches("push2")
    assert rule.claims["source_repository_ref"].matches("refs/tags/v1")
    assert (rule.demands, rule.trusted_root) == (Demands(1, 1, 1), RULE["trusted_root"])


def test_what_must_prove_it_can_be_said() -> None:
    rule = rule_from(changed(log_entries=0, times=2, certificate_transparency=0), "s")
    assert rule.demands == Demands(log_entries=0, times=2, certificate_transparency=0)


@pytest.mark.parametrize("name", [name for name in SIGNER_FIELDS if name.startswith(("issuer", "identity", "trusted"))])
def test_the_examples_of_the_schema_are_rules(name: str) -> None:
    other = name.removesuffix("_regexp")
    data = changed(**{other: None, name: SIGNER_FIELDS[name]["examples"][0]})
    jsonschema.validate(data, SCHEMA)
    assert rule_from(data, "s")
