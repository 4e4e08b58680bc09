# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The smaller files: updates by a bot, who reviews, what is never committed, how a developer starts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ..app import App
from . import pins
from .formats import comment, json_bytes, yaml_bytes
from .model import REVIEW, SECRETS, UPDATES, File, Source

_HEAD: Final = "Made by goldenpath.microapps. Edit it freely: your lines survive an update."
_ECOSYSTEMS: Final = {
    "python": "pip",
    "node": "npm",
    "go": "gomod",
    "java": "maven",
    "dotnet": "nuget",
    "php": "composer",
    "ruby": "bundler",
}
_NEVER_COMMITTED: Final = (
    ".env",
    ".env.*",
    "!.env.example",
    "*.pem",
    "*.key",
    "*.p12",
    "__pycache__/",
    ".venv/",
    "node_modules/",
    ".terraform/",
)
_DEVCONTAINERS: Final = {
    "python": ("mcr.microsoft.com/devcontainers/python:1-3.13-bookworm", ("python", "-m", "pip", "install", "--user", "-r")),
    "node": ("mcr.microsoft.com/devcontainers/javascript-node:1-22-bookworm", ("npm", "install")),
    "go": ("mcr.microsoft.com/devcontainers/go:1-1.25-bookworm", ("go", "mod", "download")),
}


def project(app: App, source: Source, variables: Iterable[str]) -> tuple[File, ...]:
    """All of them; `variables` are the names the app reads from its environment."""
    return (
        _dependabot(source),
        _owners(app),
        File(".gitignore", _lines(_NEVER_COMMITTED), SECRETS, lines=True),
        _hooks(),
        File(".env.example", _lines([f"{name}=" for name in dict.fromkeys(variables)]), SECRETS, lines=True),
        _devcontainer(app, source),
    )


def _lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _dependabot(source: Source) -> File:
    kinds = [_ECOSYSTEMS[source.runtime]] if source.runtime in _ECOSYSTEMS and source.installs != "uv" else []
    kinds += ["uv"] if source.installs == "uv" else []
    kinds += ["docker", "github-actions", "terraform"]
    updates = [
        {
            "package-ecosystem": kind,
            "directory": "/infrastructure" if kind == "terraform" else "/",
            "schedule": {"interval": "weekly"},
            # A release that was just taken over by somebody is often found out within days.
            "cooldown": {"default-days": 7},
            "open-pull-requests-limit": 5,
            "groups": {kind: {"patterns": ["*"]}},
        }
        for kind in kinds
    ]
    return File(".github/dependabot.yml", yaml_bytes({"version": 2, "updates": updates}, _HEAD), UPDATES, keeps_good=True)


def _owners(app: App) -> File:
    people = " ".join(dict.fromkeys((app.owner.email, app.maintainer.email)))
    text = comment(f"{_HEAD}\n{app.title}: {app.owner.name} answers for it.") + f"* {people}\n"
    return File(".github/CODEOWNERS", text.encode(), REVIEW)


def _hooks() -> File:
    # Built from source by Go, whose checksum database knows this version: no mutable tag is trusted.
    gitleaks = {
        "id": "gitleaks",
        "name": "no secrets",
        "language": "golang",
        "entry": "gitleaks git --pre-commit --staged --redact --no-banner",
        "additional_dependencies": [f"github.com/zricethezav/gitleaks/v8@v{pins.GITLEAKS_RELEASE}"],
        "pass_filenames": False,
    }
    return File(".pre-commit-config.yaml", yaml_bytes({"repos": [{"repo": "local", "hooks": [gitleaks]}]}, _HEAD), SECRETS)


def _devcontainer(app: App, source: Source) -> File:
    image, install = _DEVCONTAINERS.get(source.runtime, ("mcr.microsoft.com/devcontainers/base:1-bookworm", ()))
    data: dict[str, Any] = {"name": app.title, "image": image, "forwardPorts": [app.workload.port], "remoteUser": "vscode"}
    if source.runtime == "node":
        data["remoteUser"] = "node"
    if install and source.runtime == "python":
        data["postCreateCommand"] = [*install, "requirements-test.txt"]
    elif install:
        data["postCreateCommand"] = list(install)
    return File(".devcontainer/devcontainer.json", json_bytes(data))
