# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A candidate verified with an identity: cosign's keyless signatures and attestations, as bundles and in the old format.

What verifies what, and why:

- Signatures, certificates and hashes are verified by `cryptography` and `hashlib`, time stamps by `rfc3161-client`.
- Composing them is ours, in the files beside this one. The `sigstore` library does it for one shape of three: it cannot read
  the old format, refuses bundles without a log, and those whose zeros were left out, as proto3 allows and cosign does. Two
  engines with one verdict each would make the answer depend on how a signature happens to be stored. Where it can read a
  bundle, tests hold its answer against ours.
"""

from __future__ import annotations

import datetime
import types
from collections.abc import Mapping
from typing import Final

from ..cosign.content import Content, Who, read, verified
from ..model import Candidate, Reason, Rejected, Subject, Verified
from . import certificate
from .claims import Holder, holder_of
from .log import Logged, logged
from .rules import IdentityRule
from .timestamps import stamped
from .trusted_root import TrustedRoot

_NONE: Final[Mapping[str, str]] = types.MappingProxyType({})
_Times = tuple[tuple[str, datetime.datetime], ...]


def verify_with_identity(
    candidate: Candidate,
    subject: Subject,
    rule: IdentityRule,
    root: TrustedRoot,
    signer: str,
    role: str,
    annotations: Mapping[str, str] = _NONE,
) -> Verified:
    """What the candidate proves for this signer, or Rejected. Pure; rule and root were loaded before.

    0. It is read strictly; nothing in it is believed yet.
    1. The certificate has the form of a signer's, and its key made the signature over the bytes as stored.
    2. Its issuer, identity and claims are whom the rule names, and it leads to an authority of the root. That comes early:
       what follows may need a library that is not there, and a stranger's signature must not be able to say so.
    3. Logs of the root hold exactly this signature, certificate and content; as many as the rule demands.
    4. Parties of the root say when: logs by their promise, time-stamping authorities; as many as the rule demands.
    5. At each of these times the certificate was valid, and led to an authority of the root that was.
    6. Certificate transparency logs of the root knew the certificate; as many as the rule demands.
    7. Kind, digest, repository and annotations are compared with what is asked.

    The caller has checked the digest of the image and of `candidate.content`, and which formats the policy accepts.
    """
    content = read(candidate)  # (0)
    its = _certificate(content, signer)  # (1)
    if not its.key.verify(content.signature, content.signed):
        raise Rejected(Reason.WRONG_KEY, "It was not made with the key of its certificate, or was changed afterwards")
    others = certificate.pem_chain(content.legacy.chain, "The chain") if content.legacy else ()
    authorities = certificate.believed(its, root.authorities, others)  # (2)
    holder = holder_of(its.certificate.extensions)
    _is_wanted(holder, rule)
    entries = logged(content, its, root.logs)  # (3)
    _enough_logs({entry.log.operator for entry in entries}, rule)
    times = _times(content, entries, root, rule)  # (4)
    # A log that promises no time must have been trusted when the others say that it was signed.
    _enough_logs(
        {entry.log.operator for entry in entries if all(entry.log.window.has(moment) for _unused, moment in times)}, rule
    )
    moments = [moment for _unused, moment in times]
    issuer = certificate.issuer_at(its, moments, authorities, others)  # (5)
    seen = certificate.transparent(its, issuer, root.ct_logs) if root.ct_logs else frozenset()  # (6)
    if len(seen) < rule.demands.certificate_transparency:
        raise Rejected(
            Reason.NO_CERTIFICATE_TRANSPARENCY,
            "The certificate was not shown to the certificate transparency logs of the trusted root",
            f"{len(seen)} of {rule.demands.certificate_transparency} operators promised to publish it",
        )
    who = Who(signer, role, f"{holder.identity} by {holder.issuer}", min(moments), holder.claims)
    return verified(content, subject, who, annotations)  # (7)


def _certificate(content: Content, signer: str) -> certificate.Signer:
    if content.bundle and content.bundle.certificate is not None:
        return certificate.read(content.bundle.certificate)
    if content.legacy and content.legacy.certificate.strip():
        return certificate.read_pem(content.legacy.certificate)
    raise Rejected(
        Reason.WRONG_IDENTITY, "It was made with a key", f"{signer} signs with an identity, which a certificate proves"
    )


def _times(content: Content, entries: tuple[Logged, ...], root: TrustedRoot, rule: IdentityRule) -> _Times:
    promised = tuple((entry.log.operator, entry.promised) for entry in entries if entry.promised is not None)
    responses, message = _responses(content)
    times = (*promised, *stamped(responses, message, root.time_authorities))
    operators = {operator for operator, _unused in times}
    if len(operators) < rule.demands.times:
        raise Rejected(
            Reason.NO_TRUSTED_TIME,
            "Nobody whom the trusted root names says when it was signed" if not times else "Too few say when it was signed",
            f"{len(operators)} of {rule.demands.times} parties (the promise of a log, a time stamp)",
        )
    return times


def _responses(content: Content) -> tuple[tuple[bytes, ...], bytes]:
    """The time stamps, and what they are over: the signature; of an old attestation the whole envelope as stored."""
    if content.bundle:
        return content.bundle.timestamps, content.signature
    response = content.legacy.timestamp() if content.legacy else None
    message = content.signature if content.envelope is None else content.candidate.content
    return (() if response is None else (response,)), message


def _enough_logs(operators: set[str], rule: IdentityRule) -> None:
    if len(operators) < rule.demands.log_entries:
        raise Rejected(
            Reason.NOT_IN_LOG,
            "It is in too few transparency logs of the trusted root" if operators else "It is in no log of the trusted root",
            f"{len(operators)} of {rule.demands.log_entries} operators hold it",
        )


def _is_wanted(holder: Holder, rule: IdentityRule) -> None:
    if not rule.issuer.matches(holder.issuer):
        raise Rejected(
            Reason.WRONG_ISSUER, "Another issuer vouches for who signed", f"{holder.issuer!r:.200} instead of {rule.issuer}"
        )
    if not rule.identity.matches(holder.identity):
        raise Rejected(Reason.WRONG_IDENTITY, "Somebody else signed it", f"{holder.identity!r:.200} instead of {rule.identity}")
    for name, wanted in rule.claims.items():
        if name not in holder.claims:
            raise Rejected(Reason.WRONG_IDENTITY, f"The certificate does not say {name}", f"wanted is {wanted}")
        if not wanted.matches(holder.claims[name]):
            raise Rejected(
                Reason.WRONG_IDENTITY, f"The certificate's {name} is another", f"{holder.claims[name]!r:.200} instead of {wanted}"
            )
