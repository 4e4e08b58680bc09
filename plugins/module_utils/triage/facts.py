# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From evidence to facts: what the code shows about the app, each fact with the places that show it. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from .detectors import (
    audiences,
    containers,
    data_classes,
    databases,
    exposures,
    residue,
    runtimes,
    tests_and_pipelines,
    third_parties,
    told_data,
)
from .detectors.frameworks import PYTHON
from .model import Evidence, Snapshot

DETECTORS: Final[tuple[Callable[[Snapshot], Iterable[Evidence]], ...]] = (
    runtimes.detect,
    databases.detect,
    data_classes.detect,
    exposures.detect,
    audiences.detect,
    told_data.detect,
    third_parties.detect,
    containers.detect,
    tests_and_pipelines.detect,
    residue.detect,
)
PROOF: Final = 6  # the weight from which evidence contradicts a catalog entry
MOST_FILES: Final = 3000
_SERVER_ENGINES: Final = frozenset(
    {"postgresql", "mysql", "sqlserver", "oracle", "mongodb", "supabase", "firebase", "dynamodb", "neo4j", "cassandra"}
)
_BESIDE: Final = frozenset({"redis", "elasticsearch", "pinecone", "h2", "duckdb"})
# Frameworks of programs that answer no browser; every other one does.
_NO_WEB: Final = frozenset(
    {
        "python:jupyter", "python:scrapy", "python:aiohttp", "python:discord.py", "python:aiogram", "python:python-telegram-bot",
        "python:pytelegrambotapi", "python:pyrogram", "python:telethon", "python:slack-bolt", "node:slack-bolt",
        "node:discord.js", "node:telegraf", "node:telegram-bot", "node:electron", "node:http", "go:net/http",
        "apps-script:google-apps-script",
    }
)  # fmt: skip
# A page that answers the pings of a host that puts idle programs to sleep; the program itself is a bot.
_KEEPS_AWAKE: Final = re.compile(r"(?i)(?:keep|stay)_?-?(?:alive|awake|online)[\w-]*\.\w+$")
_SERVER_RUNTIMES: Final = ("python", "go", "java", "dotnet", "php", "ruby")


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """What the code shows. Empty strings: it shows nothing. `sure` holds the topics that may contradict a catalog entry."""

    runtime: str
    framework: str
    frameworks: tuple[str, ...]
    exposure: str
    data: str
    database: str
    databases: tuple[str, ...]
    container: bool
    ci: bool
    tests: str
    health: bool
    metrics: bool
    login: bool
    third_parties: tuple[str, ...]
    browser_keys: tuple[str, ...]
    faults: tuple[str, ...]
    sure: frozenset[str]
    evidence: tuple[Evidence, ...]

    def proof(self, topic: str, value: str = "", most: int = 3) -> tuple[Evidence, ...]:
        """The strongest evidence for a topic, strongest first."""
        chosen = [one for one in self.evidence if one.topic == topic and (not value or one.value == value)]
        return tuple(sorted(chosen, key=lambda one: (-one.weight, one.file, one.line))[:most])


def find(snapshot: Snapshot) -> Found:
    """All detectors over one snapshot, and what follows from them."""
    evidence = tuple(one for detect in DETECTORS for one in detect(nearest(snapshot)))
    runtime = _runtime(evidence)
    frameworks = _frameworks(evidence, runtime)
    databases = _databases(evidence)
    exposure, exposure_sure = _exposure(evidence, runtime)
    data, data_sure = _data(evidence)
    tests = {one.value for one in evidence if one.topic == "tests"}
    return Found(
        runtime=runtime,
        framework=frameworks[0] if frameworks else "",
        frameworks=frameworks,
        exposure=exposure,
        data=data,
        database=databases[0] if databases else "",
        databases=databases,
        container=_has(evidence, "container", "yes"),
        ci=_has(evidence, "ci"),
        tests="real" if "real" in tests else "sample" if "sample" in tests else "none",
        health=_has(evidence, "health"),
        metrics=_has(evidence, "metrics"),
        login=_has(evidence, "login"),
        third_parties=tuple(sorted({one.value for one in evidence if one.topic == "third_party"})),
        browser_keys=tuple(sorted({one.value for one in evidence if one.topic == "browser_key"})),
        faults=tuple(sorted({one.value for one in evidence if one.topic in ("container", "open_door") and one.value != "yes"})),
        sure=frozenset(
            topic for topic, sure in (("exposure", exposure_sure), ("data", data_sure), ("database", bool(databases))) if sure
        ),
        evidence=evidence,
    )


def nearest(snapshot: Snapshot) -> Snapshot:
    """The files nearest to the root: what an app is shows there, and the ten-thousandth file adds nothing but time."""
    if len(snapshot.files) <= MOST_FILES:
        return snapshot
    ranked = sorted(snapshot.files, key=lambda file: (file.path.count("/"), file.path))
    return dataclasses.replace(snapshot, files=tuple(ranked[:MOST_FILES]))


def _has(evidence: Iterable[Evidence], topic: str, value: str = "") -> bool:
    return any(one.topic == topic and (not value or one.value == value) for one in evidence)


def _sums(evidence: Iterable[Evidence], topic: str) -> Mapping[str, int]:
    """Weights per value; the same reason counts once, so that a thousand lines prove no more than one."""
    best: dict[tuple[str, str], int] = {}
    for one in evidence:
        if one.topic == topic:
            best[one.value, one.why] = max(best.get((one.value, one.why), 0), one.weight)
    sums: dict[str, int] = {}
    for (value, _unused), weight in best.items():
        sums[value] = sums.get(value, 0) + weight
    return sums


def _runtime(evidence: tuple[Evidence, ...]) -> str:
    sums = dict(_sums(evidence, "runtime"))
    if not sums:
        return "unknown"
    serves = {one.value for one in evidence if one.topic == "runtime" and "serves requests" in one.why}
    best = max(sums, key=lambda runtime: (sums[runtime], runtime))
    if best in ("node", "static") and best not in serves:
        # A page in front of a server: the app is where its data is.
        behind = [runtime for runtime in _SERVER_RUNTIMES if sums.get(runtime, 0) >= max(6, sums[best] * 0.45)]
        if behind:
            return max(behind, key=lambda runtime: sums[runtime])
    return best


def _frameworks(evidence: tuple[Evidence, ...], runtime: str) -> tuple[str, ...]:
    sums = _sums(evidence, "framework")
    own = [value for value in sums if value.split(":", 1)[0] == runtime]
    others = [value for value in sums if value not in own and sums[value] >= 5]
    order = {f"python:{name}": rank for rank, (name, _unused) in enumerate(PYTHON)}
    awake = _only_keep_awake(evidence)
    ranked = sorted(own, key=lambda value: (value in awake, -sums[value], order.get(value, 99), value))
    ranked += sorted(others, key=lambda value: (-sums[value], value))
    return tuple(dict.fromkeys(value.split(":", 1)[1] for value in ranked))


def _only_keep_awake(evidence: Iterable[Evidence]) -> frozenset[str]:
    imported = {(one.value, one.file) for one in evidence if one.topic == "framework" and "imports" in one.why}
    elsewhere = {value for value, file in imported if not _KEEPS_AWAKE.search(file)}
    return frozenset(value for value, _unused in imported) - elsewhere


def _databases(evidence: tuple[Evidence, ...]) -> tuple[str, ...]:
    sums = {value: weight for value, weight in _sums(evidence, "database").items() if weight >= 3}
    served = any(weight >= 6 for value, weight in sums.items() if value in _SERVER_ENGINES)

    def rank(value: str) -> tuple[int, int, str]:
        beside = value in _BESIDE
        fallback = value == "sqlite" and served
        return (2 if beside else 1 if fallback else 0, -sums[value], value)

    return tuple(sorted(sums, key=rank))


def _exposure(evidence: tuple[Evidence, ...], runtime: str) -> tuple[str, bool]:
    sums = dict(_sums(evidence, "exposure"))
    public, internal, partner = sums.get("public", 0), sums.get("internal", 0), sums.get("partner", 0)
    if _has(evidence, "serves") and not _has(evidence, "login"):
        public += 2
    if partner >= 5 and (partner >= internal or _strongest(evidence, "partner") > _strongest(evidence, "internal")):
        return "partner", partner >= PROOF
    if internal >= 4 and internal >= public * 0.7:
        return "internal", False
    strongest = _strongest(evidence, "public")
    if public >= 4:
        return "public", (strongest >= PROOF or public >= PROOF) and internal == 0
    if internal:
        # Of two hints as good as each other the stricter one.
        return "internal" if internal > strongest else "public", False
    if _has(evidence, "login") and runtime != "static" and strongest <= 1:
        # Nobody can open an account, so whoever logs in got one from the house.
        return "internal", False
    if runtime == "static" or _has(evidence, "serves") or _is_web(evidence):
        return "public", False
    # A script, a notebook, a program for a desk: whoever has the file runs it, nobody else reaches it.
    return ("internal", False) if runtime != "unknown" or _has(evidence, "run_by_hand") else ("", False)


def _strongest(evidence: Iterable[Evidence], value: str) -> int:
    return max((one.weight for one in evidence if one.topic == "exposure" and one.value == value), default=0)


def _is_web(evidence: Iterable[Evidence]) -> bool:
    return any(one.topic == "framework" and one.weight >= 5 and one.value not in _NO_WEB for one in evidence)


def _data(evidence: tuple[Evidence, ...]) -> tuple[str, bool]:
    sums = _sums(evidence, "data")
    for value in ("health", "payment", "personal"):
        strongest = max((one.weight for one in evidence if one.topic == "data" and one.value == value), default=0)
        if sums.get(value, 0) >= 6 and strongest >= 3:
            return value, strongest >= PROOF or sums[value] >= 2 * PROOF
    if sums.get("personal", 0) >= 3:
        return "personal", False
    return "", False
