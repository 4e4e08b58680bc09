# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the API server's answers mean in our words: one place turns statuses and broken connections into our errors."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from ..errors import Conflict, Denied, Invalid, MicroappsError, NotFound, Unreachable

# The server's message quotes what was sent; a long one says the same thing for every field.
_LONGEST: Final = 600
_BY_WEBHOOK: Final = " denied the request"
# What is said of a field that no update changes; of a quota's scopes, that they do not fit the resources it is to count.
_FIXED: Final = ("immutable", "cannot change", "may not be changed", "unsupported scope applied to resource")
_HOLDER: Final = re.compile(r'conflict with "([^"]+)"')


@dataclasses.dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a field of ours with another value. `field` is written as the server does: `.spec.hard.pods`."""

    manager: str
    field: str


class FieldConflict(Conflict):
    """Server-side apply met fields that others hold with other values."""

    def __init__(self, what: str, why: str, holders: tuple[Holder, ...]) -> None:
        self.holders = holders
        super().__init__(what, why, "")


class Terminating(Conflict):
    """The namespace is being deleted: nothing can be made in it until it is gone."""


class Unchangeable(Invalid):
    """The server does not change this field of an existing object."""


class QuotaNotCounted(Conflict):
    """A quota was made a moment ago and the controller manager has not counted it yet: asking again helps."""


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """A request, for the sentence about it: the verb that RBAC knows, the resource, and where."""

    verb: str
    resource: str
    namespace: str = ""
    name: str = ""

    def sentence(self) -> str:
        """`Patch networkpolicies.networking.k8s.io/dns in where2eat-dev`."""
        named = f"{self.resource}/{self.name}" if self.name else self.resource
        place = f" in {self.namespace}" if self.namespace else ""
        return f"{self.verb.capitalize()} {named}{place}"


def error_of(call: Call, status: int, body: bytes, server: str) -> MicroappsError:
    """The error that an answer of 400 and above is."""
    answer = _status(body)
    message = str(answer.get("message") or "").strip()[:_LONGEST] or f"HTTP {status}"
    details = answer.get("details")
    causes = details.get("causes") or () if isinstance(details, Mapping) else ()
    what = call.sentence()
    if status == 401:
        return Denied(f"Log in to {server}", "the API server does not know this login", "Log in again and repeat the run.")
    if status == 403:
        return _forbidden(call, message, causes)
    if status == 404:
        return NotFound(what, message)
    if status == 409:
        holders = tuple(_holder(cause) for cause in causes if cause.get("reason") == "FieldManagerConflict")
        return FieldConflict(what, message, holders) if holders else Conflict(what, message, "Repeat the run.")
    if _BY_WEBHOOK in message:
        # A webhook may say no with whatever status it likes.
        return Denied(what, message, "An admission rule of the cluster refuses it.")
    if status in (400, 422):
        fixed = any(words in message for words in _FIXED)
        return (Unchangeable if fixed else Invalid)(what, message)
    if status == 429 or status >= 500:
        return Unreachable(what, f"the API server answers {status}: {message}", "Repeat the run when it is well again.")
    return Invalid(what, f"the API server answers {status}: {message}")


def _status(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {"message": body[:_LONGEST].decode(errors="replace")}
    return answer if isinstance(answer, Mapping) else {}


def _forbidden(call: Call, message: str, causes: Any) -> MicroappsError:
    what = call.sentence()
    if any(cause.get("reason") == "NamespaceTerminating" for cause in causes) or "is being terminated" in message:
        return Terminating(what, "the namespace is being deleted", "Repeat the run when it is gone.")
    if "status unknown for quota" in message:
        return QuotaNotCounted(what, message, "Is the cluster's controller manager running?")
    if 'User "' in message and " cannot " in message:
        place = f"in the namespace {call.namespace}" if call.namespace else "in the whole cluster"
        return Denied(what, message, f"Grant {call.verb} on {call.resource} {place} to that user.")
    return Denied(what, message, "An admission rule of the cluster refuses it.")


def _holder(cause: Mapping[str, Any]) -> Holder:
    found = _HOLDER.search(str(cause.get("message") or ""))
    return Holder(found.group(1) if found else "somebody else", str(cause.get("field") or ""))
