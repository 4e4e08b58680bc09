# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A candidate verified against a trust policy of notation's (trust-store-trust-policy.md, Signature Verification).

    1  the statement for the image's repository is found; without one nothing counts
    2  integrity: the envelope is read strictly, its signature verified with the key of its first certificate, the chain checked
    3  authenticity: a certificate of the chain is in a trust store, and the signer's subject is a trusted identity
    4  the payload is this image, with the metadata that are asked for
    5  expiry: the signature is not past its best
    6  authentic time: each certificate is valid now, or was when the signature was stamped
    7  revocation: no certificate of the chain is revoked

A level demands each of 3, 5, 6 and 7, or only tells of it (a note); 1, 2 and 4 are always demanded.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ..model import Candidate, Format, Kind, Reason, Rejected, Subject, Verified
from . import chain, cose, jws, names, payload, signing_key, timestamp, trust_store
from .chain import Purpose, name_of
from .envelope import ENVELOPE_LIMIT, WHAT, Envelope, Scheme
from .revocation import Revocation
from .schema import Level
from .trust_policy import Action, Check, Statement, StoreKind, TrustPolicy

with contextlib.suppress(ImportError):  # the documentation checks import this file without it
    from cryptography import x509

_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_READERS: Final[Mapping[Format, Callable[[bytes], Envelope]]] = {
    Format.NOTATION_JWS: jws.parse,
    Format.NOTATION_COSE: cose.parse,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """What signatures are verified with: the trust policy, the certificates of each store it names, and what is revoked."""

    policy: TrustPolicy
    stores: Mapping[tuple[StoreKind, str], tuple[x509.Certificate, ...]]
    revocation: Revocation = dataclasses.field(default_factory=Revocation)

    def trusted(self, statement: Statement, kind: StoreKind) -> tuple[x509.Certificate, ...]:
        """The certificates of the statement's stores of this kind."""
        return tuple(one for name in statement.named(kind) for one in self.stores[kind, name])


def verify(
    candidate: Candidate,
    subject: Subject,
    rule: Rule,
    signer: str,
    role: str,
    now: datetime.datetime,
    annotations: Mapping[str, str] = _NONE,
) -> Verified:
    """What the candidate proves for this signer, or Rejected; the steps are those above.

    `annotations` are the user metadata that must be signed. What a permissive level does not demand is in the result's `notes`.
    """
    statement = _statement(rule.policy, subject.repository)
    envelope = _read(candidate)
    signing_key.verify(envelope)
    chain.check(envelope.chain, Purpose.CODE_SIGNING)
    told = _Told(statement)
    authentic = told.demand(Check.AUTHENTICITY, lambda: _check_authentic(envelope, statement, rule))
    signed = payload.parse(envelope.payload)
    payload.check(signed, subject.descriptor, annotations)
    told.demand(Check.EXPIRY, lambda: _check_expiry(envelope, now))
    proven: list[datetime.datetime] = []
    told.demand(Check.AUTHENTIC_TIMESTAMP, lambda: proven.extend(_proven_time(envelope, statement, rule, now)))
    told.demand(Check.REVOCATION, lambda: told.notes.extend(rule.revocation.check(envelope.chain, now, authentic)))
    return Verified(
        kind=Kind.SIGNATURE,
        format=candidate.format,
        where=candidate.where,
        digest=candidate.digest,
        signer=signer,
        role=role,
        identity=name_of(envelope.chain[0]),
        annotations=dict(signed.annotations),
        signed_at=proven[0] if proven else None,
        notes=tuple(told.notes),
    )


class _Told:
    """The checks that a statement demands or only tells of, and what was told."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.notes: list[str] = []

    def demand(self, check: Check, ask: Callable[[], object]) -> bool:
        """Whether the check holds. One that is demanded and does not hold is Rejected; another is noted."""
        action = self.statement.actions[check]
        if action is Action.SKIP:
            self.notes.append(f"{check}: not checked, as the statement {self.statement.name!r:.60} of the trust policy says")
            return False
        try:
            ask()
        except Rejected as error:
            if action is Action.ENFORCE:
                raise
            self.notes.append(f"{check}: {error.sentence()}")
            return False
        return True


def _statement(policy: TrustPolicy, repository: str) -> Statement:
    found = policy.statement_for(repository)
    if found is None:
        raise Rejected(
            Reason.WRONG_REPOSITORY,
            f"The trust policy has no statement for {repository}",
            "no registryScopes name it, or all (*)",
        )
    if found.level is Level.SKIP:
        why = f"the statement {found.name!r:.60} skips it, so nothing is verified and nothing counts"
        raise Rejected(Reason.UNSUPPORTED, f"The trust policy verifies nothing for {repository}", why)
    return found


def _read(candidate: Candidate) -> Envelope:
    if candidate.kind is not Kind.SIGNATURE:
        raise Rejected(Reason.NOT_AN_ATTESTATION, "It is notation's, which attests nothing")
    reader = _READERS.get(candidate.format)
    if reader is None:
        raise Rejected(Reason.UNSUPPORTED, f"It is no signature of notation's but a {candidate.format}")
    if len(candidate.content) > ENVELOPE_LIMIT:
        why = f"{len(candidate.content)} bytes, {ENVELOPE_LIMIT} are taken"
        raise Rejected(Reason.TOO_LARGE, f"{WHAT} is too large", why)
    return reader(candidate.content)


def _check_authentic(envelope: Envelope, statement: Statement, rule: Rule) -> None:
    kind = StoreKind.CA if envelope.attributes.scheme is Scheme.X509 else StoreKind.SIGNING_AUTHORITY
    if not trust_store.holds(rule.trusted(statement, kind), envelope.chain):
        named = ", ".join(f"{kind}:{name}" for name in statement.named(kind)) or f"there are none of the kind {kind}"
        raise Rejected(
            Reason.UNTRUSTED_CERTIFICATE,
            f"Neither {name_of(envelope.chain[0])} nor what is above it is in a trust store of the statement",
            named,
        )
    if statement.identities is None:
        return
    subject = names.of_subject(envelope.chain[0].subject)
    if not any(names.within(identity, subject) for identity in statement.identities):
        why = f"the statement {statement.name!r:.60} trusts others"
        raise Rejected(Reason.WRONG_IDENTITY, f"{name_of(envelope.chain[0])} is not a trusted identity", why)


def _check_expiry(envelope: Envelope, now: datetime.datetime) -> None:
    expiry = envelope.attributes.expiry
    if expiry is not None and now >= expiry:
        raise Rejected(Reason.EXPIRED, "The signature has expired", f"its signer gave it until {expiry:%Y-%m-%d %H:%M} UTC")


def _proven_time(envelope: Envelope, statement: Statement, rule: Rule, now: datetime.datetime) -> tuple[datetime.datetime, ...]:
    """When it was signed, where that is proven: by a time stamp, or by a signing authority's word."""
    if envelope.attributes.scheme is Scheme.SIGNING_AUTHORITY:
        moment = envelope.attributes.signing_time
        _check_valid(envelope, moment, "was not valid when it signed")
        return (moment,)
    expired = any(now > one.not_valid_after_utc for one in envelope.chain)
    if not statement.named(StoreKind.TSA) or (statement.after_expiry_only and not expired):
        _check_valid(envelope, now, "is not valid")
        return ()
    stamp = timestamp.verify(envelope.timestamp, envelope.signature, rule.trusted(statement, StoreKind.TSA))
    for certificate in envelope.chain:
        stamp.check_within(certificate, name_of(certificate))
    rule.revocation.check(stamp.chain, now, True)
    return (stamp.time,)


def _check_valid(envelope: Envelope, moment: datetime.datetime, fault: str) -> None:
    for certificate in envelope.chain:
        first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if not first <= moment <= last:
            why = f"it is from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"
            raise Rejected(Reason.EXPIRED, f"The certificate {name_of(certificate)} {fault}", why)
