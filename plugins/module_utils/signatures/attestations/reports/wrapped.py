# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which reports a statement carries: cosign's vuln predicate, or a predicate that is a report as such."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from ...model import Reason, Rejected
from ...reading import mapping, needed, objects
from ...statement import Statement
from ..model import ScanReport
from ..times import moment, oldest
from . import report_from

# The second is what cosign's own specification shows.
COSIGN_TYPES: Final = ("https://cosign.sigstore.dev/attestation/vuln/v1", "cosign.sigstore.dev/attestation/vuln/v1")
_WHAT: Final = "The vulnerability attestation"
_SCANNERS: Final = 10


def reports_of(statement: Statement) -> tuple[ScanReport, ...]:
    """The reports in a statement, at least one; Rejected if one of them cannot be read."""
    predicate = needed(statement.data, "predicate", "The statement")
    if statement.predicate_type not in COSIGN_TYPES:
        return (report_from(predicate),)
    metadata = mapping(predicate, "metadata", _WHAT) or {}
    # cosign and Trivy write one scanner; cosign's specification has a list.
    one = mapping(predicate, "scanner", _WHAT)
    scanners = [*objects(predicate, "scanners", _WHAT, most=_SCANNERS), *([one] if one is not None else [])]
    if not scanners:
        raise Rejected(Reason.MALFORMED, f"{_WHAT} is malformed", "it names no scanner")
    return tuple(_wrapped(scanner, metadata) for scanner in scanners)


def _wrapped(scanner: Mapping[str, Any], metadata: Mapping[str, Any]) -> ScanReport:
    report = report_from(needed(scanner, "result", _WHAT))
    database = mapping(scanner, "db", _WHAT) or {}
    # in-toto's successor of this predicate tells how new the database was; some write it here too.
    return dataclasses.replace(
        report,
        scanned_at=oldest(report.scanned_at, moment(metadata.get("scanFinishedOn"))),
        database_of=oldest(report.database_of, moment(database.get("lastUpdate"))),
    )
