# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a person is told to do about a credential in the code that is none of the app's secrets."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import State
from ansible_collections.goldenpath.microapps.plugins.module_utils.microapp import Context
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Aws, DatabaseServer, Profile, Registry
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.answering import answers
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.controls import FOUND_IS_DEAD
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.found import Found
from ansible_collections.goldenpath.microapps.plugins.module_utils.verdict import CredentialFinding

PROFILE = Profile("sandbox", Aws("123456789012", "eu-west-1"), Registry("r"), DatabaseServer("db"))


@pytest.mark.parametrize(
    ("kind", "told", "untold"),
    [
        ("password", "Change it where it is used", "vendor"),
        ("smtp_password", "Change it where it is used", "vendor"),
        ("pin", "ask the app's owner, Ada Lovelace (dining-club@example.com)", "vendor"),
        ("stripe_secret_key", "Revoke it at its vendor", "owner"),
        ("password_manager_key", "Revoke it at its vendor", "owner"),
    ],
)
def test_a_password_is_changed_where_it_is_used_and_a_key_at_its_vendor(
    root: pathlib.Path, kind: str, told: str, untold: str
) -> None:
    app = load_app(str(root / "inventories" / "apps" / "where2eat.yml"), "where2eat", "sandbox")
    found = Found(CredentialFinding(kind, "live", "app.py", 7, "", "f", "why"), "value")
    given = answers((), (), (found,), Context(app, PROFILE, None), Request({}))
    (dead,) = (answer for answer in given if answer.control == FOUND_IS_DEAD)
    assert dead.state is State.VIOLATED and dead.reason.startswith(f"{kind} in app.py:7 may still ")
    assert told in dead.reason and untold not in dead.reason
