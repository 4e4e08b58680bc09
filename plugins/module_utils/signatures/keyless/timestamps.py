# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Time stamps (RFC 3161): when an authority of the trusted root saw the signature.

`rfc3161-client`, which Sigstore's own Python client uses, reads the response and verifies it: status, message, the signature
of the one signer, its usage. It is optional and imported when the first time stamp is met. That the stamping certificate leads
to the authority that the root names is verified here as for signers, at the time of the stamp.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ...errors import MissingLibrary
from ..reading import malformed
from . import chain
from .trusted_root import Authority

with contextlib.suppress(ImportError):  # the documentation checks import this file without it
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID
if TYPE_CHECKING:
    from types import ModuleType

_STAMP_LIMIT: Final = 64 * 1024


@functools.cache
def library() -> ModuleType:
    """The optional library; MissingLibrary says how to get it."""
    try:
        import rfc3161_client
    except ImportError as error:
        raise MissingLibrary("rfc3161-client", "verify time stamps of signatures", error) from None
    return rfc3161_client


def stamped(
    responses: Sequence[bytes], message: bytes, authorities: Sequence[Authority]
) -> tuple[tuple[str, datetime.datetime], ...]:
    """Operator and time of each response over `message` by one of the authorities; others prove nothing and are passed over.

    Without authorities nothing is read, and the library is not needed.
    """
    if not responses or not authorities:
        return ()
    if len(set(responses)) != len(responses):
        raise malformed("The signature", "it holds a time stamp twice")
    found = (_stamp(response, message, authority) for response in responses for authority in authorities)
    return tuple(one for one in found if one is not None)


def _stamp(response: bytes, message: bytes, authority: Authority) -> tuple[str, datetime.datetime] | None:
    client = library()
    if len(response) > _STAMP_LIMIT:
        return None
    try:
        read = client.decode_timestamp_response(response)
        moment = read.tst_info.gen_time
        leaf = _stamping(read, authority)
        if leaf is None:
            return None
        builder = client.VerifierBuilder(tsa_certificate=leaf, roots=[authority.chain[-1]])
        for certificate in authority.chain[:-1]:
            if certificate != leaf:
                builder = builder.add_intermediate_certificate(certificate)
        builder.build().verify_message(read, message)
    except (*chain.UNREADABLE, client.VerificationError):
        return None
    usage = ExtendedKeyUsageOID.TIME_STAMPING
    if not chain.valid_at(leaf, moment) or not authority.window.has(moment):
        return None
    # An authority may be given as its stamping certificate alone: then that is what is believed.
    if leaf != authority.chain[-1] and not chain.path(leaf, authority.chain, (), usage, moment):
        return None
    return authority.operator, moment


def _stamping(response: Any, authority: Authority) -> x509.Certificate | None:
    """The certificate that stamps: the lowest of the authority's, or, where it names none, the one in the response."""
    if chain.authority_fault(authority.chain[0]):
        return authority.chain[0]
    signers = response.signed_data.signer_infos
    carried = [x509.load_der_x509_certificate(one) for one in response.signed_data.certificates]
    for certificate in carried:
        if [(one.issuer, one.serial_number) for one in signers] == [(certificate.issuer, certificate.serial_number)]:
            return certificate
    return None
