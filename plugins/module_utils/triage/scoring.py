# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From facts to the verdict: the stricter of catalog and code, the score with its reasons, the path, the controls owed. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..app import MYSQL_ENGINES, App, Database, DataClass, Exposure
from ..controls import Control, Path
from ..verdict import CredentialFinding
from . import paths
from .declared import full_path_reasons
from .detectors.residue import BROWSER_VARIABLE
from .facts import Found
from .standings import LIVE, SIGNING_KEY

FULL_PATH_FROM: Final = 50
_DATA_ORDER: Final = tuple(DataClass)
_EXPOSURE_ORDER: Final = tuple(Exposure)
_DATA_POINTS: Final = {
    DataClass.PUBLIC: 0,
    DataClass.INTERNAL: 3,
    DataClass.PERSONAL: 18,
    DataClass.PAYMENT: 26,
    DataClass.HEALTH: 30,
}
_EXPOSURE_POINTS: Final = {Exposure.INTERNAL: 0, Exposure.PARTNER: 8, Exposure.PUBLIC: 16}


@dataclasses.dataclass(frozen=True, slots=True)
class Reason:
    """One line of the score: how many points, and why."""

    points: int
    text: str

    def sentence(self) -> str:
        """The line a person reads."""
        return f"+{self.points} {self.text}"


@dataclasses.dataclass(frozen=True, slots=True)
class Weighed:
    """Catalog and code together. `effective` is the app as the stricter answer has it."""

    effective: App
    reasons: tuple[Reason, ...]
    contradictions: tuple[str, ...]
    score: int
    path: Path


def weigh(app: App, found: Found, credentials: Iterable[CredentialFinding]) -> Weighed:
    """What an app is worth worrying about."""
    credentials = tuple(credentials)
    contradictions = contradictions_of(app, found)
    effective = stricter(app, found)
    reasons = tuple(
        reason
        for reason in (
            *_data_and_exposure(effective, found),
            *_secrets(credentials, found),
            *_dependencies(effective, found),
            *_impact(app),
            *_care(found),
            Reason(min(10, 5 * len(contradictions)), f"catalog and code disagree on {len(contradictions)} of the answers"),
        )
        if reason.points
    )
    score = min(100, sum(reason.points for reason in reasons))
    full = tuple(rule.reason for rule in full_path_reasons(effective))
    path = Path.FULL if full or score >= FULL_PATH_FROM else Path.LIGHT
    return Weighed(effective, reasons, contradictions, score, path)


def stricter(app: App, found: Found) -> App:
    """The app with each answer as strict as the stricter of catalog and code; only proof, not hints, overrules the catalog."""
    data, exposure, database = app.data, app.exposure, app.database
    if found.data and "data" in found.sure:
        data = max(data, DataClass(found.data), key=_DATA_ORDER.index)
    if found.exposure and "exposure" in found.sure:
        exposure = max(exposure, Exposure(found.exposure), key=_EXPOSURE_ORDER.index)
    if found.database and (database is None or not _shows(found, database.engine)):
        database = Database(found.database, app.name.replace("-", "_"))
    return dataclasses.replace(app, data=data, exposure=exposure, database=database)


def _shows(found: Found, engine: str) -> bool:
    """Whether the code uses this engine. MariaDB is spoken to by MySQL's drivers, so code cannot tell the two apart."""
    alike = MYSQL_ENGINES if engine in MYSQL_ENGINES else (engine,)
    return any(one in alike for one in (found.database, *found.databases))


def contradictions_of(app: App, found: Found) -> tuple[str, ...]:
    """Where the catalog says less than the code shows, each with its place."""
    told: list[str] = []
    if "data" in found.sure and _DATA_ORDER.index(DataClass(found.data)) > _DATA_ORDER.index(app.data):
        told.append(_contradiction("data", str(app.data), found.data, found))
    if "exposure" in found.sure and _EXPOSURE_ORDER.index(Exposure(found.exposure)) > _EXPOSURE_ORDER.index(app.exposure):
        told.append(_contradiction("exposure", str(app.exposure), found.exposure, found))
    if found.database and app.database is None and found.database not in ("redis",):
        told.append(_contradiction("database", "none", found.database, found))
    elif app.database is not None and found.database and found.database != "supabase" and not _shows(found, app.database.engine):
        told.append(_contradiction("database", app.database.engine, found.database, found))
    if found.runtime not in ("unknown", app.runtime) and app.runtime not in ("", "other") and app.runtime not in _also(found):
        told.append(_contradiction("runtime", app.runtime, found.runtime, found))
    return tuple(told)


def _also(found: Found) -> frozenset[str]:
    return frozenset(one.value for one in found.evidence if one.topic == "runtime" and one.weight >= 5)


def _contradiction(field: str, told: str, shown: str, found: Found) -> str:
    proof = found.proof(field, shown, 2)
    places = "; ".join(f"{one.place()} ({one.why})" for one in proof)
    return f"{field}: the catalog says '{told}', the code shows '{shown}'" + (f": {places}" if places else "")


def _places(found: Found, topic: str, value: str, most: int = 2) -> str:
    return "; ".join(f"{one.place()} ({one.why})" for one in found.proof(topic, value, most)) or "the catalog says so"


def _data_and_exposure(app: App, found: Found) -> Iterable[Reason]:
    yield Reason(_DATA_POINTS[app.data], f"data: {app.data} - {_places(found, 'data', str(app.data))}")
    yield Reason(_EXPOSURE_POINTS[app.exposure], f"exposure: {app.exposure} - {_places(found, 'exposure', str(app.exposure))}")
    if app.exposure is Exposure.PUBLIC and not found.login and app.data not in (DataClass.PUBLIC,):
        yield Reason(4, "anybody can reach it and the code shows no login")


def _secrets(credentials: tuple[CredentialFinding, ...], found: Found) -> Iterable[Reason]:
    live = [one for one in credentials if one.standing == LIVE]
    signing = [one for one in credentials if one.standing == SIGNING_KEY]
    if live:
        yield Reason(
            min(24, 8 * len(live)), f"{len(live)} live credential{'s' * (len(live) > 1)} in the repository: {_listed(live)}"
        )
    if signing:
        yield Reason(
            min(8, 4 * len(signing)),
            f"{len(signing)} signing key{'s' * (len(signing) > 1)} in the repository: {_listed(signing)}",
        )
    shipped = [one for one in (*live, *signing) if is_shipped(one)]
    if shipped:
        yield Reason(6, f"{len(shipped)} of them are shipped to browsers: {_listed(shipped)}")
    elif found.browser_keys:
        yield Reason(
            6, f"keys are shipped to browsers: {', '.join(found.browser_keys[:3])} - {_places(found, 'browser_key', '')}"
        )


def is_shipped(finding: CredentialFinding) -> bool:
    """Whether every visitor's browser gets it: it stands in a page, a bundle, or a variable that bundlers write into one."""
    return paths.is_browser_code(finding.file) or paths.is_built(finding.file) or bool(BROWSER_VARIABLE.match(finding.variable))


def _listed(findings: list[CredentialFinding]) -> str:
    places = [
        f"{one.kind} at {one.file}:{one.line}" + (f" (history, {one.commit[:10]})" if one.commit else "") for one in findings
    ]
    return ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")


def _dependencies(app: App, found: Found) -> Iterable[Reason]:
    if app.database is not None:
        shown = found.database if _shows(found, app.database.engine) else app.database.engine
        yield Reason(5, f"it keeps data in {app.database.engine} - {_places(found, 'database', shown)}")
    hosts = sorted({*found.third_parties, *(one.host for one in app.integrations)})
    if hosts:
        yield Reason(
            min(6, 2 * len(hosts)),
            f"it depends on third parties: {', '.join(hosts[:4])}" + (f" and {len(hosts) - 4} more" if len(hosts) > 4 else ""),
        )


def _impact(app: App) -> Iterable[Reason]:
    users = 8 if app.peak_users > 200 else 4 if app.peak_users > 50 else 0
    yield Reason(users, f"up to {app.peak_users} people use it at the same time")
    cost = 5 if app.monthly_cost > 1000 else 2 if app.monthly_cost > 200 else 0
    yield Reason(cost, f"it costs about {app.monthly_cost} {app.currency} a month")


def _care(found: Found) -> Iterable[Reason]:
    if found.tests != "real":
        yield Reason(3, "it has no tests of its own" if found.tests == "none" else "its only tests are what a generator made")
    for value, points in (
        ("root", 3),
        ("latest", 2),
        ("secret_in_image", 4),
        ("row_level_security", 6),
        ("sql", 4),
        ("debug", 3),
        ("cors", 2),
        ("tls", 2),
        ("served_secret", 6),
        ("client_login", 4),
    ):
        proof = found.proof("container", value, 1) or found.proof("open_door", value, 1)
        if proof:
            yield Reason(points, f"{proof[0].why} - {proof[0].place()}")
    if not found.health and found.runtime not in ("static", "unknown"):
        yield Reason(1, "it has no health endpoint")


def owed(
    controls: Iterable[Control], path: Path, facts: Mapping[str, Any], credentials: Iterable[CredentialFinding]
) -> tuple[str, ...]:
    """The ids of the controls an app owes: those of its path whose condition the facts meet."""
    holds = {
        "always": True,
        "database": bool(facts["database"]),
        # A file needs nobody to log in.
        "database_login": facts["database"] not in ("", "sqlite"),
        # What a person dismissed owes nothing but the proof that it lets nobody in.
        "credentials": bool(facts["declared_secrets"]) or any(one.owes_rotation or one.is_dismissed for one in credentials),
        "container": bool(facts["container"]) or facts["runtime"] not in ("static", "unknown"),
        "third_parties": bool(facts["third_parties"]),
        "public": facts["exposure"] == str(Exposure.PUBLIC),
    }
    return tuple(control.id for control in controls if path in control.paths and holds[control.applies])
