# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every file of the baseline for one app, from the catalog and from what the repository shows. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from typing import Final

from ..app import App
from ..controls import Path
from .container import dockerfile, ignored, requirements
from .deployment import deployment
from .hooks import hooks
from .model import Browser, File, Source
from .project import project
from .skeletons import skeletons
from .terraform import infrastructure
from .workflow import workflow

_MARK: Final = re.compile(r"__PLATFORM_([A-Z][A-Z0-9_]*)__")
_READ: Final = re.compile(r"\bprocess\.env\.([A-Za-z_]\w*)")


def render(
    apps: tuple[App, ...], source: Source, path: Path, variables: Iterable[str], browser: Iterable[Browser]
) -> tuple[File, ...]:
    """All files; `apps` is the same app in each of its environments, so that every environment renders the same branch."""
    app = apps[0]
    names = tuple(dict.fromkeys([*(name for secret in app.secrets for _unused, name in secret.variables), *variables]))
    browser = tuple(browser)
    image = dockerfile(app, source)
    files = [
        workflow(app, source, path),
        *([image] if image else []),
        ignored(),
        *requirements(source),
        *project(app, source, (*names, *(one.variable for one in browser))),
        *deployment(apps),
        *hooks(app, source, browser),
        *skeletons(app, source, names),
    ]
    return tuple(files) + (infrastructure(apps) if path is Path.FULL else ())


def marks_in(texts: Mapping[str, bytes]) -> tuple[Browser, ...]:
    """The marks in browser files that the wrapper has to fill, as they stand on the branch."""
    found = {
        Browser(file, match[0], match[1])
        for file, text in texts.items()
        if file.endswith((".js", ".mjs", ".html"))
        for match in _MARK.finditer(text.decode("utf-8", "replace"))
    }
    return tuple(sorted(found, key=lambda one: (one.file, one.mark)))


def variables_in(texts: Mapping[str, bytes]) -> tuple[str, ...]:
    """The variables without which the app does not start: `os.environ["NAME"]` in Python (to Node all are optional)."""
    found: set[str] = set()
    for file, text in texts.items():
        if not file.endswith(".py") or b"environ" not in text or file.startswith(("tests/", "goldenpath_entry.py")):
            continue
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Subscript)
                and isinstance(node.slice, ast.Constant)
                and ast.unparse(node.value).endswith("environ")
            ):
                found.add(str(node.slice.value))
    return tuple(sorted(name for name in found if name.isidentifier()))
