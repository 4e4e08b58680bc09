# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A credential is replaced exactly where it stands, or left and told; the rest of the file does not change by a byte."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold import rewrite_node, rewrite_python
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.around import around
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.rewrite_python import Wanted


def wanted(line: int, name: str, variable: str, database: Mapping[str, str] | None = None, value: str = "") -> Wanted:
    """A credential of this value; without one it is known by its name alone, as where the code writes it in a way of its own."""
    return Wanted(line, name, variable, lambda text: text == value != "", database or {})


DATABASE = {"host": "DB_H", "port": "DB_P", "dbname": "DB_N", "username": "DB_U", "password": "DB_W"}

PYTHON = [
    ('KEY = "s3cret-value"\n', wanted(1, "KEY", "API_KEY"), 'import os\nKEY = os.environ["API_KEY"]\n'),
    ('import os\nKEY = "s3cret-value"\n', wanted(2, "KEY", "API_KEY"), 'import os\nKEY = os.environ["API_KEY"]\n'),
    (
        '"""Doc."""\nfrom __future__ import annotations\nKEY = "s3cret"\n',
        wanted(3, "KEY", "K"),
        '"""Doc."""\nfrom __future__ import annotations\nimport os\nKEY = os.environ["K"]\n',
    ),
    (
        '#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nKEY = "s3cret"\n',
        wanted(3, "KEY", "K"),
        '#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nimport os\nKEY = os.environ["K"]\n',
    ),
    (
        'app.secret_key = "abcd1234"\n',
        wanted(1, "app.secret_key", "SESSION_KEY"),
        'import os\napp.secret_key = os.environ["SESSION_KEY"]\n',
    ),
    (
        'app.config["SECRET_KEY"] = "abcd1234"\n',
        wanted(1, "SECRET_KEY", "S"),
        'import os\napp.config["SECRET_KEY"] = os.environ["S"]\n',
    ),
    (
        'h = {"X-Api-Key": "abcd1234", "Accept": "text/html"}\n',
        wanted(1, "X-Api-Key", "K"),
        'import os\nh = {"X-Api-Key": os.environ["K"], "Accept": "text/html"}\n',
    ),
    (
        'é = 1; KEY = "ünïcode-secret"  # "ünïcode-secret"\n',
        wanted(1, "KEY", "K"),
        'import os\né = 1; KEY = os.environ["K"]  # "ünïcode-secret"\n',
    ),
    ('KEY = ("part one"\n       "part two")\n', wanted(1, "KEY", "K"), 'import os\nKEY = (os.environ["K"])\n'),
    ('KEY = os.environ.get("API", "abcd1234")\nimport os\n', wanted(1, "KEY", "K"), 'KEY = os.environ["K"]\nimport os\n'),
    ('KEY = "abcd1234"\r\nx = 1\r\n', wanted(1, "KEY", "K"), 'import os\r\nKEY = os.environ["K"]\r\nx = 1\r\n'),
    (
        'DB_USER = "a"\nDB_PASSWORD = "secretpw"\nHOST = "0.0.0.0"\n',
        wanted(2, "DB_PASSWORD", "DB_W", DATABASE),
        'import os\nDB_USER = os.environ["DB_U"]\nDB_PASSWORD = os.environ["DB_W"]\nHOST = "0.0.0.0"\n',
    ),
    (
        'c = connect(host="h", port=5432, user="u", password="secretpw", timeout="3")\n',
        wanted(1, "password", "DB_W", DATABASE),
        'import os\nc = connect(host=os.environ["DB_H"], port=int(os.environ["DB_P"]), user=os.environ["DB_U"], '
        'password=os.environ["DB_W"], timeout="3")\n',
    ),
]


@pytest.mark.parametrize(("text", "one", "expected"), PYTHON)
def test_python(text: str, one: Wanted, expected: str) -> None:
    made = rewrite_python.rewrite(text, [one])
    assert made.text == expected
    assert made.values and not made.left


def test_a_connection_string_is_put_together_from_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    made = rewrite_python.rewrite(
        'URL = "postgresql://u:p%40ss@db:5432/shop?sslmode=require"\n', [wanted(1, "URL", "DB_W", DATABASE)]
    )
    for name, value in {"DB_H": "h", "DB_P": "1", "DB_N": "n/x", "DB_U": "a@b", "DB_W": "p:w"}.items():
        monkeypatch.setitem(os.environ, name, value)
    scope: dict[str, object] = {}
    exec(made.text, scope)  # noqa: S102 - the text was made above
    assert scope["URL"] == "postgresql://a%40b:p%3Aw@h:1/n%2Fx?sslmode=require"
    assert made.values == ("p%40ss",)


@pytest.mark.parametrize(("scheme", "port"), [("mysql+pymysql", "3306"), ("mariadb", "3306"), ("postgresql", "5432")])
def test_a_connection_string_without_a_port_has_its_own_servers(scheme: str, port: str) -> None:
    made = rewrite_python.rewrite(f'URL = "{scheme}://u:p4ssw0rd@db/shop"\n', [wanted(1, "URL", "DB_W", {"password": "DB_W"})])
    assert f"'db', '{port}', 'shop'" in made.text


@pytest.mark.parametrize(
    "text", ["KEY = f'abc{x}def'\n", "x = 1\n", "def broken(:\n", 'a("abcd1234", "efgh5678")\n', '"""KEY = \'abcd1234\'"""\n']
)
def test_what_is_no_single_constant_is_left_and_told(text: str) -> None:
    made = rewrite_python.rewrite(text, [wanted(1, "KEY", "K")])
    assert made.text == text
    assert len(made.left) == 1


# What stands around a value stays, and another string on its line too; the name says nothing here.
WITHIN = [
    ('h = {"Authorization": "Bearer abcd1234"}\n', 'import os\nh = {"Authorization": (\'Bearer \' + os.environ["K"])}\n'),
    ('mail.login("where2eat", "abcd1234")\n', 'import os\nmail.login("where2eat", os.environ["K"])\n'),
    ('if password == "abcd1234":\n    pass\n', 'import os\nif password == os.environ["K"]:\n    pass\n'),
    ('c("Server=db;Password=abcd1234;")\n', "import os\nc(('Server=db;Password=' + os.environ[\"K\"] + ';'))\n"),
    ('KEY = os.getenv("X", "Bearer abcd1234")\nimport os\n', 'KEY = os.environ["K"]\nimport os\n'),
]


@pytest.mark.parametrize(("text", "expected"), WITHIN)
def test_python_by_its_value(text: str, expected: str) -> None:
    made = rewrite_python.rewrite(text, [wanted(1, "", "K", value="abcd1234")])
    assert (made.text, made.values, made.left) == (expected, ("abcd1234",), ())


@pytest.mark.parametrize("rewriter", [rewrite_python.rewrite, rewrite_node.rewrite])
@pytest.mark.parametrize("text", ['login("efgh5678", x)', 'f("abcd1234", "abcd1234")', 'f("xabcd1234y")'])
def test_another_string_is_never_taken_for_a_value_that_is_known(rewriter: Any, text: str) -> None:
    made = rewriter(text, [wanted(1, "", "K", value="abcd1234")])
    assert made.text == text and len(made.left) == 1


def test_a_number_stays_a_number() -> None:
    made = rewrite_python.rewrite("if pin == 4711:\n    pass\n", [wanted(1, "pin", "PIN", value="4711")])
    assert made.text == 'import os\nif pin == int(os.environ["PIN"]):\n    pass\n'


@pytest.mark.parametrize("rewriter", [rewrite_python.rewrite, rewrite_node.rewrite])
def test_an_address_whose_port_is_filled_in_later_is_a_text(rewriter: Any) -> None:
    made = rewriter('URL = "postgresql://u:abcd1234@db:%s/shop"\n', [wanted(1, "URL", "DB_W", DATABASE, "abcd1234")])
    assert made.values == ("abcd1234",) and "postgresql://u:" in made.text and "@db:%s/shop" in made.text


@pytest.mark.parametrize("rewriter", [rewrite_python.rewrite, rewrite_node.rewrite])
def test_of_two_credentials_in_one_string_one_is_left_and_told(rewriter: Any) -> None:
    made = rewriter(
        'c = f("u=abcd1234;p=efgh5678")\n', [wanted(1, "", k, value=v) for k, v in (("K", "abcd1234"), ("L", "efgh5678"))]
    )
    assert made.values == ("abcd1234",) and "efgh5678" in made.text
    assert made.left == ((1, "another credential stands in the same string"),)


def test_the_whole_of_a_literal_comes_before_its_parts_and_a_text_is_none() -> None:
    found = around("a b", lambda text: text in ("a b", "a"))
    assert found and (found.before, found.value, found.after) == ("", "a b", "")
    assert around("ab", lambda text: text == "a") is None
    assert around(" ".join("abcd" for _word in range(100)), lambda text: text == "abcd") is None


NODE = [
    ('const KEY = "abcd1234";\n', "KEY", "const KEY = process.env.K;\n"),
    ("const c = { apiKey: 'abcd1234', b: 'x' };\n", "apiKey", "const c = { apiKey: process.env.K, b: 'x' };\n"),
    ("c['apiKey'] = `abcd1234`;\n", "apiKey", "c['apiKey'] = process.env.K;\n"),
    ("const KEY: string = 'abcd1234';\n", "KEY", "const KEY: string = process.env.K;\n"),
    ("const KEY = process.env.X || 'abcd1234';\n", "KEY", "const KEY = process.env.X || process.env.K;\n"),
    ("const s = stripe('abcd1234');\n", "", "const s = stripe(process.env.K);\n"),
    ("const r = /\"/; const KEY = 'abcd1234'; // 'KEY'\n", "KEY", "const r = /\"/; const KEY = process.env.K; // 'KEY'\n"),
]


@pytest.mark.parametrize(("text", "name", "expected"), NODE)
def test_node(text: str, name: str, expected: str) -> None:
    made = rewrite_node.rewrite(text, [wanted(1, name, "K", value="abcd1234")])
    assert (made.text, made.values, made.left) == (expected, ("abcd1234",), ())


NODE_WITHIN = [
    (
        'get(url, { headers: { Authorization: "Bearer abcd1234" } });\n',
        'get(url, { headers: { Authorization: ("Bearer " + process.env.K) } });\n',
    ),
    ('t(smtp("mail.example", "me", "abcd1234"));\n', 't(smtp("mail.example", "me", process.env.K));\n'),
    ('if (req.body.password === "abcd1234") next();\n', "if (req.body.password === process.env.K) next();\n"),
    ('if (ok) { "abcd1234" } else login("abcd1234");\n', ""),
    ('f({"abcd1234": 1});\n', ""),
]


@pytest.mark.parametrize(("text", "expected"), NODE_WITHIN)
def test_node_by_its_value(text: str, expected: str) -> None:
    made = rewrite_node.rewrite(text, [wanted(1, "", "K", value="abcd1234")])
    assert (made.text, len(made.left)) == ((expected, 0) if expected else (text, 1))


POOL = """const pool = mysql.createPool({
  host: "db.example", // primary
  port: 3306, user: 'shop', password: process.env.X || "s3cretpw",
  "database": "shop", ssl: { host: "other" }, connectionLimit: 10, name: ok ? user : "c",
});
const HOST = "0.0.0.0", PORT = 3000;
"""


def test_what_stands_beside_a_database_password_follows_it_in_node_too() -> None:
    made = rewrite_node.rewrite(POOL, [wanted(3, "password", "DB_W", DATABASE, "s3cretpw")])
    assert made.text == (
        """const pool = mysql.createPool({
  host: process.env.DB_H, // primary
  port: Number(process.env.DB_P), user: process.env.DB_U, password: process.env.X || process.env.DB_W,
  "database": process.env.DB_N, ssl: { host: "other" }, connectionLimit: 10, name: ok ? user : "c",
});
const HOST = "0.0.0.0", PORT = 3000;
"""
    )
    assert made.variables == ("DB_W", "DB_U", "DB_N", "DB_H", "DB_P")


def test_names_of_a_module_s_own_follow_and_the_web_server_s_stay_in_node() -> None:
    text = 'const DB_USER = "a";\nconst HOST = "0.0.0.0";\nconst DB_PASSWORD: string = "s3cretpw";\n'
    made = rewrite_node.rewrite(text, [wanted(3, "DB_PASSWORD", "DB_W", DATABASE, "s3cretpw")])
    assert made.text == (
        'const DB_USER = process.env.DB_U;\nconst HOST = "0.0.0.0";\nconst DB_PASSWORD: string = process.env.DB_W;\n'
    )


@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize("is_filled", [True, False])
def test_an_address_is_read_as_a_whole_unless_a_secret_fills_its_password(quote: str, is_filled: bool) -> None:
    one = dataclasses.replace(wanted(1, "QUEUE", "K", value="abcd1234"), is_filled=is_filled)
    text = f"QUEUE = {quote}amqp://me:abcd1234@host/x{quote}\n"
    for rewriter, read, mark in (
        (rewrite_python.rewrite, 'os.environ["K"]', "'"),
        (rewrite_node.rewrite, "process.env.K", '"'),
    ):
        made = rewriter(text, [one])
        whole = f"({mark}amqp://me:{mark} + {read} + {mark}@host/x{mark})" if is_filled else read
        assert made.text.removeprefix("import os\n") == f"QUEUE = {whole}\n"
        assert made.values == ("abcd1234",)


@pytest.mark.parametrize("known", ["p%40ss", ""])
def test_a_connection_string_is_put_together_from_its_parts_in_node_too(known: str) -> None:
    text = 'const url = "postgresql://u:p%40ss@db/shop?sslmode=require";\n'
    some = {key: DATABASE[key] for key in ("host", "username", "password")}
    made = rewrite_node.rewrite(text, [wanted(1, "url", "DB_W", some, known)])
    assert made.text == (
        'const url = ("postgresql://" + encodeURIComponent(process.env.DB_U) + ":" + encodeURIComponent(process.env.DB_W)'
        ' + "@" + encodeURIComponent(process.env.DB_H) + ":" + "5432" + "/" + "shop" + "?sslmode=require");\n'
    )
    assert made.values == ("p%40ss",)


@pytest.mark.parametrize(
    "text",
    [
        "// const KEY = 'abcd1234'\n",
        "/* KEY = 'abcd1234' */\n",
        '<Map KEY="abcd1234" />\n',
        "const KEY = `a${x}b`;\n",
        "const KEY = 'a\\'b';\n",
    ],
)
def test_what_is_no_plain_string_of_an_expression_is_left(text: str) -> None:
    made = rewrite_node.rewrite(text, [wanted(1, "KEY", "K")])
    assert made.text == text and made.left


@given(st.text(max_size=300), st.integers(1, 4), st.sampled_from(["", "KEY", "a.b"]))
def test_no_text_breaks_a_rewriter(text: str, line: int, name: str) -> None:
    for rewriter in (rewrite_python.rewrite, rewrite_node.rewrite):
        made = rewriter(text, [wanted(line, name, "K")])
        assert made.text == text or "K" in made.text
