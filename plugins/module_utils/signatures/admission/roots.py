# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A trusted root as controllers take it: policy-controller as an object of its own kind, Kyverno as the JSON it is."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..keyless.trusted_root import MEDIA_TYPES, Authority, Log, TrustedRoot, Window
from ..keys import KeyKind, PublicKey

with contextlib.suppress(ImportError):  # the documentation checks import this file without it; no root can be loaded then
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509.oid import NameOID

TRUST_ROOT_API: Final = "policy.sigstore.dev/v1alpha1"
TRUST_ROOT_KIND: Final = "TrustRoot"
_DETAILS: Final = {
    KeyKind.P256: "PKIX_ECDSA_P256_SHA_256",
    KeyKind.P384: "PKIX_ECDSA_P384_SHA_384",
    KeyKind.P521: "PKIX_ECDSA_P521_SHA_512",
    KeyKind.ED25519: "PKIX_ED25519",
}
_NO_ADDRESS: Final = "https://nowhere.invalid"


def known_logs(root: TrustedRoot) -> tuple[Log, ...]:
    """The logs that policy-controller 0.13 can be told: one with another key makes it refuse the whole root."""
    return tuple(log for log in root.logs if log.key.kind in (KeyKind.P256, KeyKind.P384, KeyKind.P521))


def trust_root_keys(root: TrustedRoot) -> dict[str, Any]:
    """`spec.sigstoreKeys` of a TrustRoot. It has no windows of time: what has ended is left out by nobody."""
    ct_logs = [log for log in root.ct_logs if log.key.kind is not KeyKind.ED25519]
    return {
        "certificateAuthorities": [_authority(one) for one in root.authorities],
        "tLogs": [_log(one) for one in known_logs(root)],
        "ctLogs": [_log(one) for one in ct_logs],
        "timestampAuthorities": [_authority(one) for one in root.time_authorities],
    }


def _authority(one: Authority) -> dict[str, Any]:
    pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in one.chain)
    return {"subject": _subject(one.chain[0].subject), "uri": one.url or _NO_ADDRESS, "certChain": _base64(pem)}


def _subject(name: x509.Name) -> dict[str, str]:
    def first(oid: x509.ObjectIdentifier) -> str:
        return next((str(attribute.value) for attribute in name.get_attributes_for_oid(oid)), "-")

    return {"organization": first(NameOID.ORGANIZATION_NAME), "commonName": first(NameOID.COMMON_NAME)}


def _log(one: Log) -> dict[str, Any]:
    return {"baseURL": one.url or _NO_ADDRESS, "hashAlgorithm": "sha-256", "publicKey": _base64(one.key.pem.encode())}


def root_json(root: TrustedRoot) -> dict[str, Any]:
    """The root in Sigstore's own form (protobuf-specs, sigstore_trustroot.proto), as it was read."""
    return {
        "mediaType": MEDIA_TYPES[0],
        "tlogs": list(_logs(root.logs)),
        "certificateAuthorities": list(_chains(root.authorities)),
        "ctlogs": list(_logs(root.ct_logs)),
        "timestampAuthorities": list(_chains(root.time_authorities)),
    }


def _logs(logs: Iterable[Log]) -> Iterable[Mapping[str, Any]]:
    for log in logs:
        encoded = log.key.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        key = {"rawBytes": _base64(encoded), "keyDetails": _details(log.key), "validFor": _window(log.window)}
        identity = {"keyId": _base64(max(sorted(log.ids), key=len))}
        yield {"baseUrl": log.url, "operator": log.operator, "hashAlgorithm": "SHA2_256", "publicKey": key, "logId": identity}


def _chains(authorities: Iterable[Authority]) -> Iterable[Mapping[str, Any]]:
    for one in authorities:
        certificates = [{"rawBytes": _base64(certificate.public_bytes(Encoding.DER))} for certificate in one.chain]
        yield {
            "subject": _subject(one.chain[0].subject),
            "uri": one.url,
            "operator": one.operator,
            "certChain": {"certificates": certificates},
            "validFor": _window(one.window),
        }


def _details(key: PublicKey) -> str:
    return _DETAILS.get(key.kind, f"PKIX_RSA_PKCS1V15_{key.bits}_SHA256")


def _window(window: Window) -> dict[str, str]:
    return {name: moment.isoformat() for name, moment in (("start", window.start), ("end", window.end)) if moment is not None}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
