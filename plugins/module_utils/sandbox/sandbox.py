# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The embedded sandbox as a capability: `started`, `stopped` or `wiped`.

Started means that every part answered in its own protocol. A start on a running sandbox repairs what is down and changes
nothing else; after a kill of the supervisor it first ends what that left behind.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import hashlib
import pathlib
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

from ..capability import Capability, Change, Outcome, Plan, Request
from ..errors import MicroappsError, Unreachable
from ..kubernetes.client import connect
from ..oci.client import open_registries
from ..oci.reference import parse
from ..profile import Cluster, Registry
from ..state_folder import collection_root
from . import cluster, health, pipeline, runner, supervisor
from .given import given
from .layout import Layout, layout_of, read_state, refuse_taken, write_private, write_state
from .programs import CLUSTER_PROGRAMS, EXAMPLE, base_environment
from .setup import Setup, Tools, blocks, has_pipeline, setup, tools

# Seconds until a part that does not answer is called down. A first start makes a database and elects OpenBao's leader.
START_LIMIT: Final = 90.0
DEFINITIONS_LIMIT: Final = 30.0
_APP: Final = f"app-{EXAMPLE}"

SPEC: Final[dict[str, Any]] = {
    "state": {"type": "str", "choices": ["started", "stopped", "wiped"], "default": "started"},
    "cluster": {
        "type": "dict",
        "options": {"kubeconfig": {"type": "path", "required": True}, "context": {"type": "str", "required": True}},
    },
    "aws": {
        "type": "dict",
        "options": {
            "endpoint_url": {"type": "str", "required": True},
            "account": {"type": "str"},
            "region": {"type": "str"},
            "credentials_file": {"type": "path"},
            "profile": {"type": "str"},
        },
    },
    "registry": {"type": "dict", "options": {"address": {"type": "str", "required": True}, "plain_http": {"type": "bool"}}},
    "database": {
        "type": "dict",
        "options": {
            "host": {"type": "str", "required": True},
            "port": {"type": "int"},
            "admin_user": {"type": "str"},
            "password_file": {"type": "path", "required": True, "no_log": False},
            "maintenance_database": {"type": "str"},
            "sslmode": {"type": "str"},
            "sslrootcert": {"type": "path"},
        },
    },
}


def plan(healthy: Mapping[str, bool], ports: Mapping[str, int]) -> tuple[Plan, ...]:
    """One entry per program: what does not answer is to be started."""
    return tuple(_plan(name, answers, ports) for name, answers in healthy.items())


def _plan(name: str, answers: bool, ports: Mapping[str, int]) -> Plan:
    after = {"answers": True, **({"port": ports[name]} if name in ports else {})}
    if answers:
        return Plan(f"sandbox:{name}", before=after, after=after)
    return Plan(f"sandbox:{name}", before=None, after=after, changes=(Change("create", "answers", False, True),))


def run(request: Request) -> Outcome:
    """Bring the sandbox into the wanted state, or, in check mode, say what that would take."""
    layout = layout_of(request.environ)
    state = request.params["state"]
    if state == "started":
        own = given(request.params, request.environ)
        return _started(layout, dataclasses.replace(request, params={"state": state, **own}))
    if request.check:
        return _ended(layout, state, there=layout.state.exists() if state == "wiped" else supervisor.running(layout) is not None)
    with supervisor.exclusive(layout):
        there = _stop(layout)
        if state == "wiped":
            there = layout.state.exists() or there
            shutil.rmtree(layout.folder)
            if layout.socket.parent != layout.folder:
                shutil.rmtree(layout.socket.parent, ignore_errors=True)
    return _ended(layout, state, there)


def _stop(layout: Layout) -> bool:
    found = supervisor.running(layout)
    if found:
        found.shutdown()
    left = supervisor.sweep(layout)
    return found is not None or left > 0


def _ended(layout: Layout, state: str, there: bool) -> Outcome:
    before = {"state": "running" if state == "stopped" else "there"} if there else None
    changes = (Change("delete", "state", before, None),) if there else ()
    return Outcome((Plan(f"sandbox:{layout.folder}", before, None, changes),), result={"folder": str(layout.folder)})


def _started(layout: Layout, request: Request) -> Outcome:
    if request.check:
        return _predicted(layout, request)
    found = tools(request.environ, request.progress, make=True)
    with supervisor.exclusive(layout):
        began = time.monotonic()
        state = read_state(layout)
        wanted = setup(layout, request, state.get("ports", {}), found)
        write_state(layout, {**state, "ports": dict(wanted.ports)})
        probes = _probes(layout, wanted)
        up = supervisor.running(layout)
        before = health.all_healthy(probes) if up else dict.fromkeys(probes, False)
        running = _bring_up(layout, request, wanted, up)
        down = [name for name, answers in before.items() if not answers]
        warnings = _repair(layout, request, running, wanted, probes, down)
        warnings += _released(layout, request, wanted, found)
        definitions = _prepare_cluster(layout, wanted, state)
        identity = _identity(layout, request, wanted)
        told = blocks(layout, request.params, wanted.ports, found, identity)
        write_state(layout, {"version": 1, "ports": dict(wanted.ports), "blocks": told, "definitions": definitions})
        if down:
            request.progress(f"The sandbox is up ({time.monotonic() - began:.1f} s): {layout.folder}")
    result = {"folder": str(layout.folder), "blocks": told}
    return Outcome(plan(before, wanted.ports), result=result, warnings=(*warnings, *_told(found, request.params)))


def _predicted(layout: Layout, request: Request) -> Outcome:
    state = read_state(layout)
    if not state or not supervisor.running(layout):
        change = Change("create", "state", None, "running")
        return Outcome(
            (Plan(f"sandbox:{layout.folder}", None, {"state": "running"}, (change,)),), result={"folder": str(layout.folder)}
        )
    names = supervisor.Supervisor(layout.socket).states()
    probes = {name: probe for name, probe in health.probes(layout, state["ports"]).items() if name in names}
    answered = health.all_healthy(probes)
    return Outcome(plan(answered, state["ports"]), result={"folder": str(layout.folder), "blocks": state.get("blocks", {})})


def _probes(layout: Layout, wanted: Setup) -> dict[str, health.Probe]:
    known = health.probes(layout, wanted.ports)
    return {program.name: known[program.name] for program in wanted.programs}


def _bring_up(layout: Layout, request: Request, wanted: Setup, up: supervisor.Supervisor | None) -> supervisor.Supervisor:
    path = layout.path("supervisord.conf")
    same = path.exists() and path.read_text(encoding="utf-8") == wanted.config
    if up:
        if not same:
            write_private(path, wanted.config)
            up.update()
        return up
    left = supervisor.sweep(layout)
    if left:
        request.progress(f"Ended {left} processes that a killed supervisor had left behind.")
    refuse_taken(wanted.ports, tuple(program.name for program in wanted.programs if program.name in wanted.ports))
    write_private(path, wanted.config)
    return supervisor.spawn(layout, base_environment(layout, request.environ))


def _repair(
    layout: Layout,
    request: Request,
    running: supervisor.Supervisor,
    wanted: Setup,
    probes: Mapping[str, health.Probe],
    down: list[str],
) -> tuple[str, ...]:
    core = {name: probe for name, probe in probes.items() if name != _APP}
    states = running.states()
    for name in down:
        if name in core and states[name].state in ("STOPPED", "EXITED", "FATAL", "BACKOFF"):
            running.start(name)
    # Each question also wakes the supervisor, which would look at its children only once a second.
    late = health.wait(core, START_LIMIT, running.states)
    if late:
        raise Unreachable(
            f"The sandbox's {', '.join(late)} did not answer within {START_LIMIT:.0f} s",
            _reasons(running, late),
            f"Read the logs in {layout.path('logs')}, then run the same command.",
        )
    if _APP in probes and (down or not _has_repositories(layout)):
        _seed(layout, request, wanted)
    if _APP not in down:
        return ()
    running.start(_APP)
    if health.wait({_APP: probes[_APP]}, runner.START_LIMIT, running.states):
        return (f"The example app does not answer; its log says why: {layout.log(_APP)}",)
    return ()


def _reasons(running: supervisor.Supervisor, names: tuple[str, ...]) -> str:
    states = running.states()
    return "; ".join(f"{name} is {states[name].state}: {states[name].why}" for name in names)


def _prepare_cluster(layout: Layout, wanted: Setup, state: Mapping[str, Any]) -> str:
    """Bring our custom resource definitions in; returns their digest, by which the next start knows them."""
    files = cluster.definition_files()
    digest = hashlib.sha256(b"".join(files)).hexdigest()
    runs = any(program.name == "kube-apiserver" for program in wanted.programs)
    if not runs or state.get("definitions") == digest:
        return digest if runs else ""
    api = cluster.Api(wanted.ports["kube-apiserver"], cluster.files_of(layout))
    definitions = cluster.definitions(files)
    with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(api.apply_definition, definitions))
    probes = {item["metadata"]["name"]: functools.partial(api.serves, item) for item in definitions}
    late = health.wait(probes, DEFINITIONS_LIMIT, lambda: None)
    if late:
        raise Unreachable(f"The sandbox's cluster does not serve {', '.join(late)}", f"waited {DEFINITIONS_LIMIT:.0f} s")
    return digest


def _has_repositories(layout: Layout) -> bool:
    """Whether every example has its repository: a newer version of the collection may have brought one more."""
    apps = (folder.parent.name for folder in (collection_root() / "examples").glob("*/history"))
    return all(layout.path("git", f"{app}.git", "HEAD").exists() for app in apps)


def _seed(layout: Layout, request: Request, wanted: Setup) -> None:
    """The examples' repositories, and the database and first release of the one that runs.

    What is there already is left alone by their own scripts.
    """
    examples = collection_root() / "examples"
    database = blocks(layout, request.params, wanted.ports, Tools({}), "")["database"]
    environment = {
        **base_environment(layout, request.environ),
        "PGHOST": str(database["host"]),
        "PGPORT": str(database["port"]),
        "PGUSER": str(database["admin_user"]),
        "PGDATABASE": str(database["maintenance_database"]),
        "PGSSLMODE": str(database["sslmode"]),
        "PGPASSWORD": pathlib.Path(database["password_file"]).read_text(encoding="utf-8").strip(),
    }
    scripts = (("repositories.py",), (f"{EXAMPLE}/install.py", "--database"))
    for script, *options in scripts:
        command = [sys.executable, str(examples / script), "--git-folder", str(layout.path("git")), *options]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise MicroappsError("The example apps could not be put together", " ".join(done.stderr.split())[-300:])
    if runner.read_release(layout.path("apps"), EXAMPLE) is None:
        runner.write_release(layout.path("apps"), _first_release(layout, wanted.ports, database, environment))


def _released(layout: Layout, request: Request, wanted: Setup, found: Tools) -> tuple[str, ...]:
    """The example's image in the registry, signed; what cannot be done is told, for all else works without it."""
    if not has_pipeline(found, request.params):
        return ()
    environ = base_environment(layout, request.environ)
    address = f"127.0.0.1:{wanted.ports['registry']}"
    registries = open_registries(Registry(address, plain_http=True), None, environ, request.secrets)
    repository = registries.repository(parse(pipeline.IMAGE, address))
    release = _example_source(layout, wanted.ports, environ)
    try:
        if pipeline.released(layout, repository, release, found.programs["cosign"], environ, request.random_bytes):
            request.progress(f"The example's pipeline has built and signed its image: {repository.name}:{release.commit}")
    except MicroappsError as error:
        return (error.sentence(),)
    return ()


def _example_source(layout: Layout, ports: Mapping[str, int], environ: Mapping[str, str]) -> pipeline.Source:
    repository = layout.path("git", f"{EXAMPLE}.git")
    command = ["git", "--git-dir", str(repository), "rev-parse", "refs/heads/main"]
    commit = subprocess.run(command, env=dict(environ), capture_output=True, text=True, check=False).stdout.strip()
    return pipeline.Source(f"git://127.0.0.1:{ports['git']}/{EXAMPLE}.git", "main", commit)


def _first_release(
    layout: Layout, ports: Mapping[str, int], database: Mapping[str, Any], environ: Mapping[str, str]
) -> runner.Release:
    source = _example_source(layout, ports, environ)
    return runner.Release(
        app=EXAMPLE,
        repository=source.repository,
        branch=source.branch,
        commit=source.commit,
        port=ports[_APP],
        environment={
            "DATABASE_HOST": str(database["host"]),
            "DATABASE_PORT": str(database["port"]),
            "RESTAURANT_API_URL": f"http://127.0.0.1:{ports['restaurant-api']}",
        },
    )


def _identity(layout: Layout, request: Request, wanted: Setup) -> str:
    external = request.params.get("cluster")
    if external:
        return connect(Cluster(external["kubeconfig"], external["context"]), request.environ, request.secrets).identity()
    if any(program.name in CLUSTER_PROGRAMS for program in wanted.programs):
        return cluster.Api(wanted.ports["kube-apiserver"], cluster.files_of(layout)).identity()
    return ""


def _told(found: Tools, params: Mapping[str, Any]) -> tuple[str, ...]:
    if found.has_cluster or params.get("cluster"):
        return ()
    without = "a cluster" if "registry" in found.programs or params.get("registry") else "a cluster and a registry"
    return (f"The sandbox runs without {without}: {found.why}. {found.next_step}",)


CAPABILITY: Final = Capability(name="sandbox", spec=SPEC, run=run)
