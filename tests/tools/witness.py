# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How the whole-road tests look at the sandbox's parts: with other programs than the ones tested."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from typing import Any

import boto3
import psutil
import psycopg
from botocore.config import Config

BIN = pathlib.Path(sys.executable).parent


def planted(root: pathlib.Path) -> dict[str, str]:
    """The made-up secrets that the example carries, by name."""
    spec = importlib.util.spec_from_file_location("where2eat_install", root / "examples" / "where2eat" / "install.py")
    assert spec and spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.planted())


def kubectl(estate: Any, *arguments: str, stdin: str | None = None) -> Any:
    """What kubectl says, as data."""
    cluster = estate.block("cluster")
    command = [str(BIN / "kubectl"), "--kubeconfig", cluster["kubeconfig"], *arguments]
    done = subprocess.run(
        [*command, "-o", "json"] if arguments[0] == "get" else command, capture_output=True, text=True, check=True, input=stdin
    )
    return json.loads(done.stdout) if arguments[0] == "get" else done.stdout


def supervisorctl(estate: Any, *arguments: str) -> str:
    """What the supervisor's own client says."""
    command = [str(BIN / "supervisorctl"), "-s", f"unix://{estate.block('runner')['control']}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def until_aws_answers(estate: Any) -> None:
    """The supervisor calls a part started that runs; the AWS API first plays its journal again."""
    place = urllib.parse.urlsplit(estate.block("aws")["endpoint_url"])
    for _attempt in range(600):
        with contextlib.suppress(OSError), socket.create_connection((place.hostname, place.port), 1):
            return
        time.sleep(0.1)
    raise AssertionError(f"nothing listens on {place.netloc}")


def aws(estate: Any, service: str) -> Any:
    """A plain client of the sandbox's AWS API."""
    block = estate.block("aws")
    return boto3.client(
        service,
        endpoint_url=block["endpoint_url"],
        region_name=block["region"],
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(proxies={}),
    )


def login(estate: Any, user: str, password: str, database: str = "where2eat") -> None:
    """Log in to PostgreSQL, or raise."""
    block = estate.block("database")
    psycopg.connect(
        host=block["host"], port=block["port"], user=user, password=password, dbname=database, connect_timeout=5
    ).close()


def remote(estate: Any, app: str = "where2eat") -> str:
    """The address of an app's repository."""
    return f"{estate.block('forge')['base']}/{app}.git"


def owner_commits(url: str, folder: pathlib.Path, branch: str, files: Mapping[str, str], message: str) -> None:
    """Write files, commit and push them the way an owner does, with git alone; the clone stays in `folder`."""
    owner = ["git", "-C", str(folder), "-c", "user.name=Owner", "-c", "user.email=owner@example.org"]
    if not folder.exists():
        subprocess.run(["git", "clone", "--quiet", "--branch", branch, url, str(folder)], check=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    subprocess.run([*owner, "add", "--all"], check=True)
    subprocess.run([*owner, "commit", "--quiet", "--message", message], check=True)
    subprocess.run([*owner, "push", "--quiet", "origin", branch], check=True)


class Visitor(threading.Thread):
    """Asks for the app's page once a second, and never again: while the app restarts, the gateway has it wait."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url = url
        self.asked = 0
        self.failures: list[str] = []
        self.stopped = threading.Event()

    def __enter__(self) -> Visitor:
        self.start()
        return self

    def __exit__(self, *_unused: object) -> None:
        self.stopped.set()
        self.join(10)

    def run(self) -> None:
        """Ask until told to stop."""
        while not self.stopped.is_set():
            self.asked += 1
            if problem := self._ask():
                self.failures.append(problem)
            self.stopped.wait(1)

    def _ask(self) -> str:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(self.url, timeout=25) as answer:
                return "" if answer.status == 200 else f"status {answer.status}"
        except (urllib.error.URLError, OSError) as error:
            return str(error)


class Watcher(threading.Thread):
    """What anybody on the machine could see while something runs: arguments of processes, and files in temp folders.

    Of the processes below `home` the environments are kept as well; those of the app itself hold its secrets, as they must.
    Looks every few milliseconds, so what lives shorter may be missed; what is passed to a program lives as long as it.
    """

    def __init__(self, home: pathlib.Path, folders: Iterable[pathlib.Path]) -> None:
        super().__init__(daemon=True)
        self._home, self._folders = home, tuple(folders)
        self._stopped = threading.Event()
        self.arguments: set[str] = set()
        self.environments: set[str] = set()
        self.files: dict[str, set[bytes]] = {}

    def __enter__(self) -> Watcher:
        self.start()
        return self

    def __exit__(self, *_unused: object) -> None:
        self._stopped.set()
        self.join(10)

    def run(self) -> None:
        """Look until told to stop."""
        while not self._stopped.wait(0.01):
            for process in psutil.process_iter():
                with contextlib.suppress(psutil.Error, OSError):
                    self._look_at(process)
            for folder in self._folders:
                # Not rglob: a folder that goes while it is looked at would end the watch.
                for place, _unused, names in os.walk(folder):
                    for name in names:
                        self._read(pathlib.Path(place, name))

    def _read(self, path: pathlib.Path) -> None:
        with contextlib.suppress(OSError):
            if path.is_file() and path.stat().st_size < 2**20:
                self.files.setdefault(str(path), set()).add(path.read_bytes())

    def _look_at(self, process: psutil.Process) -> None:
        self.arguments.add(" ".join(process.cmdline()))
        environment = process.environ()
        if environment.get("HOME", "").startswith(str(self._home)) and "GOLDENPATH_SANDBOX_PROGRAM" not in environment:
            self.environments.add("\n".join(f"{name}={value}" for name, value in environment.items()))

    def found(self, secrets: Mapping[str, str]) -> list[str]:
        """Where which of the secrets was seen."""
        seen = [("an argument", text) for text in self.arguments] + [("an environment", text) for text in self.environments]
        places = {f"{name} in {where}" for where, text in seen for name, value in secrets.items() if value in text}
        for path, contents in self.files.items():
            for content in contents:
                places |= {f"{name} in {path}" for name, value in secrets.items() if value.encode() in content}
        return sorted(places)
