# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An app that the sandbox's supervisor runs is not restarted with what its launcher cannot read."""

from __future__ import annotations

import dataclasses
import pathlib

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import App
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import (
    Aws,
    DatabaseServer,
    Profile,
    Registry,
    SecretStore,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.consumers.supervised import Supervised
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox.runner import Release

PROFILE = Profile("sandbox", Aws("123456789012", "eu-west-1"), DatabaseServer("db"), Registry("r"))
RELEASE = Release("where2eat", "git://127.0.0.1/where2eat.git", "main", "c" * 40, 8000)


@pytest.fixture(scope="module")
def where2eat(root: pathlib.Path) -> App:
    return load_app(str(root / "inventories" / "apps" / "where2eat.yml"), "where2eat", "sandbox")


def supervised(app: App, scheme: str, release: Release | None = RELEASE) -> Supervised:
    profile = dataclasses.replace(PROFILE, secret_store=SecretStore(scheme))
    return Supervised(app, profile, {}, release, commit="c" * 40)


@pytest.mark.parametrize("check", [True, False])
def test_an_app_is_not_restarted_with_secrets_of_a_store_that_its_launcher_does_not_read(where2eat: App, check: bool) -> None:
    held = supervised(where2eat, "openbao").hold(check)
    assert held is not None
    assert "is not switched to its secrets in openbao" in held.sentence() and "runner.kind" in held.sentence()
    (plan,) = supervised(where2eat, "openbao").plan({}, True, held)
    assert plan.verb == "refused"
    assert supervised(where2eat, "aws_secretsmanager").hold(check) is None
    assert supervised(where2eat, "openbao", release=None).hold(check) is None, "nothing runs that could be left without"
