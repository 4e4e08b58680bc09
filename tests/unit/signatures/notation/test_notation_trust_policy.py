# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Trust policies: what is wrong with one is told with file, field, value and mend; what is right means what notation means."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation.schema import Level
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation.trust_policy import (
    Action,
    Check,
    StoreKind,
    TrustPolicy,
    parse,
)

FILE = "/etc/notation/trustpolicy.json"
STATEMENT: dict[str, Any] = {
    "name": "all",
    "registryScopes": ["*"],
    "signatureVerification": {"level": "strict"},
    "trustStores": ["ca:example"],
    "trustedIdentities": ["x509.subject: C=US, ST=WA, O=Example"],
}
IDENTITY = "x509.subject: C=US, ST=WA, O=Example"


def statement(**changes: Any) -> dict[str, Any]:
    made = {**copy.deepcopy(STATEMENT), **changes}
    return {name: value for name, value in made.items() if value is not ...}


def document(*statements: dict[str, Any], **changes: Any) -> bytes:
    made = {"version": "1.0", "trustPolicies": list(statements), **changes}
    return json.dumps({name: value for name, value in made.items() if value is not ...}).encode()


def verification(level: str, **more: Any) -> dict[str, Any]:
    return {"level": level, **more}


def read(data: bytes, *weaker: str) -> TrustPolicy:
    return parse(data, FILE, frozenset(Level(one) for one in weaker))


WRONG = [
    pytest.param(b"", ["is not JSON"], id="empty"),
    pytest.param(b"[]", ["is not a JSON object"], id="list"),
    pytest.param(document(statement()) + b"{}", ["is not JSON"], id="text after its end"),
    pytest.param(b'{"version":"1.0","version":"1.0","trustPolicies":[]}', ["version", "twice"], id="a field twice"),
    pytest.param(document(statement(), version=...), ["version: is missing"], id="no version"),
    pytest.param(document(statement(), version="1.1"), ['version: "1.1" is not one of 1.0'], id="another version"),
    pytest.param(document(), ["trustPolicies", "a list of 1 to"], id="no statement"),
    pytest.param(document(statement(), more=1), ["more: is not a field that is known"], id="unknown field"),
    pytest.param(
        document(statement(trustStores=..., TrustStores=["ca:example"])), ["TrustStores", "did you mean trustStores?"], id="case"
    ),
    pytest.param(document(statement(name=...)), ["trustPolicies[0].name: is missing"], id="no name"),
    pytest.param(document(statement(name="")), ["trustPolicies[0].name"], id="empty name"),
    pytest.param(
        document(statement(registryScopes=["a.example/x"]), statement()),
        ["trustPolicies[1].name", '"all"', "trustPolicies[0].name", "which statement counts"],
        id="one name twice",
    ),
    pytest.param(document(statement(registryScopes=...)), ["trustPolicies[0].registryScopes: is missing"], id="no scopes"),
    pytest.param(document(statement(registryScopes=[])), ["trustPolicies[0].registryScopes"], id="empty scopes"),
    pytest.param(
        document(statement(registryScopes=["*", "a.example/x"])), ["registryScopes", "* stands beside others"], id="all and one"
    ),
    pytest.param(
        document(statement(), statement(name="other")), ['"*" stands in trustPolicies[0].registryScopes'], id="all twice"
    ),
    pytest.param(
        document(statement(registryScopes=["a.example/x"]), statement(name="b", registryScopes=["b.example/y", "a.example/x"])),
        ['"a.example/x" stands in trustPolicies[0].registryScopes already'],
        id="one scope twice",
    ),
    pytest.param(
        document(statement(registryScopes=["a.example/x", "a.example/x"])), ['"a.example/x" stands in'], id="a scope twice in one"
    ),
    *(
        pytest.param(document(statement(registryScopes=[scope])), [json.dumps(scope), "HOST/PATH"], id=f"scope {scope}")
        for scope in (
            "a.example", "a.example/", "/x", "https://a.example/x", "a.example/*", "*/x", "a.example/x:1", "a.example/X",
            "a.example/x@sha256:0", "a.example//x", "a.example/x ", "a.example:port/x", "-a.example/x", "a.example/x_", "**",
        )
    ),
    pytest.param(document(statement(signatureVerification=...)), ["signatureVerification: is missing"], id="no verification"),
    pytest.param(document(statement(signatureVerification={})), ["signatureVerification.level: is missing"], id="no level"),
    pytest.param(
        document(statement(signatureVerification=verification("Strict"))), ['"Strict"', "did you mean strict?"], id="level's case"
    ),
    pytest.param(document(statement(signatureVerification=verification("none"))), ['"none" is not one of'], id="unknown level"),
    pytest.param(
        document(statement(signatureVerification=verification("strict", override={"integrity": "log"}))),
        ["override", "integrity", "is not a field"],
        id="integrity overridden",
    ),
    pytest.param(
        document(statement(signatureVerification=verification("strict", override={"expiry": "skip"}))),
        ["override.expiry", '"skip"'],
        id="expiry skipped",
    ),
    pytest.param(
        document(statement(signatureVerification=verification("strict", override={"authenticity": "skip"}))),
        ["override.authenticity", '"skip"'],
        id="authenticity skipped",
    ),
    pytest.param(
        document(statement(signatureVerification=verification("strict", override={"revocations": "log"}))),
        ["override", "revocations", "did you mean revocation?"],
        id="unknown check",
    ),
    pytest.param(
        document(statement(signatureVerification=verification("strict", verifyTimestamp="never"))),
        ["verifyTimestamp", '"never"'],
        id="unknown use of time stamps",
    ),
    pytest.param(
        document(statement(signatureVerification=verification("audit"))),
        ["trustPolicies[0].signatureVerification.level: audit", "by anybody", "weaker_levels"],
        id="audit, not acknowledged",
    ),
    pytest.param(
        document(statement(signatureVerification=verification("strict", override={"authenticity": "log"}))),
        ["override.authenticity: log", "by anybody", "list audit under weaker_levels"],
        id="as weak as audit, not acknowledged",
    ),
    pytest.param(
        document(
            statement(
                registryScopes=["a.example/x"], signatureVerification=verification("skip"), trustStores=..., trustedIdentities=...
            )
        ),
        ["signatureVerification.level: skip", "nothing is verified", "list skip under weaker_levels"],
        id="skip, not acknowledged",
    ),
    pytest.param(document(statement(trustStores=...)), ["trustStores or trustedIdentities is missing"], id="no stores"),
    pytest.param(document(statement(trustedIdentities=[])), ["trustStores or trustedIdentities is missing"], id="no identities"),
    *(
        pytest.param(document(statement(trustStores=[store])), ["trustStores[0]", json.dumps(store), "KIND:NAME"], id=store)
        for store in ("example", "CA:example", "ca:", "ca:a/b", "ca:..", "ca:.", "ca:a b", "ca:example,tsa:x", "root:example")
    ),
    pytest.param(
        document(statement(trustedIdentities=["*", IDENTITY])), ["trustedIdentities", "* stands beside others"], id="* and one"
    ),
    pytest.param(document(statement(trustedIdentities=["C=US"])), ["trustedIdentities[0]", '"C=US"'], id="no prefix"),
    pytest.param(
        document(statement(trustedIdentities=["com.example.plugin:x"])), ["trustedIdentities[0]", "x509.subject:"], id="plugin"
    ),
    pytest.param(document(statement(trustedIdentities=["x509.subject:C=US"])), ["ST, O is missing"], id="not enough of a name"),
    pytest.param(
        document(statement(trustedIdentities=[IDENTITY, f"{IDENTITY}, CN=x"])),
        ["trustedIdentities[1]", "covered by trustedIdentities[0]"],
        id="one within the other",
    ),
    pytest.param(
        document(statement(trustedIdentities=[IDENTITY, "x509.subject: O=Example,ST=WA,C=US"])), ["covered by"], id="one twice"
    ),
    pytest.param(
        document(statement(globalPolicy=True, registryScopes=...)), ["policy for files (blobs)", "globalPolicy"], id="for blobs"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("data", "words"), WRONG)
def test_what_is_wrong_is_told(data: bytes, words: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        read(data)
    for word in (FILE, *words):
        assert word in caught.value.sentence()


def test_skip_is_nothing_but_skip() -> None:
    for changes in ({"trustStores": ["ca:x"]}, {"trustedIdentities": ["*"]}, {"registryScopes": ["*"]}):
        made = statement(registryScopes=["a.example/x"], trustStores=..., trustedIdentities=...)
        made["signatureVerification"] = verification("skip")
        with pytest.raises(Invalid):
            read(document({**made, **changes}), "skip")
    made["signatureVerification"] = verification("skip", override={"expiry": "log"})
    with pytest.raises(Invalid, match="the level skip cannot be changed"):
        read(document(made), "skip")


@pytest.mark.parametrize(
    ("level", "weaker", "override", "actions"),
    [
        ("strict", (), {}, "enforce enforce enforce enforce"),
        ("permissive", (), {}, "enforce log log log"),
        ("audit", ("audit",), {}, "log log log log"),
        ("strict", (), {"expiry": "log"}, "enforce enforce log enforce"),
        ("strict", (), {"revocation": "skip", "authenticTimestamp": "log"}, "enforce log enforce skip"),
        ("permissive", (), {"revocation": "enforce", "expiry": "enforce"}, "enforce log enforce enforce"),
        ("audit", ("audit",), {"authenticity": "enforce"}, "enforce log log log"),
        ("permissive", ("audit",), {"authenticity": "log"}, "log log log log"),
    ],
)
def test_a_level_and_its_changes(level: str, weaker: tuple[str, ...], override: dict[str, str], actions: str) -> None:
    made = document(statement(signatureVerification=verification(level, override=override)))
    (found,) = read(made, *weaker).statements
    assert [found.actions[check] for check in Check] == [Action(action) for action in actions.split()]


def test_the_statement_with_the_exact_name_goes_before_the_one_for_all() -> None:
    policy = read(
        document(
            statement(),
            statement(name="app", registryScopes=["registry.example.com:5000/apps/where2eat", "localhost:5000/x"]),
        )
    )
    names = {
        "registry.example.com:5000/apps/where2eat": "app",
        "localhost:5000/x": "app",
        "registry.example.com:5000/apps/where2eat2": "all",
        "registry.example.com/apps/where2eat": "all",
        "registry.example.com:5000/apps": "all",
        "*": "all",
    }
    for repository, name in names.items():
        found = policy.statement_for(repository)
        assert found
        assert found.name == name


def test_without_a_statement_for_all_there_may_be_none() -> None:
    policy = read(document(statement(registryScopes=["registry.example.com/app"])))
    assert policy.statement_for("registry.example.com/app")
    for other in ("registry.example.com/app/x", "registry.example.com", "other.example/app", "", "*"):
        assert policy.statement_for(other) is None


def test_stores_and_identities_are_read() -> None:
    stores = ["ca:one", "tsa:stamps", "signingAuthority:services", "ca:two", "ca:one"]
    text = "x509.subject: C=US,  S=WA ,O=Wabbit \\, Inc.\\;, OU = a=b, CN= \\ x\\ , L=S\\C3\\B6hne"
    (found,) = read(document(statement(trustStores=stores, trustedIdentities=[text]))).statements
    assert found.named(StoreKind.CA) == ("one", "two")
    assert found.named(StoreKind.TSA) == ("stamps",)
    assert found.named(StoreKind.SIGNING_AUTHORITY) == ("services",)
    assert found.identities == ({"C": "US", "ST": "WA", "O": "Wabbit , Inc.;", "OU": "a=b", "CN": " x ", "L": "Söhne"},)
    assert not found.after_expiry_only


def test_the_star_trusts_every_certificate_of_the_stores() -> None:
    (found,) = read(document(statement(trustedIdentities=["*"]))).statements
    assert found.identities is None


def test_when_time_stamps_are_looked_at() -> None:
    for text, late in (("always", False), ("afterCertExpiry", True)):
        made = statement(signatureVerification=verification("strict", verifyTimestamp=text))
        (found,) = read(document(made)).statements
        assert found.after_expiry_only is late
