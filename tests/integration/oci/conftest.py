# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real registries, each a process of its own: with and without the referrers API, with every kind of login, over TLS."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import http.server
import ipaddress
import json
import os
import pathlib
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from built_parts import built_or_skipped
from certificates import certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.client import RemoteRepository, open_registries
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.reference import parse
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Registry
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

USER, PASSWORD = "robot", "only-a-" + "test-password"
# bcrypt of it, of the lowest cost.
HASHED = "$2b$04$abcdefghijklmnopqrstuu" + "BHcPCFqhlJ1jHtknr1lV8uuBla1Ndsm"
SERVICE, ISSUER = "the-registry", "the-token-server"


@dataclasses.dataclass(frozen=True)
class Place:
    """A running registry. `environ` is for whoever logs in, `nobody` for whoever does not."""

    address: str
    referrers: bool
    login: str
    environ: dict[str, str]
    nobody: dict[str, str]
    programs: dict[str, pathlib.Path]
    ca_file: str = ""
    asked_for_tokens: list[tuple[str, str]] = dataclasses.field(default_factory=list)

    def repository(self, path: str, environ: dict[str, str] | None = None) -> RemoteRepository:
        """One of its repositories, with a client of its own."""
        ours = Registry(self.address, plain_http=not self.ca_file, ca_file=self.ca_file)
        opened = open_registries(ours, None, self.environ if environ is None else environ, Secrets())
        return opened.repository(parse(path, self.address))

    def run(self, name: str, *arguments: str, folder: pathlib.Path | None = None) -> str:
        """What `crane` or `oras` says, with the login."""
        environment = {**self.environ, "PATH": os.environ["PATH"], "HOME": self.environ["DOCKER_CONFIG"]}
        environment |= {"SSL_CERT_FILE": self.ca_file} if self.ca_file else {}
        command = [str(self.programs[name]), *arguments]
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def plain(self) -> tuple[str, ...]:
        """The option that both tools need for a registry in clear."""
        return () if self.ca_file else ("--plain-http",)


@pytest.fixture(scope="session")
def oci_programs() -> dict[str, pathlib.Path]:
    """Distribution, go-containerregistry's registry, crane and oras; built where they are not there yet."""
    return built_or_skipped("registry", "oci-tools")


REGISTRIES = ("distribution", "distribution-basic", "distribution-token", "go-containerregistry")


@pytest.fixture(scope="module", params=REGISTRIES)
def place(
    request: pytest.FixtureRequest, oci_programs: dict[str, pathlib.Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """Each kind of registry in turn."""
    kind, folder = str(request.param), tmp_path_factory.mktemp("registry")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    login = {"distribution-basic": "basic", "distribution-token": "token"}.get(kind, "")
    with contextlib.ExitStack() as stack:
        asked: list[tuple[str, str]] = []
        realm = stack.enter_context(token_server(folder, asked)) if login == "token" else ""
        ca_file = str(folder / "authority.pem") if login == "basic" else ""
        if kind == "go-containerregistry":
            command = [str(oci_programs["referrers-registry"]), "-address", address]
        else:
            command = [str(oci_programs["registry"]), "serve", str(configured(folder, address, login, realm))]
        stack.enter_context(process(command, folder / "log"))
        answers(f"{'https' if ca_file else 'http'}://{address}/v2/", folder / "log")
        auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        (folder / "config.json").write_text(json.dumps({"auths": {address: {"auth": auth}} if login else {}}))
        yield Place(
            address,
            kind == "go-containerregistry",
            login,
            {"DOCKER_CONFIG": str(folder)},
            {"DOCKER_CONFIG": str(folder / "empty")},
            oci_programs,
            ca_file,
            asked,
        )


def configured(folder: pathlib.Path, address: str, login: str, realm: str) -> pathlib.Path:
    """Distribution's configuration file."""
    config: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": address, "secret": "for-" + "tests"},
    }
    if login == "basic":
        authority, _key, signer = certificate("authority")
        pem, key, _objects = certificate("server", signer, x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        for name, content in (("authority.pem", authority), ("server.pem", pem), ("key.pem", key)):
            (folder / name).write_bytes(content)
        (folder / "htpasswd").write_text(f"{USER}:{HASHED}\n")
        config["auth"] = {"htpasswd": {"realm": "tests", "path": str(folder / "htpasswd")}}
        config["http"]["tls"] = {"certificate": str(folder / "server.pem"), "key": str(folder / "key.pem")}
    if login == "token":
        bundle = str(folder / "issuer.pem")
        config["auth"] = {"token": {"realm": realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": bundle}}
    (folder / "config.yml").write_text(json.dumps(config))
    return folder / "config.yml"


@contextlib.contextmanager
def process(command: list[str], log: pathlib.Path) -> Iterator[None]:
    """A process that lives as long as the block."""
    with log.open("wb") as output:
        started = subprocess.Popen(command, stdout=output, stderr=output, env={"PATH": os.environ["PATH"]})
        try:
            yield
        finally:
            started.kill()
            started.wait()


def answers(url: str, log: pathlib.Path) -> None:
    """Wait until somebody listens; whether the certificate is right is for the tests."""
    host, _colon, port = urlsplit(url).netloc.partition(":")
    for _try in range(200):
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 1):
            return
        time.sleep(0.05)
    pytest.fail(log.read_text())


@contextlib.contextmanager
def token_server(folder: pathlib.Path, asked: list[tuple[str, str]]) -> Iterator[str]:
    """Hands out tokens as Distribution checks them (its token specification): for the scopes that are asked for, to the robot.

    `asked` are the (scope, Authorization header) of each request.
    """
    pem, _key, (made, key) = certificate("issuer")
    (folder / "issuer.pem").write_bytes(pem)
    der = base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()
    expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            query = parse_qsl(urlsplit(self.path).query)
            scopes = [value for name, value in query if name == "scope"]
            login = self.headers.get("Authorization", "")
            asked.append((" ".join(scopes), login))
            granted = login == expected and ("service", SERVICE) in query
            body = json.dumps({"token": token(scopes, der, key)}).encode() if granted else b"{}"
            self.send_response(200 if granted else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/token"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def token(scopes: list[str], der: str, key: Any) -> str:
    """A JSON web token (RFC 7519) for these scopes, signed with ES256."""
    access = []
    for scope in scopes:
        kind, name, actions = scope.split(":")
        access.append({"type": kind, "name": name, "actions": actions.split(",")})
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": USER,
        "aud": SERVICE,
        "exp": now + 300,
        "nbf": now - 10,
        "iat": now,
        "jti": "1",
        "access": access,
    }
    parts = [encoded(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256", "x5c": [der]}, claims)]
    r, s = utils.decode_dss_signature(key.sign(".".join(parts).encode(), ec.ECDSA(hashes.SHA256())))
    return ".".join([*parts, encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))])


def encoded(data: bytes) -> str:
    """As JWTs have it."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
