# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""cosign itself is asked about the same images, and what it signs now is verified: where we differ, a table says why.

cosign 3 is the sandbox's, `cosign3` on PATH, or what GOLDENPATH_COSIGN3 names; cosign 2.5 is `cosign2` or GOLDENPATH_COSIGN2. A
test is skipped only where its program is not there; one that is named and does not run fails.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.layout import Layout
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures import keys
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.cosign.keyed import verify_with_key
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Kind, Reason, Rejected, Subject
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking, beside_tools, make_cosign, making

GROUPS = ("genuine", "attacks", "attacks_fallback")
CASES = [(group, entry) for group in GROUPS for entry in asking.cases(group)]
IDS = [f"{group}-{asking.name_of(entry)}" for group, entry in CASES]


def program(name: str) -> str:
    """The tool's path; the test is skipped where there is none."""
    found = beside_tools.program(name)
    if not found:
        pytest.skip(f"{name} is not here; GOLDENPATH_{name.upper()} can name it")
    return found


@pytest.fixture(scope="module")
def served() -> Iterator[dict[str, str]]:
    """For each group of fixtures the HOST of a registry with it, as a repository of the group's name."""
    with contextlib.ExitStack() as stack:
        hosts = {}
        for group in GROUPS:
            server = making.REGISTRY.server(referrers=group == "attacks")
            making.pull(asking.COSIGN / group, server.store, group)
            stack.enter_context(making.REGISTRY.running(server))
            hosts[group] = f"127.0.0.1:{server.server_address[1]}"
        yield hosts


def says(tool: str, host: str, group: str, entry: dict[str, Any], home: pathlib.Path) -> str:
    """`accept` or `reject`: what the tool answers to an entry's question."""
    key = asking.COSIGN / "keys" / f"{entry.get('key', 'p256')}.pub"
    attestation = entry.get("kind") == "attestation"
    command = [tool, "verify-attestation" if attestation else "verify", "--key", str(key), "--insecure-ignore-tlog"]
    command += ["--type", "cyclonedx"] if attestation else []
    for name, value in entry.get("annotations", {}).items():
        command += ["-a", f"{name}={value}"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    if "oci11" in entry["case"]:
        command.append("--experimental-oci11")
        environment["COSIGN_EXPERIMENTAL"] = "1"
    done = subprocess.run(
        [*command, f"{host}/{group}:{entry['case']}"], env=environment, capture_output=True, timeout=300, check=False
    )
    return "reject" if done.returncode else "accept"


@pytest.mark.parametrize("tool", ["cosign3", "cosign2"])
@pytest.mark.parametrize(("group", "entry"), CASES, ids=IDS)
def test_cosign_answers_as_the_table_says(
    group: str, entry: dict[str, Any], tool: str, served: dict[str, str], tmp_path: pathlib.Path
) -> None:
    path = program(tool)
    if tool in entry:
        assert says(path, served[group], group, entry, tmp_path) == entry[tool]


@pytest.mark.parametrize(("group", "entry"), CASES, ids=IDS)
def test_where_we_differ_is_said_why(group: str, entry: dict[str, Any]) -> None:
    ours = "accept" if entry.get("accepted") else "reject"
    differs = any(entry.get(tool, ours) != ours for tool in ("cosign3", "cosign2"))
    assert differs == (entry.get("differs") in asking.cases("differences"))


@pytest.fixture(scope="module")
def signers() -> make_cosign.Signers:
    """Fresh keys of every kind."""
    return make_cosign.Signers()


def as_layout(shop: making.Workshop, folder: pathlib.Path) -> Layout:
    """What the tools pushed, as the tests read it."""
    shop.save(folder)
    return Layout(folder, shop.repository)


def proven(where: Layout, tag: str, key: keys.PublicKey, kind: Kind) -> list[Any]:
    """What of this kind verifies beside the image; everything of it must."""
    found = asking.beside(where, tag)
    assert not found.reasons
    return [verify_with_key(one, found.subject, key, "release", "ci") for one in found.candidates if one.kind is kind]


@pytest.mark.parametrize("referrers", [True, False], ids=["referrers", "fallback"])
@pytest.mark.parametrize("kind", make_cosign.KINDS)
def test_what_cosign_signs_now_is_accepted(
    kind: str, referrers: bool, signers: make_cosign.Signers, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOLDENPATH_COSIGN3", program("cosign3"))
    with making.workshop("now", referrers, "localhost:0") as shop:
        cosign = make_cosign.Cosign(shop, signers)
        cosign.bundle(shop.image("bundle"), kind, "-a", "env=prod")
        cosign.legacy3(shop.image("legacy"), kind, "-a", "env=prod")
        cosign.attest(shop.image("attestation"), kind, "cyclonedx")
        where = as_layout(shop, tmp_path / "layout")
    key = keys.load(signers.public(kind), kind)
    for tag, what in (("bundle", Kind.SIGNATURE), ("legacy", Kind.SIGNATURE), ("attestation", Kind.ATTESTATION)):
        (made,) = proven(where, tag, key, what)
        assert made.annotations == ({} if what is Kind.ATTESTATION else {"env": "prod"})
    other = keys.load(signers.public("mallory"), "mallory")
    found = asking.beside(where, "bundle")
    with pytest.raises(Rejected) as caught:
        verify_with_key(found.candidates[0], found.subject, other, "release", "ci")
    assert caught.value.reason is Reason.WRONG_KEY


def test_an_image_that_was_bent_after_signing_is_another_image(
    signers: make_cosign.Signers, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOLDENPATH_COSIGN3", program("cosign3"))
    with making.workshop("now", True, "localhost:0") as shop:
        make_cosign.Cosign(shop, signers).bundle(shop.image("signed"), "p256")
        other = shop.image("other")
        where = as_layout(shop, tmp_path / "layout")
    (candidate,) = asking.beside(where, "signed").candidates
    assert not asking.beside(where, "other").candidates
    bent = where.manifest(other["digest"])
    assert bent
    with pytest.raises(Rejected) as caught:
        verify_with_key(candidate, Subject(bent.descriptor, "x"), keys.load(signers.public("p256"), "p256"), "release", "ci")
    assert caught.value.reason is Reason.WRONG_DIGEST
