# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Triage's verdict: the path an app takes, what it owes, and the facts that the roles after it build on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from .controls import Path

# A fingerprint is hexadecimal: 96 bits.
FINGERPRINT_DIGITS: Final = 24


@dataclasses.dataclass(frozen=True, slots=True)
class CredentialFinding:
    """A credential that triage found in the repository; never its value.

    `kind` says what it is (`aws_access_key`, `postgresql_password`, `generic_api_key`, ...); `standing` is one of `live`,
    `signing_key`, `public_by_design`, `local_development`, `placeholder`, `dismissed`. `commit` is empty for a finding in the
    tree of the default branch, else the commit that holds it. `fingerprint` is salted with the app's name and stable between
    runs. `variable` is the name it was assigned to, where there is one.
    """

    kind: str
    standing: str
    file: str
    line: int
    commit: str
    fingerprint: str
    why: str
    variable: str = ""

    @property
    def owes_rotation(self) -> bool:
        """Only what lets somebody in (or sign) must be replaced."""
        return self.standing in ("live", "signing_key")

    @property
    def is_dismissed(self) -> bool:
        """Whether a person says that it is no credential. What can be tried is tried all the same."""
        return self.standing == "dismissed"


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What triage decided. `score` is 0 (harmless) to 100; `reasons` explain it line by line.

    `facts` are what the code shows, as plain values: `runtime` (python, node, static, go, java, dotnet, php, ruby, rust,
    elixir, ..., unknown),
    `framework`, `exposure`, `data`, `database` (postgresql, mysql, sqlite, mongodb, ... or ''), `container` (bool),
    `ci` (bool), `tests` (none, sample, real), `third_parties` (list of hosts). `controls` are the ids owed.
    """

    path: Path
    score: int
    reasons: tuple[str, ...]
    controls: tuple[str, ...]
    facts: Mapping[str, Any]
    credentials: tuple[CredentialFinding, ...]
    contradictions: tuple[str, ...]
    commit: str

    def owes(self, control: str) -> bool:
        """Whether this app owes the control at all."""
        return control in self.controls

    def as_result(self) -> dict[str, Any]:
        """Plain data, as the triage task returns it and other roles' tasks take it."""
        return {
            "path": str(self.path),
            "score": self.score,
            "reasons": list(self.reasons),
            "controls": list(self.controls),
            "facts": dict(self.facts),
            "credentials": [dataclasses.asdict(finding) for finding in self.credentials],
            "contradictions": list(self.contradictions),
            "commit": self.commit,
        }

    @classmethod
    def from_result(cls, data: Mapping[str, Any]) -> Verdict:
        """Read back what `as_result` wrote."""
        return cls(
            path=Path(data["path"]),
            score=int(data["score"]),
            reasons=tuple(data["reasons"]),
            controls=tuple(data["controls"]),
            facts=dict(data["facts"]),
            credentials=tuple(CredentialFinding(**dict(finding)) for finding in data["credentials"]),
            contradictions=tuple(data["contradictions"]),
            commit=data["commit"],
        )
