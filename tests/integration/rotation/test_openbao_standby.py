# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cluster behind one address of all its nodes.

OpenBao's standby nodes answer with what they have heard of so far; Vault's (of the edition that is run here) ask the active one.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

import pytest
import secret_servers
from secret_servers import Server as Node

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.session import aws_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import (
    BaoLogin,
    DatabaseServer,
    Profile,
    Registry,
    SecretStore,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.http_json import exchange
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.http_json import request as http
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.model import About, Stage, token_for
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores import open_store, openbao_server
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

POLICY = 'path "secret/*" { capabilities = ["create", "read", "update", "patch", "delete", "list"] }'


@pytest.fixture(scope="module", params=["openbao", "vault"])
def nodes(request: pytest.FixtureRequest) -> Iterator[tuple[Node, ...]]:
    """The active node, and the other."""
    with secret_servers.running(secret_servers.COMMANDS[request.param](), 2) as made:
        yield made


def login_of(nodes: tuple[Node, ...], method: str) -> tuple[BaoLogin, str]:
    """Whoever logs in like this, and the file with what is shown then."""
    active = nodes[0]
    root = {"X-Vault-Token": active.token_file.read_text()}

    def ask(method: str, path: str, body: Any = None) -> Any:
        return http(active.address, method, f"/v1/{path}", root, body)[1]

    if method == "token":
        return BaoLogin(), str(active.token_file)
    ask("POST", "sys/auth/approle", {"type": "approle"})
    ask("PUT", "sys/policies/acl/all", {"policy": POLICY})
    ask("POST", "auth/approle/role/all", {"token_policies": ["all"]})
    secret = active.token_file.with_name("secret-id")
    secret.write_text(ask("POST", "auth/approle/role/all/secret-id")["data"]["secret_id"])
    time.sleep(1)  # whoever made the role has made it long ago
    return BaoLogin("approle", ask("GET", "auth/approle/role/all/role-id")["data"]["role_id"]), str(secret)


@pytest.mark.parametrize("behind", ["standby", "balancer"])
@pytest.mark.parametrize("method", ["token", "approle"])
def test_what_a_run_wrote_it_reads(
    nodes: tuple[Node, ...], sandbox: Any, method: str, behind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = itertools.cycle(nodes if behind == "balancer" else nodes[1:])
    monkeypatch.setattr(openbao_server, "exchange", lambda _address, *rest, **also: exchange(next(turns).address, *rest, **also))
    login, file = login_of(nodes, method)
    profile = Profile(
        "test",
        aws_from(sandbox.block("aws")),
        Registry("r"),
        DatabaseServer("db"),
        secret_store=SecretStore("openbao", nodes[1].address, file, login=login),
    )
    for number in range(5):
        name = f"microapps/test/{method}/{behind}-{number}"
        store, token = open_store(profile, Secrets(), {}), token_for(name, "")
        store.create(name, token, {"value": "0"}, About("of a test"))
        for turn in range(1, 4):
            following = token_for(name, token)
            store.put_pending(name, following, {"value": str(turn)})
            store.promote(name, following, token)
            found = store.describe(name)
            assert found is not None and found.at(Stage.PENDING) is None
            current = found.at(Stage.CURRENT)
            assert current is not None and current.token == following
            assert store.read_stage(name, Stage.CURRENT) == {"value": str(turn)}
            token = following
