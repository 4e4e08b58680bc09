# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a kubeconfig (or a pod's own service account) says: where the API server is, and how to log in there.

Read here, and by the Python package `kubernetes` only where a kubeconfig names an auth-provider (`provider`), for three reasons
that were measured or met: importing it costs every run half a second; it leaves client keys in the temp folder when a worker
dies; and it goes on without a login when a login program fails.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..errors import Invalid, MissingLibrary, NotFound, Unreachable
from ..profile import Cluster
from .login import ExecLogin, Login, Outside, basic, from_file, nobody, token
from .provider import ProviderLogin

try:
    import yaml

    # libyaml's loader where it is compiled in.
    _LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    YAML_MISSING: ImportError | None = None
except ImportError as error:
    YAML_MISSING = error

# Where Kubernetes mounts a pod's own identity.
_POD_FOLDER: Final = "/var/run/secrets/kubernetes.io/serviceaccount"


@dataclasses.dataclass(frozen=True, slots=True)
class Access:
    """How to reach one API server. `authority` and the client's certificate and key are PEM; the key is secret."""

    server: str
    login: Login
    authority: str = ""
    verify: bool = True
    server_name: str = ""
    proxy: str = ""
    certificate: str = ""
    key: str = dataclasses.field(default="", repr=False)
    source: str = ""


def access_of(cluster: Cluster, outside: Outside) -> Access:
    """The way to the profile's cluster: its kubeconfig, else $KUBECONFIG, else the pod's own account, else ~/.kube/config.

    Every secret that is read is registered first.
    """
    environ = outside.environ
    paths = _paths(cluster, environ)
    if not paths and environ.get("KUBERNETES_SERVICE_HOST") and os.path.exists(f"{_POD_FOLDER}/token"):
        return _in_cluster(outside)
    paths = paths or (os.path.join(environ.get("HOME", "~"), ".kube", "config"),)
    existing = [path for path in paths if os.path.exists(os.path.expanduser(path))]
    if not existing:
        raise NotFound(
            f"Read the kubeconfig {paths[0]}", "there is no such file", "Set cluster.kubeconfig in the environment's profile."
        )
    merged = merge([(path, _read(path)) for path in map(os.path.expanduser, existing)])
    return access_from(merged, cluster.context, existing[0], outside)


def _paths(cluster: Cluster, environ: Mapping[str, str]) -> tuple[str, ...]:
    if cluster.kubeconfig:
        return (cluster.kubeconfig,)
    return tuple(path for path in environ.get("KUBECONFIG", "").split(os.pathsep) if path)


def _read(path: str) -> Mapping[str, Any]:
    if YAML_MISSING:
        raise MissingLibrary("PyYAML", "read a kubeconfig", YAML_MISSING)
    try:
        data = yaml.load(pathlib.Path(path).read_text(encoding="utf-8"), _LOADER)  # noqa: S506 - a safe loader, as fast as there is
    except OSError as error:
        raise Unreachable(f"Read the kubeconfig {path}", str(error.strerror), "Let the user who runs Ansible read it.") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        # The parser's message quotes the line, which may hold a token.
        raise Invalid(f"Read the kubeconfig {path}", "it is not YAML", "Look at it with kubectl config view.") from None
    if not isinstance(data, Mapping):
        raise Invalid(f"Read the kubeconfig {path}", "it is empty or not a mapping", "Look at it with kubectl config view.")
    return data


def merge(files: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Several kubeconfigs as one, by kubectl's rule: the first to name a thing wins. Each entry remembers its folder."""
    merged: dict[str, Any] = {"current-context": "", "contexts": {}, "clusters": {}, "users": {}}
    for path, data in files:
        merged["current-context"] = merged["current-context"] or data.get("current-context") or ""
        for section, inner in (("contexts", "context"), ("clusters", "cluster"), ("users", "user")):
            for entry in data.get(section) or ():
                name = str(entry.get("name"))
                merged[section].setdefault(name, {**(entry.get(inner) or {}), "_folder": os.path.dirname(path)})
    return merged


def access_from(merged: Mapping[str, Any], context: str, source: str, outside: Outside) -> Access:
    """The access that one context of merged kubeconfigs gives; Invalid names what is missing in which file."""
    name = context or merged["current-context"]
    chosen = merged["contexts"].get(name)
    if chosen is None:
        known = ", ".join(sorted(merged["contexts"])) or "none"
        raise Invalid(f"Use the context {name!r} of {source}", f"it has the contexts: {known}", "Set cluster.context.")
    cluster = merged["clusters"].get(chosen.get("cluster"))
    if not cluster or not cluster.get("server"):
        raise Invalid(f"Use the context {name!r} of {source}", f"cluster {chosen.get('cluster')!r} has no server there")
    user = merged["users"].get(chosen.get("user")) or {}
    what = f"user {chosen.get('user')!r} of {source}"
    return Access(
        server=str(cluster["server"]).rstrip("/"),
        login=_login(user, what, cluster, outside),
        authority=_pem(cluster, "certificate-authority", f"cluster {chosen.get('cluster')!r} of {source}"),
        verify=not cluster.get("insecure-skip-tls-verify", False),
        server_name=str(cluster.get("tls-server-name") or ""),
        proxy=str(cluster.get("proxy-url") or ""),
        certificate=_pem(user, "client-certificate", what),
        key=outside.register(_pem(user, "client-key", what)),
        source=source,
    )


def _login(user: Mapping[str, Any], what: str, cluster: Mapping[str, Any], outside: Outside) -> Login:
    register = outside.register
    if user.get("token"):
        return token(register(str(user["token"])))
    if user.get("tokenFile"):
        return from_file(_beside(user, user["tokenFile"]), register)
    if user.get("exec"):
        return ExecLogin(what, user["exec"], user["_folder"], cluster, outside)
    if user.get("username"):
        return basic(str(user["username"]), register(str(user.get("password") or "")))
    if user.get("auth-provider"):
        return ProviderLogin(what, {key: value for key, value in user.items() if key != "_folder"}, outside)
    return nobody()


def _beside(entry: Mapping[str, Any], path: str) -> str:
    return os.path.normpath(os.path.join(entry["_folder"], os.path.expanduser(str(path))))


def _pem(entry: Mapping[str, Any], field: str, what: str) -> str:
    data = entry.get(f"{field}-data")
    if data:
        try:
            return base64.b64decode(data, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise Invalid(f"Read {field}-data of {what}", "it is not base64 of a PEM text") from None
    if not entry.get(field):
        return ""
    path = _beside(entry, entry[field])
    try:
        return pathlib.Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Unreachable(f"Read {field} of {what}", f"{path} cannot be read") from None


def _in_cluster(outside: Outside) -> Access:
    environ = outside.environ
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT", "443")
    return Access(
        server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        login=from_file(f"{_POD_FOLDER}/token", outside.register),
        authority=pathlib.Path(f"{_POD_FOLDER}/ca.crt").read_text(encoding="utf-8"),
        source="the pod's own service account",
    )
