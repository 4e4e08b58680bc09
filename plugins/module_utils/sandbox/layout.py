# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where everything of the sandbox lies, on which port each part listens, and what others are told about it.

One folder, `<state>/sandbox`, holds all data; `state.json` in it is the only thing others read (through the lookup
`goldenpath.microapps.sandbox`). Ports are chosen once and kept, so addresses that were stored somewhere stay right.
"""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import os
import pathlib
import random
import socket
import tempfile
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..errors import Conflict, NotFound
from ..state_folder import state_folder

# Everything that is started carries this variable with the sandbox's folder: how orphans are told from foreign programs.
MARKER: Final = "GOLDENPATH_SANDBOX"
# Below the range from which systems take ports for outgoing connections: those would now and then hold a port of ours.
FIRST_PORT, LAST_PORT = 20000, 32000
# A unix socket's path may have 107 bytes on Linux (103 on macOS); supervisor makes it under a longer name first.
LONGEST_SOCKET_PATH: Final = 88
START: Final = "Start the sandbox: make sandbox-up (or run the playbook goldenpath.microapps.sandbox)."

PORTS: Final = (
    "aws",
    "openbao",
    "openbao-raft",
    "postgresql",
    "registry",
    "git",
    "etcd",
    "etcd-peer",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
    "restaurant-api",
    "app-where2eat",
    "gateway",
)


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """The paths below the sandbox's folder. Nothing is made by asking for a path."""

    folder: pathlib.Path

    def path(self, *parts: str) -> pathlib.Path:
        """A path below the folder."""
        return self.folder.joinpath(*parts)

    def log(self, program: str) -> pathlib.Path:
        """The log of one supervised program."""
        return self.path("logs", f"{program}.log")

    @property
    def state(self) -> pathlib.Path:
        """The file with ports and blocks."""
        return self.path("state.json")

    @property
    def socket(self) -> pathlib.Path:
        """The supervisor's control socket: in the folder, or, where that path is too long, in a private short one."""
        inside = self.path("supervisor.sock")
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
            return inside
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        return pathlib.Path(tempfile.gettempdir()) / f"goldenpath-{os.getuid()}-{name}" / "supervisor.sock"


def layout_of(environ: Mapping[str, str]) -> Layout:
    """The sandbox of this user's state folder."""
    return Layout(state_folder(environ) / "sandbox")


def read_state(layout: Layout) -> dict[str, Any]:
    """What state.json says, {} when there is none yet."""
    try:
        state: dict[str, Any] = json.loads(layout.state.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return state


def write_state(layout: Layout, state: Mapping[str, Any]) -> None:
    """Replace state.json as a whole: a reader sees the old or the new one, never half."""
    write_private(layout.state, json.dumps(state, indent=2, sort_keys=True) + "\n")


def write_private(path: pathlib.Path, content: str | bytes) -> None:
    """Write a file that only its owner may read, atomically; nothing is touched when the content is the same already."""
    data = content.encode() if isinstance(content, str) else content
    if path.exists() and path.read_bytes() == data:
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp makes it 0600 from its first moment.
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, path)


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        # As the parts do: without it, a port whose last connections are in TIME_WAIT looks taken for a minute.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def choose_ports(kept: Mapping[str, int], seed: str, free: Callable[[int], bool] = is_free) -> dict[str, int]:
    """A port for every part: the kept ones as they are, the others from a place that depends on the sandbox's folder."""
    order = list(range(FIRST_PORT, LAST_PORT))
    random.Random(seed).shuffle(order)  # noqa: S311 - spreads sandboxes of one machine, hides nothing
    used = set(kept.values())
    candidates = (port for port in order if port not in used and free(port))
    return {name: kept[name] if name in kept else next(candidates) for name in PORTS}


def running_blocks(layout: Layout) -> dict[str, dict[str, Any]]:
    """The blocks of a running sandbox, by name. NotFound says how to start it when it does not run."""
    blocks: dict[str, dict[str, Any]] = read_state(layout).get("blocks", {})
    if not blocks or not answers(layout.socket):
        raise NotFound("The sandbox is not running", f"no supervisor answers for {layout.folder}", START)
    return blocks


def named_block(blocks: Mapping[str, dict[str, Any]], name: str) -> dict[str, Any]:
    """One of them (`aws`, `cluster`, ...); NotFound says which there are."""
    if name not in blocks:
        raise NotFound(f"The sandbox has no block {name!r}", f"it has {', '.join(sorted(blocks))}")
    return blocks[name]


def block(environ: Mapping[str, str], name: str) -> dict[str, Any]:
    """One block of this user's running sandbox."""
    return named_block(running_blocks(layout_of(environ)), name)


def answers(path: pathlib.Path) -> bool:
    """Whether somebody listens on this unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def refuse_taken(ports: Mapping[str, int], names: tuple[str, ...], free: Callable[[int], bool] = is_free) -> None:
    """Conflict when a foreign program sits on a port that a part of ours must have."""
    taken = [f"{ports[name]} ({name})" for name in names if not free(ports[name])]
    if taken:
        raise Conflict(
            "The sandbox cannot start",
            f"another program listens on its port {', '.join(taken)}",
            "End that program, or make sandbox-wipe to lose the sandbox's data and choose new ports.",
        )
