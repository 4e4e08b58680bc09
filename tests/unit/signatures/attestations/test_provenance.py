# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SLSA provenance: the wrong builder, source or material is refused with its reason; what real builders write is taken."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.judge import check
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.model import Fault, ProvenanceRule

V1 = "https://slsa.dev/provenance/v1"
V02 = "https://slsa.dev/provenance/v0.2"
BUILDER = "https://github.com/example/workflows/.github/workflows/build.yml@refs/heads/main"
BUILD_TYPE = "https://actions.github.io/buildtypes/workflow/v1"
GENERATOR = (
    "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0"
)
COMMIT = "5cf4f2b1c1f3a8de9b4a9d7d5b1a7c0f6a9f3e21"
SOURCE = "git+https://github.com/example/where2eat@refs/heads/main"
OTHER = "git+https://github.com/example/other@refs/heads/main"
RULE = ProvenanceRule((BUILDER, GENERATOR), level=3)
PREDICATE: dict[str, Any] = {
    "buildDefinition": {
        "buildType": BUILD_TYPE,
        "externalParameters": {"workflow": {"repository": "https://github.com/example/where2eat", "ref": "refs/heads/main"}},
        "resolvedDependencies": [{"uri": SOURCE, "digest": {"gitCommit": COMMIT}}],
    },
    "runDetails": {"builder": {"id": BUILDER}},
}


DEPENDENCIES = "buildDefinition.resolvedDependencies"
PARAMETERS = "buildDefinition.externalParameters"
PINNED = {"uri": SOURCE, "digest": {"gitCommit": COMMIT}}


@pytest.mark.parametrize(
    ("path", "value", "fault", "says"),
    [
        ("runDetails.builder.id", "https://github.com/actions/runner/self-hosted", Fault.WRONG_BUILDER, "self-hosted"),
        ("runDetails.builder.id", BUILDER + " ", Fault.WRONG_BUILDER, "does not name"),
        ("runDetails.builder.id", BUILDER.upper(), Fault.WRONG_BUILDER, "does not name"),
        ("runDetails.builder.id", "", Fault.WRONG_BUILDER, "does not name"),
        ("runDetails.builder.id", 7, Fault.MALFORMED, "id is missing or no text"),
        ("runDetails.builder", None, Fault.MALFORMED, "builder is missing"),
        ("runDetails", None, Fault.MALFORMED, "runDetails is missing"),
        ("buildDefinition", [], Fault.MALFORMED, "buildDefinition is no object"),
        ("buildDefinition.buildType", None, Fault.MALFORMED, "buildType is missing"),
        (PARAMETERS, {"workflow": {"repository": "https://github.com/evil/where2eat"}}, Fault.WRONG_SOURCE, "evil/where2eat"),
        # The source is the catalog's in one place and another's in the next: which did the builder use?
        (
            PARAMETERS,
            {"workflow": {"repository": "https://github.com/example/where2eat"}, "source": {"uri": OTHER}},
            Fault.WRONG_SOURCE,
            "example/other",
        ),
        (PARAMETERS, {"source": OTHER}, Fault.WRONG_SOURCE, "example/other"),
        (PARAMETERS, {"configSource": {"uri": OTHER}}, Fault.WRONG_SOURCE, "example/other"),
        # The catalog's repository is only a library of another app.
        (PARAMETERS, {"workflow": {"repository": "https://github.com/example/other"}}, Fault.WRONG_SOURCE, "example/other"),
        (DEPENDENCIES, [], Fault.NOT_PINNED, "names nothing that went into"),
        (DEPENDENCIES, None, Fault.NOT_PINNED, "names nothing that went into"),
        (DEPENDENCIES, [{"uri": SOURCE}], Fault.NOT_PINNED, "without a digest"),
        (DEPENDENCIES, [PINNED, {"uri": "pkg:docker/python@3.12"}], Fault.NOT_PINNED, "pkg:docker/python@3.12"),
        (DEPENDENCIES, [{"uri": SOURCE, "digest": {"gitCommit": COMMIT[:7]}}], Fault.NOT_PINNED, "without a digest"),
        (DEPENDENCIES, [{"uri": SOURCE, "digest": {"gitCommit": "G" * 40}}], Fault.NOT_PINNED, "without a digest"),
        (DEPENDENCIES, [{"uri": SOURCE, "digest": {"mtime": COMMIT}}], Fault.NOT_PINNED, "without a digest"),
        (DEPENDENCIES, [{"uri": SOURCE, "digest": {"sha256": "ab" * 32, "gitCommit": "x"}}], Fault.NOT_PINNED, "without"),
        (DEPENDENCIES, [{"uri": OTHER, "digest": {"gitCommit": COMMIT}}], Fault.NOT_PINNED, "from which commit"),
        (DEPENDENCIES, "all", Fault.MALFORMED, "no list"),
        (DEPENDENCIES, [7], Fault.MALFORMED, "no object"),
        (DEPENDENCIES, [{"uri": SOURCE, "digest": "x"}], Fault.MALFORMED, "digest is no object"),
        (DEPENDENCIES, [PINNED] * 20_001, Fault.TOO_LARGE, "20000 are taken"),
    ],
)
def test_v1_refuses(
    statement: Callable[..., Any], context: Callable[..., Any], path: str, value: Any, fault: Fault, says: str, changed: Any
) -> None:
    answer = check(statement(V1, changed(PREDICATE, path, value)), RULE, context())
    assert answer.fault is fault
    assert says in answer.why


@pytest.mark.parametrize(
    ("dependencies", "fault"),
    [
        ([{"uri": OTHER, "digest": {"gitCommit": COMMIT}}], Fault.WRONG_SOURCE),
        ([PINNED, {"uri": OTHER, "digest": {"gitCommit": COMMIT}}], Fault.WRONG_SOURCE),  # which of the two is it?
        ([{"uri": "pkg:pypi/flask@3", "digest": {"sha256": "ab" * 32}}], Fault.WRONG_SOURCE),
        ([PINNED, {"uri": "pkg:pypi/flask@3", "digest": {"sha256": "ab" * 32}}], None),
        ([PINNED, {**PINNED, "name": "again"}], None),
    ],
)
def test_where_no_source_is_stated_the_single_repository_among_the_materials_is_it(
    statement: Callable[..., Any], context: Callable[..., Any], dependencies: Any, fault: Fault | None, changed: Any
) -> None:
    predicate = changed(changed(PREDICATE, PARAMETERS, {"target": "release"}), DEPENDENCIES, dependencies)
    assert check(statement(V1, predicate), RULE, context()).fault is fault


def test_a_build_type_that_the_policy_does_not_name(statement: Callable[..., Any], context: Callable[..., Any]) -> None:
    rule = ProvenanceRule((BUILDER,), build_types=("https://example.com/other/v1",))
    assert check(statement(V1, PREDICATE), rule, context()).fault is Fault.WRONG_BUILD_TYPE
    assert check(statement(V1, PREDICATE), ProvenanceRule((BUILDER,), build_types=(BUILD_TYPE,)), context()).passed


def test_what_the_policy_leaves_open_is_not_asked(
    statement: Callable[..., Any], context: Callable[..., Any], changed: Any
) -> None:
    predicate = changed(PREDICATE, PARAMETERS, {"workflow": {"repository": "https://github.com/evil/where2eat"}})
    assert check(statement(V1, predicate), ProvenanceRule((BUILDER,), source=False), context()).passed
    loose = changed(PREDICATE, DEPENDENCIES, [{"uri": SOURCE}])
    assert check(statement(V1, loose), ProvenanceRule((BUILDER,), pinned=False), context()).passed


def test_about_another_image(statement: Callable[..., Any], context: Callable[..., Any]) -> None:
    answer = check(statement(V1, PREDICATE, digest="sha256:" + "cd" * 32), RULE, context())
    assert answer.fault is Fault.WRONG_DIGEST


@pytest.mark.parametrize("predicate_type", ["https://slsa.dev/provenance/v0.1", V1 + "/", "https://in-toto.io/Provenance/v0.1"])
def test_of_another_type(statement: Callable[..., Any], context: Callable[..., Any], predicate_type: str) -> None:
    assert check(statement(predicate_type, PREDICATE), RULE, context()).fault is Fault.UNSUPPORTED


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("builder.id", BUILDER + "x", Fault.WRONG_BUILDER),
        ("builder", None, Fault.MALFORMED),
        ("invocation.configSource.uri", OTHER, Fault.WRONG_SOURCE),
        ("invocation.configSource.digest", {}, Fault.NOT_PINNED),
        ("materials", [{"uri": "https://example.com/base.tar"}], Fault.NOT_PINNED),
        ("invocation.configSource.digest", {"sha1": "x" * 40}, Fault.NOT_PINNED),
    ],
)
def test_v02_refuses(
    recorded: Callable[..., Any], context: Callable[..., Any], path: str, value: Any, fault: Fault, changed: Any
) -> None:
    statement = recorded("statements/provenance-v0.2")
    statement["predicate"] = changed(statement["predicate"], path, value)
    digest = "sha256:" + statement["subject"][0]["digest"]["sha256"]
    assert check(statement, RULE, context(digest=digest)).fault is fault


@pytest.mark.parametrize("name", ["provenance-v1", "provenance-v0.2"])
def test_what_cosign_signed_is_taken(recorded: Callable[..., Any], context: Callable[..., Any], name: str) -> None:
    statement = recorded(f"statements/{name}")
    before = copy.deepcopy(statement)
    answer = check(statement, RULE, context(digest="sha256:" + statement["subject"][0]["digest"]["sha256"]))
    assert answer.passed, answer.why
    assert answer.facts["commit"] == COMMIT
    assert answer.facts["level"] == 3
    assert statement == before
