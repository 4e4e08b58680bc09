# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a person is told to do about a credential in the code that is none of the app's secrets."""

from __future__ import annotations

import dataclasses
import datetime
import pathlib
from collections.abc import Iterator

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import Resolution
from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Plan, Request
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Answer, State
from ansible_collections.goldenpath.microapps.plugins.module_utils.microapp import Context
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Aws, DatabaseServer, Profile, Registry
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.answering import answers
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.controls import FOUND_IS_DEAD, IN_STORE
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.found import Found
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers import Traits
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.generated import Generated
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.jobs import Job, Sight
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.machine import Course, Step
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.model import About
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets
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


SAID = Resolution("f", "revoked", "Ada Lovelace", "2026-11-20", "Changed at the mail server.")


def answered(root: pathlib.Path, found: Found, *sights: Sight) -> Iterator[Answer]:
    app = load_app(str(root / "inventories" / "apps" / "where2eat.yml"), "where2eat", "sandbox")
    given = answers((), sights, (found,), Context(app, PROFILE, None), Request({}))
    return (answer for answer in given if answer.control == FOUND_IS_DEAD and answer.reason + answer.found)


def dead(root: pathlib.Path, found: Found, *sights: Sight) -> Answer:
    return next(answered(root, found, *sights))


def restaurant_key(root: pathlib.Path, said: Resolution | None, stored: str) -> tuple[Found, Sight]:
    """The example's key as found, and its secret in a store whose value nobody can try."""
    app = load_app(str(root / "inventories" / "apps" / "where2eat.yml"), "where2eat", "sandbox")
    spec = next(secret for secret in app.secrets if secret.kind == "api_key")
    found = Found(CredentialFinding("generic_api_key", "live", "app.py", 7, "", "f", "why"), "as found", spec, said)
    job = Job(spec, "name", About(), None, (found,))
    current = {"api_key": stored}
    plan = Plan("secret:restaurant-api")
    return found, Sight(job, None, None, Course(), "", current, {}, None, (), (), True, (plan,), False)


def test_the_store_is_believed_more_than_a_person_who_says_that_a_key_is_revoked(root: pathlib.Path) -> None:
    answer = dead(root, *restaurant_key(root, SAID, "as found"))
    assert answer.state is State.VIOLATED and "is valid until its vendor replaces it" in answer.reason


def test_of_a_replaced_key_that_nobody_can_try_a_person_is_asked_and_believed(root: pathlib.Path) -> None:
    untold = dead(root, *restaurant_key(root, None, "another"))
    assert untold.state is State.DRIFTED and "say so under resolved_credentials in" in untold.reason
    told = dead(root, *restaurant_key(root, SAID, "another"))
    assert told.state is State.IN_PLACE and told.proof == ("catalog:where2eat",)
    assert told.found.endswith("nobody here can try it. Ada Lovelace said on 2026-11-20: Changed at the mail server.")


@pytest.mark.parametrize("kind", ["smtp_password", "stripe_secret_key"])
def test_a_credential_of_nobody_s_is_dead_by_the_word_of_a_person_who_is_named(root: pathlib.Path, kind: str) -> None:
    found = Found(CredentialFinding(kind, "live", "app.py", 7, "", "f", "why"), "value", None, SAID)
    answer = dead(root, found)
    assert answer.state is State.IN_PLACE and answer.proof == ("catalog:where2eat",)
    assert f"{kind} in app.py:7 is revoked by the word of a person" in answer.found and "value" not in answer.found


WRONG = dataclasses.replace(SAID, resolution="false_positive")


def dismissed(found: Found) -> Found:
    return dataclasses.replace(found, finding=dataclasses.replace(found.finding, standing="dismissed"), said=WRONG)


def test_a_value_that_the_store_hands_out_is_a_credential_whoever_says_that_it_is_none(root: pathlib.Path) -> None:
    found, sight = restaurant_key(root, None, "as found")
    answer = dead(root, dismissed(found), sight)
    assert answer.state is State.VIOLATED and "Take f out of resolved_credentials in" in answer.reason


SLACK = (("app_token", "SLACK_APP_TOKEN"), ("bot_token", "SLACK_BOT_TOKEN"))


def of_slack(root: pathlib.Path, variable: str, current: dict[str, str] | None) -> tuple[Found, Sight]:
    """A vendor's secret of two values, one of which was found."""
    found, sight = restaurant_key(root, None, "")
    spec = dataclasses.replace(sight.job.spec, variables=SLACK)
    found = dataclasses.replace(found, spec=spec, finding=dataclasses.replace(found.finding, variable=variable))
    return found, dataclasses.replace(sight, job=dataclasses.replace(sight.job, spec=spec, found=(found,)), current=current)


def in_store(root: pathlib.Path, *sights: Sight) -> list[Answer]:
    app = load_app(str(root / "inventories" / "apps" / "where2eat.yml"), "where2eat", "sandbox")
    given = answers((), sights, (), Context(app, PROFILE, None), Request({}))
    return [answer for answer in given if answer.control == IN_STORE and answer.state is not State.IN_PLACE]


def test_a_key_that_the_app_reads_and_the_stored_document_lacks_is_told(root: pathlib.Path) -> None:
    _found, sight = of_slack(root, "", {"bot_token": "t", "of_others": "x"})
    (answer,) = in_store(root, sight)
    assert answer.state is State.VIOLATED and answer.proof == ("secret:restaurant-api",)
    assert answer.reason == "name has no app_token, which the app reads as SLACK_APP_TOKEN. Add this key to its JSON document"
    assert not in_store(root, dataclasses.replace(sight, current={"app_token": "", "bot_token": "t"}))


def test_what_this_run_makes_or_another_control_tells_is_not_called_lacking(root: pathlib.Path) -> None:
    _found, sight = of_slack(root, "", None)
    assert not in_store(root, sight), "a secret that is not stored at all is told by its plan"
    made = dataclasses.replace(sight.job.spec, kind="generated", variables=(("previous", "OLD"), ("value", "NEW")))
    generated = dataclasses.replace(sight, job=dataclasses.replace(sight.job, spec=made))
    assert not in_store(root, dataclasses.replace(generated, way=Course(steps=(Step.CREATE,))))
    assert in_store(root, dataclasses.replace(generated, current={"value": "x"}))
    login = dataclasses.replace(sight.job.spec, kind="postgresql", variables=(("host", "PGHOST"), ("password", "PGPASSWORD")))
    assert not in_store(
        root, dataclasses.replace(sight, job=dataclasses.replace(sight.job, spec=login), current={"password": "p"})
    )


def test_a_vendor_s_new_key_is_to_be_stored_under_the_key_of_the_one_that_was_found(root: pathlib.Path) -> None:
    found, sight = of_slack(root, "slackBotToken", {"app_token": "a", "bot_token": "as found"})
    answer = dead(root, found, sight)
    assert answer.state is State.VIOLATED and "(key bot_token)" in answer.reason


def test_a_key_that_was_not_replaced_is_not_called_dead(root: pathlib.Path) -> None:
    """It stands in the code, and is still what the store hands out, or all that there is."""
    found, sight = restaurant_key(root, None, "")
    spec = dataclasses.replace(sight.job.spec, kind="generated")
    found = dataclasses.replace(found, spec=spec)
    job = dataclasses.replace(sight.job, spec=spec, issuer=Generated("api_key", Secrets(), bytes))
    for current, dead_now in ((None, False), ({"api_key": "as found"}, False), ({"api_key": "another"}, True)):
        answer = dead(root, found, dataclasses.replace(sight, job=job, current=current))
        assert (answer.state is State.IN_PLACE) is dead_now


class Accepting:
    """A target that accepts whatever it is shown."""

    traits = Traits()

    @staticmethod
    def accepts(_document: dict[str, str]) -> bool:
        return True


def test_of_an_accepted_key_the_id_is_called_live_as_its_secret_is(root: pathlib.Path) -> None:
    found, sight = restaurant_key(root, None, "another")
    live = ({"access_key_id": "AKIAEXAMPLE", "secret_access_key": "as found"},)
    sight = dataclasses.replace(sight, job=dataclasses.replace(sight.job, issuer=Accepting()), live=live)
    for value in ("AKIAEXAMPLE", "as found"):
        answer = dead(root, dataclasses.replace(found, value=value), sight)
        assert answer.state is not State.IN_PLACE and "still lets in whoever has it" in answer.reason


def test_a_word_that_is_the_name_of_the_database_too_is_no_credential_of_it(root: pathlib.Path) -> None:
    found, sight = restaurant_key(root, None, "another")
    database = dataclasses.replace(sight, current={"dbname": "as found", "username": "as found", "password": "another"})
    assert not list(answered(root, dismissed(found), database))


def test_what_a_person_calls_none_and_nobody_can_try_owes_nothing(root: pathlib.Path) -> None:
    found, sight = restaurant_key(root, None, "another")
    assert not list(answered(root, dismissed(found), sight))
    assert not list(answered(root, dismissed(dataclasses.replace(found, spec=None))))


def test_a_promise_for_a_day_to_come_is_none(root: pathlib.Path) -> None:
    app = load_app(str(root / "inventories" / "apps" / "where2eat.yml"), "where2eat", "sandbox")
    app = dataclasses.replace(app, resolved_credentials=(SAID,))
    assert app.resolutions(datetime.date(2026, 11, 19)) == {}
    assert app.resolutions(datetime.date(2026, 11, 20)) == {"f": SAID}
