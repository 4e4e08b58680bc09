# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Distinguished names as trust policies write them (specifications, Trusted Identities Constraints): a subset of RFC 4514.

A name is a mapping from attribute to value; one that cannot be written so (an attribute twice, several in one, an unknown one)
matches nothing. As in notation, country, state and organisation must be there, on both sides.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Final

from ...errors import Invalid
from ..model import Reason, Rejected

with contextlib.suppress(ImportError):  # the documentation checks import this file without it
    from cryptography import x509

PREFIX: Final = "x509.subject"
MANDATORY: Final = ("C", "ST", "O")
# X.520's attributes that certificates name in the short form, by OID. `S` is another way to write `ST`.
_ATTRIBUTES: Final = {
    "2.5.4.3": "CN",
    "2.5.4.5": "SERIALNUMBER",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.17": "POSTALCODE",
}
_KNOWN: Final = frozenset(_ATTRIBUTES.values())
_ESCAPED: Final = re.compile(r'\\([ "#+,;<=>\\])|((?:\\[0-9A-Fa-f]{2})+)|\\')
_MEND: Final = 'Write it like "x509.subject: C=US, ST=WA, O=example.com".'


def parse(text: str, what: str) -> Mapping[str, str]:
    """The name in a trust policy, after the prefix; `Invalid` names `what`, the value and the mend."""
    name: dict[str, str] = {}
    for part in _split(text, what):
        kind, equals, raw = part.partition("=")
        kind = kind.strip(" ")
        kind = "ST" if kind == "S" else kind
        if not equals or kind not in _KNOWN:
            known = ", ".join(sorted(_KNOWN))
            raise Invalid(
                f"{what}: {part.strip()!r:.80} has no attribute that is known", f"there are {known}, in capitals", _MEND
            )
        if kind in name:
            raise Invalid(f"{what}: {kind} stands twice", "nobody's certificate can be compared with that", _MEND)
        name[kind] = _value(raw, f"{what}: {part.strip()!r:.80}")
    missing = [kind for kind in MANDATORY if kind not in name]
    if missing:
        raise Invalid(f"{what}: {', '.join(missing)} is missing", f"{', '.join(MANDATORY)} must be there", _MEND)
    return name


def of_subject(subject: x509.Name) -> Mapping[str, str]:
    """A certificate's subject as a name; Rejected (wrong identity) if it cannot be compared with any."""
    name: dict[str, str] = {}
    for part in subject.rdns:
        attributes = list(part)
        kind = _ATTRIBUTES.get(attributes[0].oid.dotted_string)
        value = attributes[0].value
        if len(attributes) != 1 or kind is None or kind in name or not isinstance(value, str):
            raise _incomparable(subject, f"{part.rfc4514_string()!r:.80} is unknown, of several values, or stands twice")
        name[kind] = value
    missing = [kind for kind in MANDATORY if not name.get(kind)]
    if missing:
        raise _incomparable(subject, f"{', '.join(missing)} is missing")
    return name


def within(wanted: Mapping[str, str], name: Mapping[str, str]) -> bool:
    """Whether a name has all that is wanted; what else it has does not matter."""
    return all(name.get(kind) == value for kind, value in wanted.items())


def _incomparable(subject: x509.Name, why: str) -> Rejected:
    return Rejected(Reason.WRONG_IDENTITY, f"The subject {subject.rfc4514_string():.200} cannot be compared with identities", why)


def _split(text: str, what: str) -> Iterator[str]:
    """The parts between commas that are not escaped."""
    start, at = 0, 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] in ";+":
            raise Invalid(f"{what}: {text[at]!r} must be escaped", "names of several values are not taken", _MEND)
        elif text[at] == ",":
            yield text[start:at]
            start = at + 1
        at += 1
    yield text[start:]


def _value(raw: str, what: str) -> str:
    """A value without its escapes; spaces around it count only where they are escaped."""
    bare = raw.lstrip(" ")
    while bare.endswith(" ") and not _ends_escaped(bare[:-1]):
        bare = bare[:-1]
    if bare.startswith("#"):
        raise Invalid(f"{what} is written in hex", "such values are not taken", _MEND)
    try:
        value = _ESCAPED.sub(_unescaped, bare)
    except ValueError:
        raise Invalid(f"{what} has an escape that means nothing", "", _MEND) from None
    if not value:
        raise Invalid(f"{what} has no value", "", _MEND)
    return value


def _ends_escaped(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _unescaped(found: re.Match[str]) -> str:
    if found.group(1):
        return found.group(1)
    if not found.group(2):
        raise ValueError
    return bytes.fromhex(found.group(2).replace("\\", "")).decode("utf-8")
