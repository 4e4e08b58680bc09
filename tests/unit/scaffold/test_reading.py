# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where an app starts and which secret a credential is: tables of code and answers."""

from __future__ import annotations

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import App
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.mapping import target_of, variable_name
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.model import Entry
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.reading import source_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.verdict import CredentialFinding

ENTRIES = [
    ({"app.py": b"from flask import Flask\napp = Flask(__name__)\n"}, Entry("app", "app", "wsgi")),
    ({"src/web/main.py": b"from fastapi import FastAPI\napi: FastAPI = FastAPI()\n"}, Entry("src.web.main", "api", "asgi")),
    (
        {"shop/__init__.py": b"import flask\ndef create_app(config=None):\n    app = flask.Flask('x')\n    return app\n"},
        Entry("shop", "create_app", "wsgi", True),
    ),
    ({"shop/__init__.py": b"import flask\ndef create_app(config):\n    return flask.Flask('x')\n"}, None),
    ({"site/wsgi.py": b"application = get_wsgi_application()\n"}, Entry("site.wsgi", "application", "wsgi")),
    ({"app.py": b"app = Flask(\n"}, None),
    ({"bad-name.py": b"app = Flask(__name__)\n"}, None),
    ({"tests/app.py": b"app = Flask(__name__)\n"}, None),
    ({"x/app.py": b"app = Flask(__name__)\n", "main.py": b"web = Flask(__name__)\n"}, Entry("main", "web", "wsgi")),
    ({"goldenpath_entry.py": b"app = Flask(__name__)\n"}, None),
]


@pytest.mark.parametrize(("texts", "expected"), ENTRIES)
def test_the_entry(texts: dict[str, bytes], expected: Entry | None) -> None:
    assert source_of("python", "main", texts, texts).entry == expected


def test_a_package_that_is_no_package_starts_nothing() -> None:
    for text in (b"", b"[]", b"{", b'{"scripts": 3}'):
        assert source_of("node", "main", ["package.json"], {"package.json": text}).start == ""


def finding(kind: str, variable: str, standing: str = "live") -> CredentialFinding:
    return CredentialFinding(kind, standing, "config.py", 1, "", "x", "why", variable)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (finding("password", "DB_PASSWORD"), ("database", "password", "DATABASE_PASSWORD")),
        (finding("postgresql_password", "DATABASE_URL"), ("database", "password", "DATABASE_PASSWORD")),
        (finding("signing_key", "app.secret_key", "signing_key"), ("", "", "APP_SECRET_KEY")),
        (finding("sendgrid_api_key", "mailKey"), ("", "", "MAIL_KEY")),
        (finding("api_key", "k"), ("", "", "API_KEY_K")),
        (finding("token", ""), ("", "", "TOKEN")),
    ],
)
def test_a_credential_is_matched_with_the_catalog(
    apps: tuple[App, ...], one: CredentialFinding, expected: tuple[str, str, str]
) -> None:
    target = target_of(one, apps[0])
    assert (target.secret, target.key, target.variable) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("mailKey", "MAIL_KEY"), ("app.secret_key", "APP_SECRET_KEY"), ("", "SECRET"), ("a'; rm", "A_RM")]
)
def test_any_name_becomes_a_variable(name: str, expected: str) -> None:
    assert variable_name(name) == expected
