# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What `SHOW GRANTS` says, as values that can be compared. Pure; a hash in a line (MariaDB) is never kept."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Final

ALL: Final = "ALL PRIVILEGES"
EVERYTHING: Final = "*"

_NAME: Final = r"(?>`(?:[^`]|``)*+`)"
_LINE: Final = re.compile(
    rf"GRANT (?P<what>(?:[^`]|{_NAME})+?) ON "
    rf"(?:(?P<kind>TABLE|PROCEDURE|FUNCTION|PACKAGE BODY|PACKAGE) )?(?P<database>\*|{_NAME})\.(?P<name>\*|{_NAME}) TO ",
    re.DOTALL,
)
_ROLE: Final = re.compile(rf"GRANT (?P<roles>{_NAME}(?:@{_NAME})?(?:, ?{_NAME}(?:@{_NAME})?)*) TO ", re.DOTALL)
_ONE: Final = re.compile(rf"(?:[^,(`]|\((?:[^)`]|{_NAME})*\))+")
_GRANTABLE: Final = re.compile(rf"[A-Z][A-Z ]*(?: ?\({_NAME}(?:, ?{_NAME})*\))?")
# Whoever has one of these can make himself everything else.
_POWERS: Final = frozenset({ALL, "SUPER", "CREATE USER", "GRANT OPTION", "ROLE_ADMIN", "SYSTEM_USER", "SET USER", "FILE"})


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Right:
    """One privilege on one thing. `database` and `name` may be EVERYTHING; `kind` is '' but for routines."""

    privilege: str
    database: str
    name: str = EVERYTHING
    kind: str = ""

    def words(self) -> str:
        """For people."""
        kind = f"{self.kind} " if self.kind else ""
        return f"{self.privilege} on {kind}{self.database}.{self.name}" if self.database else self.privilege

    def within(self, database: str) -> bool:
        """Whether it is about this database and nothing else, and can be handed on as it stands."""
        return self.database == database and _GRANTABLE.fullmatch(self.privilege) is not None

    @property
    def of_an_administrator(self) -> bool:
        """Whether who has it is an administrator of the server."""
        beyond = self.database == EVERYTHING and (self.privilege in _POWERS or self.privilege.endswith("_ADMIN"))
        return beyond or self.database == "mysql"

    def covers(self, other: Right) -> bool:
        """Whether who has this one needs not the other."""
        where = self.database == EVERYTHING or (
            self.database == other.database and (self.name == EVERYTHING or (self.name, self.kind) == (other.name, other.kind))
        )
        return where and bool(self.database) == bool(other.database) and self.privilege in (ALL, other.privilege)


def rights_of(lines: Iterable[str]) -> frozenset[Right]:
    """The rights in the lines of `SHOW GRANTS`. A role is a right on nothing; USAGE is none; GRANT OPTION is told where it is
    global (an administrator's), and is not handed on elsewhere."""
    rights: set[Right] = set()
    for line in lines:
        found = _LINE.match(line)
        if found:
            rights.update(_rights(found))
            if found["database"] == EVERYTHING and re.search(r" WITH (?:.* )?GRANT OPTION", line[found.end() :]):
                rights.add(Right("GRANT OPTION", EVERYTHING))
            continue
        roles = _ROLE.match(line)
        if roles:
            rights.update(Right(f"role {_plain(name)}", "") for name in re.findall(rf"({_NAME})(?:@{_NAME})?", roles["roles"]))
        elif line.startswith("GRANT "):
            # What is not understood is not taken for nothing.
            rights.add(Right("PROXY" if line.startswith("GRANT PROXY ") else "a right of an unknown kind", ""))
    return frozenset(rights)


def _rights(found: re.Match[str]) -> list[Right]:
    database, name = found["database"], found["name"]
    kind = "" if found["kind"] in (None, "TABLE") else found["kind"]
    if database != EVERYTHING:
        # On a whole database the name is a pattern, in which _ and % stand for others unless they are escaped.
        database = re.sub(r"\\([_%])", r"\1", _plain(database)) if name == EVERYTHING else _plain(database)
    privileges = (one.strip() for one in _ONE.findall(found["what"]))
    name = name if name == EVERYTHING else _plain(name)
    return [Right(one, database, name, kind) for one in privileges if one != "USAGE"]


def _plain(quoted: str) -> str:
    return quoted[1:-1].replace("``", "`")


def missing(wanted: Iterable[Right], have: Iterable[Right]) -> tuple[Right, ...]:
    """What of `wanted` nobody with `have` may do."""
    have = tuple(have)
    return tuple(sorted(right for right in set(wanted) if not any(one.covers(right) for one in have)))
