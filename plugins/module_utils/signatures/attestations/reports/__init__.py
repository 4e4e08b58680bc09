# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What scanners write, in one form: Trivy's and Grype's JSON, SARIF, and the predicates that carry them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ...model import Reason, Rejected
from ..model import ScanReport
from . import grype, sarif, trivy

_READERS: Final[tuple[tuple[Callable[[Mapping[str, Any]], bool], Callable[[Mapping[str, Any]], ScanReport]], ...]] = (
    (trivy.is_ours, trivy.read),
    (grype.is_ours, grype.read),
    (sarif.is_ours, sarif.read),
)


def report_from(data: Mapping[str, Any]) -> ScanReport:
    """The report of whichever scanner wrote `data`, known by its shape; Rejected if it is malformed or nobody's."""
    for is_ours, read in _READERS:
        if is_ours(data):
            return read(data)
    raise Rejected(
        Reason.UNSUPPORTED, "The report is of no scanner that we know", "it is neither Trivy's nor Grype's JSON, nor SARIF"
    )
