# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One run at a time for each app and environment: a lease, because a worker that is killed releases nothing.

The lease is a Kubernetes Lease (coordination.k8s.io/v1) where there is a cluster, so that two machines see each other, and
else a file in the state folder. A lease whose holder is a process of this very host that no longer runs is taken over at
once; one held elsewhere, when its time is over.
"""

from __future__ import annotations

import dataclasses
import datetime
import fcntl
import json
import os
import pathlib
from collections.abc import Callable
from typing import Any, Final, Protocol

from ..errors import Conflict
from ..evidence.record import Run, write_json
from ..kubernetes.client import Client
from ..kubernetes.kinds import BY_GROUP_KIND

LEASE: Final = BY_GROUP_KIND["Lease.coordination.k8s.io"]
# Every cluster has it, and an app's own namespace may not exist yet.
NAMESPACE: Final = "default"


@dataclasses.dataclass(frozen=True, slots=True)
class Held:
    """A lease as it stands. `holder` is what `holder_of` made; `token` lets a store refuse a write that came too late."""

    holder: str
    renewed: datetime.datetime
    seconds: int
    token: str = ""


class Leases(Protocol):
    """Where leases are kept."""

    def read(self, name: str) -> Held | None:
        """The lease, or None where nobody holds it."""

    def write(self, name: str, held: Held, before: Held | None) -> None:
        """Write the lease if it is still as `before`; Conflict if somebody was faster."""

    def clear(self, name: str, before: Held) -> None:
        """Let go of the lease if it is still as `before`."""


def holder_of(run: Run, started: Callable[[int], str]) -> str:
    """Who holds: host, process, when that process began (process ids are used again), and the run, divided by spaces."""
    return f"{run.host} {run.pid} {started(run.pid) or '-'} {run.id} {run.by}"


def process_started(pid: int) -> str:
    """When a process began, in a form that only compares; '' if it does not run (or the system does not say)."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return "" if pathlib.Path("/proc/self/stat").exists() or not _answers(pid) else "running"
    # The name in brackets may hold spaces; the start time is the 22nd field (proc(5)).
    return stat.rpartition(")")[2].split()[19]


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def may_take(held: Held | None, me: str, now: datetime.datetime, started: Callable[[int], str]) -> bool:
    """Whether `me` may hold the lease now: it is free, mine, over, or held by a process of this host that is gone."""
    if held is None or not held.holder or held.holder == me:
        return True
    if now >= held.renewed + datetime.timedelta(seconds=held.seconds):
        return True
    fields = held.holder.split(" ")
    same_host = len(fields) == 5 and fields[0] == me.split(" ")[0]
    return same_host and fields[1].isdigit() and (started(int(fields[1])) or "gone") != fields[2]


def take(
    leases: Leases, name: str, me: str, seconds: int, now: datetime.datetime, started: Callable[[int], str] = process_started
) -> None:
    """Hold the lease `name` from now for `seconds`; Conflict names who holds it and until when."""
    held = leases.read(name)
    if held is not None and not may_take(held, me, now, started):
        until = held.renewed + datetime.timedelta(seconds=held.seconds)
        raise Conflict(
            f"Work on {name}",
            f"another run is at it: {_described(held.holder)}",
            f"Wait for it to end. If it died on another machine, its lease ends at {until.isoformat(timespec='seconds')}.",
        )
    leases.write(name, Held(me, now, seconds), held)


def leave(leases: Leases, name: str, me: str) -> None:
    """Let go of the lease if it is ours; somebody else's is left alone."""
    held = leases.read(name)
    if held is not None and held.holder == me:
        leases.clear(name, held)


def _described(holder: str) -> str:
    fields = holder.split(" ")
    return f"{fields[4]} on {fields[0]}, process {fields[1]}" if len(fields) == 5 else holder


class ClusterLeases:
    """Leases as objects of the cluster, in the namespace that every cluster has."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def read(self, name: str) -> Held | None:
        """The Lease object as `Held`."""
        found = self._client.get(LEASE, NAMESPACE, _object_name(name))
        if found is None:
            return None
        spec = found.get("spec") or {}
        renewed = spec.get("renewTime") or "1970-01-01T00:00:00.000000Z"
        version = str(found["metadata"]["resourceVersion"])
        when = datetime.datetime.fromisoformat(renewed.replace("Z", "+00:00"))
        return Held(str(spec.get("holderIdentity") or ""), when, int(spec.get("leaseDurationSeconds") or 0), version)

    def write(self, name: str, held: Held, before: Held | None) -> None:
        """Create the Lease, or replace the version that was read: the API server refuses the slower of two."""
        manifest = _manifest(name, held, before)
        if before is None:
            self._client.create(LEASE, NAMESPACE, manifest)
        else:
            self._client.replace(LEASE, manifest)

    def clear(self, name: str, before: Held) -> None:
        """Keep the object without a holder: the next run need not create it."""
        self.write(name, dataclasses.replace(before, holder=""), before)


def _object_name(name: str) -> str:
    return f"microapp-{name}"


def _manifest(name: str, held: Held, before: Held | None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": _object_name(name), "namespace": NAMESPACE}
    if before is not None:
        metadata["resourceVersion"] = before.token
    when = held.renewed.astimezone(datetime.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    spec: dict[str, Any] = {"renewTime": when, "leaseDurationSeconds": max(held.seconds, 1)}
    if held.holder:
        spec["holderIdentity"] = held.holder
    return {"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": metadata, "spec": spec}


class FileLeases:
    """Leases as files, for an environment without a cluster: they hold on one machine only."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder

    def read(self, name: str) -> Held | None:
        """The lease file as `Held`; half a file is no lease."""
        try:
            text = (self._folder / f"{name}.json").read_text(encoding="utf-8")
            data = json.loads(text)
            renewed = datetime.datetime.fromisoformat(data["renewed"])
            return Held(data["holder"], renewed, int(data["seconds"]), token=text)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, name: str, held: Held, before: Held | None) -> None:
        """Compare and write under a lock that the kernel drops when this process ends."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            now = self.read(name)
            if (now.token if now else None) != (before.token if before else None):
                raise Conflict(f"Work on {name}", "another run began at the same moment", "Wait for it to end.")
            data = {"holder": held.holder, "renewed": held.renewed.isoformat(), "seconds": held.seconds}
            write_json(self._folder / f"{name}.json", data)

    def clear(self, name: str, before: Held) -> None:
        """Remove the file."""
        self.write(name, dataclasses.replace(before, holder=""), before)
