# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Distinguished names: as a trust policy writes them, as a certificate has them, and whether one is within the other."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Reason, Rejected
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation import names

BASE = {"C": "US", "ST": "WA", "O": "Example"}
OIDS = {
    "C": NameOID.COUNTRY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
    "L": NameOID.LOCALITY_NAME,
    "STREET": NameOID.STREET_ADDRESS,
    "POSTALCODE": NameOID.POSTAL_CODE,
    "SERIALNUMBER": NameOID.SERIAL_NUMBER,
}


def certificate_name(*parts: tuple[str, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(OIDS[kind], value) for kind, value in parts])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "C=US",
        "C=US,ST=WA",
        "C=US,ST=WA,O=",
        "C=US,ST=WA,O= ",
        "C=US,ST=WA,O=Example,",
        "C=US,ST=WA,O=Example,,CN=x",
        "c=US,ST=WA,O=Example",
        "C=US,ST=WA,O=Example,O=Other",
        "C=US,ST=WA,S=WA,O=Example",
        "C=US,ST=WA,O=Example+CN=x",
        "C=US,ST=WA;O=Example",
        "C=US,ST=WA,O=#04024869",
        "C=US,ST=WA,O= #04024869",
        "C=US,ST=WA,O=Example\\",
        "C=US,ST=WA,O=Ex\\ample",
        "C=US,ST=WA,O=\\ff\\fe",
        "C=US,ST=WA,O=Example,DC=com",
        "C=US,ST=WA,O=Example,2.5.4.3=x",
        "C=US,ST=WA,O=Example,emailAddress=x@example.com",
        "C=US,ST=WA,Example",
        "O",
    ],
)
def test_a_name_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        names.parse(text, "trustedIdentities[0]")
    assert "trustedIdentities[0]" in caught.value.sentence()
    assert "x509.subject: C=US" in caught.value.next_step


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("C=US,ST=WA,O=Example", {}),
        (" C = US , ST = WA , O = Example ", {}),
        ("O=Example,S=WA,C=US", {}),
        ("C=US,ST=WA,O=Example,CN=a b", {"CN": "a b"}),
        ("C=US,ST=WA,O=Example,CN=a=b", {"CN": "a=b"}),
        ("C=US,ST=WA,O=Example,CN=a\\,b\\;c\\\\d\\+e", {"CN": "a,b;c\\d+e"}),
        ("C=US,ST=WA,O=Example,CN=\\ a\\ ", {"CN": " a "}),
        ("C=US,ST=WA,O=Example,CN=a\\\\ ", {"CN": "a\\"}),
        ("C=US,ST=WA,O=Example,CN=\\#a", {"CN": "#a"}),
        ("C=US,ST=WA,O=Example,CN=\\e2\\82\\ac", {"CN": "€"}),
        ("C=US,ST=WA,O=Example,CN=\\41b\\43", {"CN": "AbC"}),
        ('C=US,ST=WA,O=Example,CN="a"', {"CN": '"a"'}),
    ],
)
def test_a_name_is_read(text: str, more: dict[str, str]) -> None:
    assert names.parse(text, "it") == {**BASE, **more}


@given(
    st.dictionaries(
        st.sampled_from(sorted(set(OIDS) - {"C"})),
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12),
    )
)
def test_what_rfc_4514_writes_is_read_back_as_the_certificate_has_it(values: dict[str, str]) -> None:
    """`cryptography` writes names as the standard says; a value of spaces alone is written by it without need."""
    parts = {**BASE, **values}
    name = certificate_name(*parts.items())
    assert names.of_subject(name) == parts
    assert (
        names.parse(name.rfc4514_string({NameOID.SERIAL_NUMBER: "SERIALNUMBER", NameOID.POSTAL_CODE: "POSTALCODE"}), "it")
        == parts
    )


@pytest.mark.parametrize(
    "name",
    [
        certificate_name(("C", "US"), ("ST", "WA")),
        certificate_name(("C", "US"), ("ST", "WA"), ("O", "Example"), ("OU", "a"), ("OU", "b")),
        x509.Name([*certificate_name(*BASE.items()), x509.NameAttribute(NameOID.EMAIL_ADDRESS, "x@example.com")]),
        x509.Name([*certificate_name(*BASE.items()), x509.NameAttribute(NameOID.DOMAIN_COMPONENT, "com")]),
        x509.Name(
            [
                *(x509.RelativeDistinguishedName([one]) for one in certificate_name(*BASE.items())),
                x509.RelativeDistinguishedName(
                    [x509.NameAttribute(NameOID.COMMON_NAME, "a"), x509.NameAttribute(NameOID.LOCALITY_NAME, "b")]
                ),
            ]
        ),
        x509.Name([]),
    ],
)
def test_a_subject_that_cannot_be_compared_matches_nothing(name: x509.Name) -> None:
    with pytest.raises(Rejected) as caught:
        names.of_subject(name)
    assert caught.value.reason is Reason.WRONG_IDENTITY


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        (BASE, True),
        ({**BASE, "CN": "ci"}, True),
        ({**BASE, "CN": "CI"}, False),
        ({**BASE, "CN": "ci2"}, False),
        ({**BASE, "O": "Example "}, False),
        ({**BASE, "OU": "x"}, False),
        ({**BASE, "C": "DE"}, False),
    ],
)
def test_a_subject_has_all_that_is_wanted_or_not(wanted: dict[str, str], holds: bool) -> None:
    assert names.within(wanted, {**BASE, "CN": "ci", "L": "Seattle"}) is holds
