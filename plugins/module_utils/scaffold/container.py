# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The image: how it is built, and what does not go into it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from ..app import App
from . import hashed, pins
from .formats import comment
from .model import IMAGE, File, Source

USER: Final = "10001:10001"
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - inside a container, whose network is fenced
_HEAD: Final = (
    "Made by goldenpath.microapps. Edit it freely: your lines survive an update.\n"
    "The base is pinned by version; Dependabot proposes newer ones."
)
_IGNORED: Final = (
    ".git",
    ".github",
    ".goldenpath",
    ".devcontainer",
    ".env",
    ".env.*",
    "!.env.example",
    "*.pem",
    "*.key",
    "**/__pycache__",
    "**/node_modules",
    ".venv",
    "deploy",
    "infrastructure",
    "tests",
    "test",
    "Dockerfile",
    ".dockerignore",
)


def ignored() -> File:
    """`.dockerignore`: neither history nor a developer's secrets reach the build."""
    return File(".dockerignore", ("\n".join(_IGNORED) + "\n").encode(), IMAGE, lines=True)


def dockerfile(app: App, source: Source) -> File | None:
    """The Dockerfile for a runtime we build in depth, else None."""
    lines = {"python": _python, "node": _node, "static": _static}.get(source.runtime)
    if lines is None or (source.runtime == "python" and not (source.entry or source.script)):
        return None
    body = lines(app, source)
    keeps = source.runtime == "python" and source.entry is None
    return File("Dockerfile", (comment(_HEAD) + body).encode(), IMAGE, keeps_good=keeps or source.runtime == "node")


def _exec(*words: str) -> str:
    return json.dumps(list(words))


def _environment(values: Mapping[str, str]) -> str:
    return "".join(f"ENV {name}={json.dumps(value)}\n" for name, value in values.items())


def _python_install(source: Source) -> str:
    platform = "COPY requirements-platform.txt ./\nRUN pip install --require-hashes --requirement requirements-platform.txt\n"
    if source.installs == "poetry":
        return (
            "COPY pyproject.toml poetry.lock ./\n"
            f"RUN python -m venv /poetry && /poetry/bin/pip install poetry=={pins.POETRY_RELEASE} \\\n"
            "    && /poetry/bin/poetry config virtualenvs.create false \\\n"
            "    && VIRTUAL_ENV=/venv /poetry/bin/poetry install --only main --no-root --no-interaction\n" + platform
        )
    if source.installs == "uv":
        return (
            "COPY pyproject.toml uv.lock ./\n"
            f"RUN python -m venv /uv && /uv/bin/pip install uv=={pins.UV_RELEASE} \\\n"
            "    && /uv/bin/uv export --frozen --no-dev --no-emit-project --output-file lock.txt \\\n"
            "    && pip install --require-hashes --requirement lock.txt\n" + platform
        )
    if source.installs == "requirements":
        return platform + "COPY requirements.txt ./\nRUN pip install --requirement requirements.txt\n"
    if source.installs == "project":
        return platform + "COPY . ./\nRUN pip install .\n"
    return platform


def _python(app: App, source: Source) -> str:
    port = app.workload.port
    if source.entry is None:
        start = _exec("python", source.script)
    elif source.entry.protocol == "asgi":
        start = _exec("uvicorn", "goldenpath_entry:application", "--host", EVERYWHERE, "--port", str(port), "--no-server-header")
    else:
        start = _exec(
            "gunicorn",
            f"--bind=0.0.0.0:{port}",
            "--workers=1",
            "--threads=8",
            "--worker-tmp-dir=/dev/shm",
            "goldenpath_entry:application",
        )
    probe = (
        f"import http.client, sys; asked = http.client.HTTPConnection('127.0.0.1', {port}, timeout=2); "
        f"asked.request('GET', '{app.workload.health_path}'); sys.exit(asked.getresponse().status >= 400)"
    )
    return (
        f"FROM {pins.PYTHON_IMAGE} AS build\n"
        + _environment({"PIP_NO_CACHE_DIR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PATH": "/venv/bin:$PATH"})
        + "RUN python -m venv /venv\nWORKDIR /build\n"
        + _python_install(source)
        + f"\nFROM {pins.PYTHON_IMAGE}\n"
        + _environment(
            {
                "PATH": "/venv/bin:$PATH",
                "PYTHONUNBUFFERED": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
                "HOST": EVERYWHERE,
                "PORT": str(port),
            }
        )
        + "WORKDIR /app\nCOPY --from=build /venv /venv\nCOPY . .\n"
        + f"USER {USER}\nEXPOSE {port}\n"
        + (
            f"HEALTHCHECK --interval=30s --timeout=3s CMD {_exec('python', '-c', probe)}\n"
            if source.entry
            else "HEALTHCHECK NONE\n"
        )
        + f"CMD {start}\n"
    )


def _node(app: App, source: Source) -> str:
    port = app.workload.port
    lock = (
        "COPY package.json package-lock.json ./\nRUN npm ci\n" if source.has_lock else "COPY package.json ./\nRUN npm install\n"
    )
    build = "RUN npm run build\n" if source.has_build else ""
    address = f"http://127.0.0.1:{port}{app.workload.health_path}"
    probe = f"fetch('{address}').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"
    words = source.start.split()
    simple = (
        len(words) >= 2
        and words[0] == "node"
        and all(word.replace("-", "").replace(".", "").replace("/", "").replace("_", "").isalnum() for word in words)
    )
    start = _exec(*words) if simple else _exec("npm", "start")
    return (
        f"FROM {pins.NODE_IMAGE} AS build\nWORKDIR /app\n{lock}COPY . .\n{build}RUN npm prune --omit=dev\n"
        + f"\nFROM {pins.NODE_IMAGE}\n"
        + _environment(
            {
                "NODE_ENV": "production",
                "HOST": EVERYWHERE,
                "PORT": str(port),
                "NODE_OPTIONS": "--require=/app/goldenpath_hooks.cjs",
            }
        )
        + "WORKDIR /app\nCOPY --from=build /app /app\n"
        + f"USER {USER}\nEXPOSE {port}\nHEALTHCHECK --interval=30s --timeout=3s CMD {_exec('node', '-e', probe)}\nCMD {start}\n"
    )


def _static(app: App, source: Source) -> str:
    address = f"http://127.0.0.1:{app.workload.port}{app.workload.health_path}"
    return (
        f"FROM {pins.STATIC_IMAGE}\n"
        "COPY goldenpath-nginx.conf /etc/nginx/conf.d/default.conf\n"
        "COPY . /usr/share/nginx/html\n"
        f"USER {USER}\nEXPOSE {app.workload.port}\n"
        f"HEALTHCHECK --interval=30s --timeout=3s CMD {_exec('wget', '-q', '-O', '/dev/null', address)}\n"
    )


def requirements(source: Source) -> tuple[File, ...]:
    """What the platform itself adds to a Python app: the server it runs on, and the tests' runner, by hash."""
    if source.runtime != "python":
        return ()
    asgi = source.entry is not None and source.entry.protocol == "asgi"
    head = comment("Made by goldenpath.microapps: the server that the image starts.")
    tests = comment("Made by goldenpath.microapps: what the tests need.")
    return (
        File("requirements-platform.txt", (head + (hashed.UVICORN if asgi else hashed.GUNICORN)).encode(), IMAGE),
        File("requirements-test.txt", (tests + (hashed.PYTEST_HTTPX if asgi else hashed.PYTEST)).encode()),
    )
