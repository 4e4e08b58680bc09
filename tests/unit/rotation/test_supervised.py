# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an app that the sandbox's supervisor runs is started with."""

from __future__ import annotations

import dataclasses
import json
import pathlib

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import App
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import (
    Aws,
    BaoLogin,
    DatabaseServer,
    Profile,
    Registry,
    SecretStore,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.consumers.supervised import MARK, Supervised
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox.runner import (
    Release,
    read_release,
    release_file,
    write_release,
)

PROFILE = Profile("sandbox", Aws("123456789012", "eu-west-1"), Registry("r"), DatabaseServer("db"))
RELEASE = Release("where2eat", "git://127.0.0.1/where2eat.git", "main", "c" * 40, 8000)


@pytest.fixture(scope="module")
def where2eat(root: pathlib.Path) -> App:
    return load_app(str(root / "inventories" / "apps" / "where2eat.yml"), "where2eat", "sandbox")


def supervised(app: App, scheme: str, release: Release | None = RELEASE) -> Supervised:
    profile = dataclasses.replace(PROFILE, secret_store=SecretStore(scheme))
    return Supervised(app, profile, {}, release, commit="c" * 40)


def test_an_app_is_started_again_when_its_secrets_are_in_another_store_though_the_versions_have_the_same_ids(
    where2eat: App,
) -> None:
    tokens = {spec.name: "goldenpath-1" for spec in where2eat.secrets}
    before = supervised(where2eat, "aws_secretsmanager")
    release = before._wanted(tokens)
    assert release is not None and release.place is not None
    running = release.environment[MARK]
    stays = dataclasses.replace(before, release=release, running=running)
    assert not stays.behind(tokens)
    moved = dataclasses.replace(supervised(where2eat, "openbao"), release=release, running=running)
    assert moved.behind(tokens)
    (plan,) = moved.plan(tokens, False, None)
    assert [(change.field, change.before, change.after) for change in plan.changes] == [
        ("store", "aws_secretsmanager", "openbao")
    ]


def test_a_release_holds_where_its_secrets_are_and_not_who_else_may_read_them(where2eat: App, tmp_path: pathlib.Path) -> None:
    store = SecretStore("openbao", "http://bao", "/run/token", login=BaoLogin("approle", "role"), readers=("arn:x",))
    app = dataclasses.replace(supervised(where2eat, "openbao"), profile=dataclasses.replace(PROFILE, secret_store=store))
    release = app._wanted({spec.name: "goldenpath-1" for spec in where2eat.secrets})
    assert release is not None and release.place is not None
    assert release.place.secret_store == dataclasses.replace(store, readers=None)
    write_release(tmp_path, release)
    assert read_release(tmp_path, "where2eat") == release


def test_a_release_of_another_version_of_this_collection_is_read_as_far_as_it_is_known(tmp_path: pathlib.Path) -> None:
    write_release(tmp_path, RELEASE)
    path = release_file(tmp_path, "where2eat")
    written = json.loads(path.read_text())
    del written["place"]
    path.write_text(json.dumps({**written, "aws": {"region": "eu-west-1"}}))
    assert read_release(tmp_path, "where2eat") == RELEASE
