# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Public knowledge about vulnerabilities, from files that somebody fetched: CISA's catalog (KEV) and FIRST's scores (EPSS).

A file that is missing, damaged or too old is never taken for "nothing is known": the answer is that it could not be told.
"""

from __future__ import annotations

import datetime
import pathlib
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from ...errors import Invalid
from ...oci import strict_json
from .model import FileRule, Knowledge, Unknown, VulnerabilityRule
from .times import moment, recent

# EPSS has some 300,000 rows in 12 MB, KEV 2 MB; a small .gz must not become a large one.
LARGEST: Final = 64 * 1024 * 1024
_CVE: Final = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
_SCORE_DATE: Final = re.compile(r"\bscore_date:([^,\s]+)")
_GZIP: Final = b"\x1f\x8b"
_Content = TypeVar("_Content")


def read_file(path: str) -> bytes:
    """The bytes of a file, refused (ValueError) above `LARGEST`; OSError as the system says it."""
    with pathlib.Path(path).open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST} bytes")
    return data


def knowledge_for(rule: VulnerabilityRule, now: datetime.datetime, read: Callable[[str], bytes] = read_file) -> Knowledge:
    """What the files of the rule say, or why that could not be told. Nothing is read that the rule does not name."""
    return Knowledge(kev=_told(rule.kev, now, read, kev_from), epss=_told(rule.epss, now, read, epss_from))


def _told(
    rule: FileRule | None,
    now: datetime.datetime,
    read: Callable[[str], bytes],
    parse: Callable[[bytes], tuple[datetime.datetime, _Content]],
) -> _Content | Unknown | None:
    if rule is None:
        return None
    try:
        dated, content = parse(read(rule.file))
    except OSError as error:
        return Unknown(f"{rule.file} cannot be read: {error.strerror or type(error).__name__}")
    except ValueError as error:
        return Unknown(f"{rule.file} is damaged: {error}")
    _fault, why = recent(dated, now, rule.most_days, rule.file)
    return Unknown(why) if why else content


def kev_from(data: bytes) -> tuple[datetime.datetime, frozenset[str]]:
    """When CISA released its catalog (known_exploited_vulnerabilities.json), and the CVEs in it; ValueError if it is damaged."""
    try:
        catalog = strict_json.parse_object(data, "it")
    except Invalid as error:
        raise ValueError(error.sentence()) from None
    entries = catalog.get("vulnerabilities")
    if not isinstance(entries, list) or not entries:
        raise ValueError("it lists no vulnerabilities")
    if catalog.get("count") != len(entries):
        raise ValueError(f"it counts {catalog.get('count')!r:.20} vulnerabilities and lists {len(entries)}")
    found = [entry.get("cveID") if isinstance(entry, dict) else None for entry in entries]
    names = frozenset(name for name in found if isinstance(name, str) and _CVE.fullmatch(name))
    if len(names) != len(entries):
        raise ValueError("an entry has no CVE id, or one stands twice")
    released = moment(catalog.get("dateReleased"))
    if released is None:
        raise ValueError("it does not say when it was released")
    return released, names


def epss_from(data: bytes) -> tuple[datetime.datetime, Mapping[str, float]]:
    """The day of FIRST's scores (epss_scores-*.csv, or .csv.gz), and the probability of each CVE; ValueError if damaged."""
    text = (_unpacked(data) if data.startswith(_GZIP) else data).decode("ascii")
    comment, _unused, rest = text.partition("\n")
    header, _unused, rows = rest.partition("\n")
    dated = _SCORE_DATE.search(comment)
    day = moment(dated[1]) if dated and comment.startswith("#") else None
    if day is None:
        raise ValueError("its first line does not say of which day it is")
    if header.strip() != "cve,epss,percentile":
        raise ValueError(f"its columns are {header.strip()!r:.60} instead of cve,epss,percentile")
    scores: dict[str, float] = {}
    for line in rows.splitlines():
        name, _unused, numbers = line.partition(",")
        scores[name] = float(numbers.partition(",")[0])
    if not scores:
        raise ValueError("it has no rows")
    if not all(_CVE.fullmatch(name) and 0 <= score <= 1 for name, score in scores.items()):
        raise ValueError("a row is not a CVE id with a probability")
    return day, scores


def _unpacked(data: bytes) -> bytes:
    reader = zlib.decompressobj(wbits=31)
    try:
        found = reader.decompress(data, LARGEST + 1)
    except zlib.error as error:
        raise ValueError(f"it cannot be unpacked: {error}") from None
    if len(found) > LARGEST:
        raise ValueError(f"it unpacks to more than {LARGEST} bytes")
    if not reader.eof:
        raise ValueError("it is cut off")
    return found
