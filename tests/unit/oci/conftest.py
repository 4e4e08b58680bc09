# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Registries for these tests, and the client of ours that talks to them."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.auth import Logins
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.client import Registries, RemoteRepository
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.reference import parse
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.transport import Settings
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Registry
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture
def opened(tmp_path: pathlib.Path, secrets: Secrets) -> Callable[..., RemoteRepository]:
    """A repository of a registry on this machine; `environ` is where logins are looked for."""

    def open_one(address: str, path: str = "app", environ: dict[str, str] | None = None, **registry: Any) -> RemoteRepository:
        found = environ if environ is not None else {"HOME": str(tmp_path)}
        settings = Settings(environ=found, pause=lambda _seconds: None)
        ours = Registry(address, **({"plain_http": True} | registry))
        return Registries(ours, Logins(found, secrets), settings).repository(parse(path, address))

    return open_one
