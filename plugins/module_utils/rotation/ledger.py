# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ledger: how many secrets an app still has, and which of them it could do without. Pure.

The best rotation is none: a login by identity has no value that could leak. Said of what the catalog and the profile show;
whether the app's code can log in that way is for its developers to see.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Final

from ..app import DATABASE_KINDS, KEYLESS_KINDS, MYSQL_KINDS, App, SecretSpec
from ..profile import Profile

_RDS: Final = re.compile(r"\.rds\.amazonaws\.com(\.cn)?", re.IGNORECASE)
_AWS: Final = re.compile(r"\.amazonaws\.com(\.cn)?", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class Ledger:
    """`left` are the app's secrets; `could_vanish` maps those that it could do without to what would take their place;
    `vanished` are logins of the catalog without any value that could leak."""

    left: tuple[str, ...]
    could_vanish: Mapping[str, str]
    vanished: tuple[str, ...] = ()

    def line(self) -> str:
        """For the report."""
        gone = f" ({', '.join(self.vanished)}: by identity, without a secret)" if self.vanished else ""
        return self._left() + gone

    def _left(self) -> str:
        if not self.left:
            return "no secret is left"
        count = f"{len(self.left)} secret{'s are' if len(self.left) > 1 else ' is'} left ({', '.join(self.left)})"
        ways = ", ".join(f"{name} by {way}" for name, way in self.could_vanish.items())
        return f"{count}, of which {len(self.could_vanish)} could vanish: {ways}" if ways else f"{count}, none could vanish"


def ledger(app: App, profile: Profile) -> Ledger:
    """The ledger of one app in one environment."""
    vanished = tuple(spec.name for spec in app.secrets if spec.kind in KEYLESS_KINDS)
    left = [spec for spec in app.secrets if spec.name not in vanished]
    ways = {spec.name: _way(spec, app, profile) for spec in left}
    return Ledger(tuple(spec.name for spec in left), {name: way for name, way in ways.items() if way}, vanished)


def _way(spec: SecretSpec, app: App, profile: Profile) -> str:
    if spec.kind == "aws_iam_access_key":
        return f"workload identity (the role {app.role_name}, with the catalog's aws_actions)"
    if spec.kind in DATABASE_KINDS:
        place = profile.place_of(app.database) if app.database else None
        # For MySQL that is its administrator's and developers' to do: no kind of ours keeps such a login there.
        kind = "" if spec.kind in MYSQL_KINDS else " (kind aws_rds_iam)"
        return f"IAM database authentication{kind}" if place and _at(_RDS, place[0]) else ""
    hosts = [integration.host for integration in app.integrations if integration.secret == spec.name]
    if hosts and all(_at(_AWS, host) for host in hosts):
        return f"workload identity (the role {app.role_name}, with the catalog's aws_actions)"
    return ""


def _at(domain: re.Pattern[str], host: str) -> bool:
    # At its end only: a host of somebody else may begin with any name.
    found = domain.search(host)
    return found is not None and found.end() == len(host)
