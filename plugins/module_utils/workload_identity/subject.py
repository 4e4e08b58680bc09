# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One service account in one namespace: what every cloud's trust must name exactly, and who stands next to it. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any, Final

from ..errors import Invalid

NAMESPACE: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
SERVICE_ACCOUNT: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
ISSUER: Final = re.compile(r"https://[a-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._/-]*)?")

# Options of the modules outside AWS: a workload with its secrets (names, and nothing secret), and what becomes of strangers.
WORKLOAD_OPTIONS: Final[dict[str, Any]] = {
    "namespace": {"type": "str", "required": True},
    "service_account": {"type": "str", "required": True},
    "secrets": {"type": "list", "elements": "str", "required": True, "no_log": False},
}
ADOPT_OPTION: Final[dict[str, Any]] = {"type": "str", "choices": ["report", "take"], "default": "report"}


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """A service account, as the tokens of its cluster name it."""

    namespace: str
    service_account: str

    def __str__(self) -> str:
        """The claim `sub` of its tokens."""
        return f"system:serviceaccount:{self.namespace}:{self.service_account}"


def exactly_one(name: str, value: str, pattern: re.Pattern[str]) -> None:
    """Raise `Invalid` for a wildcard, a gap, or whatever else does not name exactly one."""
    if not pattern.fullmatch(value):
        raise Invalid(
            f"trust.{name}: '{value}' does not name exactly one",
            "a role of a workload is trusted to one service account in one namespace, without a wildcard",
            "Make a role for each service account.",
        )


def checked(subject: Subject) -> Subject:
    """The same, if it names exactly one service account."""
    exactly_one("namespace", subject.namespace, NAMESPACE)
    exactly_one("service_account", subject.service_account, SERVICE_ACCOUNT)
    return subject


def neighbours(subject: Subject) -> Iterator[tuple[str, Subject]]:
    """Those who must not be taken for it, each with what is different."""
    namespace, account = subject.namespace, subject.service_account
    yield "another namespace", Subject(f"{namespace}x", account)
    yield "another namespace's prefix", Subject(namespace[:-1] or f"{namespace}y", account)
    yield "another service account", Subject(namespace, "other" if account == "default" else "default")
    yield "a longer service account", Subject(namespace, f"{account}-2")
