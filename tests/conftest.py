# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every test relies on: the collection that is tested is this checkout, not a stale copy found first."""

from __future__ import annotations

import pathlib
import runpy
import sys
import types
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

# No test asserts a time: a busy machine is not a defect.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

ROOT = pathlib.Path(__file__).resolve().parents[1]
# Servers and certificates that tests of several rooms use.
sys.path.append(str(ROOT / "tests" / "tools"))


def pytest_configure() -> None:
    """An installed copy in a collections path wins over the link: everything would test yesterday's code."""
    from ansible_collections.goldenpath.microapps.plugins.module_utils import capability

    loaded = pathlib.Path(capability.__file__).resolve()
    if loaded != ROOT / "plugins" / "module_utils" / "capability.py":
        raise pytest.UsageError(f"The tests would load the collection from {loaded}, not from {ROOT}. Remove that copy.")


@pytest.fixture(scope="session")
def root() -> pathlib.Path:
    """The checkout."""
    return ROOT


@pytest.fixture
def key_vault(tmp_path: pathlib.Path) -> Iterator[types.SimpleNamespace]:
    """A stand-in for Azure Key Vault: no registry serves an emulator that could be used; its file says what it cannot prove.

    `vault` is its memory, `block` a profile's `secret_store` that logs in there with `environ`, `names` what else its file has.
    """
    yield from _azure("key_vault.py", "Vault", tmp_path)


@pytest.fixture
def azure_manager(tmp_path: pathlib.Path) -> Iterator[types.SimpleNamespace]:
    """The vault as a resource, with a stand-in for Azure Resource Manager around it; its file says what it cannot prove."""
    for found in _azure("resource_manager.py", "Manager", tmp_path):
        found.block["vault_id"] = found.names["VAULT_ID"]
        yield found


@pytest.fixture
def google_cloud(tmp_path: pathlib.Path) -> Iterator[Any]:
    """A stand-in for a project at Google with its secrets and IAM; its file says what it cannot prove.

    `block` is a profile's `secret_store` that logs in there with `environ`, `key_file` the login.
    """
    stand_in = runpy.run_path(str(ROOT / "tests" / "fixtures" / "google" / "iam.py"))
    key, file = stand_in["key_file"](tmp_path)
    cloud = stand_in["Cloud"](key)
    server = stand_in["serve"](cloud)
    cloud.key_file, cloud.address = str(file), f"http://127.0.0.1:{server.server_port}"
    services = ("SECRETMANAGER", "IAM", "CLOUDRESOURCEMANAGER")
    cloud.environ = {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}": f"{cloud.address}/" for name in services}
    cloud.block = {"scheme": "gcp_secretmanager", "project": "acme-dev", "token_file": cloud.key_file, "address": cloud.address}
    yield cloud
    server.shutdown()
    server.server_close()


def _azure(file: str, kind: str, folder: pathlib.Path) -> Iterator[types.SimpleNamespace]:
    names = runpy.run_path(str(ROOT / "tests" / "fixtures" / "azure" / file))
    secret = folder / "client-secret"
    secret.write_text(names["CLIENT_SECRET"] + "\n")
    login = {"token_file": str(secret), "tenant_id": names["TENANT"], "client_id": names["CLIENT"]}
    vault = names[kind]()
    with names["serve"](vault) as address:
        block = {"scheme": "azure_keyvault", "address": address, **login}
        yield types.SimpleNamespace(vault=vault, block=block, environ={"AZURE_AUTHORITY_HOST": address}, names=names)
