# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bills of materials: whether one is there, can be read, and says something about this image.

Not a validator of the two standards: what a consumer of the bill (a scanner, Dependency-Track) needs to use it must be right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ..model import Reason, Rejected
from ..reading import items, malformed, needed, objects, text
from ..statement import Statement
from .model import Checked, Context, Fault, SbomRule, Topic

CYCLONEDX: Final = "https://cyclonedx.org/bom"
SPDX: Final = "https://spdx.dev/Document"
# Some producers put the version behind the type.
_TYPES: Final = {
    "cyclonedx": re.compile(re.escape(CYCLONEDX) + r"(/v1\.\d{1,2})?"),
    "spdx": re.compile(re.escape(SPDX) + r"(/v\d(\.\d){1,2})?"),
}
_CYCLONEDX_OLDEST: Final = (1, 4)
_SPDX_VERSIONS: Final = ("SPDX-2.2", "SPDX-2.3")
_SPDX_3: Final = re.compile(r"https://spdx\.org/rdf/3\.\d{1,2}(\.\d{1,3})?/spdx-context\.jsonld")
# A large monorepo's image has some tens of thousands of packages and files.
_MOST: Final = 500_000
_NESTING: Final = 8


def format_of(predicate_type: str) -> str:
    """`cyclonedx`, `spdx`, or empty if the type is that of no bill of materials."""
    return next((name for name, pattern in _TYPES.items() if pattern.fullmatch(predicate_type)), "")


def check_sbom(statement: Statement, rule: SbomRule, _context: Context) -> Checked:
    """Whether it is in a format of the rule and is not empty. What it is about may be left out: the statement names the image."""
    name = format_of(statement.predicate_type)
    if name not in rule.formats:
        wanted = " or ".join(rule.formats)
        return Checked(
            Topic.SBOM, Fault.UNSUPPORTED, f"It is a bill of materials in {name or 'no known format'}; {wanted} is owed."
        )
    predicate = needed(statement.data, "predicate", "The statement")
    facts = _READERS[name](predicate)
    if not facts["components"]:
        return Checked(Topic.SBOM, Fault.EMPTY, "It lists nothing besides the image itself.", facts)
    return Checked(Topic.SBOM, facts=facts)


def _cyclonedx(bom: Mapping[str, Any]) -> dict[str, Any]:
    what = "The CycloneDX document"
    if bom.get("bomFormat") != "CycloneDX":
        raise malformed(what, f"bomFormat is {bom.get('bomFormat')!r:.40}")
    version = text(bom, "specVersion", what)
    numbers = re.fullmatch(r"(\d{1,2})\.(\d{1,2})", version, re.ASCII)
    if not numbers or int(numbers[1]) != 1 or (1, int(numbers[2])) < _CYCLONEDX_OLDEST:
        raise Rejected(Reason.UNSUPPORTED, f"{what} is of another version", f"{version!r:.20}; 1.4 or a later 1.x is taken")
    # Both are optional in the standard; what is there must be right.
    metadata = needed(bom, "metadata", what) if "metadata" in bom else {}
    primary = needed(metadata, "component", f"The metadata of {what}") if "component" in metadata else None
    subject = _component(primary, what) if primary is not None else ""
    return {
        "format": "cyclonedx",
        "version": version,
        "subject": subject,
        "components": _count(bom, what),
        "serial": text(bom, "serialNumber", what, ""),
        "created": text(metadata, "timestamp", what, ""),
    }


def _count(bom: Mapping[str, Any], what: str) -> int:
    """All components, nested ones included: each must have a type and a name, and no two the same reference."""
    level, total, references = objects(bom, "components", what, most=_MOST), 0, set()
    for _unused in range(_NESTING):
        for component in level:
            _component(component, what)
            reference = component.get("bom-ref")
            if reference is not None and (not isinstance(reference, str) or reference in references):
                raise malformed(what, f"the bom-ref {reference!r:.80} stands twice or is no text")
            references.add(reference)
        total += len(level)
        level = [inner for component in level for inner in objects(component, "components", what, most=_MOST)]
        if total + len(level) > _MOST:
            raise Rejected(Reason.TOO_LARGE, f"{what} is too large", f"{_MOST} components are taken")
    if level:
        raise Rejected(Reason.TOO_LARGE, f"{what} is nested too deeply", f"{_NESTING} levels are taken")
    return total


def _component(component: Mapping[str, Any], what: str) -> str:
    name = text(component, "name", what)
    if not name or not text(component, "type", what):
        raise malformed(what, "a component has an empty name or type")
    return name


def _spdx(document: Mapping[str, Any]) -> dict[str, Any]:
    return _spdx3(document) if "@context" in document else _spdx2(document)


def _spdx2(document: Mapping[str, Any]) -> dict[str, Any]:
    what = "The SPDX document"
    version = text(document, "spdxVersion", what)
    if version not in _SPDX_VERSIONS:
        raise Rejected(
            Reason.UNSUPPORTED, f"{what} is of another version", f"{version!r:.20}; {', '.join(_SPDX_VERSIONS)} are taken"
        )
    if text(document, "SPDXID", what) != "SPDXRef-DOCUMENT":
        raise malformed(what, "its SPDXID is not SPDXRef-DOCUMENT")
    packages = {
        text(package, "SPDXID", what): text(package, "name", what) for package in objects(document, "packages", what, _MOST)
    }
    if "" in packages or "" in packages.values():
        raise malformed(what, "a package has an empty name or SPDXID")
    described = _described(document, what)
    subjects = sorted(packages[found] for found in described if found in packages)
    if described and not subjects:
        raise malformed(what, "it describes no package of its own")
    creation = needed(document, "creationInfo", what)
    return {
        "format": "spdx",
        "version": version.removeprefix("SPDX-"),
        "subject": subjects[0] if subjects else "",
        "components": len(packages.keys() - described),
        "serial": text(document, "documentNamespace", what),
        "created": text(creation, "created", what),
    }


def _described(document: Mapping[str, Any], what: str) -> set[str]:
    """What the document is about: by relationship, or in the older field of SPDX 2.2."""
    found = {entry for entry in items(document, "documentDescribes", what, _MOST) if isinstance(entry, str)}
    for relation in objects(document, "relationships", what, most=2 * _MOST):
        one, kind, other = (text(relation, name, what) for name in ("spdxElementId", "relationshipType", "relatedSpdxElement"))
        if kind == "DESCRIBES" and one == "SPDXRef-DOCUMENT":
            found.add(other)
        if kind == "DESCRIBED_BY" and other == "SPDXRef-DOCUMENT":
            found.add(one)
    return found


def _spdx3(document: Mapping[str, Any]) -> dict[str, Any]:
    what = "The SPDX 3 document"
    context = document["@context"]
    if not isinstance(context, str) or not _SPDX_3.fullmatch(context):
        raise Rejected(Reason.UNSUPPORTED, f"{what} has another context", f"{context!r:.100}")
    elements = {
        identity: element
        for element in objects(document, "@graph", what, most=_MOST)
        if (identity := text(element, "spdxId", what, ""))
    }
    heads = [element for element in elements.values() if element.get("type") == "SpdxDocument"]
    if len(heads) != 1:
        raise malformed(what, f"it has {len(heads)} elements of type SpdxDocument, not one")
    roots = _roots(elements, heads[0], what)
    packages = {identity for identity, element in elements.items() if element.get("type") == "software_Package"}
    subjects = sorted(text(elements[root], "name", what) for root in roots & packages)
    if not subjects:
        raise malformed(what, "its root is no package")
    return {
        "format": "spdx",
        "version": context.removeprefix("https://spdx.org/rdf/").partition("/")[0],
        "subject": subjects[0],
        "components": len(packages - roots),
        "serial": text(heads[0], "spdxId", what),
        "created": "",
    }


def _roots(elements: Mapping[str, Mapping[str, Any]], head: Mapping[str, Any], what: str) -> set[str]:
    """The packages that the document is about: its roots, or those of the bill of materials that is its root."""
    found: set[str] = set()
    for root in items(head, "rootElement", what, _MOST):
        element = elements.get(root) if isinstance(root, str) else None
        inner = items(element, "rootElement", what, _MOST) if element and element.get("type") == "software_Sbom" else []
        found |= {name for name in (root, *inner) if isinstance(name, str) and name in elements}
    return found


_READERS: Final = {"cyclonedx": _cyclonedx, "spdx": _spdx}
