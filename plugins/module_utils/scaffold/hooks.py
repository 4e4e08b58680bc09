# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Health and metrics as files of the app: the wrapper around it, never a change of its own code."""

from __future__ import annotations

from collections.abc import Iterable

from ..app import App
from . import hook_node, hook_python
from .formats import json_bytes, python_value
from .model import HEALTH, Browser, Entry, File, Source


def hooks(app: App, source: Source, browser: Iterable[Browser] = ()) -> tuple[File, ...]:
    """The files that give the app its health and metrics; none for a runtime we do not know in depth."""
    if source.runtime == "python" and source.entry is not None:
        return (
            File("platform_hooks.py", _filled(hook_python.HOOKS, {"service": python_value(app.name)}).encode(), HEALTH),
            File("goldenpath_entry.py", _entry(app, source.entry, browser).encode(), HEALTH),
        )
    if source.runtime == "node":
        said = {"health": app.workload.health_path, "metrics": app.workload.metrics_path, "service": app.name}
        text = _filled(hook_node.HOOKS, {name: _json(value) for name, value in said.items()})
        return (File("goldenpath_hooks.cjs", text.encode(), HEALTH),)
    if source.runtime == "static":
        # Names and paths are the catalog's: letters, digits and a few signs that nginx does not read.
        workload = {"port": str(app.workload.port), "health": app.workload.health_path, "metrics": app.workload.metrics_path}
        text = _filled(hook_node.NGINX, {**workload, "service": app.name})
        return (File("goldenpath-nginx.conf", text.encode(), HEALTH),)
    return ()


def _json(text: str) -> str:
    return json_bytes(text).decode().strip()


def _entry(app: App, entry: Entry, browser: Iterable[Browser]) -> str:
    marks: dict[str, dict[str, str]] = {}
    for one in browser:
        marks.setdefault("/" + one.file, {})[one.mark] = one.variable
    values = {
        "module": python_value(entry.module),
        "attribute": python_value(entry.attribute),
        "is_factory": python_value(entry.is_factory),
        "health": python_value(app.workload.health_path),
        "metrics": python_value(app.workload.metrics_path),
        "port": python_value(app.workload.port),
        "browser": python_value(marks),
        "wrapper": "Asgi" if entry.protocol == "asgi" else "Wsgi",
        "serve": hook_python.SERVE[entry.protocol].rstrip("\n"),
    }
    return _filled(hook_python.ENTRY, values)


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"@@{name}@@", value)
    return text
