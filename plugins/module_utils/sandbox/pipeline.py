# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The sandbox's stand-in for the example app's own CI: its image built, pushed, signed and attested, once.

There is no container engine here: the image is the app's files and a configuration, the same bytes for the same commit. It is
signed by the real cosign with a key that is made at the first start. The tag (the commit, as in the scaffolded workflow) comes
last: while it is not there, a run that was killed is done again; once it is, nothing is touched any more, and a signature that
goes missing stays missing.
"""

from __future__ import annotations

import dataclasses
import io
import json
import pathlib
import re
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..errors import MicroappsError
from ..oci.client import MANIFEST, RemoteRepository, digest_of
from ..oci.model import Descriptor
from ..oci.push import described, entry, put_blob, put_manifest
from .checkout import checked_out
from .layout import Layout, write_private

IMAGE: Final = "where2eat"
# Who says that it was built: the policy of the sandbox's profile names exactly this.
BUILDER: Final = "https://goldenpath.example/sandbox/pipeline"
SIGNER: Final = "sandbox-pipeline"
_BUILD_TYPE: Final = "https://goldenpath.example/sandbox/pipeline/v1"
_LAYER: Final = "application/vnd.oci.image.layer.v1.tar"
_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
# No transparency log and no time stamps: nothing of the sandbox reaches a public service.
_SIGNING_CONFIG: Final = {
    "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
    "rekorTlogConfig": {},
    "tsaConfig": {},
}
_SECONDS: Final = 60
_REQUIREMENT: Final = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?(?:==(?P<version>[A-Za-z0-9.+!-]+))?")


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """What is built: the repository's URL, its branch and the commit."""

    repository: str
    branch: str
    commit: str


def public_key(layout: Layout) -> pathlib.Path:
    """Where the key lies that images are verified with."""
    return layout.path("pipeline", "cosign.pub")


def policy(layout: Layout) -> dict[str, Any]:
    """The `signature_policy` of the sandbox's profile: signed by the pipeline, with what it says about the image."""
    bill: dict[str, Any] = {"sbom": {"formats": ["cyclonedx"]}}
    built = {"provenance": {"builders": [BUILDER], "build_types": [_BUILD_TYPE], "level": 1}}
    return {
        "signers": [{"name": SIGNER, "role": "ci", "key": str(public_key(layout))}],
        "require": [{"role": "ci"}],
        "attestations": {"light": bill, "full": {**bill, **built}},
    }


def released(
    layout: Layout,
    repository: RemoteRepository,
    source: Source,
    cosign: pathlib.Path,
    environ: Mapping[str, str],
    random_bytes: Callable[[int], bytes],
) -> bool:
    """Build, push, sign and tag the image of a commit, if the tag is not there; whether anything was done."""
    if repository.manifest(source.commit) is not None:
        return False
    tool = _Cosign(layout, cosign, environ)
    tool.make_keys(random_bytes)
    # Where the app's releases are checked out anyway.
    folder = checked_out(source.repository, source.branch, source.commit, layout.path("apps", IMAGE), environ)
    image, data = _pushed(repository, folder, source)
    name = f"{repository.name}@{image.digest}"
    tool.run("sign", "--signing-config", tool.signing_config, "--key", tool.key, "--yes", name)
    for kind, predicate in (("cyclonedx", _bill(folder, source)), ("slsaprovenance1", _provenance(source))):
        file = layout.path("pipeline", f"{kind}.json")
        write_private(file, json.dumps(predicate, indent=1, sort_keys=True))
        options = ("--signing-config", tool.signing_config, "--key", tool.key, "--type", kind, "--predicate", str(file))
        tool.run("attest", *options, "--yes", name)
    put_manifest(repository, data, source.commit)
    return True


def _pushed(repository: RemoteRepository, folder: pathlib.Path, source: Source) -> tuple[Descriptor, dict[str, Any]]:
    layer = layer_of(folder)
    config = json.dumps(_config(layer, source), sort_keys=True).encode()
    for content in (layer, config):
        put_blob(repository, content)
    data = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": entry(described(_CONFIG, config)),
        "layers": [entry(described(_LAYER, layer))],
        "annotations": {"org.opencontainers.image.revision": source.commit, "org.opencontainers.image.source": source.repository},
    }
    return put_manifest(repository, data), data


def layer_of(folder: pathlib.Path) -> bytes:
    """The files of a folder below /app as a tar: sorted, without times and owners, so that the same files are the same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
            content = path.read_bytes()
            member = tarfile.TarInfo(f"app/{path.relative_to(folder).as_posix()}")
            member.size, member.mode, member.uid, member.gid, member.mtime = len(content), 0o644, 10001, 10001, 0
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _config(layer: bytes, source: Source) -> dict[str, Any]:
    return {
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "User": "10001",
            "WorkingDir": "/app",
            "Cmd": ["python", "app.py"],
            "Labels": {"org.opencontainers.image.revision": source.commit},
        },
        "rootfs": {"type": "layers", "diff_ids": [digest_of(layer)]},
    }


def _bill(folder: pathlib.Path, source: Source) -> dict[str, Any]:
    """What the app says that it needs, as CycloneDX: a scanner's wheel would be larger than all of the sandbox's parts."""
    listed = folder / "requirements.txt"
    lines = listed.read_text(encoding="utf-8").splitlines() if listed.is_file() else []
    found = [match for line in lines if (match := _REQUIREMENT.match(line.strip()))]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": IMAGE, "version": source.commit, "bom-ref": IMAGE}},
        "components": [_component(match["name"].lower(), match["version"] or "") for match in found],
    }


def _component(name: str, version: str) -> dict[str, Any]:
    purl = f"pkg:pypi/{name}" + (f"@{version}" if version else "")
    return {"type": "library", "name": name, "purl": purl, "bom-ref": purl, **({"version": version} if version else {})}


def _provenance(source: Source) -> dict[str, Any]:
    material = {"uri": f"git+{source.repository}@refs/heads/{source.branch}", "digest": {"gitCommit": source.commit}}
    return {
        "buildDefinition": {
            "buildType": _BUILD_TYPE,
            "externalParameters": {"source": material["uri"]},
            "resolvedDependencies": [material],
        },
        "runDetails": {"builder": {"id": BUILDER}},
    }


@dataclasses.dataclass(frozen=True)
class _Cosign:
    """The real cosign with the sandbox's key; the password passes through its environment alone."""

    layout: Layout
    program: pathlib.Path
    environ: Mapping[str, str]

    @property
    def key(self) -> str:
        return str(self.layout.path("pipeline", "cosign.key"))

    @property
    def signing_config(self) -> str:
        return str(self.layout.path("pipeline", "signing-config.json"))

    def make_keys(self, random_bytes: Callable[[int], bytes]) -> None:
        """A key pair, where there is none yet; half of one is made anew."""
        self.layout.path("pipeline").mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(pathlib.Path(self.signing_config), json.dumps(_SIGNING_CONFIG))
        password = self.layout.path("pipeline", "password")
        if not password.exists():
            write_private(password, random_bytes(24).hex())
        if not public_key(self.layout).exists():
            pathlib.Path(self.key).unlink(missing_ok=True)
            self.run("generate-key-pair", "--output-key-prefix", str(self.layout.path("pipeline", "cosign")))

    def run(self, *arguments: str) -> None:
        """One command of cosign's."""
        password = self.layout.path("pipeline", "password").read_text(encoding="utf-8")
        environment = {
            **self.environ,
            "COSIGN_PASSWORD": password,
            "HOME": str(self.layout.path("pipeline")),
            "COSIGN_YES": "true",
        }
        try:
            done = subprocess.run(
                [str(self.program), *arguments], env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise MicroappsError(
                f"cosign {arguments[0]} of the example's image", f"it took over {_SECONDS} s", "Run again."
            ) from None
        if done.returncode:
            lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            raise MicroappsError(f"cosign {arguments[0]} of the example's image", " ".join(lines[-2:])[:300], "Run again.")
