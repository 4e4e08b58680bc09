# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a certificate was revoked, by its authority's CRLs (RFC 5280, sections 5 and 6.3; trust-store-trust-policy.md).

"Not revoked" needs a list that is signed by the issuer, covers the certificate and is current; everything else is "unknown".
"Revoked" needs less: a list that the issuer signed, however old, for what is revoked stays so. OCSP is not asked: where a
certificate names that alone, its status is unknown unless a list of its issuer is given.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import enum
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from ..keyless.chain import UNREADABLE
from ..model import Reason, Rejected
from .chain import extension, name_of
from .crls import Crl

with contextlib.suppress(ImportError):  # the documentation checks import this file without it
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID

if TYPE_CHECKING:
    _Kind = TypeVar("_Kind", bound=x509.ExtensionType)

_HASHES: Final = ("sha256", "sha384", "sha512")
# A certificate that names more places than this is not asking to be checked.
_PLACES: Final = 4


class _Standing(enum.Enum):
    NOT_LISTED = enum.auto()
    ON_HOLD = enum.auto()  # for now
    REVOKED = enum.auto()  # for good


class Fetcher(Protocol):
    """Where lists come from that were not given."""

    def fetch(self, url: str) -> Crl | None:
        """The list at this address; None if there is none to be had."""


@dataclasses.dataclass(frozen=True, slots=True)
class Revocation:
    """What is known of revoked certificates: the lists that were given, and how to get others (None: not at all)."""

    given: tuple[Crl, ...] = ()
    fetcher: Fetcher | None = None

    def check(self, chain: Sequence[x509.Certificate], now: datetime.datetime, may_fetch: bool) -> tuple[str, ...]:
        """That nothing in the chain is revoked; Rejected (revoked, revocation unknown) otherwise. The root is asked nobody about.

        Returns a sentence for each certificate that names no place to ask, and of whose issuer no list is given. `may_fetch`
        only where the chain is trusted: others would send us wherever they like.
        """
        notes: list[str] = []
        unknown: list[Rejected] = []
        for certificate, issuer in itertools.pairwise(chain):
            try:
                notes += self._certificate(certificate, issuer, now, may_fetch)
            except Rejected as error:
                if error.reason is Reason.REVOKED:
                    raise
                unknown.append(error)
        if unknown:
            raise unknown[0]
        return tuple(notes)

    def _certificate(
        self, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime.datetime, may_fetch: bool
    ) -> Iterator[str]:
        lists = [one for one in self.given if one.list.issuer == certificate.issuer]
        places = _places(certificate)
        if not lists and not _can_be_asked(certificate):
            yield f"Whether {name_of(certificate)} is revoked cannot be asked: it names neither a CRL nor OCSP"
            return
        why = _status(certificate, issuer, lists, now)
        if why and may_fetch and self.fetcher is not None:
            lists += self._fetched(self.fetcher, places)
            why = _status(certificate, issuer, lists, now)
        if why:
            raise Rejected(
                Reason.REVOCATION_UNKNOWN,
                f"Whether {name_of(certificate)} is revoked is not known",
                why,
            )

    def _fetched(self, fetcher: Fetcher, places: Iterable[str]) -> Iterator[Crl]:
        """The lists at the places that the certificate names, and the deltas that these name."""
        for place in places:
            found = fetcher.fetch(place)
            if found is None:
                continue
            yield found
            freshest = _of_list(found.list, x509.FreshestCRL)
            for delta in _uris(freshest) if freshest else ():
                fresh = fetcher.fetch(delta)
                if fresh is not None:
                    yield fresh
                    break


def _status(certificate: x509.Certificate, issuer: x509.Certificate, lists: Sequence[Crl], now: datetime.datetime) -> str:
    """'' if it is not revoked, or why that is not known; Rejected if it is revoked. Pure."""
    faults: list[str] = []
    authentic: list[Crl] = []
    for one in lists:
        fault = _unusable(one.list, certificate, issuer)
        if fault:
            faults.append(f"{one.source}: {fault}")
        else:
            authentic.append(one)
    good = False
    for base in (one for one in authentic if _of_list(one.list, x509.DeltaCRLIndicator) is None):
        delta, wanting = _delta(base, authentic, certificate, now)
        old = _not_current(base.list, now)
        standing = _standing(certificate, base, delta)
        superseded = any(_supersedes(other, base, now) for other in authentic)
        if standing is _Standing.REVOKED or (standing is _Standing.ON_HOLD and not (old or superseded)):
            raise Rejected(Reason.REVOKED, f"The certificate {name_of(certificate)} is revoked", f"by {base.source}")
        faults += [f"{base.source}: {fault}" for fault in (old, wanting) if fault]
        good = good or not (old or wanting or superseded)
    return "" if good else "; ".join(faults[:3]) or "there is no CRL of its issuer"


def _supersedes(other: Crl, base: Crl, now: datetime.datetime) -> bool:
    """Whether another list is a later one of the same sort: what was on hold in the earlier may be free again."""
    return (
        _of_list(other.list, x509.DeltaCRLIndicator) is None
        and _of_list(other.list, x509.IssuingDistributionPoint) == _of_list(base.list, x509.IssuingDistributionPoint)
        and base.list.last_update_utc < other.list.last_update_utc <= now
    )


def _unusable(crl: x509.CertificateRevocationList, certificate: x509.Certificate, issuer: x509.Certificate) -> str:
    """Why a list says nothing about the certificate, '' if it does: the issuer's, well signed, without what is not known here."""
    usage = extension(issuer, x509.KeyUsage)
    if usage is not None and not usage.value.crl_sign:
        return "its issuer must not sign CRLs (key usage)"
    hashed = crl.signature_hash_algorithm
    if hashed is not None and hashed.name not in _HASHES:
        return f"it is signed with {hashed.name}"
    try:
        key = issuer.public_key()
        if crl.issuer != issuer.subject or not crl.is_signature_valid(key):  # type: ignore[arg-type]  # else a TypeError
            return "it is not signed by the issuer"
    except (TypeError, InvalidSignature, UnsupportedAlgorithm, ValueError):
        return "its signature cannot be verified"
    known = (ExtensionOID.ISSUING_DISTRIBUTION_POINT, ExtensionOID.DELTA_CRL_INDICATOR)
    strange = [one.oid.dotted_string for one in crl.extensions if one.critical and one.oid not in known]
    if strange:
        return f"it demands the extension {strange[0]}, which is not known here"
    return _out_of_scope(crl, certificate)


def _out_of_scope(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> str:
    scope = _of_list(crl, x509.IssuingDistributionPoint)
    if scope is None:
        return ""
    constraints = extension(certificate, x509.BasicConstraints)
    authority = constraints is not None and constraints.value.ca
    if scope.indirect_crl or scope.only_some_reasons or scope.only_contains_attribute_certs or scope.relative_name:
        return "it is for other authorities, some reasons or other things only"
    if scope.only_contains_ca_certs if not authority else scope.only_contains_user_certs:
        return "it is for another kind of certificates"
    if scope.full_name:
        named = {one.value for one in scope.full_name if isinstance(one, x509.UniformResourceIdentifier)}
        if not named.intersection(_all_places(certificate)):
            return "it is for certificates that name another place"
    return ""


def _not_current(crl: x509.CertificateRevocationList, now: datetime.datetime) -> str:
    following = crl.next_update_utc
    if following is None:
        return "it does not say until when it is current"
    if now > following:
        return f"it was current until {following:%Y-%m-%d %H:%M} UTC"
    return f"it is of {crl.last_update_utc:%Y-%m-%d %H:%M} UTC, which is not yet" if now < crl.last_update_utc else ""


def _delta(base: Crl, authentic: Sequence[Crl], certificate: x509.Certificate, now: datetime.datetime) -> tuple[Crl | None, str]:
    """The changes to a base list (RFC 5280, section 5.2.4), and why they are wanting though there must be some."""
    number = _of_list(base.list, x509.CRLNumber)
    fitting = []
    for one in authentic:
        least, own = _of_list(one.list, x509.DeltaCRLIndicator), _of_list(one.list, x509.CRLNumber)
        if least is None or own is None or number is None or not least.crl_number <= number.crl_number < own.crl_number:
            continue
        if _of_list(one.list, x509.IssuingDistributionPoint) == _of_list(base.list, x509.IssuingDistributionPoint):
            fitting.append((own.crl_number, one))
    newest = max(fitting, key=lambda pair: pair[0])[1] if fitting else None
    if newest is not None:
        return newest, _not_current(newest.list, now)
    demanded = _of_list(base.list, x509.FreshestCRL) is not None or extension(certificate, x509.FreshestCRL) is not None
    return None, "the changes that belong to it (delta CRL) are not there" if demanded else ""


def _standing(certificate: x509.Certificate, base: Crl, delta: Crl | None) -> _Standing:
    """What the base list says of the certificate, or the changes to it, which come later."""
    for one in (delta, base):
        entry = None if one is None else one.list.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is not None:
            reason = _reason(entry)
            if reason is x509.ReasonFlags.remove_from_crl and one is delta:
                return _Standing.NOT_LISTED
            return _Standing.ON_HOLD if reason is x509.ReasonFlags.certificate_hold else _Standing.REVOKED
    return _Standing.NOT_LISTED


def _reason(entry: x509.RevokedCertificate) -> x509.ReasonFlags | None:
    try:
        found = [one.value for one in entry.extensions]
    except UNREADABLE:
        return None
    return next((one.reason for one in found if isinstance(one, x509.CRLReason)), None)


def _of_list(crl: x509.CertificateRevocationList, kind: type[_Kind]) -> _Kind | None:
    try:
        return crl.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _uris(points: x509.CRLDistributionPoints | x509.FreshestCRL) -> tuple[str, ...]:
    names = [name for point in points for name in point.full_name or ()]
    return tuple(name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))


def _all_places(certificate: x509.Certificate) -> tuple[str, ...]:
    points = extension(certificate, x509.CRLDistributionPoints)
    return _uris(points.value) if points else ()


def _places(certificate: x509.Certificate) -> tuple[str, ...]:
    return _all_places(certificate)[:_PLACES]


def _can_be_asked(certificate: x509.Certificate) -> bool:
    if extension(certificate, x509.CRLDistributionPoints) is not None:
        return True
    access = extension(certificate, x509.AuthorityInformationAccess)
    return access is not None and any(one.access_method == AuthorityInformationAccessOID.OCSP for one in access.value)
