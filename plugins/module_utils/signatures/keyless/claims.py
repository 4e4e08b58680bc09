# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a Fulcio certificate says of its holder: who vouches, for whom, and the claims of the build.

The source is sigstore/fulcio, docs/oid-info.md. Issuer and claims stand in extensions below 1.3.6.1.4.1.57264.1: the older ones
(.1 to .6) as bare text, the others as a DER UTF8String. GitHub's exist in both forms; a certificate that says two things with
them is refused.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from typing import Final

from ..model import Reason, Rejected
from ..reading import malformed

with contextlib.suppress(ImportError):  # the documentation checks import this file without it; `certificate.read` says so
    from cryptography import x509

FULCIO: Final = "1.3.6.1.4.1.57264.1"
_OTHER_NAME: Final = f"{FULCIO}.7"
_KNOWN: Final = {f"{FULCIO}.{number}": number for number in range(1, 25) if number != 7}
_ISSUERS: Final = (8, 1)
_BARE: Final = range(1, 7)
_UTF8_STRING: Final = 0x0C
_LONG_FORM: Final = 0x80
# By the names of the directory. GitHub's first five come with the number of what says the same for any provider.
_GITHUB: Final = {
    "github_workflow_trigger": (2, 20),
    "github_workflow_sha": (3, 13),
    "github_workflow_name": (4, 0),
    "github_workflow_repository": (5, 12),
    "github_workflow_ref": (6, 14),
}
_REPOSITORY: Final = 12
_GITHUB_URL: Final = "https://github.com/"
_ANY_PROVIDER: Final = {
    "build_signer_uri": 9,
    "build_signer_digest": 10,
    "runner_environment": 11,
    "source_repository_uri": 12,
    "source_repository_digest": 13,
    "source_repository_ref": 14,
    "source_repository_identifier": 15,
    "source_repository_owner_uri": 16,
    "source_repository_owner_identifier": 17,
    "build_config_uri": 18,
    "build_config_digest": 19,
    "build_trigger": 20,
    "run_invocation_uri": 21,
    "source_repository_visibility": 22,
    "deployment_environment": 23,
    "token_subject": 24,
}
CLAIMS: Final = (*_GITHUB, *_ANY_PROVIDER)


@dataclasses.dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a certificate. `claims` by the names of CLAIMS, those that it has."""

    identity: str
    issuer: str
    claims: Mapping[str, str]


def holder_of(extensions: x509.Extensions) -> Holder:
    """The holder, from a certificate's extensions. Rejected if there is not exactly one identity and one issuer."""
    values = _values(extensions)
    issuers = {values[number] for number in _ISSUERS if number in values}
    if len(issuers) != 1 or "" in issuers:
        what = "names two issuers" if len(issuers) > 1 else "names no issuer"
        raise Rejected(Reason.WRONG_ISSUER, f"The certificate {what}", "Fulcio writes the issuer of the identity token")
    return Holder(_identity(extensions), issuers.pop(), _claims(values))


def _identity(extensions: x509.Extensions) -> str:
    try:
        names = list(extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        names = []
    if len(names) != 1:
        raise Rejected(
            Reason.WRONG_IDENTITY, f"The certificate has {len(names)} subject alternative names", "which one signed is not said"
        )
    name = names[0]
    if isinstance(name, (x509.RFC822Name, x509.UniformResourceIdentifier)):
        return _plain(name.value, "The certificate's identity")
    if isinstance(name, x509.OtherName) and name.type_id.dotted_string == _OTHER_NAME:
        return _utf8(name.value, "The certificate's identity")
    raise Rejected(
        Reason.WRONG_IDENTITY, "The certificate's identity is of a kind that Fulcio does not write", type(name).__name__
    )


def _values(extensions: x509.Extensions) -> dict[int, str]:
    found = {}
    for extension in extensions:
        number = _KNOWN.get(extension.oid.dotted_string)
        if number is not None and isinstance(extension.value, x509.UnrecognizedExtension):
            read = _bare if number in _BARE else _utf8
            found[number] = read(extension.value.value, f"The certificate's extension {extension.oid.dotted_string}")
    return found


def _claims(values: Mapping[int, str]) -> Mapping[str, str]:
    found = {name: values[number] for name, number in _ANY_PROVIDER.items() if values.get(number)}
    repository = values.get(_REPOSITORY, "")
    # What any provider writes is GitHub's only for a repository there.
    general = {**values, _REPOSITORY: repository.removeprefix(_GITHUB_URL)} if repository.startswith(_GITHUB_URL) else {}
    for name, (own, other) in _GITHUB.items():
        said = {text for text in (values.get(own), general.get(other)) if text}
        if len(said) > 1:
            raise malformed("The certificate", f"it says two things about {name}")
        if said:
            found[name] = said.pop()
    return found


def _bare(value: bytes, what: str) -> str:
    try:
        return _plain(value.decode(), what)
    except UnicodeDecodeError:
        raise malformed(what, "it is not UTF-8") from None


def _utf8(value: bytes, what: str) -> str:
    """The text in a DER UTF8String, with the shortest form of its length (ITU-T X.690, 10.1)."""
    head, length = 2, value[1] if len(value) > 1 else 0
    if length & _LONG_FORM:
        head += length & ~_LONG_FORM
        length = int.from_bytes(value[2:head], "big") if head <= 4 else 0
        if length < (_LONG_FORM if head == 3 else 256):
            raise malformed(what, "its length is not in DER")
    if len(value) < 2 or value[0] != _UTF8_STRING or len(value) != head + length:
        raise malformed(what, "it is no UTF8String")
    return _bare(value[head:], what)


def _plain(text: str, what: str) -> str:
    # A report must not be bent by what a certificate says; and an identity with a line break has no honest reader.
    if not text.isprintable():
        raise malformed(what, "it holds control characters")
    return text
