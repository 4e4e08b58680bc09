# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the secrets of an estate of the whole-road tests stand: every value there ever was, looked for in every file."""

from __future__ import annotations

import base64
import json
import re
import urllib.parse
from collections.abc import Mapping
from typing import Any

from witness import aws


def spellings(value: str) -> tuple[bytes, ...]:
    """As it stands, in base64, and as a URL has it."""
    return value.encode(), base64.b64encode(value.encode()), urllib.parse.quote(value, safe="").encode()


def told(text: str, secrets: Mapping[str, str]) -> list[str]:
    """Which of the secrets stand in a text, or in what is base64 in it."""
    whole = f"{text}\n{unwrapped(text)}".encode()
    return [name for name, value in secrets.items() if any(way in whole for way in spellings(value))]


def unwrapped(text: str) -> str:
    """What every run of base64 in a text holds."""
    found = []
    for run in re.findall(r"[A-Za-z0-9+/_-]{24,}", text):
        standard = run.translate(str.maketrans("-_", "+/"))
        # A run may begin with letters that are not of it, and a length that base64 never has is one more of them.
        for start in range(4):
            part = standard[start:]
            found.append(base64.b64decode(part[: len(part) // 4 * 4]).decode(errors="replace"))
    return "\n".join(found)


def stored(estate: Any) -> dict[str, str]:
    """Every secret value that the store ever held for the app, by name and version."""
    store = aws(estate, "secretsmanager")
    found = {}
    for secret in store.list_secrets()["SecretList"]:
        for version in store.list_secret_version_ids(SecretId=secret["Name"], IncludeDeprecated=True)["Versions"]:
            value = store.get_secret_value(SecretId=secret["Name"], VersionId=version["VersionId"])["SecretString"]
            secret_parts = ("password", "api_key", "value")
            parts = {key: part for key, part in json.loads(value).items() if key in secret_parts}
            found |= {f"{secret['Name']}/{key} {version['VersionId']}": part for key, part in parts.items()}
    return found


# What the sandbox made for itself, and the only file that each may stand in.
OWN = {
    "postgresql/admin-password",
    "openbao/root-token",
    "restaurant-api/admin-token",
    "kubernetes/admin-token",
    "registry/http-secret",
}


def of_the_sandbox(estate: Any) -> dict[str, str]:
    """The secrets of the parts themselves."""
    return {name: (estate.state / "sandbox" / name).read_text().strip() for name in OWN}


def leaks(estate: Any, secrets: dict[str, str]) -> list[str]:
    """Every file of the estate that holds a secret, but those that must: the app's own history and what stores them."""
    allowed = (
        "sandbox/git/",
        "sandbox/aws/",
        "sandbox/postgresql/data/",
        "sandbox/restaurant-api/",
        "repositories/",
        "sandbox/apps/",
        "sandbox/kubernetes/kubeconfig",
        "sandbox/kubernetes/tokens.csv",
        "sandbox/registry/config.json",
        *(f"sandbox/{name}" for name in OWN),
    )
    found = []
    for folder in (estate.state, estate.home):
        for path in folder.rglob("*"):
            inside = str(path.relative_to(folder))
            if not path.is_file() or path.is_symlink() or (folder == estate.state and inside.startswith(allowed)):
                continue
            content = path.read_bytes()
            if inside.startswith("sandbox/registry/") and content.startswith(b"app/"):
                continue  # the layer of the image as found holds the code as found
            found += [f"{name} in {inside}" for name, value in secrets.items() if any(way in content for way in spellings(value))]
    return found
