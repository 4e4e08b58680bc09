# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The trusted root: whose certificates, logs and time stamps are believed, and when (protobuf-specs, sigstore_trustroot.proto).

It is a file of the user's (`cosign trusted-root create`, or the one that Sigstore distributes); we never fetch it. What is
wrong in it is refused when it is read, so that every later rejection is about the signature.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ...errors import Invalid, MissingLibrary
from ..keys import CRYPTOGRAPHY_MISSING, PublicKey, from_key
from ..model import Rejected
from ..reading import base64_bytes, json_object, malformed, mapping, needed, objects, text
from .chain import UNREADABLE, authority_fault, issued
from .rules import Demands

with contextlib.suppress(ImportError):  # the documentation checks import this file without it; `parse` says so
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_der_public_key

MEDIA_TYPES: Final = (
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
)
_INSTANCES: Final = 64
_CHAIN: Final = 8
_LOG_ID: Final = range(4, 33)  # whole, or shortened as signed notes do


@dataclasses.dataclass(frozen=True, slots=True)
class Window:
    """From when to when something is believed, both inclusive; None: without end on that side."""

    start: datetime.datetime | None = None
    end: datetime.datetime | None = None

    def has(self, moment: datetime.datetime) -> bool:
        """Whether it was believed then."""
        return (self.start is None or self.start <= moment) and (self.end is None or moment <= self.end)


@dataclasses.dataclass(frozen=True, slots=True)
class Log:
    """A transparency log. `ids` are what entries and checkpoints name it by; `operator` is what is counted."""

    url: str
    operator: str
    key: PublicKey
    ids: frozenset[bytes]
    window: Window


@dataclasses.dataclass(frozen=True, slots=True)
class Authority:
    """Who issues certificates or time stamps: the chain from the lowest certificate to the one that is believed."""

    url: str
    operator: str
    chain: tuple[x509.Certificate, ...]
    window: Window


@dataclasses.dataclass(frozen=True, slots=True)
class TrustedRoot:
    """Everything that is believed."""

    authorities: tuple[Authority, ...]
    logs: tuple[Log, ...]
    ct_logs: tuple[Log, ...]
    time_authorities: tuple[Authority, ...]

    def check(self, demands: Demands, where: str) -> None:
        """`Invalid`, beginning with `where`, if the rule asks for what this root cannot prove for any signature."""
        logs, clocks = _operators(self.logs), _operators(self.time_authorities)
        for wanted, found, what in (
            (demands.log_entries, len(logs), "transparency logs"),
            (demands.certificate_transparency, len(_operators(self.ct_logs)), "certificate transparency logs"),
            (demands.times, len(logs | clocks), "logs and time-stamping authorities"),
        ):
            if wanted > found:
                raise Invalid(
                    f"{where}: no signature can fulfil the rule",
                    f"it asks for {wanted} {what}, the trusted root has {found} (counted by operator)",
                    "Complete the trusted root, or ask for less.",
                )


def _operators(instances: Sequence[Log | Authority]) -> set[str]:
    return {instance.operator for instance in instances}


def parse(data: bytes, where: str) -> TrustedRoot:
    """The trusted root in a file; `Invalid` begins with `where` and says what is wrong with it."""
    if CRYPTOGRAPHY_MISSING:
        raise MissingLibrary("cryptography", "verify signatures", CRYPTOGRAPHY_MISSING)
    try:
        return _root(json_object(data, "the trusted root"))
    except (Rejected, Invalid) as error:
        next_step = "Make it anew: cosign trusted-root create, or take the one your Sigstore instance distributes."
        raise Invalid(f"{where} cannot be used", f"{error.what}{': ' if error.why else ''}{error.why}", next_step) from None


def _root(data: Mapping[str, Any]) -> TrustedRoot:
    what = "the trusted root"
    media_type = text(data, "mediaType", what)
    if media_type not in MEDIA_TYPES:
        raise malformed(what, f"its mediaType is {media_type!r:.100}, known are {', '.join(MEDIA_TYPES)}")
    authorities = tuple(
        _authority(entry, f"certificate authority {number} of {what}", lowest_is_leaf=False)
        for number, entry in enumerate(objects(data, "certificateAuthorities", what, _INSTANCES), start=1)
    )
    if not authorities:
        raise malformed(what, "it names no certificate authority, so it would believe nobody")
    return TrustedRoot(
        authorities=authorities,
        logs=_logs(data, "tlogs", "transparency log"),
        ct_logs=_logs(data, "ctlogs", "certificate transparency log"),
        time_authorities=tuple(
            _authority(entry, f"time-stamping authority {number} of {what}", lowest_is_leaf=True)
            for number, entry in enumerate(objects(data, "timestampAuthorities", what, _INSTANCES), start=1)
        ),
    )


def _logs(data: Mapping[str, Any], name: str, kind: str) -> tuple[Log, ...]:
    entries = enumerate(objects(data, name, "the trusted root", _INSTANCES), start=1)
    return tuple(_log(entry, f"{kind} {number} of the trusted root") for number, entry in entries)


def _log(entry: Mapping[str, Any], what: str) -> Log:
    key = needed(entry, "publicKey", what)
    raw = base64_bytes(key.get("rawBytes"), f"the key of {what}")
    try:
        public = from_key(load_der_public_key(raw), f"the key of {what}")
    except UNREADABLE:
        raise malformed(what, "its key cannot be read") from None
    ids = frozenset(
        base64_bytes(found.get("keyId"), f"{name} of {what}")
        for name in ("logId", "checkpointKeyId")
        if (found := mapping(entry, name, what)) is not None
    )
    if not ids or not all(len(one) in _LOG_ID for one in ids):
        raise malformed(what, "its logId is missing, or no hash")
    url = text(entry, "baseUrl", what, default="")
    hashed = text(entry, "hashAlgorithm", what, default="SHA2_256")
    if hashed != "SHA2_256":
        raise malformed(what, f"its tree is made with {hashed!r:.40}, which no log does")
    return Log(url, _operator(entry, url or public.fingerprint, what), public, ids, _window(key, f"the key of {what}"))


def _authority(entry: Mapping[str, Any], what: str, lowest_is_leaf: bool) -> Authority:
    chain = objects(needed(entry, "certChain", what), "certificates", what, _CHAIN)
    if not chain:
        raise malformed(what, "its chain is empty")
    certificates = tuple(_certificate(one, f"certificate {number} of {what}") for number, one in enumerate(chain, start=1))
    for number, (lower, upper) in enumerate(itertools.pairwise(certificates), start=1):
        if not issued(lower, upper):
            raise malformed(what, f"certificate {number} was not issued by the next one: order or chain is wrong")
    for number, certificate in enumerate(certificates, start=1):
        fault = authority_fault(certificate)
        if fault and not (lowest_is_leaf and number == 1):
            raise malformed(what, f"certificate {number} {fault}")
    url = text(entry, "uri", what, default="")
    operator = _operator(entry, url or certificates[0].subject.rfc4514_string(), what)
    return Authority(url, operator, certificates, _window(entry, what))


def _certificate(entry: Mapping[str, Any], what: str) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(base64_bytes(entry.get("rawBytes"), what))
    except UNREADABLE:
        raise malformed(what, "it is no certificate") from None


def _operator(entry: Mapping[str, Any], otherwise: str, what: str) -> str:
    # "Two proofs from log deployments operated by the same operator should count as only one" (the specification). Where none
    # is named, two instances of one host are taken for one party too.
    return text(entry, "operator", what, default="") or otherwise.partition("://")[2].partition("/")[0] or otherwise


def _window(entry: Mapping[str, Any], what: str) -> Window:
    times = mapping(entry, "validFor", what) or {}
    window = Window(_moment(times, "start", what), _moment(times, "end", what))
    if window.start and window.end and window.end < window.start:
        raise malformed(what, "its validity ends before it begins")
    return window


def _moment(times: Mapping[str, Any], name: str, what: str) -> datetime.datetime | None:
    written = text(times, name, what, default="")
    if not written:
        return None
    try:
        moment = datetime.datetime.fromisoformat(written)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise malformed(what, f"{name} of its validity is no time: {written!r:.60}")
    return moment
