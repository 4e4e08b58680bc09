# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logging in and connecting: every kind of kubeconfig, nothing left on disk, nothing said in clear, one line for what fails."""

from __future__ import annotations

import base64
import datetime
import http.server
import ipaddress
import json
import os
import pathlib
import socket
import ssl
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from certificates import certificate
from cryptography import x509

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import (
    Conflict,
    Denied,
    Invalid,
    MicroappsError,
    NotFound,
    Unreachable,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes import client as client_module
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes import tls
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.client import (
    Client,
    connect,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.kinds import BY_GROUP_KIND
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.kubeconfig import Access, access_from, merge
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.login import Outside, nobody, read_credential
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Cluster
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

UID = "11111111-2222-4333-8444-555555555555"
NAMESPACE = BY_GROUP_KIND["Namespace"]
CONFIG_MAP = BY_GROUP_KIND["ConfigMap"]


class Server(http.server.ThreadingHTTPServer):
    """A small API server: it tells kube-system's UID, remembers what it was sent, and answers as it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, str, str | None]] = []
        self.answers: list[tuple[int, dict[str, str], dict[str, Any]]] = []
        self.tokens: set[str] | None = None
        self.certificates: list[Any] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *arguments: Any) -> None:
        """Quiet."""

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        login = self.headers.get("Authorization")
        self.server.seen.append((self.command, self.path, login))
        if isinstance(self.connection, ssl.SSLSocket):
            self.server.certificates.append(self.connection.getpeercert())
        status, headers, body = (
            200,
            {},
            {"metadata": {"uid": UID, "name": "kube-system"}, "kind": "Namespace", "apiVersion": "v1"},
        )
        if self.server.tokens is not None and login not in self.server.tokens:
            status, body = 401, {"kind": "Status", "message": "Unauthorized"}
        elif self.server.answers:
            status, headers, body = self.server.answers.pop(0)
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text)), "Content-Type": "application/json"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PATCH = do_POST = do_DELETE = do_PUT = answer


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.shutdown()


@pytest.fixture
def temp(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A temp folder of the test's own, to see what is left in it."""
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def kubeconfig(folder: pathlib.Path, server: str, user: dict[str, Any], cluster: dict[str, Any] | None = None) -> Cluster:
    file = folder / "kubeconfig"
    data = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": "u", "user": user}],
    }
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    return Cluster(kubeconfig=str(file), identity=UID)


def login_program(folder: pathlib.Path, body: str) -> dict[str, Any]:
    program = folder / "login"
    program.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    program.chmod(0o755)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "./login", "args": ["get-token"]}}


def credential(**status: Any) -> str:
    return json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status})


@pytest.mark.parametrize(
    ("user", "header"),
    [
        ({"token": "s3cret-token"}, "Bearer s3cret-token"),
        ({"username": "ada", "password": "pa:ss-word"}, "Basic " + encoded(b"ada:pa:ss-word")),
        ({}, None),
    ],
)
def test_simple_logins(user: dict[str, Any], header: str | None, server: Server, tmp_path: pathlib.Path) -> None:
    secrets = Secrets()
    connect(kubeconfig(tmp_path, f"http://{server.address}", user), {}, secrets)
    assert server.seen == [("GET", "/api/v1/namespaces/kube-system", header)]
    for secret in (user.get("token"), user.get("password")):
        assert secret is None or secret not in secrets.scrub(f"x {secret}")


def test_a_token_file_is_read_again_when_it_changes(server: Server, tmp_path: pathlib.Path) -> None:
    (tmp_path / "token").write_text("one\n", encoding="utf-8")
    client = connect(kubeconfig(tmp_path, f"http://{server.address}", {"tokenFile": "token"}), {})
    (tmp_path / "token").write_text("two\n", encoding="utf-8")
    client.get(NAMESPACE, "", "x")
    assert [seen[2] for seen in server.seen] == ["Bearer one", "Bearer two"]


def test_a_login_program_is_asked_again_when_its_token_is_refused(server: Server, tmp_path: pathlib.Path) -> None:
    user = login_program(tmp_path, f"""n=$(cat "$COUNT" 2>/dev/null || echo 0); echo $((n+1)) > "$COUNT"
[ "$1" = get-token ] || exit 3
echo '{credential(token="TOKEN")}' | sed "s/TOKEN/token-number-$n/" """)  # fmt: skip
    user["exec"]["env"] = [{"name": "COUNT", "value": str(tmp_path / "count")}]
    server.tokens = {"Bearer token-number-1"}
    secrets = Secrets()
    client = connect(kubeconfig(tmp_path, f"http://{server.address}", user), dict(os.environ), secrets)
    client.get(NAMESPACE, "", "x")
    assert [seen[2] for seen in server.seen] == [f"Bearer token-number-{n}" for n in (0, 1, 1)]
    assert "token-number-1" not in secrets.scrub("x token-number-1")


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("echo 'session of ada is over' >&2; exit 1", Denied, "session of ada is over"),
        ("echo not-json-s3cret", Invalid, "did not print an ExecCredential"),
        (f"echo '{credential()}'", Invalid, "neither a token nor a certificate"),
        (f"echo '{credential(token='x').replace('io/v1', 'io/v9')}'", Invalid, "speaks client.authentication.k8s.io/v9"),
    ],
)
def test_a_login_program_that_fails_is_never_gone_without(
    body: str, kind: type[MicroappsError], words: str, server: Server, tmp_path: pathlib.Path
) -> None:
    with pytest.raises(kind) as caught:
        connect(kubeconfig(tmp_path, f"http://{server.address}", login_program(tmp_path, body)), dict(os.environ))
    assert words in caught.value.sentence() and "s3cret" not in caught.value.sentence()
    assert server.seen == []


def test_a_login_program_that_is_not_there(server: Server, tmp_path: pathlib.Path) -> None:
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-login", "installHint": "Get it."}}
    with pytest.raises(Unreachable) as caught:
        connect(kubeconfig(tmp_path, f"http://{server.address}", user), {"PATH": "/nonexistent"})
    assert "no-such-login is not installed. Get it." in caught.value.sentence()


def test_an_expired_token_is_renewed_before_it_is_refused(tmp_path: pathlib.Path) -> None:
    text = credential(token="t", expirationTimestamp="2026-01-01T00:00:00Z")
    spec = {"apiVersion": "client.authentication.k8s.io/v1", "command": "x"}
    _made, expires = read_credential(text, spec, "u", str)
    assert expires == datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture
def secure(server: Server, tmp_path: pathlib.Path) -> tuple[Server, bytes, tuple[Any, Any]]:
    """The server behind TLS, for the name `the-server`, asking clients for a certificate of the same authority."""
    authority, _key, signer = certificate("authority")
    pem, key, _objects = certificate("server", signer)
    files = tmp_path / "server.pem", tmp_path / "server.key", tmp_path / "authority.pem"
    for file, content in zip(files, (pem, key, authority), strict=True):
        file.write_bytes(content)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[0], files[1])
    context.load_verify_locations(files[2])
    context.verify_mode = ssl.CERT_OPTIONAL
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server, authority, signer


@pytest.fixture
def secure_provider(tmp_path: pathlib.Path) -> Iterator[tuple[Server, bytes]]:
    """Another server behind TLS, for 127.0.0.1: an identity provider."""
    authority, _key, signer = certificate("identity authority")
    pem, key, _objects = certificate("identity provider", signer, x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    for name, content in (("idp.pem", pem), ("idp.key", key)):
        (tmp_path / name).write_bytes(content)
    made = Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "idp.pem", tmp_path / "idp.key")
    made.socket = context.wrap_socket(made.socket, server_side=True)
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made, authority
    made.shutdown()


@pytest.mark.parametrize("anonymous_files", [True, False])
def test_a_client_certificate_is_used_and_nothing_of_it_is_left(
    anonymous_files: bool,
    secure: tuple[Server, bytes, tuple[Any, Any]],
    tmp_path: pathlib.Path,
    temp: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, authority, signer = secure
    pem, key, _objects = certificate("ada", signer)
    modes: list[int] = []
    if not anonymous_files:
        monkeypatch.delattr(os, "memfd_create")
        (temp / "goldenpath-tls-999999999-left").mkdir()
        load = ssl.SSLContext.load_cert_chain

        def looked_at(self: ssl.SSLContext, path: str) -> None:
            modes.append(stat.S_IMODE(os.stat(path).st_mode))
            load(self, path)

        monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", looked_at)
    user = {"client-certificate-data": encoded(pem), "client-key-data": encoded(key)}
    about = {"certificate-authority-data": encoded(authority), "tls-server-name": "the-server"}
    secrets = Secrets()
    connect(kubeconfig(tmp_path, f"https://{server.address}", user, about), {}, secrets)
    assert server.certificates[0]["subject"] == ((("commonName", "ada"),),)
    assert list(temp.iterdir()) == []
    assert modes == ([] if anonymous_files else [0o600])
    assert key.decode() not in secrets.scrub(f"x {key.decode()}")


def test_files_that_a_kubeconfig_names_are_read_beside_it(
    secure: tuple[Server, bytes, tuple[Any, Any]], tmp_path: pathlib.Path
) -> None:
    server, authority, _signer = secure
    (tmp_path / "ca.crt").write_bytes(authority)
    about = {"certificate-authority": "ca.crt", "tls-server-name": "the-server"}
    connect(kubeconfig(tmp_path, f"https://{server.address}", {"token": "t"}, about), {})
    assert server.seen


def test_a_server_with_another_certificate_is_refused(
    secure: tuple[Server, bytes, tuple[Any, Any]], tmp_path: pathlib.Path
) -> None:
    server, authority, _signer = secure
    other, _key, _objects = certificate("somebody else")
    for about in (
        {"certificate-authority-data": encoded(other), "tls-server-name": "the-server"},
        {"certificate-authority-data": encoded(authority)},
        {"certificate-authority-data": encoded(authority), "tls-server-name": "another"},
    ):
        with pytest.raises(Unreachable) as caught:
            connect(kubeconfig(tmp_path, f"https://{server.address}", {"token": "s3cret"}, about), {})
        assert "certificate" in caught.value.sentence()
    assert server.seen == []


def test_a_certificate_that_is_not_trusted_is_not_asked_for_again(secure: tuple[Server, bytes, tuple[Any, Any]]) -> None:
    server, authority, _signer = secure
    pauses: list[float] = []
    client = Client(Access(f"https://{server.address}", nobody(), authority.decode()), "", pauses.append)
    with pytest.raises(Unreachable, match="certificate"):
        client.get(NAMESPACE, "", "x")
    assert pauses == []


def test_skipping_verification_is_the_kubeconfig_s_own_word(
    secure: tuple[Server, bytes, tuple[Any, Any]], tmp_path: pathlib.Path
) -> None:
    server, _authority, _signer = secure
    with pytest.warns(Warning, match="verif"):
        connect(kubeconfig(tmp_path, f"https://{server.address}", {}, {"insecure-skip-tls-verify": True}), {})


@pytest.mark.parametrize(
    ("certificate_text", "key_text", "words"),
    [("not a certificate", "not a key", "do not match"), ("", "", "")],
)
def test_broken_pem(certificate_text: str, key_text: str, words: str) -> None:
    if not certificate_text:
        with pytest.raises(Invalid, match="no valid PEM"):
            tls.context_of("garbage", True, "", "")
        return
    with pytest.raises(Invalid, match=words):
        tls.context_of("", True, certificate_text, key_text)


def test_the_wrong_cluster_is_not_used(server: Server, tmp_path: pathlib.Path) -> None:
    cluster = kubeconfig(tmp_path, f"http://{server.address}", {})
    other = Cluster(cluster.kubeconfig, "", "99999999-2222-4333-8444-555555555555")
    with pytest.raises(Conflict) as caught:
        connect(other, {})
    assert UID in caught.value.sentence() and "Nothing was changed" in caught.value.sentence()


def test_no_cluster_speaks_the_profile_s_words() -> None:
    with pytest.raises(Unreachable) as caught:
        connect(Cluster(available=False, why="Go is not installed", next_step="Install Go 1.24."), {})
    assert caught.value.sentence() == "Reach the cluster: Go is not installed. Install Go 1.24."


@pytest.mark.parametrize("server", ["https://cluster.example.com", "https://10.0.0.1:6443", "https://127.0.0.1.example.com"])
def test_a_loopback_profile_reaches_no_other_machine(server: str, tmp_path: pathlib.Path) -> None:
    file = kubeconfig(tmp_path, server, {"token": "s3cret"})
    with pytest.raises(Denied, match="another machine"):
        connect(Cluster(file.kubeconfig, loopback_only=True), {})


def test_a_loopback_profile_takes_no_proxy_of_a_kubeconfig(server: Server, tmp_path: pathlib.Path) -> None:
    file = kubeconfig(tmp_path, f"http://{server.address}", {}, {"proxy-url": "http://192.0.2.1:3128"})
    with pytest.raises(Denied):
        connect(Cluster(file.kubeconfig, loopback_only=True), {})


def test_loopback_ignores_the_environment_s_proxy(server: Server, tmp_path: pathlib.Path) -> None:
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://192.0.2.1:1")
    connect(kubeconfig(tmp_path, f"http://{server.address}", {}), proxies)
    assert server.seen


def client_of(server: Server, pauses: list[float] | None = None) -> Client:
    return Client(Access(f"http://{server.address}", nobody()), "", (pauses if pauses is not None else []).append)


def test_what_may_be_repeated_is_repeated(server: Server) -> None:
    pauses: list[float] = []
    server.answers = [(503, {}, {}), (429, {"Retry-After": "2"}, {}), (504, {"Retry-After": "3600"}, {})]
    assert client_of(server, pauses).get(NAMESPACE, "", "x")
    assert pauses == [0.1, 2.0, 5.0]


def test_a_creation_is_not_repeated(server: Server) -> None:
    server.answers = [(504, {}, {"message": "maybe done"})]
    with pytest.raises(Unreachable, match="maybe done"):
        client_of(server).create(CONFIG_MAP, "n", {"metadata": {"name": "x"}})
    assert len(server.seen) == 1


def test_nobody_there_is_one_line(tmp_path: pathlib.Path) -> None:
    pauses: list[float] = []
    client = Client(Access("http://127.0.0.1:1", nobody()), "", pauses.append)
    with pytest.raises(Unreachable) as caught:
        client.get(NAMESPACE, "", "x")
    sentence = "Get namespaces/x: nobody answers at http://127.0.0.1:1. Is the cluster up, and is the network?"
    assert caught.value.sentence() == sentence
    assert pauses == [0.1, 0.3, 0.9]


def test_who_does_not_answer_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_READ_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(0.2)
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Unreachable, match=f"{address} did not answer in time"):
            Client(Access(address, nobody()), "", [].append).get(NAMESPACE, "", "x")
        asked = [silent.accept()[0]]
        with pytest.raises(TimeoutError):
            asked.append(silent.accept()[0])
    for connection in asked:
        connection.close()


def test_something_else_than_an_api_server_is_found_out(server: Server) -> None:
    server.answers = [(200, {}, ["not", "an", "object"])]
    with pytest.raises(Unreachable, match="does not answer like an API server"):
        client_of(server).get(NAMESPACE, "", "x")


def test_a_dry_run_passes_the_one_gate(server: Server) -> None:
    client = client_of(server)
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "n"}}
    writes: list[Callable[[], Any]] = [
        lambda: client.apply(CONFIG_MAP, manifest, force=True, dry_run=True),
        lambda: client.merge(CONFIG_MAP, "n", "x", {}, dry_run=True),
        lambda: client.create(CONFIG_MAP, "n", manifest, dry_run=True),
        lambda: client.replace(CONFIG_MAP, manifest, dry_run=True),
        lambda: client.delete(CONFIG_MAP, "n", "x", dry_run=True),
    ]
    for write in writes:
        write()
    assert len(server.seen) == len(writes)
    assert all("dryRun=All" in path for _method, path, _login in server.seen)


OUTSIDE = Outside({}, str)


def test_several_kubeconfigs_are_one_and_the_first_wins() -> None:
    def config(server: str, context: str) -> dict[str, Any]:
        return {
            "current-context": context,
            "contexts": [{"name": context, "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": server}}],
        }

    merged = merge([("/a/config", config("https://one", "a")), ("/b/config", config("https://two", "b"))])
    assert access_from(merged, "", "f", OUTSIDE).server == "https://one"
    assert access_from(merged, "b", "f", OUTSIDE).server == "https://one"
    with pytest.raises(Invalid, match="it has the contexts: a, b"):
        access_from(merged, "c", "f", OUTSIDE)


def test_what_is_wrong_with_a_kubeconfig_is_said_without_quoting_it(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "kubeconfig"
    with pytest.raises(NotFound, match="there is no such file"):
        connect(Cluster(str(file)), {})
    for text in ("users: [token: s3cret", "", "- a", "current-context: x\nusers: [{name: u, user: {token: s3cret}}]"):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(Invalid) as caught:
            connect(Cluster(str(file)), {})
        assert "s3cret" not in caught.value.sentence() and str(file) in caught.value.sentence()


def identity_token(expires: datetime.datetime, who: str) -> str:
    """What an identity provider signs, without a signature: only the API server looks at that."""
    parts = ({"alg": "none"}, {"exp": int(expires.timestamp()), "sub": who}, {})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


def test_an_identity_provider_s_token_is_used_while_it_is_good(server: Server, tmp_path: pathlib.Path) -> None:
    good = identity_token(datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1), "ada")
    user = {"auth-provider": {"name": "oidc", "config": {"id-token": good, "idp-issuer-url": "https://unused"}}}
    secrets = Secrets()
    connect(kubeconfig(tmp_path, f"http://{server.address}", user), {}, secrets)
    assert server.seen[0][2] == f"Bearer {good}"
    assert good not in secrets.scrub(f"x {good}")


def test_an_identity_provider_renews_a_token_and_nothing_is_left(
    server: Server, secure_provider: tuple[Server, bytes], tmp_path: pathlib.Path, temp: pathlib.Path
) -> None:
    provider, authority = secure_provider
    url = f"https://{provider.address}"
    new = identity_token(datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1), "ada")
    provider.answers = [
        (200, {}, {"token_endpoint": f"{url}/token"}),
        (200, {}, {"id_token": new, "access_token": "a", "refresh_token": "r2", "token_type": "Bearer"}),
    ]
    config = {
        "id-token": identity_token(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC), "ada"),
        "idp-issuer-url": url,
        "idp-certificate-authority-data": encoded(authority),
        "client-id": "goldenpath",
        "client-secret": "s3cret",
        "refresh-token": "r1",
    }
    cluster = kubeconfig(tmp_path, f"http://{server.address}", {"auth-provider": {"name": "oidc", "config": config}})
    before = pathlib.Path(cluster.kubeconfig).read_bytes()
    connect(cluster, {})
    assert server.seen[0][2] == f"Bearer {new}"
    assert [path for _method, path, _login in provider.seen] == ["/.well-known/openid-configuration", "/token"]
    assert list(temp.iterdir()) == [] and tempfile.gettempdir() == str(temp)
    assert pathlib.Path(cluster.kubeconfig).read_bytes() == before


@pytest.mark.parametrize("config", [{}, {"id-token": "s3cret"}, {"id-token": 7}])
def test_an_identity_provider_that_cannot_be_used_is_one_line(
    config: dict[str, Any], server: Server, tmp_path: pathlib.Path
) -> None:
    with pytest.raises((Denied, Unreachable)) as caught:
        connect(kubeconfig(tmp_path, f"http://{server.address}", {"auth-provider": {"name": "oidc", "config": config}}), {})
    assert "auth-provider" in caught.value.sentence() and "s3cret" not in caught.value.sentence()
    assert server.seen == []
