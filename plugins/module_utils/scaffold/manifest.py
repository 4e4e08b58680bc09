# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the scaffold remembers on the branch: what it generated last, so that its lines are told from the owner's."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from ..app import App
from .formats import json_bytes
from .model import TEMPLATE_VERSION

_ABOUT: Final = (
    "Made by goldenpath.microapps. It tells generated lines from the owner's at the next update: leave it to the tool."
)


@dataclasses.dataclass(frozen=True, slots=True)
class Made:
    """One file as it was generated last: the object that holds it, its digest, and for files of lines the lines themselves.

    A file that is remembered here and is not on the branch was taken away by the owner: it is not made again.
    """

    blob: str
    sha256: str
    lines: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """Every generated file by its path, with the template and the catalog entry it was made from."""

    files: Mapping[str, Made]
    template: int = TEMPLATE_VERSION
    catalog: str = ""


def read(text: bytes | None) -> Manifest:
    """The manifest of a branch; an empty one if there is none or somebody broke it."""
    try:
        data = json.loads(text or b"")
        files = {
            str(path): Made(str(one["blob"]), str(one["sha256"]), tuple(one.get("lines", ())))
            for path, one in data["files"].items()
        }
        return Manifest(files, int(data["template"]), str(data["catalog"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Manifest({})


def write(manifest: Manifest) -> bytes:
    """The manifest as it is kept."""
    files: dict[str, dict[str, Any]] = {}
    for path, made in sorted(manifest.files.items()):
        files[path] = {"blob": made.blob, "sha256": made.sha256}
        if made.lines:
            files[path]["lines"] = list(made.lines)
    return json_bytes({"about": _ABOUT, "template": manifest.template, "catalog": manifest.catalog, "files": files})


def made(content: bytes, is_lines: bool) -> Made:
    """The entry of a file that was just generated."""
    lines = tuple(content.decode().splitlines()) if is_lines else ()
    return Made(blob_name(content), hashlib.sha256(content).hexdigest(), lines)


def blob_name(content: bytes) -> str:
    """The name git gives to a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def catalog_digest(apps: tuple[App, ...]) -> str:
    """A digest of everything the catalog says about the app in all its environments; not of where the file lies."""
    data = [{**dataclasses.asdict(app), "file": ""} for app in apps]
    return "sha256:" + hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()
