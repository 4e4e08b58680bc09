# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""KEV and EPSS from files: missing, damaged, cut off, too old or from the future is "could not tell", never "nothing known"."""

from __future__ import annotations

import datetime
import gzip
import json
import pathlib
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations import knowledge
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.knowledge import knowledge_for
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.attestations.model import (
    FileRule,
    Knowledge,
    Severity,
    Unknown,
    VulnerabilityRule,
)

NOW = datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.UTC)
KEV: dict[str, Any] = {
    "title": "CISA Catalog of Known Exploited Vulnerabilities",
    "catalogVersion": "2026.11.20",
    "dateReleased": "2026-11-20T17:00:25.3191Z",
    "count": 2,
    "vulnerabilities": [{"cveID": "CVE-2023-30861", "product": "Flask"}, {"cveID": "CVE-2021-44228"}],
}
EPSS = (
    "#model_version:v2025.03.14,score_date:2026-11-24T00:00:00+0000\n"
    "cve,epss,percentile\n"
    "CVE-2023-30861,0.00123,0.5\n"
    "CVE-2021-44228,0.97,0.999\n"
)


def told(kev: bytes | None = None, epss: bytes | None = None, days: int = 7) -> Knowledge:
    rule = VulnerabilityRule(
        7,
        Severity.HIGH,
        kev=None if kev is None else FileRule("kev.json", days),
        epss=None if epss is None else FileRule("epss.csv", days, 0.5),
    )
    return knowledge_for(rule, NOW, {"kev.json": kev, "epss.csv": epss}.__getitem__)


def kev(**change: Any) -> bytes:
    return json.dumps({name: value for name, value in {**KEV, **change}.items() if value is not None}).encode()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not JSON"),
        (b"[]", "not a JSON object"),
        (kev()[:-20], "not JSON"),
        (b'{"count": 1, "count": 2}', "stands twice"),
        (kev(vulnerabilities=[], count=0), "lists no vulnerabilities"),
        (kev(vulnerabilities=None), "lists no vulnerabilities"),
        (kev(count=3), "counts 3 vulnerabilities and lists 2"),
        (kev(count=None), "counts None"),
        (kev(vulnerabilities=[{"cveID": "CVE-2021-44228"}] * 2), "stands twice"),
        (kev(vulnerabilities=[{"cveID": "all"}, "x"]), "has no CVE id"),
        (kev(dateReleased=None), "does not say when"),
        (kev(dateReleased="2026-11-20"), "does not say when"),
        (kev(dateReleased="2026-11-10T17:00:00Z"), "14 days old"),
        (kev(dateReleased="2026-12-10T17:00:00Z"), "from the future"),
    ],
)
def test_kev_could_not_be_told(data: bytes, says: str) -> None:
    found = told(kev=data).kev
    assert isinstance(found, Unknown)
    assert says in found.why
    assert "kev.json" in found.why


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "of which day"),
        (EPSS.replace("#", "").encode(), "of which day"),
        (EPSS.partition("\n")[2].encode(), "of which day"),
        (EPSS.replace("2026-11-24T00:00:00+0000", "yesterday").encode(), "of which day"),
        (EPSS.replace("2026-11-24", "2026-11-01").encode(), "24 days old"),
        (EPSS.replace("2026-11-24", "2027-11-01").encode(), "from the future"),
        (EPSS.replace("cve,epss", "epss,cve").encode(), "columns"),
        ("".join(EPSS.splitlines(keepends=True)[:2]).encode(), "no rows"),
        (EPSS.replace("0.97", "high").encode(), "could not convert"),
        (EPSS.replace("0.97", "nan").encode(), "not a CVE id with a probability"),
        (EPSS.replace("0.97", "1.01").encode(), "not a CVE id with a probability"),
        (EPSS.replace("CVE-2021", "2021").encode(), "not a CVE id with a probability"),
        ((EPSS + "CVE-2020-1,0.1").encode(), "not a CVE id with a probability"),  # cut off within a line
        ((EPSS + "CVE-2020-1000").encode(), "could not convert"),
        (EPSS.encode("utf-16"), "codec can't decode"),
        (gzip.compress(EPSS.encode())[:-9], "cut off"),
        (b"\x1f\x8bnonsense and more of it", "unpacked"),
    ],
)
def test_epss_could_not_be_told(data: bytes, says: str) -> None:
    found = told(epss=data).epss
    assert isinstance(found, Unknown)
    assert says in found.why


def test_a_small_file_does_not_become_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knowledge, "LARGEST", 10_000)
    found = told(epss=gzip.compress((EPSS + "CVE-2020-10000,0.1,0.1\n" * 1000).encode())).epss
    assert isinstance(found, Unknown)
    assert "unpacks to more" in found.why


@pytest.mark.parametrize("packed", [False, True])
def test_both_are_read(packed: bool) -> None:
    found = told(kev=kev(), epss=gzip.compress(EPSS.encode()) if packed else EPSS.encode())
    assert found == Knowledge(
        frozenset({"CVE-2023-30861", "CVE-2021-44228"}), {"CVE-2023-30861": 0.00123, "CVE-2021-44228": 0.97}
    )


def test_nothing_is_read_that_nobody_asked_for() -> None:
    assert told() == Knowledge()


def test_files(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kev.json"
    rule = VulnerabilityRule(7, Severity.HIGH, kev=FileRule(str(path), 7))
    missing = knowledge_for(rule, NOW).kev
    assert isinstance(missing, Unknown)
    assert "No such file" in missing.why
    path.write_bytes(kev())
    assert isinstance(knowledge_for(rule, NOW).kev, frozenset)
    monkeypatch.setattr(knowledge, "LARGEST", 100)
    large = knowledge_for(rule, NOW).kev
    assert isinstance(large, Unknown)
    assert "larger than 100" in large.why
