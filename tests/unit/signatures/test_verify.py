# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Images against policies, from the name to the verdict: on layouts that cosign wrote, and on repositories that misbehave."""

from __future__ import annotations

import dataclasses
import datetime
import importlib.util
import pathlib
import sys
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Path
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Conflict, Denied, Invalid, Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.layout import Layout
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.model import Descriptor, Manifest
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.reference import Reference, parse
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.policy import Policy, policy_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.signers import Loading
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.verify import (
    Asked,
    Verdict,
    platforms_of,
    verify_images,
)

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "signatures"
NOW = datetime.datetime(2026, 11, 25, tzinfo=datetime.UTC)
HOST = "localhost:5000"


def fixtures() -> Any:
    name = "signature_fixtures_asking"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, FIXTURES / "asking.py")
        assert spec and spec.loader
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


def policy(*signers: tuple[str, str], require: dict[str, int] | None = None, **more: Any) -> Policy:
    """A policy whose signers are (key, role); `require` by role, one each if it is left out."""
    data = {
        "signers": [
            {"name": f"{key}-{role}", "role": role, "key": str(FIXTURES / "cosign" / "keys" / f"{key}.pub")}
            for key, role in signers
        ],
        "require": [
            {"role": role, "at_least": least} for role, least in (require or {role: 1 for _unused, role in signers}).items()
        ],
        "repositories": ["*"],
        **more,
    }
    return policy_from(data, HOST, Loading(lambda path: pathlib.Path(path).read_bytes(), None, NOW))


CI = (("p256", "ci"),)
BOTH = (("p256", "ci"), ("security", "security"))


def ask(case: str, wanted: Policy, layout: str = "genuine", repository: Any = None, **asked: Any) -> Verdict:
    where = repository or fixtures().layout(layout)
    reference = Reference(HOST, layout, case)
    (verdict,) = verify_images([reference], lambda _reference: where, Asked(wanted, NOW, Path.LIGHT, **asked))
    return verdict


def reasons(verdict: Verdict) -> list[str]:
    return sorted(str(one.reason) for one in verdict.refused)


@pytest.mark.parametrize(
    "entry", [one for one in fixtures().cases("attacks") if one.get("kind", "signature") == "signature"], ids=fixtures().name_of
)
def test_every_attack_ends_as_the_table_says(entry: dict[str, Any]) -> None:
    wanted = policy(
        (entry.get("key", "p256"), "ci"),
        formats=["cosign_bundle", "cosign_legacy"],
        **({"annotations": entry["annotations"]} if entry.get("annotations") else {}),
        bind_repository=bool(entry.get("repository")),
    )
    where = fixtures().layout("attacks")
    if entry.get("repository"):
        where = dataclasses.replace(where, name=entry["repository"])
        wanted = dataclasses.replace(wanted, repositories=(entry["repository"],))
    verdict = ask(entry["case"], wanted, "attacks", where)
    assert verdict.verified is bool(entry.get("accepted")), verdict.reason
    if not verdict.verified:
        assert verdict.reason


@pytest.mark.parametrize(
    ("case", "wanted", "says"),
    [
        ("bundle-two-signers", policy(("mallory", "ci")), "0 of 1 signatures in the role ci"),
        ("bundle-p256", policy(*BOTH), "0 of 1 signatures in the role security"),
        ("legacy-two-signers", policy(*CI), "cosign's old format, which this policy does not accept"),
        ("bundle-annotations", policy(*CI, annotations={"env": "dev"}), "annotation env"),
        ("bundle-index-alone", policy(*CI, platforms="all"), "Not every platform's image is verified"),
        ("bundle-index-alone-amd64", policy(*CI), "0 of 1"),
        ("attestations-bundle", policy(*CI), "0 of 1"),
        ("bundle-p256", policy(*CI, repositories=["elsewhere"]), "not for the repository"),
        ("bundle-p256", policy(*CI, attestations={"light": {"sbom": {}}}), "No bill of materials is attested"),
    ],
)
def test_what_is_not_enough(case: str, wanted: Policy, says: str) -> None:
    verdict = ask(case, wanted)
    assert not verdict.verified
    assert says in verdict.reason
    assert verdict.error is None, "it is known, and not a failure to tell"


@pytest.mark.parametrize(
    ("case", "wanted", "covers"),
    [
        ("bundle-p256", policy(*CI), "manifest"),
        ("bundle-two-signers", policy(*BOTH), "manifest"),
        ("bundle-two-signers", policy(*BOTH, require={"security": 1}), "manifest"),
        ("legacy-two-signers", policy(*BOTH, formats=["cosign_legacy"]), "manifest"),
        ("both-formats", policy(*CI), "manifest"),
        ("bundle-annotations", policy(*CI, annotations={"env": "prod"}), "manifest"),
        ("bundle-index-alone", policy(*CI), "index"),
        ("bundle-index-recursive", policy(*CI, platforms="all"), "index"),
        ("bundle-index-recursive-arm64", policy(*CI), "manifest"),
    ],
)
def test_what_is_enough(case: str, wanted: Policy, covers: str) -> None:
    verdict = ask(case, wanted)
    assert verdict.verified, verdict.reason
    assert verdict.covers == covers
    assert verdict.reference == f"{HOST}/genuine@{verdict.digest}"
    assert {one.role for one in verdict.signatures} >= {role for role, _least in wanted.require}
    assert all(one.identity.startswith("key sha256:") for one in verdict.signatures)


def test_the_verdict_is_for_the_bytes_that_were_hashed() -> None:
    image = fixtures().layout("genuine").manifest("bundle-p256")
    assert ask("bundle-p256", policy(*CI)).digest == image.digest


# Repositories that misbehave: each wraps a real layout and changes one answer.


@dataclasses.dataclass(frozen=True)
class Wrapped:
    """A layout whose answers a test bends."""

    real: Layout
    error: Exception | None = None
    at: str = ""

    @property
    def name(self) -> str:
        return self.real.name

    def _maybe(self, what: str) -> None:
        if self.error and what == self.at:
            raise self.error

    def manifest(self, reference: str) -> Manifest | None:
        self._maybe("manifest" if reference.startswith("sha256:") else "tag")
        return self.real.manifest(reference)

    def blob(self, descriptor: Descriptor, limit: int = 2**22) -> bytes:
        self._maybe("blob")
        return self.real.blob(descriptor, limit)

    def referrers(self, digest: str, limit: int = 50) -> tuple[Descriptor, ...]:
        self._maybe("referrers")
        return self.real.referrers(digest, limit)


@pytest.mark.parametrize("at", ["tag", "manifest", "referrers", "blob"])
@pytest.mark.parametrize("error", [Denied("Read", "403"), Unreachable("Read", "500")])
def test_what_could_not_be_told_is_an_error_and_never_unsigned(at: str, error: Exception) -> None:
    verdict = ask("bundle-p256", policy(*CI), repository=Wrapped(fixtures().layout("genuine"), error, at))
    assert verdict.error is error
    assert not verdict.verified
    assert "not signed" not in verdict.reason


def test_a_flood_is_refused_with_its_reason() -> None:
    flooded = Wrapped(fixtures().layout("genuine"), Conflict("Too much is attached", "more than 50"), "referrers")
    verdict = ask("bundle-p256", policy(*CI), repository=flooded)
    assert not verdict.verified and "Too much is attached" in verdict.reason


def test_a_bad_blob_is_told_and_hides_nothing() -> None:
    bad = Wrapped(fixtures().layout("genuine"), Conflict("The blob", "is not what its digest says"), "blob")
    verdict = ask("bundle-p256", policy(*CI), repository=bad)
    assert not verdict.verified and reasons(verdict) == ["content_mismatch"]


@dataclasses.dataclass(frozen=True)
class WithABrokenTag:
    """The fixtures, and under the tag of cosign's old format something that belies itself."""

    layout: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.layout, name)

    def manifest(self, reference: str) -> Any:
        if reference.endswith((".sig", ".att")):
            raise Conflict(f"The manifest {reference} has two media types")
        return self.layout.manifest(reference)


def test_a_broken_manifest_under_the_old_tag_is_told_and_hides_nothing() -> None:
    both = policy(*CI, formats=["cosign_bundle", "cosign_legacy"])
    verdict = ask("bundle-p256", both, repository=WithABrokenTag(fixtures().layout("genuine")))
    assert verdict.verified, verdict.reason
    assert reasons(verdict) == ["content_mismatch"]
    bundles_alone = ask("legacy-two-signers", policy(*CI), repository=WithABrokenTag(fixtures().layout("genuine")))
    assert not bundles_alone.verified and bundles_alone.error is None, bundles_alone.reason


class WithoutOneLayer:
    """The fixtures, and the blob that is asked for as number `lost` is not there."""

    def __init__(self, lost: int) -> None:
        self.layout, self.lost, self.asked = fixtures().layout("genuine"), lost, -1

    def __getattr__(self, name: str) -> Any:
        return getattr(self.layout, name)

    def blob(self, descriptor: Any, limit: int) -> bytes:
        self.asked += 1
        if self.asked == self.lost:
            raise Conflict(f"The blob {descriptor.digest} is not there")
        content: bytes = self.layout.blob(descriptor, limit)
        return content


@pytest.mark.parametrize("lost", [0, 1])
def test_a_lost_layer_hides_none_of_the_others(lost: int) -> None:
    wanted = [policy((key, "ci"), formats=["cosign_legacy"]) for key in ("p256", "security")]
    found = [ask("legacy-two-signers", one, repository=WithoutOneLayer(lost)) for one in wanted]
    assert sorted(one.verified for one in found) == [False, True], [one.reason for one in found]
    assert all("content_mismatch" in reasons(one) for one in found)


def test_what_nobody_thought_of_is_not_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = policy(*CI)

    class Broken:
        name, role, formats, identity = "broken", "ci", wanted.signers[0].formats, "x"

        def verify(self, *_arguments: Any) -> Any:
            raise ZeroDivisionError("with-a-secret-in-it")

    verdict = ask("bundle-p256", dataclasses.replace(wanted, signers=(Broken(),)))
    assert not verdict.verified
    assert "ZeroDivisionError" in verdict.reason and "with-a-secret" not in verdict.reason


def test_a_missing_image_is_missing() -> None:
    verdict = ask("no-such-tag", policy(*CI))
    assert verdict.error is not None and "no such tag" in verdict.reason


def test_a_list_is_answered_in_order_whatever_happens_to_one() -> None:
    where = fixtures().layout("genuine")
    names = ["bundle-p256", "no-such-tag", "bundle-index-alone-amd64", "bundle-p384"] * 5
    references = [parse(f"{HOST}/genuine:{name}") for name in names]
    verdicts = verify_images(references, lambda _reference: where, Asked(policy(*CI, ("p384", "ci"), require={"ci": 1}), NOW))
    assert [one.verified for one in verdicts] == [True, False, False, True] * 5
    assert [one.image.rpartition(":")[2] for one in verdicts] == names


CHILD = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:" + "1" * 64, "size": 2}
UNKNOWN = {"os": "unknown", "architecture": "unknown"}


def index(*entries: dict[str, Any]) -> Manifest:
    return Manifest("sha256:" + "0" * 64, "application/vnd.oci.image.index.v1+json", b"", {"manifests": list(entries)})


@pytest.mark.parametrize(
    "entries",
    [
        (),
        ({**CHILD, "mediaType": "application/vnd.oci.image.index.v1+json"},),
        ({**CHILD, "platform": UNKNOWN, "annotations": {"vnd.docker.reference.type": "attestation-manifest"}},),
        ({"mediaType": "x/y"},),
        tuple(CHILD for _unused in range(65)),
    ],
)
def test_an_index_that_cannot_be_taken_apart_is_refused(entries: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(Invalid):
        platforms_of(index(*entries))


def test_what_buildkit_attaches_is_no_platform() -> None:
    attached = {**CHILD, "platform": UNKNOWN, "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    real = {**CHILD, "platform": {"os": "linux", "architecture": "arm", "variant": "v7"}}
    disguised = {**attached, "platform": {"os": "linux", "architecture": "amd64"}}
    assert [name for name, _child in platforms_of(index(attached, real, disguised))] == ["linux/arm/v7", "linux/amd64"]
