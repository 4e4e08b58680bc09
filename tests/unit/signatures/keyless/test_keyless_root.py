# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A trusted root is whole, or refused when it is read, with what is wrong in it."""

from __future__ import annotations

import copy
import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.keyless.rules import Demands
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.keyless.trusted_root import Window, parse
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking_keyless

ROOT = json.loads((asking_keyless.KEYLESS / "trusted_root.json").read_text())


def chain(root: dict[str, Any], name: str = "certificateAuthorities") -> list[Any]:
    return root[name][0]["certChain"]["certificates"]


def log(root: dict[str, Any]) -> dict[str, Any]:
    return root["tlogs"][0]


BROKEN: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda root: root.update(mediaType="application/vnd.dev.sigstore.trustedroot.v9+json"), "its mediaType is"),
    (lambda root: root.pop("mediaType"), "mediaType is missing"),
    (lambda root: root.pop("certificateAuthorities"), "it would believe nobody"),
    (lambda root: root.update(certificateAuthorities=[]), "it would believe nobody"),
    (lambda root: root.update(tlogs={}), "tlogs is no list"),
    (lambda root: root.update(tlogs=[log(root)] * 65), "tlogs has 65 entries"),
    (lambda root: root["certificateAuthorities"][0].pop("certChain"), "certChain is missing"),
    (lambda root: chain(root).clear(), "its chain is empty"),
    (lambda root: chain(root).reverse(), "certificate 1 was not issued by the next one"),
    (
        lambda root: chain(root).__setitem__(1, chain(root, "timestampAuthorities")[2]),
        "certificate 1 was not issued by the next one",
    ),
    (lambda root: chain(root).__setitem__(0, {"rawBytes": "AAAA"}), "it is no certificate"),
    (lambda root: chain(root).__setitem__(0, {"rawBytes": "?"}), "it is not base64"),
    (lambda root: root.update(certificateAuthorities=root["timestampAuthorities"]), "certificate 1 is no authority"),
    (lambda root: log(root).pop("publicKey"), "publicKey is missing"),
    (lambda root: log(root)["publicKey"].update(rawBytes="AAAA"), "its key cannot be read"),
    (lambda root: log(root).pop("logId"), "its logId is missing"),
    (lambda root: log(root).update(logId={"keyId": "AAA="}), "no hash"),
    (lambda root: log(root).update(hashAlgorithm="SHA2_512"), "its tree is made with"),
    (lambda root: log(root)["publicKey"].update(validFor={"start": "yesterday"}), "is no time"),
    (lambda root: log(root)["publicKey"].update(validFor={"start": "2026-01-01T00:00:00"}), "is no time"),
    (lambda root: log(root)["publicKey"].update(validFor={"start": 1}), "start is missing or no text"),
    (
        lambda root: root["certificateAuthorities"][0].update(
            validFor={"start": "2026-01-01T00:00:00Z", "end": "2025-01-01T00:00:00Z"}
        ),
        "its validity ends before it begins",
    ),
]


@pytest.mark.parametrize(("change", "why"), BROKEN, ids=[why for _change, why in BROKEN])
def test_a_broken_root_is_refused_with_what_is_wrong(change: Callable[[dict[str, Any]], object], why: str) -> None:
    root = copy.deepcopy(ROOT)
    change(root)
    with pytest.raises(Invalid) as refused:
        parse(json.dumps(root).encode(), "signers.ci.trusted_root: /etc/root.json")
    assert refused.value.what == "signers.ci.trusted_root: /etc/root.json cannot be used"
    assert why in refused.value.why


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"\xff", b'{"mediaType": "x", "mediaType": "x"}', b"-----BEGIN CERTIFICATE-----"]
)
def test_what_is_no_root_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        parse(data, "here")


@pytest.mark.parametrize("name", ["trusted_root", "public/trusted_root", "root_without_logs", "root_is_intermediate"])
def test_roots_in_use_are_read(name: str) -> None:
    assert asking_keyless.root(name).authorities


@pytest.mark.parametrize(
    ("demands", "why"),
    [
        (Demands(log_entries=3), "it asks for 3 transparency logs, the trusted root has 2"),
        (Demands(certificate_transparency=2), "it asks for 2 certificate transparency logs, the trusted root has 1"),
        (Demands(times=4), "it asks for 4 logs and time-stamping authorities, the trusted root has 3"),
    ],
)
def test_a_rule_that_nothing_can_fulfil_is_refused_before_anything_is_verified(demands: Demands, why: str) -> None:
    asking_keyless.root("trusted_root").check(Demands(), "signers.ci")
    with pytest.raises(Invalid) as refused:
        asking_keyless.root("trusted_root").check(demands, "signers.ci")
    assert why in refused.value.sentence()


def test_a_root_without_logs_wants_a_rule_that_says_so() -> None:
    root = asking_keyless.root("root_without_logs")
    with pytest.raises(Invalid):
        root.check(Demands(), "signers.ci")
    root.check(Demands(log_entries=0), "signers.ci")


def test_a_window_includes_both_ends() -> None:
    first, last = (datetime.datetime(2026, 1, day, tzinfo=datetime.UTC) for day in (1, 2))
    second = datetime.timedelta(seconds=1)
    window = Window(first, last)
    assert [window.has(moment) for moment in (first - second, first, last, last + second)] == [False, True, True, False]
    assert Window().has(first)


def test_instances_of_one_operator_are_one_party() -> None:
    root = copy.deepcopy(ROOT)
    for entry in root["tlogs"]:
        entry["operator"] = "example.com"
    with pytest.raises(Invalid):
        parse(json.dumps(root).encode(), "here").check(Demands(log_entries=2), "here")
    parse(json.dumps(ROOT).encode(), "here").check(Demands(log_entries=2), "here")
