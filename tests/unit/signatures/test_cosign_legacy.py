# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What cosign's old format keeps in annotations is read strictly, and only when it is asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.cosign import legacy
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.cosign.content import read
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import (
    Candidate,
    Format,
    Kind,
    Reason,
    Rejected,
)

ENTRY = {
    "SignedEntryTimestamp": "c2V0",
    "Payload": {"body": "e30=", "integratedTime": 1767225600, "logIndex": 0, "logID": "c0d2"},
}


def candidate(form: Format = Format.COSIGN_LEGACY, **notes: str) -> Candidate:
    names = {"log": legacy.LOG, "time": legacy.TIMESTAMP, "certificate": legacy.CERTIFICATE, "chain": legacy.CHAIN}
    annotations = {legacy.SIGNATURE: "c2ln", **{names[name]: value for name, value in notes.items()}}
    return Candidate(form, Kind.SIGNATURE, "x", "sha256:x", b"{}", legacy.SIGNATURE_MEDIA_TYPE, annotations)


def entry(**changes: Any) -> str:
    return json.dumps({**ENTRY, **changes})


def in_payload(**changes: Any) -> str:
    return entry(Payload={**ENTRY["Payload"], **changes})


@pytest.mark.parametrize(
    "log",
    [
        "",
        "{",
        "[]",
        "\ud800",
        entry(SignedEntryTimestamp="?"),
        entry(SignedEntryTimestamp=None),
        entry(Payload=None),
        entry(Payload=[]),
        entry(more=1),
        in_payload(body={}),
        in_payload(body="e31="),
        in_payload(integratedTime="1767225600"),
        in_payload(logIndex="0"),
        in_payload(logIndex=-1),
        in_payload(logID=3),
        in_payload(more=1),
        '{"SignedEntryTimestamp": "c2V0", "SignedEntryTimestamp": "c2V0", "Payload": {}}',
    ],
)
def test_a_log_entry_that_cannot_be_read_is_malformed_for_whoever_asks(log: str) -> None:
    found = read(candidate(log=log)).legacy
    assert found
    with pytest.raises(Rejected) as caught:
        found.log_entry()
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("time", ["", "[]", '{"SignedRFC3161Timestamp": 1}', '{"x": ""}', '{"SignedRFC3161Timestamp": "?"}'])
def test_a_time_stamp_that_cannot_be_read_is_malformed_for_whoever_asks(time: str) -> None:
    found = read(candidate(time=time)).legacy
    assert found
    with pytest.raises(Rejected) as caught:
        found.timestamp()
    assert caught.value.reason is Reason.MALFORMED


def test_what_a_keyless_signature_needs_is_there() -> None:
    found = read(candidate(log=entry(), time='{"SignedRFC3161Timestamp": "dGltZQ=="}', certificate="PEM", chain="PEMS")).legacy
    assert found
    assert found.log_entry() == legacy.LegacyLogEntry(b"set", "e30=", 1767225600, 0, "c0d2")
    assert (found.timestamp(), found.certificate, found.chain, found.signature) == (b"time", "PEM", "PEMS", b"sig")


def test_what_is_not_there_is_told_as_that() -> None:
    found = read(candidate()).legacy
    assert found
    assert (found.log_entry(), found.timestamp(), found.certificate, found.chain) == (None, None, "", "")


@pytest.mark.parametrize("form", [Format.NOTATION_JWS, Format.NOTATION_COSE])
def test_what_another_tool_made_is_not_read(form: Format) -> None:
    with pytest.raises(Rejected) as caught:
        read(candidate(form))
    assert caught.value.reason is Reason.UNSUPPORTED
