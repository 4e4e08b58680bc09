# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whatever text the catalog holds comes back from every format as it went in, and from none as anything else."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess

import hcl2
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import App
from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Path
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold import formats, judge
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.model import Browser, Entry, File, Source
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.render import render

SOURCES = {
    "flask": Source("python", "requirements", Entry("app", "app", "wsgi")),
    "fastapi": Source("python", "poetry", Entry("a.b", "make", "asgi", True)),
    "bot": Source("python", "uv", None, "bot.py"),
    "node": Source("node", "npm", None, "", "next start", True, True),
    "static": Source("static"),
    "go": Source("go"),
}
# What the catalog's schema lets through: any text without control characters other than the line break.
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), include_characters="\n"), max_size=200)


def rendered(apps: tuple[App, ...], kind: str, path: Path = Path.FULL) -> dict[str, File]:
    files = render(apps, SOURCES[kind], path, ("MAPS_KEY",), (Browser("static/m.js", "__PLATFORM_MAPS_KEY__", "MAPS_KEY"),))
    assert len({file.path for file in files}) == len(files)
    return {file.path: file for file in files}


@given(TEXT)
def test_yaml_gives_back_what_it_got(text: str) -> None:
    data = {"on": {"x": text, "steps": [{"uses": "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd"}]}, "y": [text]}
    assert yaml.safe_load(formats.yaml_bytes(data, text)) == data


@given(TEXT)
def test_json_gives_back_what_it_got(text: str) -> None:
    assert json.loads(formats.json_bytes({"x": text})) == {"x": text}


@given(TEXT)
def test_a_comment_stays_a_comment(text: str) -> None:
    assert all(line.startswith("#") for line in formats.comment(text).splitlines())


def unescaped(text: str) -> str:
    """An HCL template without its escapes; an unescaped `${` would be a template and is refused."""
    assert "${" not in text.replace("$${", "") and "%{" not in text.replace("%%{", "")
    value: str = json.loads('"' + text.replace("$${", "${").replace("%%{", "%{") + '"')
    return value


@example("C:\\build\\files \\/ \\\\b \b \f / $${x}")
@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=100))
def test_hcl_gives_back_what_it_got(text: str) -> None:
    quoted = formats.hcl_string(text)
    assert "\n" not in quoted
    assert unescaped(quoted[1:-1]) == text


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("path", list(Path))
def test_the_judge_has_nothing_against_what_we_write(apps: tuple[App, ...], kind: str, path: Path) -> None:
    files = rendered(apps, kind, path)
    found = [finding for name, file in files.items() for finding in judge.findings(name, file.content.decode())]
    assert not found
    assert not judge.across({name: file.content.decode() for name, file in files.items()})


@pytest.mark.parametrize("kind", SOURCES)
def test_hostile_text_is_text_in_every_file(apps: tuple[App, ...], kind: str, hostile: str) -> None:
    files = {name: file.content.decode() for name, file in rendered(apps, kind).items()}
    deployment = yaml.safe_load(files["deploy/base/deployment.yaml"])
    assert deployment["metadata"]["annotations"]["goldenpath.microapps/description"] == hostile
    assert deployment["metadata"]["labels"] == {"app.kubernetes.io/name": "where2eat"}
    assert json.loads(files[".devcontainer/devcontainer.json"])["name"] == hostile.replace("\n", " ")
    call = hcl2.loads(files["infrastructure/main.tf"])["module"][0]['"microapp"']
    tags = {key.strip('"'): value for key, value in call["tags"].items()}
    assert unescaped(tags["title"][1:-1]) == hostile.replace("\n", " ")
    rules = [line for line in files[".github/CODEOWNERS"].splitlines() if line and not line.startswith("#")]
    assert rules == ["* club@example.com ada@example.com"]
    assert "nice" not in json.dumps(yaml.safe_load(files[".github/workflows/ci.yml"]))
    for name, text in files.items():
        if name.endswith((".yml", ".yaml")):
            assert yaml.safe_load(text)
        if name.endswith(".py"):
            compile(text, name, "exec")


def test_the_same_app_renders_the_same_bytes(apps: tuple[App, ...]) -> None:
    assert rendered(apps, "flask") == rendered(apps, "flask")


def test_the_light_path_owes_no_infrastructure(apps: tuple[App, ...]) -> None:
    light, full = rendered(apps, "flask", Path.LIGHT), rendered(apps, "flask", Path.FULL)
    assert {name for name in full if name not in light} == {name for name in full if name.startswith("infrastructure/")}


def test_every_overlay_is_built_by_kustomize(
    apps: tuple[App, ...], tmp_path: pathlib.Path, root: pathlib.Path, hostile: str
) -> None:
    for name, file in rendered(apps, "flask").items():
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
    kubectl = shutil.which("kubectl", path=f"{root}/.venv/bin") or "kubectl"
    for app in apps:
        folder = str(tmp_path / "deploy/overlays" / app.environment)
        done = subprocess.run([kubectl, "kustomize", folder], capture_output=True, check=True)
        made = {one["kind"]: one for one in yaml.safe_load_all(done.stdout)}
        assert made["Deployment"]["metadata"]["namespace"] == app.namespace
        assert made["Deployment"]["metadata"]["annotations"]["goldenpath.microapps/description"] == hostile
        assert made["Deployment"]["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] == "250m"
        assert made["Service"]["spec"]["selector"] == made["Deployment"]["spec"]["selector"]["matchLabels"]


def test_a_text_that_looks_like_a_pinned_action_is_not_touched() -> None:
    data = {"on": "push", "text": "steps:\n  - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd\n"}
    assert yaml.safe_load(formats.yaml_bytes(data, "head")) == data
