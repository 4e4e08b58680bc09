# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bills of materials: what is empty, of another version or without a subject is refused; what syft and others write is read."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.judge import check
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.model import Fault, SbomRule

CYCLONEDX = "https://cyclonedx.org/bom"
SPDX = "https://spdx.dev/Document"
BOM: dict[str, Any] = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {"component": {"type": "container", "name": "where2eat"}},
    "components": [{"type": "library", "name": "flask", "bom-ref": "1"}],
}
DOCUMENT: dict[str, Any] = {
    "spdxVersion": "SPDX-2.3",
    "SPDXID": "SPDXRef-DOCUMENT",
    "documentNamespace": "https://example.com/1",
    "creationInfo": {"created": "2026-11-20T10:00:00Z"},
    "packages": [{"SPDXID": "SPDXRef-image", "name": "where2eat"}, {"SPDXID": "SPDXRef-flask", "name": "flask"}],
    "relationships": [
        {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-image"}
    ],
}
CONTEXT_3 = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"


def nested(levels: int) -> list[dict[str, Any]]:
    component: dict[str, Any] = {"type": "library", "name": "innermost"}
    for _unused in range(levels - 1):
        component = {"type": "library", "name": "x", "components": [component]}
    return [component]


@pytest.mark.parametrize(
    ("change", "fault", "says"),
    [
        ({"components": []}, Fault.EMPTY, "nothing besides the image"),
        ({"components": None}, Fault.EMPTY, "nothing besides the image"),
        ({"bomFormat": "SPDX"}, Fault.MALFORMED, "bomFormat"),
        ({"bomFormat": None}, Fault.MALFORMED, "bomFormat"),
        ({"specVersion": "1.3"}, Fault.UNSUPPORTED, "1.4 or a later"),
        ({"specVersion": "2.0"}, Fault.UNSUPPORTED, "1.4 or a later"),
        ({"specVersion": 1.6}, Fault.MALFORMED, "specVersion"),
        ({"specVersion": "1.٦"}, Fault.UNSUPPORTED, "1.4 or a later"),
        ({"metadata": "where2eat"}, Fault.MALFORMED, "metadata"),
        ({"metadata": {"component": None}}, Fault.MALFORMED, "component"),
        ({"metadata": {"component": {"type": "container", "name": ""}}}, Fault.MALFORMED, "empty name"),
        ({"metadata": {"component": {"name": "x"}}}, Fault.MALFORMED, "type is missing"),
        ({"components": {"a": 1}}, Fault.MALFORMED, "no list"),
        ({"components": ["flask"]}, Fault.MALFORMED, "no object"),
        ({"components": [{"type": "library"}]}, Fault.MALFORMED, "name is missing"),
        ({"components": [{"type": "library", "name": "a", "bom-ref": "1"}] * 2}, Fault.MALFORMED, "stands twice"),
        ({"components": [{"type": "library", "name": "a", "bom-ref": {}}]}, Fault.MALFORMED, "no text"),
        ({"components": nested(9)}, Fault.TOO_LARGE, "nested too deeply"),
    ],
)
def test_cyclonedx_refuses(statement: Any, context: Any, change: dict[str, Any], fault: Fault, says: str) -> None:
    bom = {name: value for name, value in {**BOM, **change}.items() if value is not None}
    answer = check(statement(CYCLONEDX, bom), SbomRule(), context())
    assert answer.fault is fault
    assert says in answer.why


@pytest.mark.parametrize(
    ("change", "fault", "says"),
    [
        ({"spdxVersion": "SPDX-2.1"}, Fault.UNSUPPORTED, "SPDX-2.2, SPDX-2.3"),
        ({"spdxVersion": None}, Fault.MALFORMED, "spdxVersion"),
        ({"SPDXID": "SPDXRef-other"}, Fault.MALFORMED, "SPDXRef-DOCUMENT"),
        ({"packages": []}, Fault.MALFORMED, "describes no package"),
        ({"packages": [], "relationships": []}, Fault.EMPTY, "nothing besides"),
        ({"packages": [{"SPDXID": "SPDXRef-image", "name": "where2eat"}]}, Fault.EMPTY, "nothing besides"),
        ({"packages": [{"SPDXID": "SPDXRef-image"}]}, Fault.MALFORMED, "name is missing"),
        ({"packages": [{"SPDXID": "SPDXRef-image", "name": ""}]}, Fault.MALFORMED, "empty name"),
        ({"relationships": [{"spdxElementId": "SPDXRef-DOCUMENT"}]}, Fault.MALFORMED, "relationshipType"),
        ({"relationships": [], "documentDescribes": ["SPDXRef-nobody"]}, Fault.MALFORMED, "describes no package"),
        ({"documentNamespace": None}, Fault.MALFORMED, "documentNamespace"),
        ({"creationInfo": None}, Fault.MALFORMED, "creationInfo"),
        ({"@context": "https://spdx.org/rdf/4.0.0/spdx-context.jsonld"}, Fault.UNSUPPORTED, "another context"),
        ({"@context": ["x"]}, Fault.UNSUPPORTED, "another context"),
        ({"@context": CONTEXT_3}, Fault.MALFORMED, "0 elements of type SpdxDocument"),
        (
            {"@context": CONTEXT_3, "@graph": [{"type": "SpdxDocument", "spdxId": "d", "rootElement": ["d"]}]},
            Fault.MALFORMED,
            "its root is no package",
        ),
        (
            {
                "@context": CONTEXT_3,
                "@graph": [
                    {"type": "SpdxDocument", "spdxId": "d", "rootElement": ["p"]},
                    {"type": "software_Package", "spdxId": "p", "name": "alone"},
                ],
            },
            Fault.EMPTY,
            "nothing besides",
        ),
    ],
)
def test_spdx_refuses(statement: Any, context: Any, change: dict[str, Any], fault: Fault, says: str) -> None:
    document = {name: value for name, value in {**DOCUMENT, **change}.items() if value is not None}
    answer = check(statement(SPDX, document), SbomRule(), context())
    assert answer.fault is fault
    assert says in answer.why


@pytest.mark.parametrize(
    ("predicate_type", "formats", "fault"),
    [
        (CYCLONEDX, ("spdx",), Fault.UNSUPPORTED),
        (CYCLONEDX + "/v1.6", ("cyclonedx",), None),
        (CYCLONEDX + "/v2.0", ("cyclonedx",), Fault.UNSUPPORTED),
        (CYCLONEDX + "x", ("cyclonedx",), Fault.UNSUPPORTED),
        ("https://syft.dev/bom", ("cyclonedx",), Fault.UNSUPPORTED),
    ],
)
def test_the_type_must_be_of_a_format_that_will_do(
    statement: Any, context: Any, predicate_type: str, formats: tuple[str, ...], fault: Fault | None
) -> None:
    assert check(statement(predicate_type, BOM), SbomRule(formats), context()).fault is fault


@pytest.mark.parametrize(
    ("name", "predicate_type", "components"),
    [
        ("cyclonedx-1.4", CYCLONEDX, 6),
        ("cyclonedx-1.5", CYCLONEDX, 6),
        ("cyclonedx-1.6", CYCLONEDX, 6),
        ("spdx-2.2", SPDX, 5),
        ("spdx-2.3", SPDX, 5),
        ("spdx-3.0", SPDX, 1),
    ],
)
def test_real_bills_are_read(
    recorded: Callable[[str], Any], statement: Any, context: Any, name: str, predicate_type: str, components: int
) -> None:
    answer = check(statement(predicate_type, recorded(f"sboms/{name}")), SbomRule(), context())
    assert answer.passed, answer.why
    assert answer.facts["components"] == components
    assert answer.facts["version"].startswith(name.partition("-")[2])
    assert answer.facts["subject"].endswith("where2eat")


@pytest.mark.parametrize("name", ["cyclonedx-1.6", "spdx-2.3"])
def test_what_cosign_signed_is_taken(recorded: Callable[[str], Any], context: Any, name: str) -> None:
    found = recorded(f"statements/{name}")
    before = copy.deepcopy(found)
    assert check(found, SbomRule(), context(digest="sha256:" + found["subject"][0]["digest"]["sha256"])).passed
    assert found == before


def test_nested_components_count(statement: Any, context: Any) -> None:
    answer = check(statement(CYCLONEDX, {**BOM, "components": nested(8)}), SbomRule(), context())
    assert answer.facts["components"] == 8


@pytest.mark.parametrize("metadata", [None, {}, {"timestamp": "2026-11-20T10:00:00Z"}])
def test_a_cyclonedx_bill_need_not_say_what_it_is_about(statement: Any, context: Any, metadata: dict[str, Any] | None) -> None:
    bom = {name: value for name, value in {**BOM, "metadata": metadata}.items() if value is not None}
    answer = check(statement(CYCLONEDX, bom), SbomRule(), context())
    assert answer.passed and answer.facts["subject"] == ""


def test_an_spdx_bill_need_not_say_what_it_is_about(statement: Any, context: Any) -> None:
    answer = check(statement(SPDX, {**DOCUMENT, "relationships": []}), SbomRule(), context())
    assert answer.passed and (answer.facts["subject"], answer.facts["components"]) == ("", 2)
