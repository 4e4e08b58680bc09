# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The hook of Python apps with MongoDB's driver, on a real server: every command is timed, and answered as before."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.hooks import hooks
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.model import Entry, Source

# Loads what it asks with after the hook, as an app does that goldenpath_entry.py starts.
PROGRAM = """
import json
import os
import platform_hooks

platform_hooks.time_queries()
platform_hooks.time_queries()
settings = json.loads(os.environ["SETTINGS"])
%s
print(platform_hooks.metrics().decode())
"""


class Asked:
    """What a program printed: `counts` are queries by (system, operation, error), `told` what its own lines say."""

    def __init__(self, root: pathlib.Path, folder: pathlib.Path, program: str, settings: Any, *options: str) -> None:
        app = load_app(str(root / "inventories" / "apps" / "lunch-poll.yml"), "lunch-poll", "sandbox")
        for file in hooks(app, Source("python", "", Entry("app", "app", "wsgi"))):
            (folder / file.path).write_bytes(file.content)
        (folder / "app.py").write_text(PROGRAM % program)
        environ = {"PATH": os.environ["PATH"], "SETTINGS": json.dumps(settings)}
        command = [sys.executable, *options, "app.py"]
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 and not done.stderr, done.stderr
        self.text = done.stdout
        self.told = re.findall("^told (.+)$", self.text, re.MULTILINE)
        pattern = r"^db_client_operation_duration_seconds_count\{(.*)\} (\d+)$"
        names = ("db_system_name", "db_operation_name", "error_type")
        self.counts = {}
        for labels, count in re.findall(pattern, self.text, re.MULTILINE):
            said = dict(re.findall(r'(\w+)="([^"]*)"', labels))
            self.counts[tuple(said[name] for name in names)] = int(count)


@pytest.fixture
def mongo(mongodb: str, root: pathlib.Path, tmp_path: pathlib.Path) -> Any:
    return lambda program: Asked(root, tmp_path, program, {"url": mongodb, "database": tmp_path.name.strip("_")[-30:]})


def test_the_commands_of_mongodb_are_timed_and_answered_as_before(mongo: Any) -> None:
    asked = mongo("""
import pymongo
import pymongo.errors

client = pymongo.MongoClient(settings["url"])
client.admin.command("ping")
people = client[settings["database"]]["people"]
people.insert_many([{"_id": one, "name": "Secretly"} for one in (1, 2, 3)])
print("told", len(list(people.find({}, batch_size=2))))
people.update_one({"_id": 1}, {"$set": {"name": "Quietly"}})
print("told", people.find_one({"name": "Quietly"})["_id"])
print("told", len(list(people.find_raw_batches({"_id": 1}))))
people.delete_one({"_id": 3})
client[settings["database"]].command("dbStats")
for fail in (lambda: people.insert_one({"_id": 1}), lambda: list(people.aggregate([{"$nonsense": 1}]))):
    try:
        fail()
    except pymongo.errors.PyMongoError as error:
        print("told", type(error).__name__)
client.close()
""")
    assert asked.told == ["3", "1", "1", "DuplicateKeyError", "OperationFailure"]
    (failed,) = (key for key in asked.counts if key[1] == "aggregate")
    assert failed[2].isdigit() and asked.counts.pop(failed) == 1
    assert asked.counts == {
        ("mongodb", "insert", ""): 1,
        ("mongodb", "insert", "11000"): 1,
        ("mongodb", "find", ""): 3,
        ("mongodb", "getMore", ""): 1,
        ("mongodb", "update", ""): 1,
        ("mongodb", "delete", ""): 1,
        ("mongodb", "OTHER", ""): 1,
    }
    assert "people" not in asked.text and "etly" not in asked.text


def test_the_asynchronous_client_is_timed(mongo: Any) -> None:
    asked = mongo("""
import asyncio
import pymongo

async def ask():
    async with pymongo.AsyncMongoClient(settings["url"]) as client:
        print("told", await client[settings["database"]]["people"].find_one({}))

asyncio.run(ask())
""")
    assert asked.told == ["None"]
    assert asked.counts == {("mongodb", "find", ""): 1}


def test_the_greetings_of_a_login_are_no_queries_and_a_lost_server_is_an_error(mongo: Any) -> None:
    asked = mongo("""
import socket
import threading
import pymongo
import pymongo.errors
from urllib.parse import urlsplit

gate, open_ones = socket.create_server(("127.0.0.1", 0)), []
is_deaf = threading.Event()

def carry(source, target, is_question):
    while data := source.recv(65536):
        # The pool's own questions go on; the server is lost with the first query after that.
        if is_question and is_deaf.is_set() and b"find" in data:
            for one in open_ones:
                one.shutdown(socket.SHUT_RDWR)
            return
        target.sendall(data)

def accept():
    while True:
        client = gate.accept()[0]
        server = socket.create_connection(("127.0.0.1", urlsplit(settings["url"]).port))
        open_ones.extend((client, server))
        threading.Thread(target=carry, args=(client, server, True), daemon=True).start()
        threading.Thread(target=carry, args=(server, client, False), daemon=True).start()

threading.excepthook = lambda _told: None
threading.Thread(target=accept, daemon=True).start()
url = "mongodb://me:mine@127.0.0.1:%d/?authMechanism=PLAIN" % gate.getsockname()[1]
client = pymongo.MongoClient(url, retryReads=False, serverSelectionTimeoutMS=2000)
print("told", client[settings["database"]]["people"].count_documents({}))
is_deaf.set()
try:
    client[settings["database"]]["people"].find_one({})
except pymongo.errors.AutoReconnect as error:
    print("told", type(error).__name__)
""")
    assert asked.told == ["0", "AutoReconnect"]
    assert asked.counts == {("mongodb", "aggregate", ""): 1, ("mongodb", "find", "AutoReconnect"): 1}
    assert "mine" not in asked.text


def test_an_app_without_the_driver_does_not_load_it(root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    # -S: without the folder that this Python's packages are in.
    asked = Asked(root, tmp_path, 'import sys; print("told", [name for name in sys.modules if "mongo" in name])', {}, "-S")
    assert asked.told == ["[]"] and not asked.counts


def test_an_app_with_a_driver_that_is_built_otherwise_starts(root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "pymongo").mkdir()
    (tmp_path / "pymongo" / "__init__.py").write_text("")
    (tmp_path / "pymongo" / "monitoring.py").write_text("")
    assert Asked(root, tmp_path, 'print("told", 1)', {}).told == ["1"]
