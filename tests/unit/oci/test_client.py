# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The client against registries that are strict, slow, wrong or hostile; every server is a real one on loopback."""

from __future__ import annotations

import base64
import concurrent.futures
import contextlib
import ipaddress
import json
import pathlib
import stat
import threading
from collections.abc import Callable
from typing import Any

import hostile_registry
import pytest
from certificates import certificate
from cryptography import x509
from hostile_registry import Manners
from hypothesis import given
from hypothesis import strategies as st
from oci_registry import INDEX, Store

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import (
    Conflict,
    Denied,
    Invalid,
    MicroappsError,
    Unreachable,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci import auth, push
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.client import (
    MANIFEST,
    Registries,
    RemoteRepository,
    digest_of,
    open_registries,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.model import Descriptor
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.reference import parse
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.transport import Settings, Transport, redirected
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Registry
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

Opener = Callable[..., RemoteRepository]
BODY = push.encoded({"schemaVersion": 2, "mediaType": MANIFEST, "config": {}, "layers": []})
DIGEST = digest_of(BODY)
PASSWORD = "only-a-" + "test-password"
BASIC = "Basic " + base64.b64encode(f"robot:{PASSWORD}".encode()).decode()


def fill(store: Store, name: str = "app") -> None:
    store.put(name, "1.0", MANIFEST, BODY)
    store.blobs[digest_of(b"content")] = b"content"


def refer(store: Store, number: int) -> None:
    body = push.encoded({"n": number, "subject": {"digest": DIGEST}})
    store.put("app", digest_of(body), MANIFEST, body)


def tls(folder: pathlib.Path, address: str) -> pathlib.Path:
    """A file with a server's certificate and key, signed by an authority whose certificate is beside it."""
    authority, _key, signer = certificate("authority")
    pem, key, _objects = certificate("server", signer, x509.IPAddress(ipaddress.ip_address(address)))
    for name, content in (("authority", authority), ("key", key), ("server", pem + key)):
        (folder / name).write_bytes(content)
    return folder / "server"


def logged_in(home: pathlib.Path, host: str) -> dict[str, str]:
    """An environment whose docker configuration has a login for the host."""
    (home / "config.json").write_text(json.dumps({"auths": {f"http://{host}/v2/": {"auth": BASIC.removeprefix("Basic ")}}}))
    return {"DOCKER_CONFIG": str(home), "HOME": "/nonexistent"}


BLOB = Descriptor("application/octet-stream", digest_of(b"content"), 7)


# What must be refused


@pytest.mark.parametrize(
    ("status", "kind"), [(401, Denied), (403, Denied), (429, Unreachable), (500, Unreachable), (503, Unreachable)]
)
def test_a_refusal_is_never_an_absence(opened: Opener, status: int, kind: type[Exception]) -> None:
    manners = Manners(status=status)
    with hostile_registry.serving(manners) as (host, _store):
        repository = opened(host)
        for question in (lambda: repository.manifest("1.0"), lambda: repository.referrers(DIGEST), lambda: repository.blob(BLOB)):
            with pytest.raises(kind):
                question()


def test_nobody_there_is_unreachable(opened: Opener) -> None:
    with pytest.raises(Unreachable, match="nobody answers"):
        opened("127.0.0.1:1").manifest("1.0")


@pytest.mark.parametrize("reference", [DIGEST, "1.0"])
def test_other_bytes_than_the_digest_says(opened: Opener, reference: str) -> None:
    with hostile_registry.serving(Manners()) as (host, store):
        fill(store)
        store.manifests["app"][DIGEST] = (MANIFEST, BODY + b" ")
        found = opened(host)
        if reference == DIGEST:
            with pytest.raises(Conflict, match="digest"):
                found.manifest(reference)
        else:
            manifest = found.manifest(reference)
            assert manifest and manifest.digest == digest_of(BODY + b" "), "the digest is ours, not the registry's"


def test_a_blob_that_is_something_else(opened: Opener) -> None:
    with hostile_registry.serving(Manners(wrong_bytes=True)) as (host, store):
        fill(store)
        with pytest.raises(Conflict, match="other bytes"):
            opened(host).blob(BLOB)


@pytest.mark.parametrize("size", [6, 8])
def test_a_blob_of_another_size(opened: Opener, size: int) -> None:
    with hostile_registry.serving(Manners()) as (host, store):
        fill(store)
        with pytest.raises(Conflict):
            opened(host).blob(Descriptor("x/y", BLOB.digest, size))


def test_a_blob_that_is_too_large_is_not_fetched(opened: Opener) -> None:
    manners = Manners()
    with hostile_registry.serving(manners) as (host, _store), pytest.raises(Conflict, match="too large"):
        opened(host).blob(Descriptor("x/y", BLOB.digest, 200 * 2**20))
    assert not manners.seen


def test_a_manifest_that_is_too_large_is_not_read(opened: Opener) -> None:
    large = Manners(manifest_bytes=8 * 2**20)
    with hostile_registry.serving(large) as (host, _store), pytest.raises(Conflict, match="too large"):
        opened(host).manifest("1.0")


@pytest.mark.parametrize("what", ["headers", "body", "stall"])
def test_an_answer_that_drips_is_given_up(opened: Opener, what: str) -> None:
    manners = Manners(drip=what)
    with hostile_registry.serving(manners) as (host, store):
        fill(store)
        with pytest.raises(Unreachable, match="bytes had come"):
            opened(host).manifest("1.0")
    assert len(manners.seen) == 1, "it is not asked again"


@pytest.mark.parametrize(
    ("what", "kind", "says"),
    [
        ("headers", Unreachable, "headers are longer"),
        ("continue", Unreachable, "headers are longer"),
        ("body", Conflict, "goes on and on"),
    ],
)
def test_an_answer_without_an_end_is_given_up(opened: Opener, what: str, kind: type[Exception], says: str) -> None:
    with hostile_registry.serving(Manners(endless=what)) as (host, _store), pytest.raises(kind, match=says):
        opened(host).manifest("1.0")


def test_too_many_referrers_are_a_flood(opened: Opener) -> None:
    for referrers in (True, False):
        with hostile_registry.serving(Manners(), referrers) as (host, store):
            fill(store)
            listed = [{"mediaType": MANIFEST, "digest": digest_of(str(i).encode()), "size": 1} for i in range(300)]
            if referrers:
                for number in range(300):
                    refer(store, number)
            else:
                store.put("app", DIGEST.replace(":", "-"), INDEX, push.encoded({"mediaType": INDEX, "manifests": listed}))
            with pytest.raises(Conflict, match="more than 50"):
                opened(host).referrers(DIGEST)


def test_a_login_does_not_follow_a_redirect(opened: Opener, tmp_path: pathlib.Path) -> None:
    elsewhere, here = Manners(), Manners(basic=BASIC)
    with hostile_registry.serving(elsewhere) as (other, theirs), hostile_registry.serving(here) as (host, store):
        fill(store)
        theirs.blobs[BLOB.digest] = b"content"
        here.blobs_elsewhere = f"http://{other}/v2/app/blobs/{BLOB.digest}"
        assert opened(host, environ=logged_in(tmp_path, host)).blob(BLOB) == b"content"
    assert any(sent == BASIC for _method, _path, sent in here.seen)
    assert [sent for _method, _path, sent in elsewhere.seen] == [""]


def test_a_challenge_behind_a_redirect_gets_no_login(opened: Opener, tmp_path: pathlib.Path) -> None:
    elsewhere, here = Manners(bearer="t"), Manners(basic=BASIC)
    with hostile_registry.serving(elsewhere) as (other, _theirs), hostile_registry.serving(here) as (host, store):
        fill(store)
        here.blobs_elsewhere = f"http://{other}/v2/app/blobs/{BLOB.digest}"
        repository = opened(host, environ=logged_in(tmp_path, host))
        assert repository.manifest("1.0"), "from here on the login goes along unasked"
        with pytest.raises(Denied):
            repository.blob(BLOB)
    assert elsewhere.seen and not any(sent for _method, _path, sent in elsewhere.seen)
    assert not any("/token" in path for _method, path, _sent in elsewhere.seen), "its realm is not asked either"


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("http://storage.example/x", Denied),
        ("https://169.254.169.254/latest/meta-data/", Denied),
        ("https://127.0.0.1/x", Denied),
        ("https://[::1]/x", Denied),
        ("https://localhost/x", Denied),
        ("https://user:word@storage.example/x", Conflict),
        ("https://storage.example:99999/x", Conflict),
        ("file:///etc/passwd", Conflict),
        ("https://[", Conflict),
        ("", Conflict),
    ],
)
def test_where_no_redirect_is_followed(location: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        redirected("https://registry.example/v2/app/blobs/x", location)
    assert "word" not in str(caught.value)


@pytest.mark.parametrize("name", ["127.1", "2130706433", "0x7f.1", "127.0.0.1", "localhost"])
def test_what_a_registry_elsewhere_names_is_judged_by_where_it_leads(name: str) -> None:
    """A name is whatever its owner says at the moment: the address that is connected to is looked at."""
    manners = Manners()
    with hostile_registry.serving(manners) as (host, _store):
        target = f"http://{name}:{host.partition(':')[2]}/latest/meta-data/"
        with pytest.raises(Denied, match="this machine"):
            Transport(Settings()).ask("GET", target, {}, 1000, origin="https://registry.example")
        assert not manners.seen
        assert Transport(Settings()).ask("GET", target, {}, 1000, origin="http://127.0.0.1:1").status == 404


def test_a_token_server_does_not_send_us_on(opened: Opener, tmp_path: pathlib.Path) -> None:
    """What it would lead to would be taken for a token, and told to the registry."""
    elsewhere = Manners()
    with hostile_registry.serving(elsewhere) as (other, _theirs):
        manners = Manners(basic=BASIC, bearer="t", tokens_elsewhere=f"http://{other}/token")
        with hostile_registry.serving(manners) as (host, _store), pytest.raises(Unreachable, match="answers 307"):
            opened(host, environ=logged_in(tmp_path, host)).manifest("1.0")
    assert not elsewhere.seen


@pytest.mark.parametrize(
    ("realm", "kind"),
    [
        ("https://169.254.169.254/token", Denied),
        ("https://localhost/token", Denied),
        ("https://[::1]/token", Denied),
        ("http://registry.example/token", Denied),
        ("https://user:word@registry.example/token", Denied),
        ("file:///etc/passwd", Denied),
        ("/token", Denied),
        ("", Denied),
        ("https://[", Invalid),
    ],
)
def test_where_no_token_is_asked_for(realm: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        auth.token_url(auth.Challenge("bearer", realm, "s"), "repository:app:pull", "https://registry.example")
    assert "word" not in str(caught.value)


def test_where_a_token_is_asked_for() -> None:
    """Docker Hub's realm is another host than its registry; what a challenge says adds nothing to the query but its service."""
    challenge = auth.Challenge("bearer", "https://auth.docker.io/token?a=b", "registry&scope=x")
    url = auth.token_url(challenge, "repository:app:pull", "https://registry-1.docker.io")
    assert url == "https://auth.docker.io/token?a=b&service=registry%26scope%3Dx&scope=repository%3Aapp%3Apull"


def test_where_a_redirect_is_followed() -> None:
    here = "https://registry.example/v2/app/blobs/x"
    assert redirected(here, "https://bucket.s3.example/x?signature=1") == "https://bucket.s3.example/x?signature=1"
    assert redirected(here, "/elsewhere") == "https://registry.example/elsewhere"
    assert redirected("http://127.0.0.1:5000/a", "http://127.0.0.1:5001/b") == "http://127.0.0.1:5001/b"


@pytest.mark.parametrize("where", ["https://other.example/v2/app/referrers/x", "http://[", "/elsewhere"])
def test_a_list_that_goes_on_elsewhere_is_not_taken_for_whole(opened: Opener, where: str) -> None:
    with hostile_registry.serving(Manners(page=1, next_page=where)) as (host, store):
        fill(store)
        for number in range(2):
            refer(store, number)
        with pytest.raises(Conflict, match="goes on elsewhere"):
            opened(host).referrers(DIGEST)


def test_pages_without_end_are_a_flood(opened: Opener) -> None:
    with hostile_registry.serving(Manners(page=1)) as (host, store):
        fill(store)
        for number in range(40):
            refer(store, number)
        with pytest.raises(Conflict, match="more than 50"):
            opened(host).referrers(DIGEST)


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        (MANIFEST, {"mediaType": INDEX, "manifests": []}),
        (INDEX, {"mediaType": MANIFEST, "layers": []}),
        (MANIFEST, {"layers": [], "manifests": []}),
        (MANIFEST, {"config": {}, "manifests": []}),
        (MANIFEST, {"mediaType": 7}),
    ],
)
def test_a_manifest_with_two_meanings(opened: Opener, media_type: str, data: dict[str, Any]) -> None:
    with hostile_registry.serving(Manners()) as (host, store):
        store.put("app", "1.0", media_type, push.encoded(data))
        with pytest.raises(Conflict, match="two m"):
            opened(host).manifest("1.0")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a": 1, "a": 2}', b"[" * 5000, b"\xff"])
def test_a_manifest_that_is_none(opened: Opener, body: bytes) -> None:
    with hostile_registry.serving(Manners()) as (host, store):
        store.put("app", "1.0", MANIFEST, body)
        with pytest.raises(Conflict):
            opened(host).manifest("1.0")


@pytest.mark.parametrize("manifests", [None, 5, {}, [5], [{"digest": "x"}], [{"mediaType": "a/b", "digest": DIGEST, "size": -1}]])
def test_a_list_that_is_none(opened: Opener, manifests: Any) -> None:
    with hostile_registry.serving(Manners(), referrers=False) as (host, store):
        store.put("app", DIGEST.replace(":", "-"), INDEX, push.encoded({"mediaType": INDEX, "manifests": manifests}))
        with pytest.raises(Conflict):
            opened(host).referrers(DIGEST)


@pytest.mark.parametrize("reference", ["..", "a/b", "", "1.0?x=y", "sha256:abc", "x" * 129])
def test_what_is_no_tag_is_not_asked_for(opened: Opener, reference: str) -> None:
    with pytest.raises(Invalid):
        opened("127.0.0.1:1").manifest(reference)


def test_a_registry_that_is_knocked_at(tmp_path: pathlib.Path) -> None:
    def knock(manners: Manners) -> None:
        with hostile_registry.serving(manners) as (host, _store):
            environ = logged_in(tmp_path, host)
            open_registries(Registry(host, plain_http=True), None, environ, Secrets()).knock()

    for manners in (Manners(), Manners(basic=BASIC), Manners(basic=BASIC, bearer="t"), Manners(bearer="for-anybody")):
        knock(manners)
    for manners in (Manners(basic="Basic other"), Manners(basic="Basic other", bearer="t"), Manners(status=403)):
        with pytest.raises(Denied):
            knock(manners)
    for status in (404, 500):
        with pytest.raises(Unreachable, match="registry"):
            knock(Manners(status=status))


def test_a_distrusted_certificate(opened: Opener, tmp_path: pathlib.Path) -> None:
    with hostile_registry.serving(Manners(), certificate=tls(tmp_path, "127.0.0.1")) as (host, store):
        fill(store)
        with pytest.raises(Unreachable, match="not trusted"):
            opened(host, plain_http=False).manifest("1.0")
        found = opened(host, plain_http=False, ca_file=str(tmp_path / "authority")).manifest("1.0")
        assert found and found.digest == DIGEST
        at_home = {"HOME": str(tmp_path)}
        assert opened(host, environ=at_home, plain_http=False, ca_file="~/authority").manifest("1.0")
        with pytest.raises(Invalid, match="no certificate"):
            opened(host, plain_http=False, ca_file=str(tmp_path / "key")).manifest("1.0")


def test_a_certificate_for_somebody_else(opened: Opener, tmp_path: pathlib.Path) -> None:
    with hostile_registry.serving(Manners(), certificate=tls(tmp_path, "192.0.2.1")) as (host, store):
        fill(store)
        with pytest.raises(Unreachable, match="mismatch"):
            opened(host, plain_http=False, ca_file=str(tmp_path / "authority")).manifest("1.0")


def test_a_login_is_not_sent_in_clear_to_another_host(opened: Opener, tmp_path: pathlib.Path) -> None:
    manners = Manners(bearer="t", realm="http://tokens.example/token")
    with hostile_registry.serving(manners) as (host, _store), pytest.raises(Denied, match="not https"):
        opened(host, environ=logged_in(tmp_path, host)).manifest("1.0")


def test_a_registry_in_clear_must_be_allowed(opened: Opener) -> None:
    with hostile_registry.serving(Manners()) as (host, store):
        fill(store)
        with pytest.raises(Unreachable, match="does not speak TLS"):
            opened(host, plain_http=False).manifest("1.0")


def test_another_registry_is_never_reached_in_clear(opened: Opener) -> None:
    with hostile_registry.serving(Manners()) as (host, store), hostile_registry.serving(Manners()) as (ours, _unused):
        fill(store)
        with pytest.raises(Unreachable, match="does not speak TLS"):
            opened(ours, f"{host}/app").manifest("1.0")


# What must work


def test_missing_is_none(opened: Opener) -> None:
    with hostile_registry.serving(Manners()) as (host, store):
        fill(store)
        assert opened(host).manifest("2.0") is None
        assert opened(host).manifest("sha256:" + "0" * 64) is None
        assert opened(host).referrers(DIGEST) == ()


@pytest.mark.parametrize(
    "manners", [Manners(basic=BASIC), Manners(basic=BASIC, bearer="token-for-robots")], ids=["basic", "bearer"]
)
def test_a_login_of_dockers(opened: Opener, tmp_path: pathlib.Path, secrets: Secrets, manners: Manners) -> None:
    with hostile_registry.serving(manners) as (host, store):
        fill(store)
        repository = opened(host, environ=logged_in(tmp_path, host))
        for _again in range(3):
            found = repository.manifest("1.0")
            assert found and found.digest == DIGEST
    assert len(manners.seen) <= 5, "the challenge is asked once, and the login kept"
    for secret in (PASSWORD, BASIC.removeprefix("Basic "), *filter(None, [manners.bearer])):
        assert secret not in secrets.scrub_text(f"error: {secret}")


def test_a_token_for_anybody(opened: Opener) -> None:
    manners = Manners(bearer="anonymous-token")
    with hostile_registry.serving(manners) as (host, store):
        fill(store)
        assert opened(host).manifest("1.0")
    assert any("scope=repository%3Aapp%3Apull" in path for _method, path, _sent in manners.seen)


def test_a_wrong_login_is_denied(opened: Opener, tmp_path: pathlib.Path) -> None:
    for manners in (Manners(basic="Basic other"), Manners(basic="Basic other", bearer="t")):
        with hostile_registry.serving(manners) as (host, _store), pytest.raises(Denied) as caught:
            opened(host, environ=logged_in(tmp_path, host)).manifest("1.0")
        assert PASSWORD not in str(caught.value)


def test_a_credential_helper(opened: Opener, tmp_path: pathlib.Path) -> None:
    helper = tmp_path / "docker-credential-tests"
    answer = json.dumps({"ServerURL": "x", "Username": "robot", "Secret": PASSWORD})
    helper.write_text(f"#!/bin/sh\n[ \"$#\" = 1 ] && [ \"$1\" = get ] && cat >'{tmp_path}/asked' && echo '{answer}'\n")
    helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
    with hostile_registry.serving(Manners(basic=BASIC)) as (host, store):
        fill(store)
        (tmp_path / "config.json").write_text(json.dumps({"credHelpers": {host: "tests"}}))
        environ = {"DOCKER_CONFIG": str(tmp_path), "PATH": f"{tmp_path}:/bin:/usr/bin"}
        assert opened(host, environ=environ).manifest("1.0")
        assert (tmp_path / "asked").read_text().startswith("127.0.0.1")


def test_a_list_in_pages(opened: Opener) -> None:
    with hostile_registry.serving(Manners(page=3)) as (host, store):
        fill(store)
        for number in range(8):
            refer(store, number)
        assert len(opened(host).referrers(DIGEST)) == 8


def test_what_was_asked_for_once_is_brought_along(opened: Opener, tmp_path: pathlib.Path) -> None:
    for manners, expected in ((Manners(basic=BASIC), 4), (Manners(basic=BASIC, bearer="t"), 7)):
        with hostile_registry.serving(manners) as (host, store):
            fill(store)
            first = opened(host, environ=logged_in(tmp_path, host))
            for path in ("app", "b", "c"):
                RemoteRepository(first.host, path, path).manifest("1.0")
        assert len(manners.seen) == expected, "the first is refused once; of the others each has at most a token of its own"


def test_a_token_that_has_run_out_is_renewed(opened: Opener) -> None:
    manners = Manners(bearer="first-token")
    with hostile_registry.serving(manners) as (host, store):
        fill(store)
        repository = opened(host)
        assert repository.manifest("1.0")
        manners.bearer = "second-token"
        assert repository.manifest("1.0")


def test_many_at_once_ask_for_one_token(opened: Opener) -> None:
    manners = Manners(bearer="one-token")
    with hostile_registry.serving(manners) as (host, store):
        fill(store)
        repository = opened(host)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            assert all(pool.map(lambda _number: repository.manifest("1.0"), range(40)))
    assert sum("/token" in path for _method, path, _sent in manners.seen) == 1


def test_a_registry_without_the_api_is_asked_once(opened: Opener) -> None:
    manners = Manners()
    with hostile_registry.serving(manners, referrers=False) as (host, store):
        fill(store)
        repository = opened(host)
        for _again in range(3):
            assert repository.referrers(DIGEST) == ()
    assert sum("/referrers/" in path for _method, path, _sent in manners.seen) == 1


@pytest.mark.parametrize("user", ["", "ada:only-for-the-pr%40xy@"])
def test_the_environment_s_proxy(user: str) -> None:
    """A registry elsewhere is reached by the proxy, with its own login; this machine never is."""
    manners = Manners()
    with hostile_registry.serving(manners) as (proxy, store):
        fill(store)
        environ = {"http_proxy": f"http://{user}{proxy}", "HOME": "/nonexistent"}
        ours = Registry("registry.example", plain_http=True)
        found = Registries(ours, auth.Logins(environ, Secrets()), Settings(environ=environ)).repository(
            parse("registry.example/app")
        )
        assert found.manifest("1.0")
        local = Registries(Registry("127.0.0.1:1", plain_http=True), auth.Logins(environ, Secrets()), Settings(environ=environ))
        with pytest.raises(Unreachable, match="nobody answers"):
            local.repository(parse("127.0.0.1:1/app")).manifest("1.0")
    ((method, path, _sent),) = manners.seen
    assert (method, path) == ("GET", "http://registry.example/v2/app/manifests/1.0")
    expected = "Basic " + base64.b64encode(b"ada:only-for-the-pr@xy").decode() if user else ""
    assert manners.proxy_logins == [expected]


def test_a_proxy_that_is_down(opened: Opener) -> None:
    environ = {"https_proxy": "http://ada:wordword@127.0.0.1:1"}
    with pytest.raises(Unreachable, match="proxy") as caught:
        opened("registry.example", environ=environ, plain_http=False).manifest("1.0")
    assert "wordword" not in str(caught.value)


def test_a_moment_of_weakness_is_waited_for(opened: Opener) -> None:
    manners = Manners(status=503, failures=2)
    with hostile_registry.serving(manners) as (host, store):
        fill(store)
        assert opened(host).manifest("1.0")


@pytest.mark.parametrize("referrers", [True, False])
def test_what_is_attached_is_listed(opened: Opener, referrers: bool) -> None:
    with hostile_registry.serving(Manners(), referrers) as (host, store):
        fill(store)
        repository = opened(host)
        image = repository.manifest("1.0")
        assert image
        made = [push.attach(repository, image.descriptor, f"application/x{n}", [("text/plain", b"note")]) for n in range(3)]
        again = push.attach(repository, image.descriptor, "application/x0", [("text/plain", b"note")])
        assert again == made[0]
        assert {one.digest for one in repository.referrers(DIGEST)} == {one.digest for one in made}


def test_writers_at_once_lose_nothing(opened: Opener) -> None:
    with hostile_registry.serving(Manners(), False) as (host, store):
        fill(store)
        repository = opened(host)
        image = repository.manifest("1.0")
        assert image
        made: list[str] = []

        def attach(number: int) -> None:
            made.append(push.attach(repository, image.descriptor, f"application/x{number}", [("text/plain", b"n")]).digest)

        writers = [threading.Thread(target=attach, args=(n,)) for n in range(2)]
        for one in writers:
            one.start()
        for one in writers:
            one.join()
        for _again in range(2):
            for number in range(2):
                attach(number)
        assert {one.digest for one in repository.referrers(DIGEST)} == set(made)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Bearer realm="https://a/t",service="s",scope="x"', auth.Challenge("bearer", "https://a/t", "s")),
        ('Basic realm="x"', auth.Challenge("basic", "x")),
        ("Negotiate", auth.Challenge("negotiate")),
        ('Basic realm="b", Bearer realm="https://a/t",service="s"', auth.Challenge("bearer", "https://a/t", "s")),
        ('Negotiate, Basic realm="b"', auth.Challenge("basic", "b")),
        ('Bearer realm = https://a/t , service="a \\"b\\", Basic"', auth.Challenge("bearer", "https://a/t", 'a "b", Basic')),
        ("", auth.Challenge("")),
    ],
)
def test_what_a_registry_asks_for(header: str, expected: auth.Challenge) -> None:
    assert auth.challenge_of(header) == expected


@given(st.text(max_size=200), st.sampled_from(["", "Bearer ", 'Bearer realm="', "Basic ", "Negotiate "]))
def test_any_header_is_read_or_refused(text: str, before: str) -> None:
    challenge = auth.challenge_of(before + text)
    with contextlib.suppress(MicroappsError):
        auth.token_url(challenge, "repository:app:pull", "https://registry.example")
    with contextlib.suppress(MicroappsError):
        redirected("https://registry.example/v2/", text)
