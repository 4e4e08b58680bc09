# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The hook of Node apps with the drivers that they use, on real servers: every query is timed, and answered as before."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.hooks import hooks
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.model import Source

sys.path.append(str(pathlib.Path(__file__).parents[1] / "rotation"))
import mysql_servers

# Prints what /metrics says of queries, when `ask` is done.
PROGRAM = """
const http = require("node:http");
const settings = JSON.parse(process.env.SETTINGS);
async function ask() {
  %s
}
const server = http.createServer().listen(0, "127.0.0.1", async () => {
  try {
    await ask();
  } catch (error) {
    console.log("failed: " + error.message);
  }
  const answer = await fetch(`http://127.0.0.1:${server.address().port}/metrics`);
  console.log(await answer.text());
  process.exit(0);
});
"""


@pytest.fixture(scope="session")
def drivers(root: pathlib.Path) -> pathlib.Path:
    """A folder with the drivers as npm installs them, kept in the user's cache."""
    npm = shutil.which("npm")
    if npm is None:
        # As with the database servers: what cannot be fetched here is skipped, and the reason names what is missing.
        pytest.skip("npm is not installed, which fetches the drivers of Node")
    source = root / "tests" / "fixtures" / "node-drivers"

    def fetch(fresh: pathlib.Path) -> None:
        shutil.copytree(source, fresh / "whole")
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=fresh / "whole", check=True, timeout=300)

    return mysql_servers.kept("node-drivers", (source / "package-lock.json").read_text(), fetch)


@pytest.fixture(scope="module")
def mariadb() -> Iterator[Any]:
    with mysql_servers.demanded("mariadb") as server:
        yield server


class Asked:
    """What a program printed: `counts` are queries by (system, operation, error); `failed` what reached whoever asked."""

    def __init__(self, root: pathlib.Path, drivers: pathlib.Path, folder: pathlib.Path, program: str, settings: Any) -> None:
        app = load_app(str(root / "inventories" / "apps" / "lunch-poll.yml"), "lunch-poll", "sandbox")
        (hook,) = hooks(app, Source("node", "npm"))
        (folder / "goldenpath_hooks.cjs").write_bytes(hook.content)
        (folder / "node_modules").symlink_to(drivers / "node_modules")
        (folder / "app.cjs").write_text(PROGRAM % program)
        environ = {
            "PATH": os.environ["PATH"],
            "NODE_OPTIONS": f"--require={folder}/goldenpath_hooks.cjs --preserve-symlinks",
            "SETTINGS": json.dumps(settings),
        }
        node = str(shutil.which("node"))
        done = subprocess.run([node, "app.cjs"], cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        self.text = done.stdout
        labels = r'db_system_name="(\w+)",db_operation_name="(\w+)",error_type="(\w*)"'
        pattern = rf"^db_client_operation_duration_seconds_count\{{{labels}\}} (\d+)$"
        self.counts = {found[:3]: int(found[3]) for found in re.findall(pattern, self.text, re.MULTILINE)}
        self.failed = re.findall("^failed: (.+)$", self.text, re.MULTILINE)


@pytest.fixture
def postgresql(sandbox: Any, root: pathlib.Path, drivers: pathlib.Path, tmp_path: pathlib.Path) -> Any:
    block = sandbox.block("database")
    settings = {
        "host": block["host"],
        "port": block["port"],
        "user": block["admin_user"],
        "password": pathlib.Path(block["password_file"]).read_text().strip(),
        "database": "postgres",
    }
    return lambda program: Asked(root, drivers, tmp_path, program, settings)


@pytest.fixture
def mysql(mariadb: Any, root: pathlib.Path, drivers: pathlib.Path, tmp_path: pathlib.Path) -> Any:
    user, password = mysql_servers.ROOT
    secure = {"ca": mariadb.authority.read_text()}
    settings = {"host": "127.0.0.1", "port": mariadb.port, "user": user, "password": password, "ssl": secure}
    return lambda program: Asked(root, drivers, tmp_path, program, settings)


@pytest.fixture
def mongo(mongodb: str, root: pathlib.Path, drivers: pathlib.Path, tmp_path: pathlib.Path) -> Any:
    return lambda program: Asked(root, drivers, tmp_path, program, {"url": mongodb, "database": tmp_path.name.strip("_")[-30:]})


def test_a_failure_of_the_database_reaches_whoever_asked(postgresql: Any) -> None:
    asked = postgresql("""
      const client = new (require("pg").Client)(settings);
      await client.connect();
      await client.query("SELECT * FROM nowhere");
    """)
    assert asked.failed == ['relation "nowhere" does not exist']
    assert asked.counts == {("postgresql", "SELECT", "42P01"): 1}


def test_a_failure_that_nobody_takes_up_ends_the_process_as_it_would_without_us(postgresql: Any) -> None:
    with pytest.raises(AssertionError, match="nowhere"):
        postgresql("""
          const client = new (require("pg").Client)(settings);
          await client.connect();
          client.query("SELECT * FROM nowhere");
          await new Promise((later) => setTimeout(later, 2000));
        """)


@pytest.mark.parametrize("load", ['require("pg")', '(await import("pg")).default'])
def test_pg_is_timed_by_promise_and_by_callback_alone_and_from_a_pool(postgresql: Any, load: str) -> None:
    program = """
      const client = new pg.Client(settings);
      await client.connect();
      await client.query("SELECT $1::int AS one", [1]).then((answer) => console.log("told " + answer.rows[0].one));
      await client.query({ text: " insert into nowhere values (1)" }).catch(() => 0);
      await new Promise((done) => {
        client.query("SELECT 2 AS two", (error, answer) => done(console.log("told " + answer.rows[0].two)));
      });
      const pool = new pg.Pool(settings);
      await pool.query("SELECT 3 AS three").then((answer) => console.log("told " + answer.rows[0].three));
      await client.query("CREATE TEMPORARY TABLE t (i int)");
    """
    asked = postgresql(f"const pg = {load};" + program)
    assert re.findall("^told (.+)$", asked.text, re.MULTILINE) == ["1", "2", "3"] and not asked.failed
    assert asked.counts == {
        ("postgresql", "SELECT", ""): 3,
        ("postgresql", "INSERT", "42P01"): 1,
        ("postgresql", "OTHER", ""): 1,
    }


def test_mysql2_is_timed_by_promise_and_by_callback_prepared_and_from_a_pool(mysql: Any) -> None:
    asked = mysql("""
      const mysql2 = require("mysql2");
      const plain = mysql2.createConnection(settings);
      await new Promise((done) => plain.query("SELECT 1 AS one", (error, rows) => done(console.log("told " + rows[0].one))));
      const pool = require("mysql2/promise").createPool(settings);
      console.log("told " + (await pool.query("SELECT 2 AS two"))[0][0].two);
      console.log("told " + (await pool.execute("SELECT ? AS three", [3]))[0][0].three);
      await new Promise((done) => {
        plain.query("SELECT 4 AS four").on("result", (row) => console.log("told " + row.four)).on("end", done);
      });
      await pool.query("DELETE FROM nowhere.nothing");
    """)
    assert re.findall("^told (.+)$", asked.text, re.MULTILINE) == ["1", "2", "3", "4"]
    assert asked.failed and "nowhere" in asked.failed[0]
    assert asked.counts.pop(("mysql", "SELECT", "")) == 4
    assert [key[:2] for key in asked.counts] == [("mysql", "DELETE")] and list(asked.counts.values()) == [1]


def test_mysql_is_timed_and_its_failures_are_told(mysql: Any) -> None:
    asked = mysql("""
      const plain = require("mysql").createConnection(settings);
      await new Promise((done) => plain.query("SELECT 1 AS one", (error, rows) => done(console.log("told " + rows[0].one))));
      await new Promise((done, failed) => plain.query("UPDATE nowhere.nothing SET i = 1", (error) => failed(error)));
    """)
    assert "told 1" in asked.text and "nowhere" in asked.failed[0]
    assert set(asked.counts) == {("mysql", "SELECT", ""), ("mysql", "UPDATE", "ER_NO_SUCH_TABLE")}


# The driver's own package, and those that two releases of mongoose bring along.
CLIENTS = {
    "mongodb-7": 'require("mongodb").MongoClient',
    "mongodb-7-imported": '(await import("mongodb")).MongoClient',
    "mongodb-6": 'require("mongoose").mongo.MongoClient',
    "mongodb-4": 'require("mongoose6").mongo.MongoClient',
}


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
def test_the_commands_of_mongodb_are_timed_and_answered_as_before(mongo: Any, client: str) -> None:
    asked = mongo(
        f"const MongoClient = {client};"
        + """
      const client = await new MongoClient(settings.url).connect();
      if (!(client instanceof MongoClient) || MongoClient.name !== "MongoClient") throw new Error("it is another class");
      await client.db("admin").command({ ping: 1 });
      const people = client.db(settings.database).collection("people");
      await people.insertMany([1, 2, 3].map((one) => ({ _id: one, name: "Secretly" })));
      console.log("told " + (await people.find({}, { batchSize: 2 }).toArray()).length);
      await people.updateOne({ _id: 1 }, { $set: { name: "Quietly" } });
      console.log("told " + (await people.findOne({ name: "Quietly" }))._id);
      await client.db(settings.database).command({ dbStats: 1 });
      await people.insertOne({ _id: 1 }).catch((error) => console.log("told " + error.code));
      await people.aggregate([{ $nonsense: 1 }]).toArray().catch((error) => console.log("told " + error.constructor.name));
      await client.close();
    """
    )
    assert re.findall("^told (.+)$", asked.text, re.MULTILINE) == ["3", "1", "11000", "MongoServerError"] and not asked.failed
    (failed,) = (key for key in asked.counts if key[1] == "aggregate")
    assert failed[2].isdigit() and asked.counts.pop(failed) == 1
    assert asked.counts == {
        ("mongodb", "insert", ""): 1,
        ("mongodb", "insert", "11000"): 1,
        ("mongodb", "find", ""): 2,
        ("mongodb", "getMore", ""): 1,
        ("mongodb", "update", ""): 1,
        ("mongodb", "OTHER", ""): 1,
    }
    assert "people" not in asked.text and "etly" not in asked.text


@pytest.mark.parametrize("package", ["mongoose", "mongoose6"])
def test_mongoose_is_timed_by_the_driver_it_brings(mongo: Any, package: str) -> None:
    asked = mongo(
        f'const mongoose = require("{package}");'
        + """
      mongoose.set("strictQuery", true);
      const options = { autoIndex: false, autoCreate: false };
      await mongoose.connect(settings.url, { dbName: settings.database, ...options });
      const Dish = mongoose.model("Dish", new mongoose.Schema({ name: String }, options));
      await Dish.create({ name: "soup" });
      console.log("told " + (await Dish.find({ name: "soup" })).length);
      await mongoose.disconnect();
    """
    )
    assert "told 1" in asked.text and not asked.failed
    assert asked.counts == {("mongodb", "insert", ""): 1, ("mongodb", "find", ""): 1}


@pytest.mark.parametrize(
    ("wish", "heard"),
    [
        ("new MongoClient(settings.url)", 0),
        ("new MongoClient(settings.url, { monitorCommands: false })", 0),
        ("new MongoClient(settings.url, { monitorCommands: true })", 2),
        ('new MongoClient(settings.url + "?monitorCommands=true")', 2),
        ("Object.assign(new MongoClient(settings.url), { monitorCommands: true })", 2),
        ("new (class Own extends MongoClient {})(settings.url, { monitorCommands: true })", 2),
    ],
)
@pytest.mark.parametrize("client", ["mongodb-7", "mongodb-6", "mongodb-4"])
def test_an_app_hears_of_its_commands_if_it_wished_to_and_not_because_of_us(
    mongo: Any, client: str, wish: str, heard: int
) -> None:
    asked = mongo(
        f"const MongoClient = {CLIENTS[client]}; const client = {wish};"
        + """
      const heard = [];
      client.on("commandStarted", (event) => heard.push(event.commandName));
      client.on("commandSucceeded", (event) => heard.push(event.commandName));
      await client.connect();
      client.removeAllListeners("commandFailed");
      await client.db(settings.database).collection("people").countDocuments();
      console.log("heard " + heard.filter((name) => name === "aggregate").length);
      console.log("says " + Boolean(client.monitorCommands));
    """
    )
    assert f"heard {heard}\n" in asked.text and f"says {str(heard > 0).lower()}\n" in asked.text and not asked.failed
    assert asked.counts == {("mongodb", "aggregate", ""): 1}


@pytest.mark.parametrize("client", ["mongodb-7", "mongodb-6", "mongodb-4"])
def test_the_greetings_of_a_login_are_no_queries_and_a_lost_server_is_an_error(mongo: Any, client: str) -> None:
    asked = mongo(
        f"const MongoClient = {CLIENTS[client]};"
        + """
      const { port } = new URL(settings.url);
      const sockets = new Set();
      const proxy = require("node:net").createServer((socket) => {
        const server = require("node:net").connect(port, "127.0.0.1");
        for (const one of [socket, server]) sockets.add(one.on("error", () => 0));
        socket.pipe(server).pipe(socket);
      });
      await new Promise((done) => proxy.listen(0, "127.0.0.1", done));
      const url = `mongodb://me:mine@127.0.0.1:${proxy.address().port}/?authMechanism=PLAIN&serverSelectionTimeoutMS=1000`;
      const client = await new MongoClient(url, { retryReads: false }).connect();
      console.log("told " + (await client.db(settings.database).collection("people").countDocuments()));
      for (const one of sockets) one.pause();
      const people = client.db(settings.database).collection("people");
      const lost = people.findOne().catch((error) => console.log("told " + error.name));
      await new Promise((later) => setTimeout(later, 300));
      for (const one of sockets) one.destroy();
      await lost;
      await new Promise((done) => proxy.close(done));
    """
    )
    assert re.findall("^told (.+)$", asked.text, re.MULTILINE) == ["0", "MongoNetworkError"] and not asked.failed
    assert asked.counts == {("mongodb", "aggregate", ""): 1, ("mongodb", "find", "MongoNetworkError"): 1}
    assert "mine" not in asked.text


def test_an_app_with_a_driver_that_is_built_otherwise_goes_on(root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    for name, text in {
        "frozen": "class MongoClient { constructor() { Object.freeze(this); } }; exports.MongoClient = MongoClient;",
        "empty": "module.exports = null;",
        "closed": "module.exports = Object.freeze({ MongoClient: class MongoClient {} });",
    }.items():
        own = tmp_path / name / "node_modules" / "mongodb" / "lib"
        own.mkdir(parents=True)
        (own / "mongo_client.js").write_text(text)
        folder = tmp_path / name / "app"
        folder.mkdir()
        ask = """
          const loaded = require("../node_modules/mongodb/lib/mongo_client");
          if (loaded) console.log("told " + new loaded.MongoClient().constructor.name);
        """
        asked = Asked(root, tmp_path / name, folder, ask, {})
        assert not asked.failed and not asked.counts, name


@pytest.mark.parametrize("told", ["{}", '{ commandName: "find" }', '{ commandName: "find", duration: -1 }', "undefined"])
def test_a_command_without_a_duration_spoils_no_sum(root: pathlib.Path, tmp_path: pathlib.Path, told: str) -> None:
    own = tmp_path / "node_modules" / "mongodb" / "lib"
    own.mkdir(parents=True)
    (own / "mongo_client.js").write_text('exports.MongoClient = class MongoClient extends require("node:events") {};')
    (tmp_path / "app").mkdir()
    ask = """
      const { MongoClient } = require("../node_modules/mongodb/lib/mongo_client");
      new MongoClient().emit("commandSucceeded", { commandName: "insert", duration: 2, reply: { writeErrors: 1 } });
      new MongoClient().emit("commandSucceeded", TOLD);
    """
    asked = Asked(root, tmp_path, tmp_path / "app", ask.replace("TOLD", told), {})
    assert not asked.failed and asked.counts == {("mongodb", "insert", ""): 1}
    assert re.findall(r"^db_client_operation_duration_seconds_sum\{.*\} (.+)$", asked.text, re.MULTILINE) == ["0.002"]
