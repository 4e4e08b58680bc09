# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Check mode on MariaDB and MySQL predicts what the run then does: the plans are compared with the server's own accounts."""

from __future__ import annotations

import datetime
import pathlib
import sys
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers import STORED

sys.path.append(str(pathlib.Path(__file__).parent))
from mysql_apps import SqlApp, well

pytestmark = pytest.mark.cluster
Deed = Callable[[SqlApp], Any]
Ask = Callable[[SqlApp, bool], dict[str, Any]]


def other(app: SqlApp) -> str:
    """Of the two logins that take turns, the one whose turn it is not."""
    return next(f"{app.there.app}_{end}" for end in "ab" if f"{app.there.app}_{end}" != app.current()["username"])


def by_hand(statement: str, whose: Callable[[SqlApp], str] = lambda app: app.current()["username"]) -> Deed:
    """What somebody does to one of the app's accounts."""

    def deed(app: SqlApp) -> None:
        there, login = app.there, whose(app)
        words = {"login": f"'{login}'@'%'", "database": f"{there.pattern}.*", "hashed": there.hashed("chosen-by-a-person")}
        there.server.root(statement.format(**words))

    return deed


def rotated(app: SqlApp) -> None:
    """Both logins are there."""
    well(app.rotate())


def rotate(app: SqlApp, check: bool) -> dict[str, Any]:
    return app.rotate(check=check)


def at_once(app: SqlApp, check: bool) -> dict[str, Any]:
    return app.rotate(cutover="now", check=check)


def if_due(days: int) -> Ask:
    def asked(app: SqlApp, check: bool) -> dict[str, Any]:
        return app.rotate("due", check=check, later=datetime.timedelta(days=days))

    return asked


# What was before, what is asked for, and what the plan says of each login: "current" and "other" as they were before.
TURNS: dict[str, tuple[tuple[Deed, ...], Ask, dict[str, tuple[str, ...]]]] = {
    "in place": ((), if_due(0), {}),
    "not due": ((), if_due(1), {}),
    "due": ((rotated,), if_due(91), {"other": ("password",)}),
    "asked for": ((rotated,), rotate, {"other": ("password",)}),
    "asked for, and the former one goes at once": ((rotated,), at_once, {"other": ("password",), "current": ("locked",)}),
    "locked by hand": ((by_hand("ALTER USER {login} ACCOUNT LOCK"),), if_due(0), {"current": ("locked", "password")}),
    "another password by hand": ((by_hand("ALTER USER {login} {hashed}"),), if_due(0), {"current": ("password",)}),
    "dropped by hand": ((rotated, by_hand("DROP USER {login}")), if_due(0), {"current": ("created",)}),
    "the other one dropped by hand": ((rotated, by_hand("DROP USER {login}", other)), rotate, {"other": ("created",)}),
    "rights taken by hand": ((by_hand("REVOKE INSERT ON {database} FROM {login}"),), if_due(0), {}),
    "rights taken by hand, and a turn": (
        (rotated, by_hand("REVOKE ALL PRIVILEGES ON {database} FROM {login}"), by_hand("GRANT SELECT ON {database} TO {login}")),
        rotate,
        {"other": ("rights", "password")},
    ),
    "rights given beyond": ((rotated, by_hand("GRANT SELECT ON mysql.* TO {login}", other)), rotate, {}),
}


def accounts(app: SqlApp) -> dict[str, tuple[str, ...]]:
    """Every account of the app by its name: all that the server keeps of it, and its grants."""
    server, there = app.there.server, app.there
    table = "SELECT * FROM mysql.user" if server.engine == "mysql" else "SELECT Host, User, Priv FROM mysql.global_priv"
    rows = [row for row in server.root(table) if row[1].startswith(there.app) and row[1] != there.administrator[0]]
    return {row[1]: (str(row), *sorted(one[0] for one in server.root(f"SHOW GRANTS FOR '{row[1]}'@'%'"))) for row in rows}


def versions(app: SqlApp) -> set[tuple[str, ...]]:
    """The secret's versions, each with its stages."""
    client = app.client()
    try:
        told = client.describe_secret(SecretId=app.secret)["VersionIdsToStages"]
    except client.exceptions.ResourceNotFoundException:
        return set()
    return {(version, *sorted(stages)) for version, stages in told.items()}


def planned(result: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """What was planned for each object that is to be changed."""
    changing = [one for one in result["objects"] if one["action"] not in ("unchanged", "refused")]
    return {one["object"]: tuple(one.get("fields") or [one["action"]]) for one in changing}


def foreseen(app: SqlApp, ask: Ask) -> dict[str, Any]:
    """What is asked for, done after it was predicted: nothing else than that, and all of that."""
    before = accounts(app), versions(app)
    predicted = ask(app, True)
    assert (accounts(app), versions(app)) == before, "a check changes nothing"
    done = ask(app, False)
    for told in ("objects", "diff", "changed", "failed", "msg", "held", "rotated"):
        assert predicted.get(told) == done.get(told), told
    assert not (done.get("failed") and done["changed"]), "what is refused changes nothing, and does not say so"
    after = accounts(app)
    touched = {f"mysql:login/{name}" for name in before[0].keys() | after.keys() if before[0].get(name) != after.get(name)}
    assert touched == {name for name in planned(done) if name.startswith("mysql:")}
    assert (versions(app) != before[1]) == any(name.startswith("secretsmanager:") for name in planned(done))
    return done


def begun(new_app: Callable[..., SqlApp], kind: str) -> SqlApp:
    """One whose login is ours. No cluster has a part in it, so what would be applied there is left out."""
    app = new_app(kind)
    well(app.rotate("due"))
    return app


@pytest.mark.parametrize("case", TURNS)
def test_two_logins_that_take_turns(new_app: Callable[..., SqlApp], case: str) -> None:
    app = begun(new_app, "mysql")
    prepared, ask, wanted = TURNS[case]
    for deed in prepared:
        deed(app)
    names = {"current": app.current()["username"], "other": other(app)}
    done = foreseen(app, ask)
    assert done.get("failed") or app.there.works(app.current())
    of_logins = {name.rpartition("/")[2]: fields for name, fields in planned(done).items() if name.startswith("mysql:")}
    assert of_logins == {names[who]: fields for who, fields in wanted.items()}


# The one login of an app: what was before, what is asked for, and which fields of it are planned.
ONE: dict[str, tuple[tuple[Deed, ...], Ask, tuple[str, ...]]] = {
    "in place": ((), if_due(0), ()),
    "not due": ((), if_due(1), ()),
    "due": ((), if_due(91), ("password",)),
    "asked for": ((), rotate, ("password",)),
    "asked for, and open sessions end": ((), at_once, ("password", "sessions")),
    "another password by hand": ((by_hand("ALTER USER {login} {hashed}"),), if_due(0), ("password",)),
    "locked by hand": ((by_hand("ALTER USER {login} ACCOUNT LOCK"),), if_due(0), ("locked", "password")),
    "dropped by hand": ((by_hand("DROP USER {login}"),), if_due(0), ()),
    "rights taken by hand": ((by_hand("REVOKE INSERT ON {database} FROM {login}"),), if_due(0), ()),
    "rights given beyond": ((by_hand("GRANT SELECT ON mysql.* TO {login}"),), rotate, ()),
}


@pytest.mark.parametrize("case", ONE)
def test_the_one_login_of_an_app(new_app: Callable[..., SqlApp], case: str) -> None:
    app = begun(new_app, "mysql_single_user")
    prepared, ask, wanted = ONE[case]
    for deed in prepared:
        deed(app)
    done = foreseen(app, ask)
    assert done.get("failed") or app.there.works(app.current())
    assert set(planned(done).get(f"mysql:login/{app.current()['username']}", ())) == set(wanted)
    # What is put back is not called new.
    assert (STORED in str(done["diff"])) == (bool(wanted) and "by hand" in case)


@pytest.mark.parametrize("kind", ["mysql", "mysql_single_user"])
def test_the_first_time(new_app: Callable[..., SqlApp], kind: str) -> None:
    app = new_app(kind)
    foreseen(app, lambda app, check: app.harden(check))
    assert app.there.works(app.current())
    assert not planned(foreseen(app, lambda app, check: app.harden(check)))
