# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A credential is replaced exactly where it stands, or left and told; the rest of the file does not change by a byte."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold import rewrite_node, rewrite_python
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.rewrite_python import Wanted

DATABASE = {"host": "DB_H", "port": "DB_P", "dbname": "DB_N", "username": "DB_U", "password": "DB_W"}

PYTHON = [
    ('KEY = "s3cret-value"\n', Wanted(1, "KEY", "API_KEY"), 'import os\nKEY = os.environ["API_KEY"]\n'),
    ('import os\nKEY = "s3cret-value"\n', Wanted(2, "KEY", "API_KEY"), 'import os\nKEY = os.environ["API_KEY"]\n'),
    (
        '"""Doc."""\nfrom __future__ import annotations\nKEY = "s3cret"\n',
        Wanted(3, "KEY", "K"),
        '"""Doc."""\nfrom __future__ import annotations\nimport os\nKEY = os.environ["K"]\n',
    ),
    (
        '#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nKEY = "s3cret"\n',
        Wanted(3, "KEY", "K"),
        '#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nimport os\nKEY = os.environ["K"]\n',
    ),
    (
        'app.secret_key = "abcd1234"\n',
        Wanted(1, "app.secret_key", "SESSION_KEY"),
        'import os\napp.secret_key = os.environ["SESSION_KEY"]\n',
    ),
    (
        'app.config["SECRET_KEY"] = "abcd1234"\n',
        Wanted(1, "SECRET_KEY", "S"),
        'import os\napp.config["SECRET_KEY"] = os.environ["S"]\n',
    ),
    (
        'h = {"X-Api-Key": "abcd1234", "Accept": "text/html"}\n',
        Wanted(1, "X-Api-Key", "K"),
        'import os\nh = {"X-Api-Key": os.environ["K"], "Accept": "text/html"}\n',
    ),
    (
        'é = 1; KEY = "ünïcode-secret"  # "ünïcode-secret"\n',
        Wanted(1, "KEY", "K"),
        'import os\né = 1; KEY = os.environ["K"]  # "ünïcode-secret"\n',
    ),
    ('KEY = ("part one"\n       "part two")\n', Wanted(1, "KEY", "K"), 'import os\nKEY = (os.environ["K"])\n'),
    ('KEY = os.environ.get("API", "abcd1234")\nimport os\n', Wanted(1, "KEY", "K"), 'KEY = os.environ["K"]\nimport os\n'),
    ('KEY = "abcd1234"\r\nx = 1\r\n', Wanted(1, "KEY", "K"), 'import os\r\nKEY = os.environ["K"]\r\nx = 1\r\n'),
    (
        'DB_USER = "a"\nDB_PASSWORD = "secretpw"\nHOST = "0.0.0.0"\n',
        Wanted(2, "DB_PASSWORD", "DB_W", DATABASE),
        'import os\nDB_USER = os.environ["DB_U"]\nDB_PASSWORD = os.environ["DB_W"]\nHOST = "0.0.0.0"\n',
    ),
    (
        'c = connect(host="h", port=5432, user="u", password="secretpw", timeout="3")\n',
        Wanted(1, "password", "DB_W", DATABASE),
        'import os\nc = connect(host=os.environ["DB_H"], port=int(os.environ["DB_P"]), user=os.environ["DB_U"], '
        'password=os.environ["DB_W"], timeout="3")\n',
    ),
]


@pytest.mark.parametrize(("text", "wanted", "expected"), PYTHON)
def test_python(text: str, wanted: Wanted, expected: str) -> None:
    made = rewrite_python.rewrite(text, [wanted])
    assert made.text == expected
    assert made.values and not made.left


def test_a_connection_string_is_put_together_from_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    made = rewrite_python.rewrite(
        'URL = "postgresql://u:p%40ss@db:5432/shop?sslmode=require"\n', [Wanted(1, "URL", "DB_W", DATABASE)]
    )
    for name, value in {"DB_H": "h", "DB_P": "1", "DB_N": "n/x", "DB_U": "a@b", "DB_W": "p:w"}.items():
        monkeypatch.setitem(os.environ, name, value)
    scope: dict[str, object] = {}
    exec(made.text, scope)  # noqa: S102 - the text was made above
    assert scope["URL"] == "postgresql://a%40b:p%3Aw@h:1/n%2Fx?sslmode=require"
    assert made.values == ("p%40ss",)


@pytest.mark.parametrize(("scheme", "port"), [("mysql+pymysql", "3306"), ("mariadb", "3306"), ("postgresql", "5432")])
def test_a_connection_string_without_a_port_has_its_own_servers(scheme: str, port: str) -> None:
    made = rewrite_python.rewrite(f'URL = "{scheme}://u:p4ssw0rd@db/shop"\n', [Wanted(1, "URL", "DB_W", {"password": "DB_W"})])
    assert f"'db', '{port}', 'shop'" in made.text


@pytest.mark.parametrize(
    "text", ["KEY = f'abc{x}def'\n", "x = 1\n", "def broken(:\n", 'a("abcd1234", "efgh5678")\n', '"""KEY = \'abcd1234\'"""\n']
)
def test_what_is_no_single_constant_is_left_and_told(text: str) -> None:
    made = rewrite_python.rewrite(text, [Wanted(1, "KEY", "K")])
    assert made.text == text
    assert len(made.left) == 1


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
    made = rewrite_node.rewrite(text, [Wanted(1, name, "K")])
    assert (made.text, made.values, made.left) == (expected, ("abcd1234",), ())


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
    made = rewrite_node.rewrite(text, [Wanted(1, "KEY", "K")])
    assert made.text == text and made.left


@given(st.text(max_size=300), st.integers(1, 4), st.sampled_from(["", "KEY", "a.b"]))
def test_no_text_breaks_a_rewriter(text: str, line: int, name: str) -> None:
    for rewriter in (rewrite_python.rewrite, rewrite_node.rewrite):
        made = rewriter(text, [Wanted(line, name, "K")])
        assert made.text == text or "K" in made.text
