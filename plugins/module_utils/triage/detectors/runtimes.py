# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the app is written in and with: manifests first, then imports, then what there is most of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .. import paths
from ..model import Evidence, Snapshot, SourceFile
from ..required import search
from .frameworks import APPS_SCRIPT, GO, JAVA, NODE, PHP, PYTHON, RUBY, SERVERS, SITE_MAKERS

_SOURCES: Final = {
    ".py": "python",
    ".ipynb": "python",
    ".js": "node",
    ".mjs": "node",
    ".cjs": "node",
    ".ts": "node",
    ".tsx": "node",
    ".jsx": "node",
    ".vue": "node",
    ".svelte": "node",
    ".astro": "node",
    ".go": "go",
    ".java": "java",
    ".kt": "java",
    ".cs": "dotnet",
    ".cshtml": "dotnet",
    ".razor": "dotnet",
    ".vb": "dotnet",
    ".fs": "dotnet",
    ".php": "php",
    ".rb": "ruby",
    ".erb": "ruby",
    ".html": "static",
    ".htm": "static",
    ".rs": "rust",
    ".ex": "elixir",
    ".exs": "elixir",
    ".heex": "elixir",
    ".dart": "dart",
    ".gs": "apps-script",
    ".r": "r",
    ".jl": "julia",
    ".scala": "scala",
    ".swift": "swift",
}
_IMAGES: Final = (
    ("python", "python"),
    ("tiangolo/", "python"),
    ("jupyter/", "python"),
    ("continuumio/", "python"),
    ("uv:", "python"),
    ("node", "node"),
    ("oven/bun", "node"),
    ("denoland", "node"),
    ("golang", "go"),
    ("openjdk", "java"),
    ("eclipse-temurin", "java"),
    ("amazoncorretto", "java"),
    ("maven", "java"),
    ("gradle", "java"),
    ("tomcat", "java"),
    ("dotnet/", "dotnet"),
    ("php", "php"),
    ("wordpress", "php"),
    ("composer", "php"),
    ("ruby", "ruby"),
    ("rails", "ruby"),
    ("rust", "rust"),
    ("elixir", "elixir"),
    ("rocker/", "r"),
)


# Manifests of runtimes that are only recognised; a framework in them serves requests.
_RECOGNISED: Final = (
    (
        "cargo.toml",
        "rust",
        tuple((name, rf"^{name}\b") for name in ("axum", "actix-web", "rocket", "warp", "leptos", "poem", "tide")),
    ),
    ("mix.exs", "elixir", (("phoenix", r"\{:phoenix\b"), ("plug", r"\{:plug_cowboy\b|\{:bandit\b"))),
    ("rebar.config", "erlang", (("cowboy", r"\bcowboy\b"),)),
    ("pubspec.yaml", "dart", (("flutter", r"^\s*flutter\s*:"), ("shelf", r"^\s*shelf\s*:"))),
    ("build.sbt", "scala", (("play", r"PlayScala"), ("akka-http", r"akka-http"))),
    ("package.swift", "swift", (("vapor", r"vapor"),)),
    ("description", "r", (("shiny", r"^\s*shiny\b"),)),
    ("project.toml", "julia", (("genie", r"^Genie\b"),)),
)
_RUNS_ON_SERVER: Final = re.compile(
    r"\brequire\(|module\.exports|\bprocess\.(?:env|argv|exit)|from ['\"](?:node:|fs|path|express|http)\b|Deno\."
)


def detect(snapshot: Snapshot) -> Iterator[Evidence]:
    """Evidence for `runtime` and `framework`."""
    files = [file for file in snapshot.files if not paths.is_test(file.path) and not paths.is_built(file.path)]
    for file in files:
        name, depth = file.name.lower(), file.path.count("/")
        near = max(1, 6 - depth * 2) if not paths.is_example(file.path) and not paths.is_document(file.path) else 1
        yield from _manifest(file, name, near)
        if name.startswith("dockerfile") or name.endswith(".dockerfile"):
            yield from _image(file, near)
        if name == "procfile":
            yield from _procfile(file)
    yield from _imports(files)
    yield from _amounts(files)


def _manifest(file: SourceFile, name: str, near: int) -> Iterator[Evidence]:
    if re.fullmatch(r"requirements[\w.\-/]*\.(txt|in)|pyproject\.toml|pipfile|setup\.(py|cfg)|environment\.ya?ml", name):
        yield Evidence("runtime", "python", near + 2, file.path, 1, f"{file.name} is a Python manifest")
        yield from _named(file, PYTHON, "python", near, r"(?im)^[\s\"'\-]*(?:{})(?=[\s\[=<>~!;\"',@]|$)")
    elif name == "package.json":
        yield from _package(file, near)
    elif name == "go.mod":
        yield Evidence("runtime", "go", near + 3, file.path, 1, "go.mod is a Go manifest")
        yield from _contained(file, GO, "go", near)
    elif name in ("pom.xml", "build.gradle", "build.gradle.kts"):
        yield Evidence("runtime", "java", near + 3, file.path, 1, f"{file.name} is a Java manifest")
        yield from _contained(file, JAVA, "java", near)
    elif name.endswith((".csproj", ".fsproj", ".vbproj")):
        yield Evidence("runtime", "dotnet", near + 5, file.path, 1, f"{file.name} is a .NET project")
        web = "Microsoft.NET.Sdk.Web" in file.text or "Microsoft.AspNet" in file.text
        kind = (
            "blazor" if "BlazorWebAssembly" in file.text or "Components.WebAssembly" in file.text else "aspnetcore" if web else ""
        )
        if kind:
            yield Evidence("framework", f"dotnet:{kind}", near + 1, file.path, 1, f"{file.name} uses the SDK of {kind}")
    elif name == "composer.json":
        yield Evidence("runtime", "php", near + 3, file.path, 1, "composer.json is a PHP manifest")
        yield from _contained(file, PHP, "php", near)
    elif name in ("gemfile", "gems.rb"):
        site = re.search(r"['\"](jekyll|github-pages|middleman|nanoc)['\"]", file.text)
        yield Evidence(
            "runtime",
            "static" if site else "ruby",
            near + 3,
            file.path,
            1,
            "the Gemfile makes a static site" if site else "a Ruby manifest",
        )
        if site:
            yield Evidence(
                "framework", "static:jekyll", near, file.path, file.line_at(site.start()), "the Gemfile names a site generator"
            )
        yield from _named(file, RUBY, "ruby", near, "{}")
    else:
        yield from _other_manifest(file, name, near)


def _other_manifest(file: SourceFile, name: str, near: int) -> Iterator[Evidence]:
    if name in ("hugo.toml", "hugo.yaml", "mkdocs.yml", "_config.yml") or (name == "config.toml" and "baseURL" in file.text):
        kind = "mkdocs" if "mkdocs" in name else "jekyll" if name == "_config.yml" else "hugo"
        yield Evidence("runtime", "static", near + 3, file.path, 1, f"{file.name} configures the site generator {kind}")
        yield Evidence("framework", f"static:{kind}", near, file.path, 1, f"{file.name} configures {kind}")
    elif name in ("wp-config.php", "wp-config-sample.php", "wp-load.php"):
        yield Evidence("framework", "php:wordpress", near + 3, file.path, 1, f"{file.name} belongs to WordPress")
    elif name == "artisan":
        yield Evidence("framework", "php:laravel", near, file.path, 1, "artisan belongs to Laravel")
    elif name == "manage.py" and "django" in file.text:
        yield Evidence("framework", "python:django", near + 6, file.path, 1, "manage.py starts Django")
    elif name in ("deno.json", "deno.jsonc") and near >= 6:
        yield Evidence("runtime", "deno", near + 5, file.path, 1, f"{file.name} configures Deno")
        if "fresh" in file.text:
            yield Evidence("framework", "deno:fresh", near, file.path, 1, f"{file.name} names Fresh")
    elif name == "bunfig.toml":
        yield Evidence("runtime", "node", near + 1, file.path, 1, f"{file.name} configures a JavaScript runtime")
    elif name == "appsscript.json":
        yield Evidence(
            "framework", "apps-script:google-apps-script", 8, file.path, 1, "appsscript.json belongs to Google Apps Script"
        )
        yield Evidence("runtime", "apps-script", 12, file.path, 1, "Google Apps Script runs at Google")
    else:
        yield from _recognised(file, name, near)


def _recognised(file: SourceFile, name: str, near: int) -> Iterator[Evidence]:
    for known, runtime, frameworks in _RECOGNISED:
        if name != known:
            continue
        yield Evidence("runtime", runtime, near + 5, file.path, 1, f"{file.name} is a manifest of {runtime}")
        for framework, form in frameworks:
            if match := re.search(form, file.text, re.MULTILINE):
                place = file.line_at(match.start())
                yield Evidence("framework", f"{runtime}:{framework}", near + 2, file.path, place, f"it names {framework}")
                yield Evidence("runtime", runtime, 4, file.path, place, f"{framework} serves requests")


def _package(file: SourceFile, near: int) -> Iterator[Evidence]:
    data = json_of(file)
    used = {**_table(data, "devDependencies"), **_table(data, "peerDependencies"), **_table(data, "dependencies")}
    runs = [key for key in _table(data, "scripts") if key in ("start", "dev", "serve", "build")]
    found = [(framework, name) for framework, name in NODE if name in used]
    workspace = "workspaces" in data and not found
    weight = near + 2 if found else near if runs and not workspace else 1
    site = next((framework for framework, _unused in found if framework in SITE_MAKERS), "")
    yield Evidence(
        "runtime",
        "static" if site else "node",
        weight,
        file.path,
        1,
        f"package.json {'makes a static site' if site else 'is a Node.js manifest'}",
    )
    for rank, (framework, name) in enumerate(dict.fromkeys(found)):
        line = next((number for number, text in enumerate(file.lines, 1) if f'"{name}"' in text), 1)
        server = 4 if framework in SERVERS else 0
        yield Evidence(
            "framework",
            f"{'static' if site == framework else 'node'}:{framework}",
            max(1, near + server - rank),
            file.path,
            line,
            f"package.json depends on {name}",
        )
        if server:
            yield Evidence("runtime", "node", 4, file.path, line, f"{name} serves requests")


def json_of(file: SourceFile) -> Mapping[str, Any]:
    """A JSON file's object; empty if it is broken, as citizens' files may be."""
    try:
        data = json.loads(file.text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _named(file: SourceFile, table: tuple[tuple[str, str], ...], runtime: str, near: int, form: str) -> Iterator[Evidence]:
    for rank, (framework, name) in enumerate(table):
        match = re.search(form.format(name), file.text)
        if match:
            yield Evidence(
                "framework",
                f"{runtime}:{framework}",
                max(1, near + 2 - rank // 8),
                file.path,
                file.line_at(match.end()),
                f"{file.name} names {framework}",
            )
            if framework not in ("jupyter", "aiohttp", "scrapy"):
                yield Evidence("runtime", runtime, 4, file.path, file.line_at(match.end()), f"{framework} serves requests")


def _contained(file: SourceFile, table: tuple[tuple[str, str], ...], runtime: str, near: int) -> Iterator[Evidence]:
    for framework, name in table:
        at = file.text.find(name)
        if at >= 0:
            yield Evidence(
                "framework", f"{runtime}:{framework}", near + 2, file.path, file.line_at(at), f"{file.name} names {framework}"
            )
            return


def _image(file: SourceFile, near: int) -> Iterator[Evidence]:
    stages = [
        (number, line.split()[1])
        for number, line in enumerate(file.lines, 1)
        if re.match(r"(?i)\s*FROM\s+\S+", line) and len(line.split()) > 1
    ]
    for index, (number, image) in enumerate(stages):
        name = image.lower().rsplit("@", 1)[0]
        tail = name.split("/", 1)[-1] if "." in name.split("/")[0] else name
        runtime = next((runtime for prefix, runtime in _IMAGES if tail.startswith(prefix) or f"/{prefix}" in f"/{tail}"), "")
        if runtime:
            yield Evidence(
                "runtime",
                runtime,
                near + (4 if index == len(stages) - 1 else 1),
                file.path,
                number,
                f"the image is built on {image}",
            )


def _procfile(file: SourceFile) -> Iterator[Evidence]:
    for form, runtime in (
        (r"gunicorn|uvicorn|python|streamlit|waitress|flask", "python"),
        (r"node|npm|yarn", "node"),
        (r"puma|rails|bundle", "ruby"),
        (r"java", "java"),
        (r"php|heroku-php", "php"),
    ):
        match = re.search(rf"^\s*web\s*:.*?\b({form})", file.text, re.MULTILINE)
        if match:
            yield Evidence("runtime", runtime, 6, file.path, file.line_at(match.start()), "the Procfile's web process")
            return


_IMPORTS: Final = tuple(
    (runtime, framework, suffixes, re.compile(form, re.MULTILINE))
    for runtime, framework, suffixes, form in (
        *(
            ("python", framework, (".py", ".ipynb"), rf"^[\s\"]*(?:from|import)\s+(?:{name.replace('[_-]', '_')})\b")
            for framework, name in PYTHON
            if framework != "jupyter"
        ),
        ("node", "express", (".js", ".ts", ".mjs", ".cjs"), r"require\(['\"]express['\"]\)|from ['\"]express['\"]"),
        ("node", "http", (".js", ".ts", ".mjs", ".cjs"), r"require\(['\"](?:node:)?https?['\"]\)|\bhttp\.createServer\("),
        ("go", "net/http", (".go",), r"\"net/http\""),
        (
            "java",
            "spring-boot",
            (".java", ".kt"),
            r"@SpringBootApplication|^import org\.springframework\.(?:boot|web|stereotype)\b|@RestController",
        ),
        ("apps-script", "google-apps-script", (".gs", ".js", ".ts"), APPS_SCRIPT),
        ("r", "shiny", (".r", ".rmd"), r"\bshinyApp\(|\b(?:library|require)\((?:shiny\w*|bs4Dash|flexdashboard|golem)\)"),
        ("r", "plumber", (".r",), r"\b(?:library|require)\(plumber\)|^#\*\s*@(?:get|post|put|delete)\b"),
        ("java", "servlet", (".java",), r"extends HttpServlet"),
        ("ruby", "sinatra", (".rb",), r"require ['\"]sinatra"),
        ("ruby", "rails", (".rb",), r"Rails\.application"),
        ("php", "laravel", (".php",), r"Illuminate\\"),
        ("php", "wordpress", (".php",), r"\b(?:add_action|wp_enqueue_script|get_header)\("),
        ("dotnet", "aspnetcore", (".cs",), r"WebApplication\.CreateBuilder|Microsoft\.AspNetCore"),
    )
)


def _imports(files: list[SourceFile]) -> Iterator[Evidence]:
    first: dict[int, tuple[SourceFile, re.Match[str]]] = {}
    # All forms of one file before the next one: what was found out about a text serves them all.
    for file in files:
        for at, (_runtime, _framework, suffixes, form) in enumerate(_IMPORTS):
            if file.suffix in suffixes and at not in first and (match := search(form, file.text)):
                first[at] = (file, match)
    for at, (file, match) in sorted(first.items()):
        yield from _imported(file, *_IMPORTS[at][:2], file.line_at(match.start()))


def _imported(file: SourceFile, runtime: str, framework: str, line: int) -> Iterator[Evidence]:
    near = 6 if paths.is_document(file.path) or paths.is_example(file.path) else 9
    weight = near - 3 if framework in ("aiohttp", "net/http", "http") else near
    yield Evidence("framework", f"{runtime}:{framework}", weight, file.path, line, f"the code imports {framework}")
    if runtime == "apps-script":
        yield Evidence("runtime", runtime, 12, file.path, line, "Google runs this script")


def _amounts(files: list[SourceFile]) -> Iterator[Evidence]:
    amounts: dict[str, int] = {}
    largest: dict[str, SourceFile] = {}
    suffixes = {file.suffix for file in files}
    page = not any(file.name == "package.json" for file in files) and bool({".html", ".htm"} & suffixes)
    for file in files:
        runtime = _SOURCES.get(file.suffix)
        script = file.suffix == ".js" and (paths.is_browser_code(file.path) or (page and not _RUNS_ON_SERVER.search(file.text)))
        if runtime == "node" and script:
            runtime = "static"
        if runtime and file.text.strip() and not paths.is_document(file.path):
            size = min(len(file.text), 40_000)
            amounts[runtime] = amounts.get(runtime, 0) + size
            if runtime not in largest or size > len(largest[runtime].text):
                largest[runtime] = file
    total = sum(amounts.values())
    for runtime, amount in amounts.items():
        weight = round(8 * amount / total) if runtime != "static" else round(3 * amount / total)
        if weight or runtime == "static":
            yield Evidence(
                "runtime",
                runtime,
                max(1, weight),
                largest[runtime].path,
                1,
                f"{round(100 * amount / total)} % of the source is {runtime}",
            )
