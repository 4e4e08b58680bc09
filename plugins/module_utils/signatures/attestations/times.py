# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Times as reports write them (RFC 3339, with any number of decimals), and whether they are recent."""

from __future__ import annotations

import datetime
import re
from typing import Any, Final

from .model import Fault

_TIME: Final = re.compile(
    r"(?P<second>\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2})(?:\.(?P<decimals>\d{1,12}))?(?P<zone>[Zz]|[+-]\d{2}:?\d{2})", re.ASCII
)
# Two clocks that are set by the network differ by less; more is a forgery or a fault, and never fresh.
SKEW: Final = datetime.timedelta(minutes=5)


def moment(value: Any) -> datetime.datetime | None:
    """The time in UTC; None if it is none, has no zone, or is the year 1 that Go writes for "not set"."""
    matched = _TIME.fullmatch(value) if isinstance(value, str) else None
    if not matched:
        return None
    zone = "+00:00" if matched["zone"] in "Zz" else matched["zone"]
    micros = (matched["decimals"] or "").ljust(6, "0")[:6]
    try:
        found = datetime.datetime.fromisoformat(f"{matched['second']}.{micros}{zone}").astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year > 1 else None


def oldest(*moments: datetime.datetime | None) -> datetime.datetime | None:
    """The oldest of those that are told: who wraps an old report anew does not make it younger."""
    return min((found for found in moments if found is not None), default=None)


def recent(found: datetime.datetime, now: datetime.datetime, days: int, what: str) -> tuple[Fault | None, str]:
    """Why this is not within the last `days` days; (None, "") if it is."""
    if found > now + SKEW:
        return Fault.FROM_THE_FUTURE, f"{what} is from the future: {shown(found)}, and now it is {shown(now)}"
    if now - found > datetime.timedelta(days=days):
        return Fault.TOO_OLD, f"{what} is {(now - found).days} days old ({shown(found)}); at most {days} are taken"
    return None, ""


def shown(found: datetime.datetime) -> str:
    """For people and evidence: seconds are enough."""
    return found.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
