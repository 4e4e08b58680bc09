# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the sandbox's Kubernetes control plane needs before it starts: certificate, tokens, kubeconfig, audit policy, node."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import http.client
import ipaddress
import json
import pathlib
import ssl
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ..errors import Invalid, MissingLibrary, Unreachable
from ..state_folder import collection_root
from .layout import Layout, write_private

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    CRYPTOGRAPHY_MISSING: ImportError | None = None
except ImportError as error:
    CRYPTOGRAPHY_MISSING = error
try:
    import yaml
except ImportError as error:
    YAML_MISSING: ImportError | None = error
else:
    YAML_MISSING = None

CONTEXT: Final = "sandbox"
NODE: Final = "sandbox-node"
_DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
# What a person would read first in an audit: who changed what; reads by the control plane itself would drown it.
_AUDIT_POLICY: Final = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "users": ["system:apiserver", "system:kube-controller-manager", "system:kube-scheduler", "kwok"]},
        {"level": "None", "nonResourceURLs": ["/healthz*", "/readyz*", "/livez*", "/version", "/openapi/*"]},
        {"level": "Metadata"},
    ],
}
# Name in the audit log -> groups. The control plane's own programs are told apart from the person at the keyboard.
_USERS: Final = {
    "sandbox-admin": ("system:masters",),
    "system:kube-controller-manager": ("system:masters",),
    "system:kube-scheduler": ("system:masters",),
    "kwok": ("system:masters",),
}


@dataclasses.dataclass(frozen=True, slots=True)
class ClusterFiles:
    """The files in `<sandbox>/kubernetes`."""

    folder: pathlib.Path

    @property
    def certificate(self) -> pathlib.Path:
        """The server's self-signed certificate, which is also what clients trust."""
        return self.folder / "server.crt"

    @property
    def key(self) -> pathlib.Path:
        """Its private key."""
        return self.folder / "server.key"

    @property
    def accounts_key(self) -> pathlib.Path:
        """What service account tokens are signed with."""
        return self.folder / "service-accounts.key"

    @property
    def tokens(self) -> pathlib.Path:
        """The bearer tokens the API server knows."""
        return self.folder / "tokens.csv"

    @property
    def admin_token(self) -> pathlib.Path:
        """The administrator's token alone."""
        return self.folder / "admin-token"

    @property
    def audit_log(self) -> pathlib.Path:
        """One JSON line for each request of somebody else than the control plane, at metadata level."""
        return self.folder / "audit.log"

    def kubeconfig(self, user: str = "") -> pathlib.Path:
        """The administrator's kubeconfig, or that of one program of the control plane."""
        return self.folder / (f"kubeconfig-{user.rpartition(':')[2]}" if user else "kubeconfig")


def files_of(layout: Layout) -> ClusterFiles:
    """The cluster's files in this sandbox."""
    return ClusterFiles(layout.path("kubernetes"))


def prepare(layout: Layout, port: int, now: datetime.datetime, new_token: Callable[[], str]) -> None:
    """Make what is missing; keep what is there, so that tokens and certificates stay good over restarts."""
    if CRYPTOGRAPHY_MISSING:
        raise MissingLibrary("cryptography", "make the sandbox's certificates", CRYPTOGRAPHY_MISSING)
    files = files_of(layout)
    files.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not files.accounts_key.exists():
        # The certificate last in its pair: a kill in between makes both anew.
        write_private(files.accounts_key, _pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)))
    if not files.certificate.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        write_private(files.key, _pem(key))
        write_private(files.certificate, _certificate(key, now).public_bytes(serialization.Encoding.PEM))
    if not files.tokens.exists():
        write_private(
            files.tokens, "".join(f'{new_token()},{user},{user},"{",".join(groups)}"\n' for user, groups in _USERS.items())
        )
    tokens = {line.split(",")[1]: line.split(",")[0] for line in files.tokens.read_text(encoding="utf-8").splitlines()}
    write_private(files.admin_token, tokens["sandbox-admin"])
    for user, token in tokens.items():
        name = "" if user == "sandbox-admin" else user
        write_private(files.kubeconfig(name), json.dumps(_kubeconfig(files, port, user, token), indent=1) + "\n")
    write_private(files.folder / "audit-policy.yaml", json.dumps(_AUDIT_POLICY))


def _pem(key: Any) -> bytes:
    text: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return text


def _certificate(key: Any, now: datetime.datetime) -> Any:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "goldenpath sandbox")])
    names = [
        x509.DNSName("localhost"),
        x509.DNSName("kubernetes.default.svc"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _kubeconfig(files: ClusterFiles, port: int, user: str, token: str) -> dict[str, Any]:
    authority = base64.b64encode(files.certificate.read_bytes()).decode()
    server = {"server": f"https://127.0.0.1:{port}", "certificate-authority-data": authority}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": server}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": user}}],
        "current-context": CONTEXT,
    }


def stages() -> tuple[pathlib.Path, ...]:
    """kwok's rules, a file each: how a pod becomes ready and a node stays so."""
    return tuple(sorted((collection_root() / "roles" / "sandbox" / "files" / "kwok").glob("*.yaml")))


@dataclasses.dataclass(frozen=True, slots=True)
class Api:
    """The few requests the sandbox itself makes to its API server; never through a proxy."""

    port: int
    files: ClusterFiles

    def call(self, method: str, path: str, body: Any = None, content: str = "application/json") -> tuple[int, Any]:
        """One request as the administrator: status and decoded answer. Unreachable when nobody answers."""
        context = ssl.create_default_context(cafile=str(self.files.certificate))
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=5, context=context)
        headers = {"Authorization": f"Bearer {self.files.admin_token.read_text(encoding='utf-8')}", "Content-Type": content}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable("The sandbox's API server does not answer", type(error).__name__) from None
        finally:
            connection.close()
        is_json = answer.getheader("Content-Type", "").startswith("application/json")
        return answer.status, json.loads(text) if is_json else text.decode(errors="replace")

    def identity(self) -> str:
        """The UID of kube-system, '' while it is not there yet."""
        status, answer = self.call("GET", "/api/v1/namespaces/kube-system")
        return str(answer["metadata"]["uid"]) if status == http.client.OK else ""

    def node_is_ready(self) -> bool:
        """Whether pods can run: makes the one node if it is missing, and asks whether kwok keeps it."""
        status, node = self.call("GET", f"/api/v1/nodes/{NODE}")
        if status == http.client.NOT_FOUND:
            self.call("POST", "/api/v1/nodes", _node())
            return False
        conditions = node.get("status", {}).get("conditions") if status == http.client.OK else None
        return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions or [])

    def apply_definition(self, definition: Mapping[str, Any]) -> None:
        """Have the server know a CustomResourceDefinition, as it stands in our file."""
        path = f"{_DEFINITIONS}/{definition['metadata']['name']}?fieldManager=goldenpath-sandbox&force=true"
        status, answer = self.call("PATCH", path, definition, "application/apply-patch+yaml")
        if status not in (http.client.OK, http.client.CREATED):
            raise Invalid(f"The sandbox's cluster refused {definition['metadata']['name']}", str(answer.get("message", status)))

    def serves(self, definition: Mapping[str, Any]) -> bool:
        """Whether objects of this CustomResourceDefinition can be made."""
        status, found = self.call("GET", f"{_DEFINITIONS}/{definition['metadata']['name']}")
        conditions = found.get("status", {}).get("conditions") if status == http.client.OK else None
        return any(condition["type"] == "Established" and condition["status"] == "True" for condition in conditions or [])


def definition_files() -> tuple[bytes, ...]:
    """The files with the CustomResourceDefinitions that our objects are written for (roles/sandbox/files/crds)."""
    folder = collection_root() / "roles" / "sandbox" / "files" / "crds"
    return tuple(path.read_bytes() for path in sorted(folder.glob("*.yaml")))


def definitions(files: Iterable[bytes]) -> tuple[dict[str, Any], ...]:
    """The CustomResourceDefinitions in these YAML files; whatever else is in them is left out."""
    if YAML_MISSING:
        raise MissingLibrary("PyYAML", "read the custom resource definitions", YAML_MISSING)
    # libyaml's loader where it is compiled in: some definitions have 20,000 lines.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents = [document for content in files for document in yaml.load_all(content, loader)]
    return tuple(document for document in documents if document and document["kind"] == "CustomResourceDefinition")


def _node() -> dict[str, Any]:
    size = {"cpu": "32", "memory": "256Gi", "pods": "1000", "ephemeral-storage": "1Ti"}
    labels = {"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": NODE, "labels": labels},
        "status": {"allocatable": size, "capacity": size},
    }
