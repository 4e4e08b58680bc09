# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The clouds whose identities are converged here: stand-ins, whose files say what they cannot prove."""

from __future__ import annotations

import pathlib
import runpy
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.workload_identity import azure, google

FIXTURES = pathlib.Path(__file__).parents[2] / "fixtures"
SERVICES = ("SECRETMANAGER", "IAM", "CLOUDRESOURCEMANAGER")


@pytest.fixture
def cloud(tmp_path: pathlib.Path) -> Iterator[Any]:
    """The stand-in for Google with two secrets: `environ` finds it, `key_file` logs in, `ask` calls the capability there."""
    stand_in = runpy.run_path(str(FIXTURES / "google/iam.py"))
    key, file = stand_in["key_file"](tmp_path)
    cloud = stand_in["Cloud"](key)
    server = stand_in["serve"](cloud)
    for name in ("one", "two"):
        cloud.make(name, {"replication": {"automatic": {}}})
    cloud.key_file, cloud.address = str(file), f"http://127.0.0.1:{server.server_port}"
    cloud.environ = {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}": f"{cloud.address}/" for name in SERVICES}

    def ask(check: bool = False, secrets: tuple[str, ...] = ("one", "two"), **options: Any) -> dict[str, Any]:
        workload = {"namespace": "shop-dev", "service_account": "shop", "secrets": list(secrets)}
        given = {"project": "acme-dev", "token_file": cloud.key_file, "adopt": "report", "workloads": [workload], **options}
        params = {**dict.fromkeys(google.SPEC), **given}
        return perform(google.CAPABILITY, Request(params, check=check, environ=cloud.environ))

    cloud.ask = ask
    yield cloud
    server.shutdown()
    server.server_close()


@pytest.fixture
def manager(azure_manager: Any) -> Any:
    """The stand-in for Azure with one vault: `block` is a profile's `secret_store` there, `ask` calls the capability there."""
    manager = azure_manager.vault
    manager.block, manager.names, manager.environ = azure_manager.block, azure_manager.names, azure_manager.environ

    def ask(check: bool = False, **options: Any) -> dict[str, Any]:
        identity = {"name": "id-shop-dev", "namespace": "shop-dev", "service_account": "shop", "secrets": ["one", "two"]}
        given = {**{key: value for key, value in manager.block.items() if key != "scheme"}, "adopt": "report"}
        given |= {"issuer": "https://oidc.example.com/clusters/dev", "identities": [{**identity, "tags": {"app": "shop"}}]}
        return perform(azure.CAPABILITY, Request({**given, **options}, check=check, environ=manager.environ))

    manager.ask = ask
    return manager
