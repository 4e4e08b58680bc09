# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An ECR repository: what AWS has, what is wanted, and the way from one to the other. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Final

from ..capability import KEEP, Change, Keep, Plan, Refusal, keep_if_none
from ..errors import Invalid
from .policies import Document, document_from, same_lifecycle, same_meaning
from .sets import born, checked_tags, wanted_tags

_NAME: Final = re.compile(r"(?=.{2,256}$)[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
_FILTER: Final = re.compile(r"[0-9A-Za-z._*-]{1,128}")
MOST_FILTERS: Final = 5
_EXCEPT: Final = "_WITH_EXCLUSION"
# How a repository is made when nothing is said: AWS's own defaults, named so that a plan can show them.
BORN_MUTABILITY: Final = "MUTABLE"
# The order in which fields are compared, shown and written.
FIELDS: Final = ("mutability", "exclusions", "scan_on_push", "encryption", "lifecycle", "policy", "tags")


@dataclasses.dataclass(frozen=True, slots=True)
class Encryption:
    """`type` is AES256, KMS or KMS_DSSE; `key` the ARN of the key, empty where AWS chooses."""

    type: str
    key: str = ""

    def shown(self) -> str:
        """For the diff."""
        return f"{self.type} {self.key}".strip()


@dataclasses.dataclass(frozen=True, slots=True)
class Repository:
    """What AWS has. `lifecycle`, `policy` and `tags` are KEEP where nobody asked for them, so they were not read."""

    name: str
    arn: str
    mutability: str
    exclusions: tuple[str, ...]
    scan_on_push: bool
    encryption: Encryption
    lifecycle: Document | Keep = KEEP
    policy: Document | Keep = KEEP
    tags: Mapping[str, str] | Keep = KEEP


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """The same fields, each a value or KEEP. An empty `lifecycle` or `policy` means none; `key` may be an alias here."""

    name: str
    mutability: str | Keep = KEEP
    exclusions: tuple[str, ...] | Keep = KEEP
    scan_on_push: bool | Keep = KEEP
    encryption: Encryption | Keep = KEEP
    lifecycle: Document | Keep = KEEP
    policy: Document | Keep = KEEP
    tags: Mapping[str, str] | Keep = KEEP
    purge_tags: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Absent:
    """The repository should not be there; `force` takes its images along."""

    name: str
    force: bool = False


def object_name(name: str) -> str:
    """How plans, diffs and proofs call a repository."""
    return f"ecr:repository/{name}"


def wanted(params: Mapping[str, Any]) -> Wanted | Absent:
    """One entry of the option `repositories`; raises `Invalid` for what AWS would refuse after the first calls."""
    name = str(params["name"])
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"'{name}' is not the name of an ECR repository", "", "Use lower case, digits and single . _ / between them."
        )
    if params["state"] == "absent":
        return Absent(name, bool(params["force"]))
    return Wanted(
        name=name,
        mutability=KEEP if params["mutability"] is None else str(params["mutability"]).upper(),
        exclusions=_exclusions(params["exclusions"], name),
        scan_on_push=keep_if_none(params["scan_on_push"]),
        encryption=_encryption(params["encryption"], name),
        lifecycle=KEEP if params["lifecycle"] is None else document_from(params["lifecycle"], f"lifecycle of {name}"),
        policy=KEEP if params["policy"] is None else document_from(params["policy"], f"policy of {name}"),
        tags=KEEP if params["tags"] is None else checked_tags(params["tags"], object_name(name)),
        purge_tags=bool(params["purge_tags"]),
    )


def _exclusions(filters: list[str] | None, name: str) -> tuple[str, ...] | Keep:
    if filters is None:
        return KEEP
    wrong = [text for text in filters if not _FILTER.fullmatch(text) or text.count("*") > 2]
    if wrong or len(filters) > MOST_FILTERS:
        raise Invalid(
            f"The exclusions of {name} are not such as ECR takes",
            f"at most {MOST_FILTERS}, each of letters, digits, . _ - and up to two *" + (f"; not {wrong[0]!r}" if wrong else ""),
        )
    return tuple(sorted(set(filters)))


def _encryption(option: Mapping[str, Any] | None, name: str) -> Encryption | Keep:
    if option is None:
        return KEEP
    key = option["key"] or ""
    if key and option["type"] == "AES256":
        raise Invalid(f"The encryption of {name} is AES256 with a key", "that key would not be used", "Set type to KMS.")
    return Encryption(option["type"], key)


def repository_from(answer: Mapping[str, Any]) -> Repository:
    """A repository as DescribeRepositories and CreateRepository answer it."""
    mutability = str(answer.get("imageTagMutability", BORN_MUTABILITY))
    encryption = answer.get("encryptionConfiguration") or {}
    filters = answer.get("imageTagMutabilityExclusionFilters") or ()
    return Repository(
        name=answer["repositoryName"],
        arn=answer["repositoryArn"],
        mutability=mutability.removesuffix(_EXCEPT),
        exclusions=tuple(sorted(entry["filter"] for entry in filters)),
        scan_on_push=bool((answer.get("imageScanningConfiguration") or {}).get("scanOnPush", False)),
        encryption=Encryption(encryption.get("encryptionType", "AES256"), encryption.get("kmsKey", "")),
    )


def mutability_arguments(mutability: str, exclusions: tuple[str, ...] | list[str]) -> dict[str, Any]:
    """Mutability and exclusions as ECR's two arguments: a list of filters without the word in the name is refused."""
    if not exclusions:
        return {"imageTagMutability": mutability}
    filters = [{"filterType": "WILDCARD", "filter": text} for text in exclusions]
    return {"imageTagMutability": mutability + _EXCEPT, "imageTagMutabilityExclusionFilters": filters}


def plan(
    current: Repository | None, wish: Wanted | Absent, controls: Mapping[str, str] | None = None, images: bool = False
) -> Plan:
    """What to do. `controls` says which control asks for which field; `images`: the repository holds some."""
    controls = controls or {}
    proven = tuple(dict.fromkeys(controls.values()))
    if isinstance(wish, Absent):
        return _removal(current, wish, images)
    name = object_name(wish.name)
    if current is None:
        return born(name, _newborn(wish), controls)
    before, after, refusals = _shown(current), _shown(current), []
    for field in FIELDS:
        value = getattr(wish, field)
        if value is KEEP or _same(field, current, wish):
            continue
        if field == "encryption":
            refusals.append(_encryption_refusal(current, wish, controls.get(field, "")))
        else:
            after[field] = _after(field, current, wish)
    changed = "mutability" in after and after["mutability"] != before["mutability"]
    if changed and wish.exclusions is KEEP and current.exclusions:
        refusals.append(_meaning_refusal(current, controls.get("mutability", "")))
        after["mutability"] = before["mutability"]
    changes = tuple(
        Change("update", field, before[field], after[field], controls.get(field, ""))
        for field in FIELDS
        if field in after and before[field] != after[field]
    )
    return Plan(name, before, after, changes, tuple(refusals), proven)


def _removal(current: Repository | None, wish: Absent, images: bool) -> Plan:
    name = object_name(wish.name)
    if current is None:
        return Plan(name)
    changes = [Change("delete", "", _shown(current), None)]
    refusals: tuple[Refusal, ...] = ()
    if images and wish.force:
        changes.append(Change("delete", "images"))
    elif images:
        refusals = (
            Refusal(f"The repository {wish.name} is not deleted", "it holds images", "Set force: true to delete them with it."),
        )
    return Plan(name, _shown(current), None, tuple(changes), refusals)


def _newborn(wish: Wanted) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": wish.name}
    for field in FIELDS:
        value = getattr(wish, field)
        # An empty policy or lifecycle is what a new repository has anyway.
        if value is KEEP or (field in ("lifecycle", "policy", "exclusions") and not value):
            continue
        shown[field] = _value(field, value)
    if "exclusions" in shown and "mutability" not in shown:
        shown["mutability"] = BORN_MUTABILITY
    return shown


def _shown(current: Repository) -> dict[str, Any]:
    values = {field: getattr(current, field) for field in FIELDS}
    return {"name": current.name, **{field: _value(field, value) for field, value in values.items() if value is not KEEP}}


def _value(field: str, value: Any) -> Any:
    if isinstance(value, Encryption):
        return value.shown()
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _same(field: str, current: Repository, wish: Wanted) -> bool:
    has, wants = getattr(current, field), getattr(wish, field)
    if field == "encryption":
        # Without a key any key will do: an omitted option is left alone.
        return bool(has.type == wants.type and wants.key in ("", has.key))
    if field == "lifecycle":
        return same_lifecycle(has, wants)
    if field == "policy":
        return same_meaning(has, wants)
    if field == "tags":
        return bool(wanted_tags(has, wants, wish.purge_tags) == dict(has))
    return bool(has == wants)


def _after(field: str, current: Repository, wish: Wanted) -> Any:
    if field == "tags" and current.tags is not KEEP and wish.tags is not KEEP:
        return wanted_tags(current.tags, wish.tags, wish.purge_tags)
    return _value(field, getattr(wish, field))


def _encryption_refusal(current: Repository, wish: Wanted, control: str) -> Refusal:
    asked = wish.encryption.shown() if isinstance(wish.encryption, Encryption) else ""
    return Refusal(
        f"The encryption of {current.name} cannot become {asked}",
        f"it is {current.encryption.shown()}, and ECR sets it when a repository is made",
        "Copy the images to a new repository and delete this one, or ask for the encryption it has.",
        control,
    )


def _meaning_refusal(current: Repository, control: str) -> Refusal:
    return Refusal(
        f"The mutability of {current.name} is not turned around",
        f"its exclusions ({', '.join(current.exclusions)}) would then mean the opposite",
        "Say which exclusions are wanted (an empty list for none).",
        control,
    )
