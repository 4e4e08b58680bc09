# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the stores that are asked over HTTP share: what an answer means, a login's file, and versions that are numbers."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
from collections.abc import Collection, Mapping
from typing import Final, Protocol

from ...errors import Conflict, Denied, Invalid, MicroappsError, NotFound, Unreachable
from ...scrubber import Secrets
from ..model import Document, Stage, Stored, from_text, register, to_text

# Where a store keeps which of its versions is which of our ids, `<number>=<id>`.
IDS: Final = "goldenpath-versions"
DESCRIPTION: Final = "description"
# Of these an answer says that the store could not, or not now.
_UNWELL: Final = frozenset({429, 500, 502, 503, 504})


class Described(Protocol):
    """As much of a store as looking for a stage needs."""

    def describe(self, name: str) -> Stored | None:
        """See `Store`."""

    def read(self, name: str, token: str) -> Document:
        """See `Store`."""


@dataclasses.dataclass(frozen=True, slots=True)
class Waiting:
    """A value that is to become current, kept in a secret of its own where every version of a secret is current at once.

    An empty token if there is none. `after` says, in the store's own terms, what was the newest version at that time.
    """

    token: str = ""
    after: str = ""
    document: Document = dataclasses.field(default_factory=dict, repr=False)


def waiting_text(waiting: Waiting, secrets: Secrets) -> str:
    """The same as it is kept; registered, for an error may quote what was sent, and that writes the document in another way."""
    return secrets.register(json.dumps({"token": waiting.token, "after": waiting.after, "document": to_text(waiting.document)}))


def waiting_from(name: str, text: str, secrets: Secrets) -> Waiting:
    """What is kept there for the secret `name`, registered; the token `foreign` if we did not write it."""
    try:
        data = json.loads(text)
        token, after, kept = str(data["token"]), str(data["after"]), str(data["document"])
        found = Waiting(token, after, from_text(name, kept))
    except (ValueError, TypeError, KeyError):
        return Waiting("foreign")
    register(secrets, kept, found.document)
    return found


def read_at(store: Described, name: str, stage: Stage) -> Document:
    """The document at a stage, of a store that has no call for it."""
    stored = store.describe(name)
    version = stored.at(stage) if stored else None
    if version is None:
        raise NotFound(f"The secret {name} ({stage})", "the store does not have it")
    return store.read(name, version.token)


def token_of(token_file: str, secrets: Secrets, whose: str = "the secret store") -> str:
    """The secret in the file that the profile names, registered as one. NotFound for a file without one."""
    what = f"The token file {token_file} of {whose}"
    try:
        with open(os.path.expanduser(token_file), encoding="utf-8") as stream:
            token = stream.read().strip()
    except OSError as error:
        raise NotFound(what, error.strerror or "unreadable") from None
    except UnicodeDecodeError:
        raise NotFound(what, "it is no text", "Put the token there, and nothing else.") from None
    if not token:
        raise NotFound(what, "it is empty", "Put the token there.")
    if not token.isprintable():
        # No header of HTTP takes it, and its library would fail with the whole value.
        raise NotFound(what, "it holds more than one line of text", "Put the token there, and nothing else.")
    return secrets.register(token)


def no_version(name: str, token: str) -> NotFound:
    """The answer to who asks for a version that is not there."""
    return NotFound(f"Version {token} of the secret {name}", "the store does not have it")


def rotated_by_another(name: str) -> Conflict:
    """The refusal to whom another run was faster."""
    return Conflict(
        f"The secret {name} is being rotated by another run", "it has made the pending version", "Run again when it has ended."
    )


def overtaken(name: str) -> Conflict:
    """The refusal to take the place of a value that is not the one we began with."""
    return Conflict(
        f"The secret {name} was written by somebody else during its rotation",
        "its newest version is theirs",
        "Their value is current. Run again: the rotation then starts from their value.",
    )


def meaning(what: str, status: int, reason: str, denied: Collection[int], mend: str) -> MicroappsError:
    """The error that a status stands for; `mend` is what helps whoever was denied."""
    if status in denied:
        return Denied(what, reason or "permission denied", mend)
    why = f"the store answered {status} {reason}".strip()
    return Unreachable(what, why, "Run again when it is well.") if status in _UNWELL else Invalid(what, why)


def stages_of(number: int, newest: int) -> frozenset[str]:
    """The stage of a version where the newest is what readers get, and the one before it was."""
    stage = {newest: Stage.CURRENT, newest - 1: Stage.PREVIOUS}.get(number)
    return frozenset({stage}) if stage else frozenset()


def ids_of(notes: Mapping[str, str]) -> dict[int, str]:
    """Which number is which of our ids."""
    pairs = (entry.partition("=") for entry in notes.get(IDS, "").split())
    return {int(number): token for number, _unused, token in pairs if number.isdigit() and token}


def ids_text(ids: Mapping[int, str]) -> str:
    """The same as it is kept."""
    return " ".join(f"{number}={token}" for number, token in sorted(ids.items()))


def utc(text: str) -> datetime.datetime:
    """A time with nanoseconds and a Z, cut to what Python reads."""
    return datetime.datetime.fromisoformat(text[:19] + "+00:00")
