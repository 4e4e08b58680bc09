# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The road of an app on a real MariaDB and a real MySQL: its logins are made, rotated under a client's eyes, and retired."""

from __future__ import annotations

import pathlib
import sys
import time
from collections.abc import Callable
from typing import Any

import pymysql
import pytest

sys.path.append(str(pathlib.Path(__file__).parent))
import kills
from clients import Client
from mysql_apps import SqlApp, well

pytestmark = pytest.mark.cluster
# How long a client may go on with what the store said: a minute, compressed.
WHILE = 2.0


def logged_in(app: SqlApp, document: dict[str, str]) -> Any:
    return app.there.server.connect(document["username"], document["password"], app.there.app)


def logins(result: dict[str, Any]) -> set[str]:
    return {one["object"] for one in result["objects"] if one["object"].startswith("mysql:")}


def why(result: dict[str, Any], login: str) -> str:
    return next((str(one["why"]) for one in result["kept"] if one["object"] == f"mysql:login/{login}"), "")


def test_made_as_predicted_and_rotated_again_and_again_while_a_client_logs_in(new_app: Callable[..., SqlApp]) -> None:
    app = new_app()
    predicted, made = well(app.harden(check=True)), well(app.harden())
    assert predicted["changed"] and predicted["objects"] == made["objects"] and predicted["diff"] == made["diff"]
    assert not well(app.harden())["changed"] and not well(app.harden(check=True))["changed"]
    client = Client(app.current, app.there.works, WHILE)
    with client.logging_in():
        for turn in range(4):
            former = app.current()
            result = well(app.rotate())
            assert result["rotated"] == [app.secret], f"rotation {turn}"
            assert app.current()["username"] != former["username"] and app.there.works(former), "it works until the next one"
            # The next rotation takes the former value from its users: nobody may hold it any more.
            time.sleep(WHILE + 0.5)
            assert app.there.works(former), "the clock alone takes nothing away"
    assert not client.failed
    assert client.seen == 5
    former = app.current("AWSPREVIOUS")
    well(app.rotate(how="compromised", cutover="now"))
    assert not app.there.works(former) and app.there.works(app.current())


def test_it_is_retired_as_predicted_and_nothing_of_it_is_lost(app: SqlApp) -> None:
    well(app.rotate())
    documents = [app.current(), app.current("AWSPREVIOUS")]
    with logged_in(app, documents[0]) as session:
        session.query("INSERT INTO votes VALUES (1, 'here')")
    ours = {f"mysql:login/{app.there.app}_a", f"mysql:login/{app.there.app}_b"}
    assert ours <= set(app.orphan())
    predicted = well(app.retire(check=True))
    assert predicted["changed"] and all(map(app.there.works, documents))
    done = well(app.retire())
    assert done["objects"] == predicted["objects"] and done["diff"] == predicted["diff"] and logins(done) == ours
    assert not any(map(app.there.works, documents))
    # The login that it had before us is not of our making: named, with the way to close it.
    assert app.there.open_logins() == {app.there.app}
    assert "ACCOUNT LOCK" in why(done, app.there.app)
    again = well(app.retire())
    assert not again["changed"] and app.orphan() == []
    for document in documents:
        app.there.server.root(why(again, document["username"]).removeprefix("it is closed; ").removesuffix(" opens it again"))
        with logged_in(app, document) as session, session.cursor() as cursor:
            assert cursor.execute("SELECT id FROM votes") == 1, "closed, not lost"


def test_while_it_is_used_nothing_is_begun_unless_its_sessions_may_be_ended(app: SqlApp) -> None:
    current = app.current()
    session = logged_in(app, current)
    for check in (True, False):
        result = app.retire(check)
        assert result["failed"] and "still in use by a client at 127.0.0.1 (1 session)" in result["msg"] and not result["changed"]
    assert app.there.works(current) and app.current() == current
    assert well(app.retire(sessions="end"))["changed"]
    with pytest.raises(pymysql.MySQLError):
        session.query("SELECT 1")
    assert not app.there.works(current)


def test_killed_at_every_call_it_is_repeated(app: SqlApp) -> None:
    app.rotate()
    documents = [app.current(), app.current("AWSPREVIOUS")]
    sessions, budget = [], 0
    while True:
        budget += 1
        # Somebody is in, so that there is something to end; who is in already is in until that.
        for document in documents:
            if app.there.works(document):
                sessions.append(logged_in(app, document))
        if not kills.killed(lambda: well(app.retire(sessions="end")), budget, True):
            break
    assert budget > 10, "too few calls: the counting is broken"
    assert not any(map(app.there.works, documents))
    for session in sessions:
        with pytest.raises(pymysql.MySQLError):
            session.query("SELECT 1")
    assert not well(app.retire())["changed"] and app.orphan() == []


def test_what_is_named_like_ours_and_is_not_stays_open(app: SqlApp) -> None:
    there, current = app.there, app.current()
    other = next(f"{there.app}_{end}" for end in "ab" if f"{there.app}_{end}" != current["username"])
    # The other of the two names with a password that no secret holds.
    there.server.root(f"DROP USER IF EXISTS '{other}'@'%'", f"CREATE USER '{other}'@'%' {there.hashed('somebody-elses')}")
    there.server.root(f"GRANT SELECT ON {there.pattern}.* TO '{other}'@'%'")
    assert f"mysql:login/{other}" not in app.orphan() and f"mysql:login/{current['username']}" in app.orphan()
    done = well(app.retire(sessions="end"))
    assert logins(done) == {f"mysql:login/{current['username']}"} and "no secret shows that we made it" in why(done, other)
    assert there.login(other, "somebody-elses") and not there.works(current)


def test_a_name_that_others_have_for_another_host_is_refused(app: SqlApp) -> None:
    there, current = app.there, app.current()
    there.server.root(f"CREATE USER '{current['username']}'@'10.1.%' {there.hashed('somebody-elses')}")
    for check in (True, False):
        result = app.retire(check, sessions="end")
        assert result["failed"] and "that we did not make is for 10.1.%" in result["msg"]
    assert there.works(current)
    # With the password that we made, it is the app's from wherever.
    there.server.root(f"ALTER USER '{current['username']}'@'10.1.%' {there.hashed(current['password'])}")
    well(app.retire())
    assert there.open_logins() == {there.app}


def test_a_login_that_may_do_more_than_the_app_is_refused(app: SqlApp) -> None:
    there, current = app.there, app.current()
    there.server.root(f"GRANT SELECT ON elsewhere.* TO '{current['username']}'@'%'")
    result = app.retire()
    assert result["failed"] and "SELECT on elsewhere" not in result["msg"] and "used beyond this app" in result["msg"]
    assert there.works(current)


def test_a_secret_of_others_makes_no_login_ours(app: SqlApp) -> None:
    app.client().untag_resource(SecretId=app.secret, TagKeys=["managed-by"])
    current = app.current()
    assert not any(name.startswith("mysql:") for name in app.orphan())
    assert logins(well(app.retire(sessions="end"))) == set() and app.there.works(current)


def test_the_one_login_of_an_app_is_named_and_stays_open(new_app: Callable[..., SqlApp]) -> None:
    app = new_app("mysql_single_user")
    result = app.harden()
    assert not result.get("failed"), result["msg"]
    current = app.current()
    done = well(app.retire())
    assert logins(done) == set() and "ACCOUNT LOCK" in why(done, current["username"])
    assert app.there.works(current)
