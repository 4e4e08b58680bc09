# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The pipeline: what every change passes on its way to a signed image. No text of the catalog is ever part of a script."""

from __future__ import annotations

from typing import Any, Final

from ..app import App
from ..controls import Path
from ..oci.reference import written
from . import pins
from .formats import yaml_bytes
from .model import PIPELINE, File, Source

PATH: Final = ".github/workflows/ci.yml"
_HEAD: Final = """\
Made by goldenpath.microapps. Edit it freely: your lines survive an update.
Set the repository's variable REGISTRY (or, for Amazon ECR, also AWS_ROLE_ARN and AWS_REGION) where the image is published."""
_SECRETS: Final = """\
curl --fail --silent --show-error --location --output gitleaks.tar.gz \\
  "https://github.com/gitleaks/gitleaks/releases/download/v${RELEASE}/gitleaks_${RELEASE}_linux_x64.tar.gz"
echo "${SHA256}  gitleaks.tar.gz" | sha256sum --check --strict
tar --extract --gzip --file gitleaks.tar.gz gitleaks
git ls-files -z | tar --null --files-from - --create --file - | (mkdir ../tree && tar --extract --directory ../tree)
./gitleaks dir --no-banner --redact ../tree
if [ -n "${BASE}" ]; then ./gitleaks git --no-banner --redact --log-opts "${BASE}..HEAD" .; fi
"""
_NAME: Final = """\
test -n "${REGISTRY}" || { echo "Set the repository's variable REGISTRY first."; exit 1; }
echo "name=${REGISTRY}/${IMAGE}" >> "${GITHUB_OUTPUT}"
"""
_SIGN: Final = """\
cosign sign --yes "${IMAGE}@${DIGEST}"
docker buildx imagetools inspect "${IMAGE}@${DIGEST}" --format '{{ json .SBOM }}' > sbom.json
test "$(wc --bytes < sbom.json)" -gt 10
cosign attest --yes --type spdxjson --predicate sbom.json "${IMAGE}@${DIGEST}"
cosign verify --certificate-oidc-issuer https://token.actions.githubusercontent.com \\
  --certificate-identity "${IDENTITY}" "${IMAGE}@${DIGEST}" > verified.json
"""


def workflow(app: App, source: Source, path: Path) -> File:
    """`.github/workflows/ci.yml` for an app; the full path also scans for less grave weaknesses."""
    jobs: dict[str, Any] = {"secrets": _secrets(), "tests": _tests(source)}
    jobs["scan"] = _scan(path)
    jobs["release"] = _release(app, source)
    data = {
        "name": "ci",
        "on": {"push": {"branches": [source.branch]}, "pull_request": {}},
        "permissions": {},
        "concurrency": {"group": "ci-${{ github.ref }}", "cancel-in-progress": "${{ github.event_name == 'pull_request' }}"},
        "jobs": jobs,
    }
    return File(PATH, yaml_bytes(data, _HEAD), PIPELINE)


def _job(name: str, steps: list[dict[str, Any]], permissions: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        **more,
        "runs-on": "ubuntu-24.04",
        "timeout-minutes": 30,
        "permissions": permissions or {"contents": "read"},
        "steps": steps,
    }


def _checkout(**options: Any) -> dict[str, Any]:
    return {"uses": pins.CHECKOUT.uses, "with": {"persist-credentials": False, **options}}


def _secrets() -> dict[str, Any]:
    scan = {
        "name": "No secret in the tree or in what this change adds",
        "env": {
            "RELEASE": pins.GITLEAKS_RELEASE,
            "SHA256": pins.GITLEAKS_SHA256,
            "BASE": "${{ github.event.pull_request.base.sha }}",
        },
        "run": _SECRETS,
    }
    return _job("No secrets", [_checkout(**{"fetch-depth": 0}), scan])


def _tests(source: Source) -> dict[str, Any]:
    return _job("Tests", [_checkout(), *_toolchain(source)])


def _toolchain(source: Source) -> list[dict[str, Any]]:
    if source.runtime == "python":
        setup = {"uses": pins.SETUP_PYTHON.uses, "with": {"python-version": pins.PYTHON_VERSION}}
        return [setup, {"run": _install(source)}, {"run": "python -m pytest"}]
    if source.runtime == "node":
        setup = {"uses": pins.SETUP_NODE.uses, "with": {"node-version": pins.NODE_VERSION}}
        install = "npm ci" if source.has_lock else "npm install --no-audit --no-fund"
        build = [{"run": "npm run build"}] if source.has_build else []
        return [setup, {"run": install}, *build, {"run": "node --test test/goldenpath.test.cjs"}]
    if source.runtime == "go":
        setup = {"uses": pins.SETUP_GO.uses, "with": {"go-version": pins.GO_VERSION}}
        return [setup, {"run": "go test ./..."}]
    return [{"run": "sh tests/goldenpath.sh"}]


def _install(source: Source) -> str:
    lines = {
        "requirements": ["python -m pip install --requirement requirements.txt"],
        "poetry": [
            f"python -m pip install poetry=={pins.POETRY_RELEASE}",
            "poetry config virtualenvs.create false",
            "poetry install --no-root",
        ],
        "uv": [
            f"python -m pip install uv=={pins.UV_RELEASE}",
            "uv export --frozen --output-file lock.txt",
            "python -m pip install --requirement lock.txt",
        ],
        "project": ["python -m pip install ."],
    }.get(source.installs, [])
    return "\n".join([*lines, "python -m pip install --require-hashes --requirement requirements-test.txt"]) + "\n"


def _scan(path: Path) -> dict[str, Any]:
    # A job of its own with nothing worth stealing: scanners were the way in for the stealer of March 2026.
    build = {"name": "Build, without publishing", "run": "docker build --tag scanned:local .\n"}
    scan = {
        "uses": pins.TRIVY.uses,
        "with": {
            "version": pins.TRIVY_RELEASE,
            "image-ref": "scanned:local",
            "scanners": "vuln,misconfig",
            "severity": "CRITICAL,HIGH" if path is Path.FULL else "CRITICAL",
            "ignore-unfixed": True,
            "exit-code": "1",
        },
    }
    return _job("No known weakness", [_checkout(), build, scan])


def _release(app: App, source: Source) -> dict[str, Any]:
    image = written(app.image)
    host, name = image.registry, image.path
    rights = {"contents": "read", "packages": "write", "id-token": "write", "attestations": "write"}
    if host and host != "ghcr.io":
        rights.pop("packages")
    return _job(
        "Image, signed",
        _publishing(host, name),
        rights,
        needs=["secrets", "tests", "scan"],
        **{
            "if": f"github.event_name == 'push' && github.ref == 'refs/heads/{source.branch}'",
            "environment": "release",
            "outputs": {"image": "${{ steps.image.outputs.name }}", "digest": "${{ steps.build.outputs.digest }}"},
        },
    )


def _publishing(host: str, name: str) -> list[dict[str, Any]]:
    registry = host or "${{ vars.REGISTRY }}"
    return [
        _checkout(),
        {"id": "image", "env": {"REGISTRY": registry, "IMAGE": name}, "run": _NAME},
        *_logins(host),
        {"uses": pins.BUILDX.uses},
        {
            "id": "build",
            "uses": pins.BUILD.uses,
            "with": {
                "context": ".",
                "push": True,
                "tags": "${{ steps.image.outputs.name }}:${{ github.sha }}",
                "sbom": True,
                "provenance": "mode=max",
            },
        },
        {"uses": pins.COSIGN.uses, "with": {"cosign-release": pins.COSIGN_RELEASE}},
        {
            "name": "Signed by digest, with its bill of materials",
            "env": {
                "IMAGE": "${{ steps.image.outputs.name }}",
                "DIGEST": "${{ steps.build.outputs.digest }}",
                "IDENTITY": "${{ github.server_url }}/${{ github.workflow_ref }}",
            },
            "run": _SIGN,
        },
        {
            # Needs a public repository or GitHub Enterprise Cloud; elsewhere the provenance inside the signed image has to do.
            "if": "${{ !github.event.repository.private }}",
            "uses": pins.PROVENANCE.uses,
            "with": {
                "subject-name": "${{ steps.image.outputs.name }}",
                "subject-digest": "${{ steps.build.outputs.digest }}",
                "push-to-registry": True,
            },
        },
    ]


def _logins(host: str) -> list[dict[str, Any]]:
    aws: list[dict[str, Any]] = [
        {
            "uses": pins.AWS_LOGIN.uses,
            "with": {"role-to-assume": "${{ vars.AWS_ROLE_ARN }}", "aws-region": "${{ vars.AWS_REGION }}"},
        },
        {"uses": pins.ECR_LOGIN.uses},
    ]
    github: dict[str, Any] = {
        "uses": pins.LOGIN.uses,
        "with": {"registry": "ghcr.io", "username": "${{ github.actor }}", "password": "${{ secrets.GITHUB_TOKEN }}"},
    }
    if ".dkr.ecr." in host:
        return aws
    if host:
        return [{**github, "with": {**github["with"], "registry": host}}] if host == "ghcr.io" else [_other_login(host)]
    elsewhere = [{"if": "${{ vars.AWS_ROLE_ARN != '' }}", **step} for step in aws]
    return [*elsewhere, {"if": "${{ startsWith(vars.REGISTRY, 'ghcr.io') }}", **github}]


def _other_login(host: str) -> dict[str, Any]:
    return {
        "uses": pins.LOGIN.uses,
        "with": {"registry": host, "username": "${{ vars.REGISTRY_USER }}", "password": "${{ secrets.REGISTRY_TOKEN }}"},
    }
