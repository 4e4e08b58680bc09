# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""supervisord: started in a session of its own, spoken to over its unix socket, ended with all it started.

A worker of Ansible may be killed at any moment, so the supervisor must outlive it; a supervisor may be killed too, so the
next start ends whatever it left, told by the marker in its environment (`layout.MARKER`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import http.client
import importlib.util
import os
import pathlib
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ..errors import Conflict, MicroappsError, MissingLibrary, NotFound, Unreachable
from .layout import MARKER, START, Layout, answers

try:
    import psutil

    PSUTIL_MISSING: ImportError | None = None
except ImportError as error:
    PSUTIL_MISSING = error

# How often states are asked. Each request also wakes supervisord, whose own loop looks at its children once a second.
POLL: Final = 0.03
# Fault codes of supervisor's XML-RPC interface (supervisor.xmlrpc.Faults).
_NO_SUCH_PROGRAM, _NOT_RUNNING, _ALREADY_STARTED, _ALREADY_ADDED = 10, 70, 60, 90
_DOWN: Final = ("STOPPED", "EXITED", "FATAL", "BACKOFF", "UNKNOWN")


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: pathlib.Path) -> None:
        super().__init__("localhost", timeout=60)
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: pathlib.Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        return _Connection(self._path)


@dataclasses.dataclass(frozen=True, slots=True)
class ProgramState:
    """What the supervisor knows of one program: its state's name (RUNNING, BACKOFF, ...), process id (0: none), and why."""

    name: str
    state: str
    pid: int
    why: str


@dataclasses.dataclass(frozen=True, slots=True)
class Supervisor:
    """A running supervisord, by its control socket."""

    socket: pathlib.Path

    def _call(self, method: str, *arguments: Any) -> Any:
        proxy = xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=_Transport(self.socket))
        try:
            return getattr(proxy.supervisor, method)(*arguments)
        except (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError):
            raise Unreachable("The sandbox's supervisor does not answer", str(self.socket), START) from None

    def _unless(self, harmless: int, method: str, *arguments: Any) -> None:
        try:
            self._call(method, *arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != harmless:
                raise MicroappsError(f"The sandbox's supervisor refused {method} {arguments}", fault.faultString) from None

    def states(self) -> dict[str, ProgramState]:
        """Every program's state by name."""
        return {info["name"]: _state(info) for info in self._call("getAllProcessInfo")}

    def state(self, name: str) -> ProgramState:
        """One program's state; NotFound when the supervisor has no such program."""
        try:
            return _state(self._call("getProcessInfo", name))
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != _NO_SUCH_PROGRAM:
                raise MicroappsError(f"The sandbox's supervisor cannot say how {name} is", fault.faultString) from None
            raise NotFound(f"The sandbox runs no program {name}", next_step=START) from None

    def start(self, name: str) -> None:
        """Have the program started now, even if it is waiting for its next try."""
        self._unless(_ALREADY_STARTED, "startProcess", name, False)

    def stop(self, name: str, limit: float = 20) -> None:
        """Stop a program and wait until its process has ended."""
        self._unless(_NOT_RUNNING, "stopProcess", name, False)
        self._wait(lambda: self.state(name).state in _DOWN, limit, f"{name} does not stop")

    def update(self) -> None:
        """Take over a changed configuration: only programs that differ are stopped, added or removed."""
        (added, changed, removed) = self._call("reloadConfig")[0]
        for name in (*changed, *removed):
            self._call("stopProcessGroup", name)
            self._call("removeProcessGroup", name)
        for name in (*added, *changed):
            self._unless(_ALREADY_ADDED, "addProcessGroup", name)

    def pid(self) -> int:
        """supervisord's own process id."""
        return int(self._call("getPID"))

    def shutdown(self, limit: float = 40) -> None:
        """End all programs side by side, then the supervisor, and wait until it is gone."""
        process = _process(self.pid())
        self._call("stopAllProcesses", False)
        self._wait(lambda: all(state.state in _DOWN for state in self.states().values()), limit, "some parts do not stop")
        self._call("shutdown")
        if process:
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(timeout=limit)

    def _wait(self, done: Callable[[], bool], limit: float, otherwise: str) -> None:
        deadline = time.monotonic() + limit
        while not done():
            if time.monotonic() > deadline:
                raise MicroappsError(f"The sandbox: {otherwise}", f"waited {limit:.0f} s")
            time.sleep(POLL)


def _state(info: Mapping[str, Any]) -> ProgramState:
    return ProgramState(info["name"], info["statename"], int(info["pid"]), info["spawnerr"] or info["description"])


def _process(pid: int) -> Any:
    if PSUTIL_MISSING:
        raise MissingLibrary("psutil", "look after the sandbox's processes", PSUTIL_MISSING)
    return psutil.Process(pid) if psutil.pid_exists(pid) else None


def spawn(layout: Layout, environment: Mapping[str, str], limit: float = 15) -> Supervisor:
    """Start supervisord for the written configuration, in a session of its own, and wait until it answers."""
    if not importlib.util.find_spec("supervisor"):
        raise MissingLibrary("supervisor", "run the sandbox")
    _own_folder(layout.socket.parent)
    command = [sys.executable, "-P", "-m", "supervisor.supervisord", "-n", "-c", str(layout.path("supervisord.conf"))]
    with layout.log("supervisord-console").open("wb") as console:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=layout.folder,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,
        )
    deadline = time.monotonic() + limit
    while not answers(layout.socket):
        if process.poll() is not None or time.monotonic() > deadline:
            last = layout.log("supervisord-console").read_text(errors="replace").strip().splitlines()[-1:]
            raise MicroappsError("The sandbox's supervisor did not start", " ".join(last) or "no reason given")
        time.sleep(POLL)
    return Supervisor(layout.socket)


def _own_folder(folder: pathlib.Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = folder.stat()
    # In the shared temp folder (long paths only) somebody else could have made it first, to sit on the control socket.
    if about.st_uid != os.getuid() or about.st_mode & 0o077:
        raise Conflict("The sandbox's control socket would not be private", f"{folder} is not a folder of yours alone")


def running(layout: Layout) -> Supervisor | None:
    """The sandbox's supervisor if one answers."""
    return Supervisor(layout.socket) if answers(layout.socket) else None


def left_over(layout: Layout) -> list[Any]:
    """The processes that carry this sandbox's marker, or are PostgreSQL's children in its data folder."""
    if PSUTIL_MISSING:
        raise MissingLibrary("psutil", "look after the sandbox's processes", PSUTIL_MISSING)
    mine = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [process for process in psutil.process_iter() if process.pid not in mine and _is_ours(process, layout)]


def _is_ours(process: Any, layout: Layout) -> bool:
    try:
        if process.environ().get(MARKER) == str(layout.folder):
            return True
        # PostgreSQL's children write their status over their environment.
        return bool(process.name() == "postgres" and process.cwd() == str(layout.path("postgresql", "data")))
    except (psutil.Error, OSError):
        return False


def sweep(layout: Layout) -> int:
    """End what a killed supervisor left behind, and only that; returns how many processes it was."""
    processes = left_over(layout)
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _gone, alive = psutil.wait_procs(processes, timeout=5)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=5)
    return len(processes)


@contextlib.contextmanager
def exclusive(layout: Layout) -> Iterator[None]:
    """One start or stop at a time; the lock is the kernel's, so it goes with a process that dies."""
    layout.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Beside the folder, for `wiped` removes the folder while it holds the lock.
    with layout.folder.with_name(f".{layout.folder.name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
