# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keys of a third party, on the example's restaurant API: made, checked, revoked, and never left behind unknown."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import Resolution
from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Answer, State
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Denied, NotFound, Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.microapp import Context
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Aws, DatabaseServer, Profile, Registry, Vendor
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.answering import answers
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.controls import FOUND_IS_DEAD
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.found import Found
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.http_json import request
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.http_recipe import HttpRecipe
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.model import token_for
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets
from ansible_collections.goldenpath.microapps.plugins.module_utils.verdict import CredentialFinding


@pytest.fixture(scope="module")
def vendor(root: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendor]:
    """The stand-in, running, as a profile describes it."""
    folder = tmp_path_factory.mktemp("vendor")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {
        **os.environ,
        "RESTAURANT_API_PORT": str(port),
        "RESTAURANT_API_STATE": str(folder / "keys.json"),
        "RESTAURANT_API_ADMIN_TOKEN_FILE": str(folder / "token"),
    }
    program = [sys.executable, str(root / "examples" / "where2eat" / "restaurant_api.py")]
    with subprocess.Popen(program, env=environ, stderr=subprocess.DEVNULL) as process:
        vendor = Vendor(
            base_url=f"http://127.0.0.1:{port}",
            check_path="/v1/keys/current",
            key_header="X-Api-Key",
            admin_token_file=str(folder / "token"),
            list_path="/v1/keys",
            create_path="/v1/keys",
            revoke_path="/v1/keys/{id}",
            id_of_found="sha256:{sha256}",
        )
        for _attempt in range(100):
            try:
                request(vendor.base_url, "GET", "/healthz", {})
                break
            except Unreachable:
                time.sleep(0.05)
        yield vendor
        process.kill()


def names(vendor: Vendor) -> list[str]:
    """The labels of all valid keys, read by the admin without our issuer."""
    token = pathlib.Path(vendor.admin_token_file).read_text().strip()
    _status, answer = request(vendor.base_url, "GET", "/v1/keys", {"Authorization": f"Bearer {token}"})
    return [entry["name"] for entry in answer["keys"]]


def test_a_wrong_admin_token_changes_nothing(vendor: Vendor, tmp_path: pathlib.Path) -> None:
    (tmp_path / "token").write_text("wrong-token-of-some-length")
    before = names(vendor)
    recipe = HttpRecipe(
        "restaurant-api", dataclasses.replace(vendor, admin_token_file=str(tmp_path / "token")), "api_key", Secrets()
    )
    with pytest.raises(Denied, match="admin_token_file") as refused:
        recipe.issue("version-0", None)
    assert "wrong-token" not in str(refused.value)
    assert names(vendor) == before


def test_a_vendor_is_believed_more_than_a_person_who_says_what_a_key_is(root: pathlib.Path, vendor: Vendor) -> None:
    recipe = HttpRecipe("restaurant-api", vendor, "api_key", Secrets())
    document = recipe.issue("version-of-the-test", None)
    app = load_app(str(root / "inventories" / "apps" / "where2eat.yml"), "where2eat", "sandbox")
    said = Resolution("f", "revoked", "Ada Lovelace", "2026-11-20", "I think so.")
    found = Found(CredentialFinding("restaurant_key", "live", "app.py", 7, "", "f", "why"), document["api_key"], None, said)
    profile = Profile(
        "sandbox", Aws("123456789012", "eu-west-1"), Registry("r"), DatabaseServer("db"), vendors=(("restaurant_key", vendor),)
    )

    none = dataclasses.replace(
        found,
        finding=dataclasses.replace(found.finding, standing="dismissed"),
        said=dataclasses.replace(said, resolution="false_positive"),
    )

    def dead(found: Found = found) -> Answer:
        given = answers((), (), (found,), Context(app, profile, None), Request({}))
        return next(answer for answer in given if answer.control == FOUND_IS_DEAD)

    answer = dead(none)
    assert answer.state is State.VIOLATED and "restaurant_key in app.py:7 was said to be a false_positive (Ada" in answer.reason
    answer = dead()
    assert answer.state is State.VIOLATED and "restaurant_key in app.py:7 is accepted by its vendor, though" in answer.reason
    assert "it was said to be revoked (Ada Lovelace said on 2026-11-20: I think so.)" in answer.reason
    recipe.retire((document,), {"api_key": "another", "key_id": "another"})
    answer = dead()
    assert answer.state is State.IN_PLACE and answer.proof == ("vendor:restaurant_key",)
    assert answer.found == "restaurant_key in app.py:7 is refused"
    assert not dead(none).reason


@pytest.mark.parametrize(("text", "why"), [(None, "No such file"), ("\n", "it is empty")], ids=["missing", "empty"])
def test_a_key_is_not_called_revoked_without_a_token_to_revoke_it(
    vendor: Vendor, tmp_path: pathlib.Path, text: str | None, why: str
) -> None:
    made = HttpRecipe("restaurant-api", vendor, "api_key", Secrets()).issue("version-of-a-missing-token", None)
    if text is not None:
        (tmp_path / "token").write_text(text)
    without = dataclasses.replace(vendor, admin_token_file=str(tmp_path / "token"))
    recipe = HttpRecipe("restaurant-api", without, "api_key", Secrets())
    with pytest.raises(NotFound, match=why):
        recipe.retire((made,), {"api_key": "another", "key_id": "another"})
    assert recipe.accepts(made)


def test_a_vendor_that_is_down_is_told_in_one_sentence(vendor: Vendor) -> None:
    recipe = HttpRecipe("restaurant-api", dataclasses.replace(vendor, base_url="http://127.0.0.1:9"), "api_key", Secrets())
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
        recipe.issue("version-0", None)


def test_a_key_that_was_made_and_lost_is_revoked_once_another_is_current(vendor: Vendor) -> None:
    name = "microapps/test/x/restaurant-api"
    recipe = HttpRecipe("restaurant-api", vendor, "api_key", Secrets(), name)
    base = token_for(name, "")
    former = recipe.issue(base, None)
    first, second = (token_for(name, base, frozenset(taken)) for taken in ((), (token_for(name, base),)))
    lost = recipe.issue(first, former)  # killed here, or still at work: the store has not heard of it
    assert {"key_id": lost["key_id"]} in recipe.open_besides(former, dict, ())
    kept = recipe.issue(second, former)
    assert recipe.accepts(lost), "whoever makes another key cannot know that nobody is about to store this one"
    beside = recipe.open_besides(kept, lambda: former, ())
    assert {one["key_id"] for one in beside} == {former["key_id"], lost["key_id"]}
    recipe.retire((former,), kept)
    assert not recipe.accepts(lost) and not recipe.accepts(former)
    assert recipe.accepts(kept)
    assert second in names(vendor) and first not in names(vendor)


def test_keys_that_an_app_may_have_from_another_store_are_revoked_last(vendor: Vendor) -> None:
    secret = "microapps/test/moved/key"
    first, second = token_for(secret, ""), token_for(secret, token_for(secret, ""))
    recipe = HttpRecipe("restaurant-api", vendor, "api_key", Secrets(), secret)
    elsewhere = [recipe.issue(first, None), recipe.issue(second, None), recipe.issue("another-secrets", None)]
    left = recipe.open_besides(None, lambda: None, ())
    assert {one["key_id"] for one in left} == {one["key_id"] for one in elsewhere[:2]}
    current = recipe.issue(first, None)
    assert all(recipe.accepts(document) for document in elsewhere), "the app is not restarted yet"
    recipe.retire(left, current)
    assert [recipe.accepts(document) for document in (*elsewhere, current)] == [False, False, True, True]


def test_retiring_ends_the_former_key_only_and_twice_is_as_good_as_once(vendor: Vendor) -> None:
    recipe = HttpRecipe("restaurant-api", vendor, "api_key", Secrets())
    former = recipe.issue("version-2", None)
    current = recipe.issue("version-3", former)
    for _turn in range(2):
        recipe.retire((former, current), current)
        assert not recipe.accepts(former)
        assert recipe.accepts(current)


def test_a_key_whose_value_is_all_that_is_known_is_found_by_its_digest(vendor: Vendor) -> None:
    recipe = HttpRecipe("restaurant-api", vendor, "api_key", Secrets())
    made = recipe.issue("version-4", None)
    found = {"api_key": made["api_key"]}
    recipe.retire((found,), {"api_key": "another"})
    assert not recipe.accepts(found)


def test_a_new_key_is_a_secret_from_its_birth(vendor: Vendor) -> None:
    secrets = Secrets()
    made = HttpRecipe("restaurant-api", vendor, "api_key", secrets).issue("version-5", None)
    assert made["api_key"] not in secrets.scrub(f"the vendor said {made['api_key']}")
