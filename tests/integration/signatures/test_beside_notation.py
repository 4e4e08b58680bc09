# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""notation itself is asked about the same images, and what it signs now is verified: where we differ, a table says why.

notation 1.3 is what GOLDENPATH_NOTATION names, or is built from its Go module, once. Skipped only where there is no Go.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from built_parts import built_or_skipped

from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.layout import Layout
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Reason, Rejected
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation.signer import NotationSigner
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.signers import Loading
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking, asking_notation, make_notation, making
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures.notation_pki import PEM, Issued, issue, places, subject

GROUPS = ("genuine", "attacks")
CASES = [(group, entry) for group in GROUPS for entry in asking_notation.cases(group)]
IDS = [f"{group}-{asking_notation.name_of(entry)}" for group, entry in CASES]


@pytest.fixture(scope="module")
def program() -> str:
    """The tool that GOLDENPATH_NOTATION names, or the one that is built when it is not there; skipped only without Go."""
    found = os.environ.get("GOLDENPATH_NOTATION")
    return found or str(built_or_skipped("notation")["notation"])


@pytest.fixture(scope="module")
def served() -> Iterator[dict[str, str]]:
    """For each group of fixtures the HOST of a registry with it, as a repository of the group's name."""
    with contextlib.ExitStack() as stack:
        hosts = {}
        for group in GROUPS:
            server = making.REGISTRY.server(referrers=group == "attacks")
            making.pull(asking_notation.NOTATION / group, server.store, group)
            stack.enter_context(making.REGISTRY.running(server))
            hosts[group] = f"127.0.0.1:{server.server_address[1]}"
        yield hosts


@pytest.mark.parametrize(("group", "entry"), CASES, ids=IDS)
def test_notation_answers_as_the_table_says(
    group: str, entry: dict[str, Any], program: str, served: dict[str, str], tmp_path: pathlib.Path
) -> None:
    if "notation" in entry:
        assert asking_notation.notations_answer(program, served[group], group, entry, tmp_path / "home") == entry["notation"]


@pytest.mark.parametrize(("group", "entry"), CASES, ids=IDS)
def test_where_we_differ_is_said_why(group: str, entry: dict[str, Any]) -> None:
    ours = "accept" if entry.get("accepted") else "reject"
    assert (entry.get("notation", ours) != ours) == (entry.get("differs") in asking_notation.cases("differences"))


@pytest.fixture(scope="module")
def authority() -> Issued:
    """An authority of today."""
    return issue(subject("Authority"), None, "rsa3072", authority=True)


def signer(folder: pathlib.Path, authority: Issued) -> NotationSigner:
    """Whoever has a certificate by this authority."""
    for name in ("example", "others"):
        store = folder / "truststore" / "x509" / "ca" / name
        store.mkdir(parents=True)
        (store / "root.crt").write_bytes(authority.certificate.public_bytes(PEM))
    block = {
        "trust_policy": str(asking_notation.NOTATION / "policies" / "any-identity.json"),
        "trust_store": str(folder / "truststore"),
    }
    now = datetime.datetime.now(datetime.UTC)
    return NotationSigner.load("release", "ci", block, "it", Loading(lambda path: pathlib.Path(path).read_bytes(), None, now))


@pytest.mark.parametrize("referrers", [True, False], ids=["referrers", "fallback"])
@pytest.mark.parametrize("kind", make_notation.KINDS)
def test_what_notation_signs_now_is_accepted(
    kind: str, referrers: bool, program: str, authority: Issued, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOLDENPATH_NOTATION", program)
    below = issue(subject("Below"), authority, authority=True)
    signers = {"near": issue(subject("near"), authority, kind), "far": issue(subject("far"), below, kind)}
    with making.workshop("now", referrers, "localhost:0") as shop:
        notation = make_notation.Notation(shop, signers)
        for form in make_notation.FORMS:
            for name in signers:
                notation.sign(shop.image(f"{form}-{name}"), name, form, "-m", "env=prod", "--expiry", "24h")
        shop.save(tmp_path / "layout")
        where = Layout(tmp_path / "layout", shop.repository)
    trusted = signer(tmp_path, authority)
    now = datetime.datetime.now(datetime.UTC)
    for tag in asking.images(where):
        found = asking.beside(where, tag)
        (candidate,) = found.candidates
        made = trusted.verify(candidate, found.subject, {"env": "prod"}, now)
        assert dict(made.annotations) == {"env": "prod"}
        assert made.identity.startswith(f"CN={tag.partition('-')[2]},")
        with pytest.raises(Rejected) as caught:
            trusted.verify(candidate, found.subject, {"env": "prod"}, now + datetime.timedelta(hours=25))
        assert caught.value.reason is Reason.EXPIRED


def test_a_certificate_that_names_a_place_needs_its_list(
    program: str, authority: Issued, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOLDENPATH_NOTATION", program)
    with making.workshop("now", True, "localhost:0") as shop:
        one = issue(subject("one"), authority, place=places("nowhere"))
        make_notation.Notation(shop, {"one": one}).sign(shop.image("image"), "one", "cose")
        shop.save(tmp_path / "layout")
        where = Layout(tmp_path / "layout", shop.repository)
    found = asking.beside(where, "image")
    with pytest.raises(Rejected) as caught:
        signer(tmp_path, authority).verify(found.candidates[0], found.subject, {}, datetime.datetime.now(datetime.UTC))
    assert caught.value.reason is Reason.REVOCATION_UNKNOWN
