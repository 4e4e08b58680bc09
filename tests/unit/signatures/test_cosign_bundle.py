# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A bundle is read in one way or refused; what proto3 leaves out of its JSON has its value."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.cosign.bundle import MEDIA_TYPE, parse
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Reason, Rejected

ENTRY = {
    "logIndex": "12",
    "logId": {"keyId": "bG9n"},
    "kindVersion": {"kind": "dsse", "version": "0.0.1"},
    "integratedTime": "1767225600",
    "inclusionPromise": {"signedEntryTimestamp": "c2V0"},
    "inclusionProof": {
        "logIndex": "3",
        "rootHash": "cm9vdA==",
        "treeSize": "4",
        "hashes": ["aGFzaA==", "aGFzaDI="],
        "checkpoint": {"envelope": "log\n4\nroot\n"},
    },
    "canonicalizedBody": "e30=",
}
BUNDLE: dict[str, Any] = {
    "mediaType": MEDIA_TYPE,
    "verificationMaterial": {
        "certificate": {"rawBytes": "Y2VydA=="},
        "tlogEntries": [ENTRY],
        "timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": "dGltZQ=="}]},
    },
    "dsseEnvelope": {"payload": "e30=", "payloadType": "text/x", "signatures": [{"sig": "c2ln", "keyid": "x"}]},
}


def changed(*path: Any, to: Any = None, drop: bool = False) -> bytes:
    data = copy.deepcopy(BUNDLE)
    at: Any = data
    for step in path[:-1]:
        at = at[step]
    if drop:
        del at[path[-1]]
    else:
        at[path[-1]] = to
    return json.dumps(data).encode()


MATERIAL, LOG = "verificationMaterial", ("verificationMaterial", "tlogEntries", 0)
PROOF = (*LOG, "inclusionProof")
ENVELOPE = "dsseEnvelope"


@pytest.mark.parametrize(
    ("content", "reason", "says"),
    [
        (b"", Reason.MALFORMED, "not JSON"),
        (b"[]", Reason.MALFORMED, "not a JSON object"),
        (b"\xff", Reason.MALFORMED, "not UTF-8"),
        (changed("mediaType", drop=True), Reason.MALFORMED, "mediaType"),
        (changed("mediaType", to=3), Reason.MALFORMED, "mediaType"),
        (changed("mediaType", to=MEDIA_TYPE + " "), Reason.UNSUPPORTED, "unknown version"),
        (changed("mediaType", to="application/vnd.dev.sigstore.bundle+json;version=0.3"), Reason.UNSUPPORTED, "unknown version"),
        (changed("dsse_envelope", to={}), Reason.MALFORMED, "'dsse_envelope'"),
        (changed(ENVELOPE, to=[]), Reason.MALFORMED, "dsseEnvelope is no object"),
        (changed(ENVELOPE, to=None), Reason.MALFORMED, "dsseEnvelope is missing"),
        (changed(ENVELOPE, "payload", drop=True), Reason.MALFORMED, "payload"),
        (changed(ENVELOPE, "payload", to="e30"), Reason.MALFORMED, "payload.*base64"),
        (changed(ENVELOPE, "payload", to="e31="), Reason.MALFORMED, "canonical"),
        (changed(ENVELOPE, "payload", to="e30\u00e9"), Reason.MALFORMED, "base64"),
        (changed(ENVELOPE, "payload", to={}), Reason.MALFORMED, "base64"),
        (changed(ENVELOPE, "payload_type", to="text/y"), Reason.MALFORMED, "'payload_type'"),
        (changed(ENVELOPE, "payloadType", drop=True), Reason.MALFORMED, "payloadType"),
        (changed(ENVELOPE, "signatures", to={}), Reason.MALFORMED, "no list"),
        (changed(ENVELOPE, "signatures", to=["c2ln"]), Reason.MALFORMED, "no object"),
        (changed(ENVELOPE, "signatures", to=[{}] * 17), Reason.TOO_LARGE, "17 entries"),
        (changed(ENVELOPE, "signatures", to=[{}]), Reason.MALFORMED, "base64"),
        (changed(ENVELOPE, "signatures", 0, "cert", to=""), Reason.MALFORMED, "'cert'"),
        (changed(ENVELOPE, "signatures", 0, "keyid", to=1), Reason.MALFORMED, "keyid"),
        (changed(MATERIAL, drop=True), Reason.MALFORMED, "verificationMaterial is missing"),
        (changed(MATERIAL, "certificate", to={}), Reason.MALFORMED, "certificate"),
        (changed(MATERIAL, "certificate", "extra", to=1), Reason.MALFORMED, "'extra'"),
        (changed(MATERIAL, "publicKey", to={}), Reason.MALFORMED, "publicKey and certificate"),
        (changed(MATERIAL, "tlogEntries", to=[ENTRY] * 33), Reason.TOO_LARGE, "33 entries"),
        (changed(*LOG, "logIndex", to="-1"), Reason.MALFORMED, "logIndex"),
        (changed(*LOG, "logIndex", to="12.0"), Reason.MALFORMED, "logIndex"),
        (changed(*LOG, "logIndex", to="\u0661"), Reason.MALFORMED, "logIndex"),
        (changed(*LOG, "logIndex", to=str(2**63)), Reason.MALFORMED, "logIndex"),
        (changed(*LOG, "logIndex", to="1" * 5000), Reason.MALFORMED, "logIndex"),
        (changed(*LOG, "logIndex", to=True), Reason.MALFORMED, "logIndex"),
        (changed(*LOG, "logIndex", to=1.0), Reason.MALFORMED, "logIndex"),
        (changed(*LOG, "integratedTime", to=[]), Reason.MALFORMED, "integratedTime"),
        (changed(*LOG, "canonicalizedBody", to="?"), Reason.MALFORMED, "body.*base64"),
        (changed(*LOG, "logId", "keyId", to=3), Reason.MALFORMED, "log id.*base64"),
        (changed(*LOG, "inclusionPromise", to={}), Reason.MALFORMED, "promise.*base64"),
        (changed(*LOG, "inclusion_proof", to={}), Reason.MALFORMED, "'inclusion_proof'"),
        (changed(*PROOF, "hashes", to=[""] * 65), Reason.TOO_LARGE, "65 entries"),
        (changed(*PROOF, "hashes", to=[1]), Reason.MALFORMED, "hash.*base64"),
        (changed(*PROOF, "checkpoint", to={"note": ""}), Reason.MALFORMED, "'note'"),
        (changed(MATERIAL, "timestampVerificationData", "rfc3161Timestamps", to=[{}]), Reason.MALFORMED, "time stamp.*base64"),
        (changed(MATERIAL, "timestampVerificationData", "rfc3161Timestamps", to=[{}] * 33), Reason.TOO_LARGE, "33 entries"),
    ],
)
def test_what_could_be_read_otherwise_is_refused(content: bytes, reason: Reason, says: str) -> None:
    with pytest.raises(Rejected, match=says) as caught:
        parse(content)
    assert caught.value.reason is reason


def test_every_part_is_where_it_belongs() -> None:
    bundle = parse(json.dumps(BUNDLE).encode())
    (entry,) = bundle.log_entries
    assert (bundle.certificate, bundle.key_hint, bundle.timestamps) == (b"cert", None, (b"time",))
    assert (bundle.envelope.payload, bundle.envelope.payload_type, bundle.envelope.signature) == (b"{}", "text/x", b"sig")
    assert (entry.log_index, entry.log_id, entry.kind, entry.version) == (12, b"log", "dsse", "0.0.1")
    assert (entry.integrated_time, entry.promise, entry.body) == (1767225600, b"set", b"{}")
    assert entry.proof
    assert (entry.proof.log_index, entry.proof.tree_size, entry.proof.root_hash) == (3, 4, b"root")
    assert (entry.proof.hashes, entry.proof.checkpoint) == ((b"hash", b"hash2"), "log\n4\nroot\n")


@pytest.mark.parametrize(
    ("path", "read", "value"),
    [
        ((*LOG, "logIndex"), lambda bundle: bundle.log_entries[0].log_index, 0),
        ((*LOG, "integratedTime"), lambda bundle: bundle.log_entries[0].integrated_time, 0),
        ((*LOG, "inclusionPromise"), lambda bundle: bundle.log_entries[0].promise, None),
        (PROOF, lambda bundle: bundle.log_entries[0].proof, None),
        ((*PROOF, "logIndex"), lambda bundle: bundle.log_entries[0].proof.log_index, 0),
        ((*PROOF, "hashes"), lambda bundle: bundle.log_entries[0].proof.hashes, ()),
        ((MATERIAL, "tlogEntries"), lambda bundle: bundle.log_entries, ()),
        ((MATERIAL, "timestampVerificationData"), lambda bundle: bundle.timestamps, ()),
        ((ENVELOPE, "signatures", 0, "keyid"), lambda bundle: bundle.envelope.signature, b"sig"),
    ],
)
@pytest.mark.parametrize("how", ["left out", "null"])
def test_what_proto3_leaves_out_has_its_value(path: Any, read: Callable[[Any], Any], value: Any, how: str) -> None:
    content = changed(*path, drop=True) if how == "left out" else changed(*path)
    assert read(parse(content)) == value


def test_a_number_may_be_written_as_one() -> None:
    assert parse(changed(*LOG, "logIndex", to=7)).log_entries[0].log_index == 7


def test_what_is_signed_is_the_encoding_that_dsse_gives_as_its_example() -> None:
    """protocol.md of secure-systems-lab/dsse, test vector."""
    content = changed(
        ENVELOPE,
        to={
            "payload": base64.b64encode(b"hello world").decode(),
            "payloadType": "http://example.com/HelloWorld",
            "signatures": [{"sig": "c2ln"}],
        },
    )
    assert parse(content).envelope.signed == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_the_length_of_a_type_is_that_of_its_bytes() -> None:
    content = changed(ENVELOPE, "payloadType", to="é")
    assert parse(content).envelope.signed == b"DSSEv1 2 \xc3\xa9 2 {}"
