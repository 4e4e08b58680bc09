# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The clouds whose identities are converged here: stand-ins, whose files say what they cannot prove."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.workload_identity import azure, google


@pytest.fixture
def cloud(google_cloud: Any) -> Any:
    """The stand-in for Google with two secrets: `environ` finds it, `key_file` logs in, `ask` calls the capability there."""
    cloud = google_cloud
    for name in ("one", "two"):
        cloud.make(name, {"replication": {"automatic": {}}})

    def ask(check: bool = False, secrets: tuple[str, ...] = ("one", "two"), **options: Any) -> dict[str, Any]:
        workload = {"namespace": "shop-dev", "service_account": "shop", "secrets": list(secrets)}
        given = {"project": "acme-dev", "token_file": cloud.key_file, "adopt": "report", "workloads": [workload], **options}
        params = {**dict.fromkeys(google.SPEC), **given}
        return perform(google.CAPABILITY, Request(params, check=check, environ=cloud.environ))

    cloud.ask = ask
    return cloud


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
