# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the readers of reports share: words, bounds and texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...reading import text
from ..model import Severity

# An image with every known vulnerability of a whole distribution has some thousands.
MOST: Final = 100_000
_WORDS: Final = {
    "CRITICAL": Severity.CRITICAL,
    "HIGH": Severity.HIGH,
    "IMPORTANT": Severity.HIGH,  # Red Hat
    "MEDIUM": Severity.MEDIUM,
    "MODERATE": Severity.MEDIUM,
    "LOW": Severity.LOW,
    "NEGLIGIBLE": Severity.NEGLIGIBLE,
    "INFORMATIONAL": Severity.NEGLIGIBLE,  # ECR
    "NONE": Severity.NEGLIGIBLE,
}


def severity_of(word: Any) -> Severity:
    """The severity that a scanner's word stands for. A word that is not known is unknown, never harmless."""
    return _WORDS.get(word.upper(), Severity.UNKNOWN) if isinstance(word, str) else Severity.UNKNOWN


def severity_of_score(score: float) -> Severity:
    """The severity of a CVSS base score (CVSS v3.1 and v4.0, section "Qualitative severity rating scale")."""
    if not 0 <= score <= 10:
        return Severity.UNKNOWN
    for least, severity in ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW)):
        if score >= least:
            return severity
    return Severity.NEGLIGIBLE


def named(value: Mapping[str, Any], field: str, what: str) -> str:
    """A text that must not be empty: a finding without a name could not be excepted, nor found in a list."""
    found = text(value, field, what)
    return found if found.strip() else text({}, field, what)
