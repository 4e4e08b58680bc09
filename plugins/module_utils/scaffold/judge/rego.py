# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges policies written in Rego."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model import Finding


def findings(path: str, text: str) -> Iterator[Finding]:
    """Everything wrong with one policy."""
    old = re.search(r"(?m)^\s*\w+\[[^\]\n]+\]\s*(:=[^{\n]+)?\{", text)
    if old:
        yield Finding(
            "rego-old-syntax", path, _line(text, old), "partial rules need 'contains' and 'if': OPA 1.x does not parse this"
        )
    about_buckets = re.search(r"(?i)\bs3\b|bucket", path + text)
    claim = re.search(r"PersistentVolumeClaim", text)
    if claim and about_buckets:
        yield Finding(
            "policy-misses-target",
            path,
            _line(text, claim),
            "a PersistentVolumeClaim is never a bucket: public buckets are refused at plan time",
        )
    gatekeeper = re.search(r"input\.review\b", text)
    if gatekeeper and not re.search(r"(?m)^\s*violation\b", text):
        yield Finding(
            "gatekeeper-no-violation",
            path,
            _line(text, gatekeeper),
            "Gatekeeper asks for 'violation', which this policy does not define",
        )


def _line(text: str, match: re.Match[str]) -> int:
    return text.count("\n", 0, match.start()) + 1
