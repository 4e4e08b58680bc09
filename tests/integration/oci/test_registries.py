# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The client and real registries; the witnesses are crane and oras.

Distribution (no referrers API) in clear, with passwords over TLS, and with tokens that it checks itself; go-containerregistry's
(with the API).
"""

from __future__ import annotations

import base64
import concurrent.futures
import json
import pathlib

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Denied
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci import push
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.client import RemoteRepository
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.layout import Layout
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.model import Descriptor

LAYER = ("application/vnd.oci.image.layer.v1.tar+gzip", b"not really a layer")
SBOM = "application/vnd.cyclonedx+json"


def image(repository: RemoteRepository, tag: str = "1.0") -> Descriptor:
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Labels": {"tag": tag}}}).encode()
    return push.put_image(repository, config, [LAYER], tag)


# What must be refused


@pytest.mark.parametrize("place", ["distribution-basic", "distribution-token"], indirect=True)
def test_nobody_is_refused_and_not_told_that_nothing_is_there(place) -> None:
    made = image(place.repository("closed"))
    for environ in (place.nobody, {"DOCKER_CONFIG": "/nonexistent"}):
        stranger = place.repository("closed", environ)
        for question in (
            lambda one=stranger: one.manifest("1.0"),
            lambda one=stranger: one.referrers(made.digest),
            lambda one=stranger: push.put_blob(one, b"x"),
        ):
            with pytest.raises(Denied):
                question()


@pytest.mark.parametrize("place", ["distribution-basic", "distribution-token"], indirect=True)
def test_a_wrong_password_is_refused_and_not_repeated(place, tmp_path: pathlib.Path) -> None:
    wrong = "a-wrong-" + "password"
    auth = base64.b64encode(f"robot:{wrong}".encode()).decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {place.address: {"auth": auth}}}))
    with pytest.raises(Denied) as caught:
        place.repository("closed", {"DOCKER_CONFIG": str(tmp_path)}).manifest("1.0")
    assert wrong not in str(caught.value) and auth not in str(caught.value)


# What must work


def test_an_image_is_there_for_others(place) -> None:
    repository = place.repository("team/app")
    made = image(repository)
    assert place.run("oras", "resolve", *place.plain, f"{place.address}/team/app:1.0").strip() == made.digest
    if place.login != "token":  # crane asks no token server on this machine, since it cannot know that the registry is one
        assert json.loads(place.run("crane", "config", f"{place.address}/team/app:1.0"))["os"] == "linux"
    assert repository.manifest("no-such-tag") is None
    assert repository.manifest("sha256:" + "0" * 64) is None
    assert place.repository("no/such/repository").manifest("1.0") is None
    found = repository.manifest("1.0")
    assert found and found.descriptor == made
    assert repository.blob(Descriptor(LAYER[0], found.data["layers"][0]["digest"], len(LAYER[1]))) == LAYER[1]


def test_an_image_of_others_is_here(place, tmp_path: pathlib.Path) -> None:
    (tmp_path / "layer").write_bytes(b"x")
    name = f"{place.address}/theirs/app:2"
    place.run("oras", "push", *place.plain, name, "--artifact-type", "application/x", "layer:text/plain", folder=tmp_path)
    found = place.repository("theirs/app").manifest("2")
    assert found and found.digest == place.run("oras", "resolve", *place.plain, name).strip()
    assert found.data["artifactType"] == "application/x"


def test_what_anybody_attaches_is_found_by_all(place, tmp_path: pathlib.Path) -> None:
    repository = place.repository("team/attached")
    subject = image(repository)
    name = f"{place.address}/team/attached@{subject.digest}"
    (tmp_path / "note").write_bytes(b"theirs")
    ours = push.attach(repository, subject, SBOM, [(SBOM, b'{"bomFormat":"CycloneDX"}')], {"made.by": "us"})
    # The API keeps the list where there is one; a tag beside it would be a second truth.
    assert (repository.manifest(subject.digest.replace(":", "-")) is None) == place.referrers
    place.run("oras", "attach", *place.plain, name, "--artifact-type", "application/theirs", "note:text/plain", folder=tmp_path)
    second = push.attach(repository, subject, "application/second", [("text/plain", b"second")])
    assert push.attach(repository, subject, SBOM, [(SBOM, b'{"bomFormat":"CycloneDX"}')], {"made.by": "us"}) == ours
    listed = {one.digest for one in repository.referrers(subject.digest)}
    told = json.loads(place.run("oras", "discover", *place.plain, "--format", "json", name))
    theirs = {one["digest"] for one in told.get("referrers") or told.get("manifests")}
    assert listed == theirs and len(listed) == 3 and {ours.digest, second.digest} < listed
    for digest in listed:
        manifest = repository.manifest(digest)
        assert manifest and manifest.data["subject"]["digest"] == subject.digest


def test_many_at_once_lose_nothing(place) -> None:
    repository = place.repository("team/busy")
    subject = image(repository)

    def attach(number: int) -> str:
        return push.attach(repository, subject, f"application/x{number}", [("text/plain", b"note")]).digest

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        made = set(pool.map(attach, range(24)))
    assert {one.digest for one in repository.referrers(subject.digest)} == made


def test_a_hundred_images_at_once(place) -> None:
    writer = place.repository("team/many")
    made = [image(writer, f"v{number}").digest for number in range(100)]
    reader = place.repository("team/many")
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda number: reader.manifest(f"v{number}"), range(100)))
    assert [one.digest for one in found if one] == made


def test_a_copy_on_disk_tells_the_same(place, tmp_path: pathlib.Path) -> None:
    repository = place.repository("team/copied")
    subject = image(repository)
    made = push.attach(repository, subject, SBOM, [(SBOM, b'{"bomFormat":"CycloneDX"}')])
    name = f"{place.address}/team/copied:1.0"
    plain = ("--from-plain-http",) if place.plain else ()
    place.run("oras", "copy", "-r", *plain, "--to-oci-layout", name, f"{tmp_path}:1.0")
    layout = Layout(tmp_path, f"{place.address}/team/copied")
    found = layout.manifest("1.0")
    assert found and found.descriptor == subject
    assert [one.digest for one in layout.referrers(subject.digest)] == [made.digest]


@pytest.mark.parametrize("place", ["distribution-token"], indirect=True)
def test_tokens_are_asked_for_once_a_scope_and_with_the_login(place) -> None:
    before = len(place.asked_for_tokens)
    repository = place.repository("team/tokens")
    image(repository)
    assert repository.manifest("1.0")
    scopes = [scope for scope, _login in place.asked_for_tokens[before:]]
    assert scopes == ["repository:team/tokens:pull,push", "repository:team/tokens:pull"]
    assert all(login.startswith("Basic ") for _scope, login in place.asked_for_tokens[before:])
