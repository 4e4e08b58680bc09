# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads YAML with the line of every mapping, so that a finding has a place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...errors import MissingLibrary

try:
    import yaml

    YAML_MISSING: ImportError | None = None
except ImportError as error:
    YAML_MISSING = error

LINE = "\x00line"


def documents(text: str) -> tuple[dict[Any, Any], ...]:
    """Every mapping at the top of a YAML stream, its line under the key LINE; nothing if it is no YAML."""
    if YAML_MISSING:
        raise MissingLibrary("PyYAML", "judge the files of a repository", YAML_MISSING)
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
        return tuple(made for node in nodes if node is not None and isinstance(made := _made(node), dict))
    except (yaml.YAMLError, RecursionError, ValueError):
        return ()


def _made(node: yaml.Node, depth: int = 0) -> Any:
    if depth > 60:
        raise ValueError("nested too deeply")
    if isinstance(node, yaml.MappingNode):
        made = {_key(key): _made(value, depth + 1) for key, value in node.value}
        return {**made, LINE: node.start_mark.line + 1}
    if isinstance(node, yaml.SequenceNode):
        return [_made(item, depth + 1) for item in node.value]
    if isinstance(node, yaml.ScalarNode):
        if node.tag.endswith((":bool", ":null")):
            return {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False}.get(node.value.lower())
        return node.value
    return None


def _key(node: yaml.Node) -> str:
    # YAML 1.1 takes `on` for true; a workflow's key is the word.
    return node.value if isinstance(node, yaml.ScalarNode) else ""


def mapping(value: Any) -> dict[Any, Any]:
    """`value` if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> Iterator[tuple[str, Any]]:
    """The entries of a mapping without its line."""
    return ((key, item) for key, item in mapping(value).items() if key != LINE)


def listing(value: Any) -> list[Any]:
    """`value` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def line(value: Any, fallback: int = 1) -> int:
    """The line of a mapping."""
    return int(value[LINE]) if isinstance(value, Mapping) and LINE in value else fallback


def resources(text: str) -> tuple[dict[Any, Any], ...]:
    """Kubernetes objects of a YAML stream, lists opened."""
    found: list[dict[Any, Any]] = []
    for document in documents(text):
        if str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list):
            found += [item for item in document["items"] if isinstance(item, dict)]
        elif "kind" in document and "apiVersion" in document:
            found.append(document)
    return tuple(found)
