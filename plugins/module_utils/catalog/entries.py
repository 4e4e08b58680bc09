# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From an entry's plain data to an `App`: an environment's overrides applied, and what a schema cannot say checked. Pure."""

from __future__ import annotations

import datetime
import ipaddress
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..app import (
    DATABASE_ENGINES,
    KEYLESS_KINDS,
    PORTS,
    PRODUCTS,
    App,
    Contact,
    Database,
    DataClass,
    Exposure,
    Integration,
    Owner,
    Repository,
    Resolution,
    SecretSpec,
    Workload,
)
from .check import Complaint, field_name, quoted
from .schema import APP_SCHEMA, IAM_KEY, IAM_KEY_FIELDS, MERGED, PREVIOUS


def merged(data: Mapping[str, Any], environment: str) -> dict[str, Any]:
    """The entry as it is in one environment: `repository`, `database` and `workload` by field, everything else replaced."""
    result = {field: value for field, value in data.items() if field != "environments"}
    for field, value in (data["environments"][environment] or {}).items():
        base = result.get(field)
        if field in MERGED and isinstance(base, Mapping) and isinstance(value, Mapping):
            result[field] = {**base, **value}
        else:
            result[field] = value
    return result


def contradictions(data: Mapping[str, Any]) -> list[Complaint]:
    """What is wrong with an entry that its schema accepts, in any of its environments."""
    found = list(_contradictions(merged({**data, "environments": {"": {}}}, "")))
    for environment, override in data["environments"].items():
        if not override:
            continue
        for complaint in _contradictions(merged(data, environment)):
            inside = complaint.path[0] in override
            place = ("environments", environment, *complaint.path) if inside else complaint.path
            sentence = complaint.sentence if not inside else f"environments.{environment}.{complaint.sentence}"
            found.append(Complaint(place, sentence))
    return list(dict.fromkeys(found))


def app_from(data: Mapping[str, Any], environment: str, file: str) -> App:
    """The app in one of its environments; `data` has passed the schema and `contradictions`."""
    entry = merged(data, environment)
    return App(
        name=entry["name"],
        environment=environment,
        title=entry["title"],
        description=entry["description"],
        owner=Owner(**entry["owner"]),
        escalation=tuple(Contact(**contact) for contact in entry["escalation"]),
        maintainer=Contact(**entry["maintainer"]),
        repository=Repository(**entry["repository"]),
        image=entry["image"],
        runtime=entry["runtime"],
        data=DataClass(entry["data"]),
        exposure=Exposure(entry["exposure"]),
        peak_users=entry["peak_users"],
        monthly_cost=entry["monthly_cost"],
        currency=entry["currency"],
        cost_center=entry["cost_center"],
        environments=tuple(data["environments"]),
        integrations=tuple(Integration(**integration) for integration in entry.get("integrations", ())),
        database=_database(entry),
        secrets=tuple(
            SecretSpec(
                secret["name"],
                secret["kind"],
                tuple(sorted(secret["variables"].items())),
                secret.get("user", ""),
                secret.get("overlap_hours", 0),
            )
            for secret in entry.get("secrets", ())
        ),
        workload=Workload(**entry.get("workload", {})),
        aws_actions=tuple((grant["action"], grant["resource"]) for grant in entry.get("aws_actions", ())),
        hostname=entry.get("hostname", ""),
        impact=entry.get("impact", ""),
        resolved_credentials=tuple(Resolution(**told) for told in entry.get("resolved_credentials", ())),
        file=file,
    )


def _database(entry: Mapping[str, Any]) -> Database | None:
    told = entry.get("database")
    if not told:
        return None
    usual = {"port": PORTS[told["engine"]]} if told["engine"] in PORTS else {}
    return Database(**{**usual, **told})


def _contradictions(entry: Mapping[str, Any]) -> Iterator[Complaint]:
    for field in MERGED:
        yield from _incomplete(entry, field)
    for field, part in (("secrets", "name"), ("integrations", "name"), ("resolved_credentials", "fingerprint")):
        yield from _twice(field, part, [item[part] for item in entry.get(field, ())])
    yield from _days(entry.get("resolved_credentials", ()))
    yield from _variables(entry.get("secrets", ()))
    secrets = {secret["name"] for secret in entry.get("secrets", ())}
    for index, integration in enumerate(entry.get("integrations", ())):
        if integration.get("secret", "") and integration["secret"] not in secrets:
            yield _complaint(("integrations", index, "secret"), integration["secret"], "one of `secrets`", "declare it there")
        yield from _range(index, integration.get("cidr", ""))
    engine = (entry.get("database") or {}).get("engine")
    for index, secret in enumerate(entry.get("secrets", ())):
        engines = DATABASE_ENGINES.get(secret["kind"], ())
        if engines and engine not in engines:
            wants = f"possible without a {PRODUCTS[engines[0]]} `database`"
            mend = f"declare the database with engine: {' or '.join(engines)}, or choose another kind"
            yield _complaint(("secrets", index, "kind"), secret["kind"], wants, mend)
        if secret["kind"] in KEYLESS_KINDS and "password" in secret["variables"]:
            place: tuple[str | int, ...] = ("secrets", index, "variables")
            yield Complaint(place, f"{field_name(place)}: a login of kind {secret['kind']} has no password; remove that key")
        yield from _iam_user(index, secret)
        yield from _overlap(index, secret)


def _days(resolved: Iterable[Mapping[str, Any]]) -> Iterator[Complaint]:
    for index, told in enumerate(resolved):
        try:
            datetime.date.fromisoformat(told["on"])
        except ValueError:
            yield _complaint(("resolved_credentials", index, "on"), told["on"], "a day of the calendar", "mend the date")


def _iam_user(index: int, secret: Mapping[str, Any]) -> Iterator[Complaint]:
    is_key = secret["kind"] == IAM_KEY
    if is_key and "user" not in secret:
        yield _complaint(("secrets", index, "kind"), IAM_KEY, "possible without `user`", "name the IAM user")
    if is_key and not set(secret["variables"]) <= IAM_KEY_FIELDS:
        found = min(set(secret["variables"]) - IAM_KEY_FIELDS)
        wants = f"a key of its document ({' and '.join(sorted(IAM_KEY_FIELDS))})"
        yield _complaint(("secrets", index, "variables"), found, wants, "rename it")
    if not is_key and "user" in secret:
        yield _complaint(("secrets", index, "user"), secret["user"], f"possible with kind {secret['kind']}", "remove it")


def _overlap(index: int, secret: Mapping[str, Any]) -> Iterator[Complaint]:
    hours = secret.get("overlap_hours")
    keys = set(secret["variables"])
    if hours is not None and secret["kind"] != "generated":
        path = ("secrets", index, "overlap_hours")
        yield _complaint(path, hours, f"possible with kind {secret['kind']}", "remove it: its target accepts both for a while")
    elif hours is not None and (PREVIOUS not in keys or len(keys) != 2):
        mend = f"fill two variables, from the value's key and from {PREVIOUS}"
        yield _complaint(("secrets", index, "overlap_hours"), hours, "possible with these variables", mend)
    elif hours is None and secret["kind"] == "generated" and PREVIOUS in keys:
        yield _complaint(("secrets", index, "variables"), PREVIOUS, "possible without overlap_hours", "add it")


def _complaint(path: tuple[str | int, ...], value: Any, wants: str, mend: str) -> Complaint:
    return Complaint(path, f"{field_name(path)}: {quoted(value)} is not {wants}; {mend}")


def _incomplete(entry: Mapping[str, Any], field: str) -> Iterator[Complaint]:
    value = entry.get(field)
    if value is not None:
        for needed in APP_SCHEMA["properties"][field]["required"]:
            if needed not in value:
                yield Complaint((field,), f"{field}.{needed}: is missing; the app has no {field} to take it from, so add it")


def _twice(field: str, part: str, names: Iterable[str]) -> Iterator[Complaint]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield _complaint((field, index, part), name, "a new name", "it is there already: rename one of them")
        seen.add(name)


def _variables(secrets: Iterable[Mapping[str, Any]]) -> Iterator[Complaint]:
    pairs = [(index, key, name) for index, secret in enumerate(secrets) for key, name in secret["variables"].items()]
    counts = Counter(pair[2] for pair in pairs)
    seen: set[str] = set()
    for index, key, name in pairs:
        if counts[name] > 1 and name in seen:
            path = ("secrets", index, "variables", key)
            yield _complaint(path, name, "a variable of its own", "another key fills it: rename one of them")
        seen.add(name)


def _range(index: int, cidr: str) -> Iterator[Complaint]:
    if cidr:
        try:
            ipaddress.ip_network(cidr)
        except ValueError:
            mend = "clear the bits behind the prefix, as in 203.0.113.0/24"
            yield _complaint(("integrations", index, "cidr"), cidr, "an address range", mend)
