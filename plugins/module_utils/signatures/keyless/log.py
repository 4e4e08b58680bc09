# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Entries of transparency logs: which logs hold the signature, and when they promise to have taken it.

A bundle must prove each entry by the log's tree. The old format has the log's promise alone (the signed entry timestamp), as
cosign 2 stored it. Only the promise signs a time: the `integratedTime` of an entry without one is anybody's word.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import datetime
import json
from collections.abc import Sequence
from typing import Final

from ..cosign.bundle import LogEntry
from ..cosign.content import Content
from ..model import Reason, Rejected
from ..reading import malformed
from .certificate import Signer
from .entry import about
from .tree import included
from .trusted_root import Log

_LAST: Final = 253402300799  # the end of the year 9999, as far as a date goes


@dataclasses.dataclass(frozen=True, slots=True)
class Logged:
    """That a log holds the signature. `promised` is when the log says that it took it, None where it promises nothing."""

    log: Log
    promised: datetime.datetime | None


def logged(content: Content, signer: Signer, logs: Sequence[Log]) -> tuple[Logged, ...]:
    """The logs of the trusted root that hold the content's signature.

    Entries of other logs prove nothing here and are passed over; one that names a log of the root and does not hold is
    Rejected, whatever else is there.
    """
    entries = _entries(content)
    places = [(entry.log_id, entry.log_index) for entry in entries]
    if len(set(places)) != len(places):
        raise malformed("The bundle", "it holds an entry of a log twice")
    return tuple(
        _proven(entry, content, signer, known, must_be_proven=content.bundle is not None)
        for entry in entries
        if (known := [log for log in logs if entry.log_id in log.ids])
    )


def _entries(content: Content) -> tuple[LogEntry, ...]:
    if content.bundle:
        return content.bundle.log_entries
    old = content.legacy.log_entry() if content.legacy else None
    if old is None:
        return ()
    try:
        log_id = binascii.unhexlify(old.log_id)
    except ValueError:
        raise malformed("The log entry", "its logID is no hash") from None
    return (LogEntry(old.log_index, log_id, "", "", old.integrated_time, base64.b64decode(old.body), old.promise, None),)


def _proven(entry: LogEntry, content: Content, signer: Signer, known: Sequence[Log], must_be_proven: bool) -> Logged:
    """The entry, held against the logs that have its id (two may, when keys are renewed): one of them must have made it."""
    kind = about(entry.body, content, signer)
    if must_be_proven and kind != (entry.kind, entry.version):
        raise malformed("The log entry", f"it says that it is of the kind {entry.kind!r:.40}, and is {' '.join(kind)}")
    refusal: Rejected | None = None
    for log in known:
        try:
            return _held(entry, log, must_be_proven)
        except Rejected as error:
            refusal = error
    raise refusal or AssertionError("no log to ask")


def _held(entry: LogEntry, log: Log, must_be_proven: bool) -> Logged:
    if entry.proof is not None:
        included(entry.body, entry.proof, log)
    elif must_be_proven:
        raise Rejected(Reason.NOT_IN_LOG, "The log entry is not proven", "it has no proof of inclusion")
    if entry.promise is None:
        return Logged(log, None)
    if not log.key.verify(entry.promise, _promised(entry)):
        raise Rejected(Reason.NOT_IN_LOG, "The log entry is not promised", f"the log {log.url} did not sign its promise")
    if not 0 < entry.integrated_time <= _LAST:
        raise malformed("The log entry", "its integratedTime is no time")
    moment = datetime.datetime.fromtimestamp(entry.integrated_time, datetime.UTC)
    if not log.window.has(moment):
        raise Rejected(Reason.NOT_IN_LOG, "The log entry is not believed", f"the log {log.url} was not trusted at {moment}")
    return Logged(log, moment)


def _promised(entry: LogEntry) -> bytes:
    """What Rekor signs as its promise: the canonical JSON (RFC 8785) of these four, plain for texts and whole numbers."""
    fields = {
        "body": base64.b64encode(entry.body).decode(),
        "integratedTime": entry.integrated_time,
        "logID": entry.log_id.hex(),
        "logIndex": entry.log_index,
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
