# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The image in an environment's Kustomize overlay: read, and pinned to a digest by rewriting its own lines only. Pure.

Everything else in the file, comments and order included, is its owner's and stays as it is.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from ..errors import Invalid, MissingLibrary

try:
    import yaml

    YAML_MISSING: ImportError | None = None
except ImportError as error:
    YAML_MISSING = error

# The container of the base's Deployment that runs the app.
CONTAINER: Final = "app"
# The tag of an overlay that nothing was promoted to yet.
UNRELEASED: Final = "unreleased"
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_FIELDS: Final = ("newName", "digest", "newTag")


@dataclasses.dataclass(frozen=True, slots=True)
class Pin:
    """What an overlay says of one image: its `HOST/PATH` ('' if it keeps its name), its digest and its tag ('' if none)."""

    repository: str = ""
    digest: str = ""
    tag: str = ""


def path_of(environment: str) -> str:
    """Where the overlay of an environment lies in an app's repository."""
    return f"deploy/overlays/{environment}/kustomization.yaml"


def pin_in(content: bytes, name: str) -> Pin:
    """What the overlay says of the image called `name`; an empty Pin where it says nothing. `Invalid` if it cannot be read."""
    entry = _entry(_loaded(content), name) or {}
    repository, digest, tag = (str(value) if isinstance(value := entry.get(key), str) else "" for key in _FIELDS)
    return Pin(repository, digest if _DIGEST.fullmatch(digest) else "", tag)


def pinned(content: bytes, name: str, pin: Pin) -> bytes:
    """The overlay with this image pinned. `Invalid` where it does not name the image as a block of its own lines."""
    if pin_in(content, name) == pin:
        return content
    text = content.decode("utf-8")
    node = _node(text, name)
    start, end, column = node.start_mark.index, node.end_mark.index, node.start_mark.column
    values = {"name": name, **({"newName": pin.repository} if pin.repository else {}), "digest": pin.digest}
    lines = [f"{key}: {json.dumps(value) if key != 'name' else _plain(value)}" for key, value in values.items()]
    # A block's end mark stands behind the line breaks and comments that follow it: those are not its own.
    tail = text[start:end]
    kept = tail[len(tail.rstrip()) :]
    new = ("\n" + " " * column).join(lines)
    made: bytes = (text[:start] + new + kept + text[end:]).encode("utf-8")
    _only_this_changed(content, made, name, values)
    return made


def _plain(value: str) -> str:
    return value if re.fullmatch(r"[a-z][a-z0-9._/-]*", value) else json.dumps(value)


def _only_this_changed(before: bytes, after: bytes, name: str, values: Mapping[str, str]) -> None:
    old, new = _loaded(before), _loaded(after)
    entry = _entry(new, name)
    others = [[one for one in data.get("images") or () if one.get("name") != name] for data in (old, new)]
    rest = [{key: value for key, value in data.items() if key != "images"} for data in (old, new)]
    if entry != dict(values) or others[0] != others[1] or rest[0] != rest[1]:
        raise Invalid(
            f"The image {name} in the overlay", "it cannot be pinned without changing something else", "Pin it by hand."
        )


def _loaded(content: bytes) -> Mapping[str, Any]:
    if YAML_MISSING:
        raise MissingLibrary("PyYAML", "read a Kustomize overlay", YAML_MISSING)
    try:
        data = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError):
        raise Invalid("The overlay is not YAML", next_step="Mend it on the branch.") from None
    if not isinstance(data, dict):
        raise Invalid("The overlay is no Kustomization", next_step="Mend it on the branch.")
    return data


def _entry(data: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    images = data.get("images")
    found = [one for one in images if isinstance(one, dict) and one.get("name") == name] if isinstance(images, list) else []
    if len(found) > 1:
        raise Invalid(f"The image {name} stands {len(found)} times in the overlay", next_step="Keep one of them.")
    return found[0] if found else None


def _node(text: str, name: str) -> Any:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == "images" and isinstance(value, yaml.SequenceNode):
            for item in value.value:
                pairs = item.value if isinstance(item, yaml.MappingNode) and not item.flow_style else ()
                if any(key.value == "name" and value.value == name for key, value in pairs):
                    return item
    raise Invalid(
        f"The overlay does not name the image {name}", "it has no entry of its own below images", "Add one on the branch."
    )
