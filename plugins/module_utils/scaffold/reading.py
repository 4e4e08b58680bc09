# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a repository shows that the baseline needs: where the app starts and how its dependencies are installed."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from .model import Entry, Source

_APPS: Final = {"Flask": "wsgi", "FastAPI": "asgi", "Starlette": "asgi", "Quart": "asgi", "Litestar": "asgi", "Bottle": "wsgi"}
_FACTORIES: Final = ("create_app", "make_app", "get_app", "build_app")
_SKIPPED: Final = ("tests/", "test/", "node_modules/", ".venv/", "venv/", "docs/", "migrations/", "alembic/", ".goldenpath/")
_LIKELY: Final = ("app.py", "main.py", "wsgi.py", "asgi.py", "server.py", "run.py", "__main__.py", "__init__.py")
OURS: Final = ("platform_hooks.py", "goldenpath_entry.py")


def wanted(paths: Iterable[str]) -> tuple[str, ...]:
    """The files that `source_of` reads, out of all paths."""
    python = [path for path in paths if path.endswith(".py") and not path.startswith(_SKIPPED) and "/tests/" not in path]
    return (*python, "package.json", "pyproject.toml")


def source_of(runtime: str, branch: str, paths: Iterable[str], texts: Mapping[str, bytes]) -> Source:
    """The Source of a repository: `runtime` as triage found it, all paths of the tree, the contents of the wanted files."""
    there = set(paths)
    if runtime == "python":
        entry = _entry(texts)
        script = next((path for path in ("app.py", "main.py", "server.py", "run.py", "bot.py") if path in there), "")
        return Source(runtime, _installs(there), entry, script, branch=branch)
    if runtime == "node":
        package = _package(texts.get("package.json", b""))
        scripts = package.get("scripts")
        scripts = scripts if isinstance(scripts, dict) else {}
        start = scripts.get("start") or (f"node {package['main']}" if isinstance(package.get("main"), str) else "")
        return Source(
            runtime,
            "npm",
            None,
            "",
            str(start),
            "build" in scripts,
            "package-lock.json" in there,
            str(package.get("type", "")),
            branch,
        )
    return Source(runtime, branch=branch)


def _installs(there: set[str]) -> str:
    known = (("uv.lock", "uv"), ("poetry.lock", "poetry"), ("requirements.txt", "requirements"), ("pyproject.toml", "project"))
    return next((kind for name, kind in known if name in there), "")


def _package(text: bytes) -> dict[str, Any]:
    try:
        data = json.loads(text or b"{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _entry(texts: Mapping[str, bytes]) -> Entry | None:
    found: list[tuple[tuple[int, int, str], Entry]] = []
    for path, text in texts.items():
        if not path.endswith(".py") or path in OURS or path.startswith(_SKIPPED):
            continue
        entry = _entry_of(path, text)
        if entry is not None:
            name = path.rsplit("/", 1)[-1]
            likely = _LIKELY.index(name) if name in _LIKELY else len(_LIKELY)
            found.append(((path.count("/"), likely + (100 if entry.is_factory else 0), path), entry))
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _entry_of(path: str, text: bytes) -> Entry | None:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    if not all(part.isidentifier() for part in module.split(".")):
        return None
    for node in tree.body:
        target, value = _assignment(node)
        protocol = _protocol(value, path)
        if target and protocol:
            return Entry(module, target, protocol)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in _FACTORIES and _needs_nothing(node):
            made = next(
                (_protocol(part, path) for part in ast.walk(node) if isinstance(part, ast.Call) and _protocol(part, path)), ""
            )
            if made:
                return Entry(module, node.name, made, True)
    return None


def _assignment(node: ast.stmt) -> tuple[str, ast.expr | None]:
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id, node.value
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id, node.value
    return "", None


def _protocol(value: ast.AST | None, path: str) -> str:
    if not isinstance(value, ast.Call):
        return ""
    name = value.func.attr if isinstance(value.func, ast.Attribute) else value.func.id if isinstance(value.func, ast.Name) else ""
    if name == "get_wsgi_application" and path.endswith("wsgi.py"):
        return "wsgi"
    return _APPS.get(name, "")


def _needs_nothing(function: ast.FunctionDef) -> bool:
    arguments = function.args
    required = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    return required == 0 and all(default is not None for default in arguments.kw_defaults)
