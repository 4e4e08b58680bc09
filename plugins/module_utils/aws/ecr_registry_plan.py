# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The settings of an account's ECR registry in one region: what is scanned, and what AWS signs. Pure."""

from __future__ import annotations

import dataclasses
import fnmatch
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..capability import KEEP, Change, Keep, Plan
from ..errors import Invalid
from .session import partition_of

# What ECR calls the frequencies, and with which kind of scanning each goes (API reference, RegistryScanningRule).
FREQUENCIES: Final = {"scan_on_push": ("BASIC", "ENHANCED"), "continuous_scan": ("ENHANCED",), "manual": ("BASIC",)}
MOST_RULES: Final = 10
MOST_FILTERS: Final = 100
FIELDS: Final = ("scan_type", "scan_rules", "signing_rules")
_FILTER: Final = re.compile(r"[a-z0-9*][a-z0-9*._/-]{0,255}")
_PROFILE: Final = re.compile(
    r"arn:aws[a-z-]*:signer:[a-z0-9-]+:[0-9]{12}:/signing-profiles/[A-Za-z0-9_]{2,64}(?:/[A-Za-z0-9]{10})?"
)


@dataclasses.dataclass(frozen=True, slots=True)
class ScanRule:
    """Which repositories are scanned when: those that any filter matches. One without `*` matches every name that holds it."""

    frequency: str
    filters: tuple[str, ...]

    def covers(self, repository: str) -> bool:
        """Whether images pushed to the repository fall under it."""
        return any(
            fnmatch.fnmatchcase(repository, wildcard) if "*" in wildcard else wildcard in repository for wildcard in self.filters
        )


@dataclasses.dataclass(frozen=True, slots=True)
class SigningRule:
    """Which repositories' images AWS Signer signs with which profile; without filters all of them."""

    profile: str
    filters: tuple[str, ...]

    def covers(self, repository: str) -> bool:
        """Whether images pushed to the repository fall under it."""
        return not self.filters or any(fnmatch.fnmatchcase(repository, wildcard) for wildcard in self.filters)


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """What AWS has, or what is wanted: a field is KEEP where nobody asked for it."""

    scan_type: str | Keep = KEEP
    scan_rules: tuple[ScanRule, ...] | Keep = KEEP
    signing_rules: tuple[SigningRule, ...] | Keep = KEEP

    def shown(self) -> dict[str, Any]:
        """As the options have it, for the diff."""
        found: dict[str, Any] = {}
        if self.scan_type is not KEEP:
            found["scan_type"] = self.scan_type.lower()
        if self.scan_rules is not KEEP:
            found["scan_rules"] = [{"frequency": rule.frequency, "filters": list(rule.filters)} for rule in self.scan_rules]
        if self.signing_rules is not KEEP:
            found["signing_rules"] = [{"profile": rule.profile, "filters": list(rule.filters)} for rule in self.signing_rules]
        return found


def object_name(account: str, region: str) -> str:
    """How plans, diffs and proofs call the registry."""
    return f"ecr:registry/{account}/{region}"


def wanted(params: Mapping[str, Any], region: str) -> Settings:
    """The options as settings; raises `Invalid` for what AWS would refuse, or would take for something else."""
    kind, rules, signing = params["scan_type"], params["scan_rules"], params["signing_rules"]
    if kind is None and rules is None and signing is None:
        raise Invalid("Neither scanning nor signing is asked for", "", "Give scan_type, scan_rules or signing_rules.")
    scanned = None if rules is None else [ScanRule(rule["frequency"], _filters(rule["filters"], "scan_rules")) for rule in rules]
    signed = None if signing is None else [_signing_rule(rule, region) for rule in signing]
    for rule in scanned or ():
        if not rule.filters:
            raise Invalid("scan_rules: a rule has no filters", "it would scan nothing", "Write '*' for every repository.")
    return Settings(
        KEEP if kind is None else str(kind).upper(),
        KEEP if scanned is None else _once(scanned, "scan_rules"),
        KEEP if signed is None else _once(signed, "signing_rules"),
    )


def plan(current: Settings, wish: Settings, name: str) -> Plan:
    """The way from one to the other. The rules given are all the rules: others of the registry go, and stand in the diff."""
    kind = current.scan_type if wish.scan_type is KEEP else wish.scan_type
    rules = current.scan_rules if wish.scan_rules is KEEP else wish.scan_rules
    if kind is not KEEP and rules is not KEEP:
        for rule in rules:
            if kind not in FREQUENCIES.get(rule.frequency, (kind,)):
                raise Invalid(
                    f"{name}: {rule.frequency} does not go with {kind.lower()} scanning",
                    "" if wish.scan_rules is not KEEP else "it is a rule that the registry has already",
                    "Give scan_type and scan_rules that go together.",
                )
    before = {field: value for field, value in current.shown().items() if field in wish.shown()}
    after = wish.shown()
    changes = tuple(
        Change("update", field, before.get(field), after[field])
        for field in FIELDS
        if field in after and before.get(field) != after[field]
    )
    return Plan(name, before, after, changes)


def settings_from(scanning: Mapping[str, Any] | None, signing: Mapping[str, Any] | None) -> Settings:
    """AWS's two answers as settings, each KEEP if it was not asked; filters and rules in a fixed order, which means nothing."""
    found = Settings()
    if scanning is not None:
        listed = scanning.get("rules", ())
        rules = [ScanRule(str(rule["scanFrequency"]).lower(), _named(rule["repositoryFilters"])) for rule in listed]
        found = dataclasses.replace(found, scan_type=str(scanning.get("scanType", "BASIC")), scan_rules=_ordered(rules))
    if signing is not None:
        listed = signing.get("rules", ())
        signed = [SigningRule(str(rule["signingProfileArn"]), _named(rule.get("repositoryFilters", ()))) for rule in listed]
        found = dataclasses.replace(found, signing_rules=_ordered(signed))
    return found


def unscanned(settings: Settings, repository: str) -> str:
    """Why images pushed to the repository are not scanned, whatever its own setting says; empty if that is what counts.

    With enhanced scanning AWS goes by the registry's rules alone (ECR user guide, enhanced scanning).
    """
    if settings.scan_type != "ENHANCED" or settings.scan_rules is KEEP:
        return ""
    if any(rule.frequency != "manual" and rule.covers(repository) for rule in settings.scan_rules):
        return ""
    return f"the registry's scanning is enhanced, and no rule of it is for {repository}: its own setting counts for nothing then"


def scanning_arguments(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`scan_type` and `scan_rules` (as shown) as the call takes them."""
    rules = [
        {"scanFrequency": rule["frequency"].upper(), "repositoryFilters": _filter_arguments(rule["filters"], "WILDCARD")}
        for rule in settings["scan_rules"]
    ]
    return {"scanType": settings["scan_type"].upper(), "rules": rules}


def signing_arguments(rules: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """`signing_rules` (as shown) as the call takes them; no filters at all means every repository."""
    return {
        "rules": [
            {
                "signingProfileArn": rule["profile"],
                **({"repositoryFilters": _filter_arguments(rule["filters"], "WILDCARD_MATCH")} if rule["filters"] else {}),
            }
            for rule in rules
        ]
    }


def _filter_arguments(filters: Iterable[str], kind: str) -> list[dict[str, str]]:
    return [{"filter": name, "filterType": kind} for name in filters]


def _named(filters: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(sorted(str(entry["filter"]) for entry in filters))


def _filters(filters: Iterable[str], option: str) -> tuple[str, ...]:
    found = tuple(sorted(set(filters)))
    for name in found:
        if not _FILTER.fullmatch(name) or len(name) > 256:
            raise Invalid(
                f"{option}: '{name:.80}' is no filter for repositories", "", "Write parts of names, with * for anything."
            )
    if len(found) > MOST_FILTERS:
        raise Invalid(f"{option}: a rule has {len(found)} filters", f"ECR takes {MOST_FILTERS}")
    return found


def _signing_rule(rule: Mapping[str, Any], region: str) -> SigningRule:
    return SigningRule(_profile(rule["profile"], region), _filters(rule["filters"] or (), "signing_rules"))


def _profile(arn: str, region: str) -> str:
    if not _PROFILE.fullmatch(arn):
        example = f"arn:{partition_of(region)}:signer:{region}:123456789012:/signing-profiles/release"
        raise Invalid(f"signing_rules: '{arn:.120}' is not the ARN of a profile of AWS Signer", "", f"Write it like {example}.")
    return arn


def _ordered(rules: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(sorted(rules, key=dataclasses.astuple))


def _once(rules: list[Any], option: str) -> tuple[Any, ...]:
    if len(rules) > MOST_RULES:
        raise Invalid(f"{option}: there are {len(rules)} rules", f"ECR takes {MOST_RULES}")
    names = [getattr(rule, "frequency", None) or rule.profile for rule in rules]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Invalid(f"{option}: {twice[0]} stands in two rules", "one rule takes all of its filters", "Merge them into one.")
    return _ordered(rules)
