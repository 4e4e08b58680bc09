# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Backstage's `catalog-info.yaml` as a catalog entry: what Backstage has no field for stands in annotations.

`metadata.name`, `.title`, `.description`, `spec.owner` and the source location are taken from where Backstage has them;
every other field is an annotation `goldenpath.microapps/<field>` (`goldenpath.microapps/owner.email` for one within a
mapping), because annotations are the one place where Backstage lets others write. Annotation values are text, so a list or
a number is written as YAML inside the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from .schema import APP_SCHEMA
from .source import Document, Faulty, Path, documents

FILES: Final = ("catalog-info.yaml", "catalog-info.yml")
PREFIX: Final = "goldenpath.microapps/"
API: Final = "backstage.io/"
_SOURCE: Final = "backstage.io/source-location"
_SLUG: Final = "github.com/project-slug"


def is_backstage(data: Any) -> bool:
    """Whether a document is an entity of Backstage's, by its apiVersion."""
    return isinstance(data, dict) and str(data.get("apiVersion", "")).startswith(API)


def is_component(data: Mapping[str, Any]) -> bool:
    """Whether it is an app; systems, APIs, groups and the like are passed over."""
    return data.get("kind") == "Component" and _mapping(_mapping(data, "metadata"), "annotations") != {}


def converted(document: Document) -> Document:
    """The entity as an entry of ours, with the line of every value; raises `Faulty` for an annotation that cannot be read."""
    data: dict[str, Any] = {}
    places: dict[Path, int] = {}
    for path, value, source in _values(document):
        target = data
        for part in path[:-1]:
            target = target.setdefault(part, {})
            if not isinstance(target, dict):
                raise Faulty(
                    document.line(source), f"{'.'.join(path)}: is given twice, whole, in parts or by the entity; keep one"
                )
        if path[-1] in target:
            raise Faulty(document.line(source), f"{'.'.join(path)}: is given twice, whole, in parts or by the entity; keep one")
        target[path[-1]] = value
        places[path] = document.line(source)
    return Document(data=data, node=document.node, places=places)


def _values(document: Document) -> Iterator[tuple[tuple[str, ...], Any, Path]]:
    metadata = _mapping(document.data, "metadata")
    spec = _mapping(document.data, "spec")
    annotations = _mapping(metadata, "annotations")
    for field in ("name", "title", "description"):
        if field in metadata:
            yield (field,), metadata[field], ("metadata", field)
    if "owner" in spec:
        # An entity reference: [kind:][namespace/]name.
        yield ("owner", "team"), str(spec["owner"]).rsplit("/", 1)[-1].rsplit(":", 1)[-1], ("spec", "owner")
    if _SOURCE in annotations:
        location = str(annotations[_SOURCE]).removeprefix("url:").rstrip("/")
        yield ("repository", "url"), location, ("metadata", "annotations", _SOURCE)
    elif _SLUG in annotations:
        url = f"https://github.com/{annotations[_SLUG]}.git"
        yield ("repository", "url"), url, ("metadata", "annotations", _SLUG)
    for key, value in annotations.items():
        if key.startswith(PREFIX):
            path = tuple(key.removeprefix(PREFIX).split("."))
            place = ("metadata", "annotations", key)
            yield path, _read(path, value, document.line(place)), place


def _read(path: tuple[str, ...], value: Any, line: int) -> Any:
    if not isinstance(value, str) or _is_text(path):
        return value
    try:
        found = documents(value)
    except Faulty as fault:
        raise Faulty(line, f"{PREFIX}{'.'.join(path)}: {fault.sentence}") from None
    return found[0].data if len(found) == 1 else value


def _is_text(path: tuple[str, ...]) -> bool:
    schema: Mapping[str, Any] = APP_SCHEMA
    for part in path:
        schema = schema.get("properties", {}).get(part, {})
    return schema.get("type") == "string"


def _mapping(data: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = data.get(field)
    return value if isinstance(value, dict) else {}
