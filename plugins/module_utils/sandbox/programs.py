# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The programs that the supervisor keeps running, as data: what is started, how, and with which environment."""

from __future__ import annotations

import configparser
import dataclasses
import io
import json
import os
import pathlib
import re
import shlex
import sys
from collections.abc import Iterable, Mapping
from typing import Final

from ..errors import Invalid
from ..state_folder import collection_root
from . import cluster
from .layout import MARKER, Layout

CLUSTER_PROGRAMS: Final = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
EXAMPLE: Final = "where2eat"
_UNWRITABLE: Final = re.compile(r"\s[;#]|[\n\r]")


@dataclasses.dataclass(frozen=True, slots=True)
class Program:
    """One supervised program. `environment` is all it gets beyond PATH, HOME, LANG and the marker."""

    name: str
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    stop_signal: str = "TERM"
    stop_seconds: int = 15
    # False: started by us once its release is there.
    by_itself: bool = True
    # True: a stop ends its children too (a debugger's second process).
    with_children: bool = False


def python_module(name: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs a file of ours under this Python (see `base_environment` for its path)."""
    return (sys.executable, "-P", "-m", f"module_utils.sandbox.{name}", *arguments)


def base_environment(layout: Layout, environ: Mapping[str, str]) -> dict[str, str]:
    """What every part inherits: no proxy, no AWS or Kubernetes settings of the user, and the marker."""
    return {
        "PATH": environ.get("PATH", os.defpath),
        "HOME": str(layout.path("home")),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(collection_root() / "plugins"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        MARKER: str(layout.folder),
    }


def aws(layout: Layout, port: int) -> Program:
    """The AWS API: moto with a journal that is played again at its start."""
    command = python_module("aws_server", str(port), str(layout.path("aws", "journal.jsonl")))
    return Program("aws", command, (("MOTO_PORT", str(port)),))


def openbao(layout: Layout, program: pathlib.Path) -> Program:
    """The secrets engine. It opens itself with the key file, so a restart needs nobody."""
    return Program("openbao", (str(program), "server", f"-config={layout.path('openbao', 'config.hcl')}"))


def openbao_config(layout: Layout, ports: Mapping[str, int]) -> str:
    """Integrated storage, static seal, and what the first start makes by itself: a known root token and KV v2 at secret/."""
    folder = layout.path("openbao")
    address = f"http://127.0.0.1:{ports['openbao']}"
    # JSON strings are HCL strings, so a path with a quote in it stays a path.
    quoted = {name: json.dumps(str(value)) for name, value in _openbao_values(folder, ports, address).items()}
    return _OPENBAO_CONFIG.format(**quoted)


def _openbao_values(folder: pathlib.Path, ports: Mapping[str, int], address: str) -> dict[str, str]:
    return {
        "data": str(folder / "data"),
        "key": f"file://{folder / 'unseal-key'}",
        "token": str(folder / "root-token"),
        "listen": f"127.0.0.1:{ports['openbao']}",
        "raft": f"127.0.0.1:{ports['openbao-raft']}",
        "address": address,
        "cluster": f"http://127.0.0.1:{ports['openbao-raft']}",
    }


_OPENBAO_CONFIG: Final = """\
storage "raft" {{
  path                   = {data}
  node_id                = "sandbox"
  performance_multiplier = 1
}}
listener "tcp" {{
  address         = {listen}
  cluster_address = {raft}
  tls_disable     = true
}}
seal "static" {{
  current_key_id = "sandbox"
  current_key    = {key}
}}
api_addr     = {address}
cluster_addr = {cluster}
initialize "sandbox" {{
  request "administrator" {{
    operation = "update"
    path      = "auth/token/create-orphan"
    data = {{
      id       = {{ eval_type = "string" eval_source = "file" path = {token} }}
      policies = ["root"]
    }}
  }}
  request "key-value" {{
    operation = "update"
    path      = "sys/mounts/secret"
    data = {{
      type    = "kv"
      options = {{ version = "2" }}
    }}
  }}
}}
"""


def postgresql(command: Iterable[str]) -> Program:
    """The database server; INT is its fast shutdown, which does not wait for clients."""
    return Program("postgresql", tuple(command), (("LC_ALL", "C"),), stop_signal="INT")


def registry(layout: Layout, program: pathlib.Path) -> Program:
    """The OCI registry on disk."""
    command = (str(program), "serve", str(layout.path("registry", "config.json")))
    return Program("registry", command, (("OTEL_TRACES_EXPORTER", "none"),))


def registry_config(layout: Layout, port: int, secret: str) -> str:
    """Distribution's configuration (it reads YAML, and JSON is YAML). Deleting is on: tests and `retire` need it."""
    config = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(layout.path("registry", "data"))}, "delete": {"enabled": True}},
        "http": {"addr": f"127.0.0.1:{port}", "secret": secret},
    }
    return json.dumps(config, indent=1) + "\n"


def git(layout: Layout, port: int, program: pathlib.Path) -> Program:
    """The git remote: bare repositories below `<sandbox>/git`, read and written by anybody on this machine's loopback.

    git-daemon itself, not `git daemon`: that is a parent which, killed, leaves the real one on its port.
    """
    folder = str(layout.path("git"))
    options = ("--reuseaddr", "--listen=127.0.0.1", f"--port={port}", f"--base-path={folder}", "--export-all")
    return Program("git", (str(program), *options, "--informative-errors", "--enable=receive-pack", folder))


def control_plane(layout: Layout, ports: Mapping[str, int], programs: Mapping[str, pathlib.Path]) -> tuple[Program, ...]:
    """etcd and the Kubernetes programs that are there (with only KUBEBUILDER_ASSETS: etcd and kube-apiserver)."""
    files = cluster.files_of(layout)
    # Asked to end, these two wait for their clients' watches (15 s); what they answered is written, so they are killed.
    made = (
        Program("etcd", (str(programs["etcd"]), *_etcd(layout, ports)), stop_signal="KILL"),
        Program("kube-apiserver", (str(programs["kube-apiserver"]), *_apiserver(files, ports)), stop_signal="KILL"),
    )
    ready = f"https://127.0.0.1:{ports['kube-apiserver']}/readyz"
    others = {
        "kube-controller-manager": _controller_manager(files, ports),
        "kube-scheduler": _scheduler(files, ports),
        "kwok": _kwok(files, ports),
    }
    return made + tuple(
        Program(name, python_module("after", ready, str(files.certificate), "--", str(programs[name]), *options))
        for name, options in others.items()
        if name in programs
    )


def _etcd(layout: Layout, ports: Mapping[str, int]) -> tuple[str, ...]:
    client, peer = f"http://127.0.0.1:{ports['etcd']}", f"http://127.0.0.1:{ports['etcd-peer']}"
    addresses = (f"--listen-client-urls={client}", f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}")
    member = (f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}")
    # Without fsync a crash of the machine may lose the last writes; the death of the process does not.
    return (f"--data-dir={layout.path('etcd')}", *addresses, *member, "--unsafe-no-fsync", "--log-level=warn")


def _serving(files: cluster.ClusterFiles, port: int) -> tuple[str, ...]:
    pair = (f"--tls-cert-file={files.certificate}", f"--tls-private-key-file={files.key}")
    return ("--bind-address=127.0.0.1", f"--secure-port={port}", *pair)


def _apiserver(files: cluster.ClusterFiles, ports: Mapping[str, int]) -> tuple[str, ...]:
    accounts = (
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={files.accounts_key}",
        f"--service-account-signing-key-file={files.accounts_key}",
    )
    audit = (
        f"--audit-policy-file={files.folder / 'audit-policy.yaml'}",
        f"--audit-log-path={files.audit_log}",
        "--audit-log-mode=blocking",
        "--audit-log-maxsize=50",
        "--audit-log-maxbackup=1",
    )
    return (
        f"--etcd-servers=http://127.0.0.1:{ports['etcd']}",
        *_serving(files, ports["kube-apiserver"]),
        *accounts,
        *audit,
        f"--token-auth-file={files.tokens}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.96.0.0/16",
        # Off, a privileged pod is refused before Pod Security sees it; on, that check is the one that speaks.
        "--allow-privileged=true",
        # Otherwise it refuses a loopback address.
        "--endpoint-reconciler-type=none",
    )


def _controller_manager(files: cluster.ClusterFiles, ports: Mapping[str, int]) -> tuple[str, ...]:
    return (
        f"--kubeconfig={files.kubeconfig('system:kube-controller-manager')}",
        *_serving(files, ports["kube-controller-manager"]),
        f"--service-account-private-key-file={files.accounts_key}",
        f"--root-ca-file={files.certificate}",
        "--leader-elect=false",
        "--controllers=*",
    )


def _scheduler(files: cluster.ClusterFiles, ports: Mapping[str, int]) -> tuple[str, ...]:
    kubeconfig = f"--kubeconfig={files.kubeconfig('system:kube-scheduler')}"
    return (kubeconfig, *_serving(files, ports["kube-scheduler"]), "--leader-elect=false")


def _kwok(files: cluster.ClusterFiles, ports: Mapping[str, int]) -> tuple[str, ...]:
    options = ("--manage-all-nodes=true", *(f"--config={path}" for path in cluster.stages()))
    return (f"--kubeconfig={files.kubeconfig('kwok')}", *options, f"--server-address=127.0.0.1:{ports['kwok']}")


def example(layout: Layout, ports: Mapping[str, int]) -> tuple[Program, ...]:
    """The example app, the gateway before it, the restaurant API that it calls; none where the collection has no examples."""
    folder = collection_root() / "examples" / EXAMPLE
    if not folder.is_dir():
        return ()
    stand_in = (
        ("RESTAURANT_API_PORT", str(ports["restaurant-api"])),
        ("RESTAURANT_API_STATE", str(layout.path("restaurant-api", "keys.json"))),
        ("RESTAURANT_API_ADMIN_TOKEN_FILE", str(layout.path("restaurant-api", "admin-token"))),
    )
    launcher = python_module("launcher", str(layout.path("apps")), EXAMPLE)
    return (
        Program("restaurant-api", (sys.executable, str(folder / "restaurant_api.py")), stand_in),
        Program("gateway", python_module("gateway", str(ports["gateway"]), str(ports[f"app-{EXAMPLE}"]))),
        Program(f"app-{EXAMPLE}", launcher, by_itself=False, with_children=True, stop_seconds=5),
    )


def supervisor_config(layout: Layout, programs: Iterable[Program]) -> str:
    """supervisord's configuration: one program each, started again whenever it ends, stopped with its whole group."""
    parser = configparser.RawConfigParser()
    # Relative to the socket's folder: supervisor's own bookkeeping stays inside the sandbox.
    parser["unix_http_server"] = {"file": _percent(str(layout.socket)), "chmod": "0600"}
    parser["supervisord"] = {
        "nodaemon": "true",
        "logfile": _percent(str(layout.log("supervisord"))),
        "logfile_maxbytes": "5MB",
        "logfile_backups": "1",
        "pidfile": _percent(str(layout.path("supervisord.pid"))),
        "childlogdir": _percent(str(layout.path("logs"))),
        "identifier": "goldenpath-sandbox",
        "umask": "077",
    }
    factory = "supervisor.rpcinterface:make_main_rpcinterface"
    parser["rpcinterface:supervisor"] = {"supervisor.rpcinterface_factory": factory}
    for program in programs:
        parser[f"program:{program.name}"] = _program_section(layout, program)
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def _program_section(layout: Layout, program: Program) -> dict[str, str]:
    section = {
        "command": _percent(shlex.join(program.command)),
        "directory": _percent(str(layout.folder)),
        "autostart": _yes_no(program.by_itself),
        "autorestart": "true",
        "startsecs": "1",
        "startretries": "1000",
        "stopsignal": program.stop_signal,
        "stopwaitsecs": str(program.stop_seconds),
        "stopasgroup": _yes_no(program.with_children),
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": _percent(str(layout.log(program.name))),
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": "1",
    }
    if program.environment:
        section["environment"] = _percent(",".join(f"{key}={_in_quotes(value)}" for key, value in program.environment))
    return section


def _in_quotes(value: str) -> str:
    # supervisord knows quotes there, but no escapes: neither JSON's \\u00e4 nor a backslash before a quote.
    return f"'{value}'" if '"' in value else f'"{value}"'


def _yes_no(value: bool) -> str:
    return "true" if value else "false"


def _percent(text: str) -> str:
    if _UNWRITABLE.search(text):
        raise Invalid(
            "The sandbox cannot lie in this folder",
            "its supervisor takes ' ;' and ' #' for the start of a comment, and a line break for the end of a value",
            "Name another one: GOLDENPATH_STATE=<folder>.",
        )
    # supervisor expands %(...)s in every value.
    return text.replace("%", "%%")
