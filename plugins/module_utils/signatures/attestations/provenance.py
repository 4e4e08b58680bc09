# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SLSA provenance (https://slsa.dev/provenance/v1 and /v0.2): who built the image, from which repository, out of what."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..reading import mapping, needed, objects, text
from ..statement import Statement
from .git_url import repository_of, same_repository
from .model import Checked, Context, Fault, ProvenanceRule, Topic

V1: Final = "https://slsa.dev/provenance/v1"
V02: Final = "https://slsa.dev/provenance/v0.2"
TYPES: Final = (V1, V02)
_WHAT: Final = "The provenance"
# Large builds list every file that they fetched.
_MATERIALS: Final = 20_000
# How many hex digits a digest has, by the names of in-toto's digest set; names that are not here prove nothing.
_DIGITS: Final = {
    "sha256": (64,),
    "sha384": (96,),
    "sha512": (128,),
    "sha3_256": (64,),
    "sha3_384": (96,),
    "sha3_512": (128,),
    "blake2b": (128,),
    "gitCommit": (40, 64),
    "gitTree": (40, 64),
    "gitTag": (40, 64),
    "sha1": (40,),  # how v0.2 names git commits
}
_COMMITS: Final = ("gitCommit", "sha1")
_HEX: Final = re.compile(r"[0-9a-f]+")


@dataclasses.dataclass(frozen=True, slots=True)
class Material:
    """Something that went into the build."""

    uri: str
    digest: Mapping[str, Any]

    @property
    def pinned(self) -> bool:
        """Whether at least one digest of a known kind stands for it, and none that is malformed."""
        known = [(name, value) for name, value in self.digest.items() if name in _DIGITS]
        return bool(known) and all(
            isinstance(value, str) and len(value) in _DIGITS[name] and _HEX.fullmatch(value) is not None for name, value in known
        )

    @property
    def commit(self) -> str:
        """The git commit that it is pinned to, or empty."""
        return next((str(self.digest[name]) for name in _COMMITS if name in self.digest), "") if self.pinned else ""


@dataclasses.dataclass(frozen=True, slots=True)
class Provenance:
    """Both versions in one form. `sources` are the repositories that the build was started with, as it states them."""

    builder: str
    build_type: str
    sources: tuple[str, ...]
    materials: tuple[Material, ...]


def read(statement: Statement) -> Provenance:
    """The provenance in a statement of one of `TYPES`; Rejected if it is malformed."""
    predicate = needed(statement.data, "predicate", "The statement")
    return _v1(predicate) if statement.predicate_type == V1 else _v02(predicate)


def check_provenance(statement: Statement, rule: ProvenanceRule, context: Context) -> Checked:
    """Whether it names a builder of the rule, a build type of the rule, the catalog's repository, and pins what went in."""
    found = read(statement)
    commit = ""
    fault, why = None, ""
    if found.builder not in rule.builders:
        fault, why = Fault.WRONG_BUILDER, f"It was built by {found.builder!r:.200}, which the policy does not name"
    elif rule.build_types and found.build_type not in rule.build_types:
        fault, why = Fault.WRONG_BUILD_TYPE, f"Its build type is {found.build_type!r:.200}, which the policy does not name"
    elif rule.pinned and (loose := _not_pinned(found)):
        fault, why = Fault.NOT_PINNED, loose
    elif rule.source:
        commit, why = _source(found, context.source)
        fault = Fault.WRONG_SOURCE if why else None
        if rule.pinned and not why and not commit:
            fault, why = Fault.NOT_PINNED, f"It does not say from which commit of {context.source} it was built"
    facts = {
        "builder": found.builder,
        "build_type": found.build_type,
        "sources": list(found.sources),
        "commit": commit,
        "materials": len(found.materials),
        "predicate_type": statement.predicate_type,
        "level": rule.level,
    }
    return Checked(Topic.PROVENANCE, fault, f"{why}." if why else "", facts)


def _not_pinned(found: Provenance) -> str:
    if not found.materials:
        return "It names nothing that went into the build"
    loose = [material for material in found.materials if not material.pinned]
    if not loose:
        return ""
    more = f", and {len(loose) - 1} more" if len(loose) > 1 else ""
    return f"{loose[0].uri!r:.200} went into the build without a digest{more}"


def _source(found: Provenance, wanted: str) -> tuple[str, str]:
    """The commit it was built from, and why that is not the catalog's repository (empty if it is).

    What the build says it was started with decides, and every place that says so must agree. Only if none does, the single git
    repository among the materials is taken for it: out of several, any could be a library.
    """
    of_wanted = [material for material in found.materials if same_repository(material.uri, wanted)]
    commit = next((material.commit for material in of_wanted if material.commit), "")
    if found.sources:
        others = [source for source in found.sources if not same_repository(source, wanted)]
        return commit, f"It was built from {others[0]!r:.200} instead of {wanted}" if others else ""
    repositories = {repository_of(material.uri) for material in found.materials if _is_git(material)}
    if not repositories:
        return "", f"It does not say which repository it was built from; {wanted} is owed"
    if len(repositories) > 1:
        return "", "It names several git repositories, and none as the one it was built from"
    return commit, "" if of_wanted else f"It was built from {min(repositories)!r:.200} instead of {wanted}"


def _is_git(material: Material) -> bool:
    return material.uri.lower().startswith(("git+", "git:", "ssh:")) or material.uri.partition("@")[0].endswith(".git")


def _v1(predicate: Mapping[str, Any]) -> Provenance:
    definition = needed(predicate, "buildDefinition", _WHAT)
    details = needed(predicate, "runDetails", _WHAT)
    parameters = mapping(definition, "externalParameters", _WHAT) or {}
    return Provenance(
        builder=text(needed(details, "builder", _WHAT), "id", _WHAT),
        build_type=text(definition, "buildType", _WHAT),
        sources=tuple(dict.fromkeys(_stated(parameters))),
        materials=_materials(definition, "resolvedDependencies"),
    )


def _v02(predicate: Mapping[str, Any]) -> Provenance:
    invocation = mapping(predicate, "invocation", _WHAT) or {}
    config = mapping(invocation, "configSource", _WHAT) or {}
    uri = text(config, "uri", _WHAT, default="")
    source = (Material(uri, mapping(config, "digest", _WHAT) or {}),) if uri else ()
    return Provenance(
        builder=text(needed(predicate, "builder", _WHAT), "id", _WHAT),
        build_type=text(predicate, "buildType", _WHAT),
        sources=(uri,) if uri else (),
        materials=source + _materials(predicate, "materials"),
    )


def _stated(parameters: Mapping[str, Any]) -> Iterable[str]:
    # GitHub's workflow build type; the generic container build type and Google Cloud Build; BuildKit.
    for name, field in (("workflow", "repository"), ("source", "uri"), ("source", "repository"), ("configSource", "uri")):
        value = parameters.get(name)
        found = value.get(field) if isinstance(value, dict) else value if field == "uri" else None
        if isinstance(found, str) and found:
            yield found


def _materials(holder: Mapping[str, Any], name: str) -> tuple[Material, ...]:
    return tuple(
        Material(text(entry, "uri", _WHAT, default=""), mapping(entry, "digest", _WHAT) or {})
        for entry in objects(holder, name, _WHAT, most=_MATERIALS)
    )
