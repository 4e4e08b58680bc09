# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A password in a driver's call is that database's, on one line or on many; one beside it is not."""

from __future__ import annotations

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.credentials import in_file
from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.model import source_file

WORD = "Kq83" + "hTz91mWv"
CASES = [
    ("mysql_password", "app.py", 'db = pymysql.connect(host="db.corp.net", user="snacks", password="@@", database="snacks")'),
    ("mysql_password", "app.py", 'db = pymysql.connect(\n    host=os.environ["H"],\n    user="snacks",\n    password="@@",\n)'),
    ("mysql_password", "app.py", 'db = mysql.connector.connect(user="snacks", passwd="@@")'),
    ("mysql_password", "app.py", 'pool = mysql.connector.pooling.MySQLConnectionPool(\n  user="snacks",\n  password="@@")'),
    (
        "mysql_password",
        "app.js",
        "const c = mysql.createConnection({\n  host: 'db.corp.net',\n  user: 's',\n  password: '@@'\n});",
    ),
    ("mysql_password", "app.js", "const c = mysql2.createPool({ user: 's', password: '@@' });"),
    ("postgresql_password", "app.py", 'db = psycopg2.connect(\n    user="snacks",\n    password="@@",\n)'),
    # The call has ended before.
    ("password", "app.py", 'db = pymysql.connect(read_default_file="~/.my.cnf")\nlogin(user="snacks", password="@@")'),
    ("password", "app.py", 'mail = connect(\n    user="snacks",\n    password="@@",\n)'),
]


@pytest.mark.parametrize(("kind", "path", "text"), CASES)
def test_whose_password_it_is(kind: str, path: str, text: str) -> None:
    found = in_file(source_file(path, text.replace("@@", WORD)), lambda _file: ())
    assert [(one.candidate.kind, one.candidate.value) for one in found] == [(kind, WORD)]
