# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The baseline on real repositories: proposed, proposed again, edited by its owner, and merged when the app moves on."""

from __future__ import annotations

import datetime
import importlib.util
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold import deployment, formats, workflow
from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold.app_scaffold import CAPABILITY

WHEN = datetime.datetime(2026, 11, 23, 12, 0, tzinfo=datetime.UTC)
OWNER = {f"GIT_{role}_{field}": "owner@example.com" for role in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL")}
WEBHOOK = 'azure.workload.identity/use: "true"'
Run = Callable[..., dict[str, Any]]


def git(folder: pathlib.Path, *words: str) -> str:
    environ = {**{name: value for name, value in os.environ.items() if not name.startswith("GIT_")}, **OWNER}
    return subprocess.run(["git", *words], cwd=folder, env=environ, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def example(root: pathlib.Path) -> Any:
    spec = importlib.util.spec_from_file_location("where2eat_install", root / "examples" / "where2eat" / "install.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def remote(tmp_path: pathlib.Path, root: pathlib.Path) -> pathlib.Path:
    script = root / "examples" / "where2eat" / "install.py"
    subprocess.run([sys.executable, str(script), "--git-folder", str(tmp_path)], check=True, capture_output=True)
    return tmp_path / "where2eat.git"


def finding(file: str, line: int, kind: str, variable: str, standing: str = "live") -> dict[str, Any]:
    return {
        "kind": kind,
        "standing": standing,
        "file": file,
        "line": line,
        "commit": "",
        "fingerprint": "x",
        "why": "",
        "variable": variable,
    }


CREDENTIALS = [
    finding("config.py", 7, "password", "DB_PASSWORD"),
    finding("config.py", 10, "api_key", "RESTAURANT_API_KEY"),
    finding("app.py", 10, "signing_key", "app.secret_key", "signing_key"),
    finding("static/map.js", 2, "google_api_key", "MAPS_KEY", "public_by_design"),
]
VERDICT = {
    "path": "full", "score": 70, "reasons": [], "controls": list(CAPABILITY.controls), "facts": {"runtime": "python"},
    "credentials": CREDENTIALS, "contradictions": [], "commit": "",
}  # fmt: skip


@pytest.fixture
def scaffold(tmp_path: pathlib.Path, root: pathlib.Path, remote: pathlib.Path) -> Run:
    profile = {
        "name": "sandbox", "aws": {"account": "123456789012", "region": "eu-west-1"}, "database": {"host": "127.0.0.1"},
        "registry": {"address": "127.0.0.1:5000"}, "forge": {"kind": "git", "base": f"file://{tmp_path}"},
    }  # fmt: skip

    def run(check: bool = False, environment: str = "sandbox", **verdict: Any) -> dict[str, Any]:
        file = str(root / "inventories" / "apps" / "where2eat.yml")
        app = {"name": "where2eat", "environment": environment, "file": file}
        params = {"app": app, "profile": profile, "verdict": {**VERDICT, **verdict}, "evidence": None}
        environ = {**os.environ, "GOLDENPATH_STATE": str(tmp_path / "state")}
        return perform(CAPABILITY, Request(params=params, check=check, now=lambda: WHEN, environ=environ))

    return run


def checkout(remote: pathlib.Path, branch: str = "goldenpath/baseline") -> pathlib.Path:
    folder = remote.parent / f"checkout-{branch.replace('/', '-')}-{len(list(remote.parent.iterdir()))}"
    git(remote.parent, "clone", "-q", "-b", branch, str(remote), str(folder))
    return folder


def test_check_mode_predicts_the_run_and_pushes_nothing(scaffold: Run, remote: pathlib.Path) -> None:
    checked = scaffold(check=True)
    assert git(remote, "branch", "--list") == "* main"
    done = scaffold()
    assert [done[name] for name in ("files", "objects", "diff")] == [checked[name] for name in ("files", "objects", "diff")]
    assert {one["state"] for one in checked["answers"]} == {"drifted"}
    assert {one["state"] for one in done["answers"]} == {"in_place"}
    assert len(done["answers"]) == len(CAPABILITY.controls)
    assert git(remote, "rev-parse", "goldenpath/baseline") == done["commit"]


def test_no_change_makes_no_commit_whichever_environment_asks(scaffold: Run, remote: pathlib.Path) -> None:
    first = scaffold()
    for environment in ("sandbox", "prod"):
        again = scaffold(environment=environment)
        assert (again["changed"], again["files"], again["commit"]) == (False, [], first["commit"])


def test_no_planted_value_is_on_the_branch_or_in_the_result(scaffold: Run, remote: pathlib.Path, example: Any) -> None:
    result = scaffold()
    folder = checkout(remote)
    texts = {
        path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts
    }
    for name, value in example.planted().items():
        assert value not in repr(result), name
        assert not [path for path, text in texts.items() if value.encode() in text], name
    assert b'os.environ["DATABASE_USER"]' in texts[folder / "config.py"]


def test_the_tests_of_the_branch_pass_and_can_fail(scaffold: Run, remote: pathlib.Path) -> None:
    scaffold()
    folder = checkout(remote)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0
    (folder / "app.py").write_text((folder / "app.py").read_text().replace("import config", "import confg"))
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode != 0


def test_an_owners_edit_survives_a_new_template(scaffold: Run, remote: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scaffold()
    folder = checkout(remote)
    pipeline = folder / ".github/workflows/ci.yml"
    pipeline.write_text(pipeline.read_text().replace("timeout-minutes: 30", "timeout-minutes: 45", 1))
    git(folder, "rm", "-q", ".devcontainer/devcontainer.json")
    git(folder, "commit", "-qam", "mine")
    git(folder, "push", "-q")
    assert scaffold()["changed"] is False
    monkeypatch.setattr(workflow, "_HEAD", "A newer head.")
    again = scaffold()
    assert again["changed"] and ".github/workflows/ci.yml" in again["files"]
    made = (checkout(remote) / ".github/workflows/ci.yml").read_text()
    assert made.startswith("# A newer head.") and "timeout-minutes: 45" in made
    assert not (checkout(remote) / ".devcontainer").exists()
    assert scaffold()["changed"] is False


def test_a_label_for_the_pods_of_one_environment_stays_there(
    scaffold: Run, remote: pathlib.Path, root: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scaffold()
    folder = checkout(remote)
    assert "workload.identity" not in "".join(path.read_text() for path in (folder / "deploy").rglob("*.yaml"))
    # As docs/workload-identity.md shows it: an app whose own code logs in to Azure.
    size = folder / "deploy/overlays/dev/deployment.yaml"
    size.write_text(size.read_text().replace("  template:\n", f"  template:\n    metadata:\n      labels:\n        {WEBHOOK}\n"))
    git(folder, "commit", "-qam", "mine")
    git(folder, "push", "-q")
    assert scaffold()["changed"] is False
    monkeypatch.setattr(deployment, "yaml_bytes", lambda data, _head: formats.yaml_bytes(data, "A newer head."))
    assert scaffold()["changed"] is True
    again = checkout(remote)
    labels = {name: pod_labels(root, again / "deploy/overlays" / name) for name in ("dev", "prod")}
    assert labels["dev"] == {**labels["prod"], "azure.workload.identity/use": "true"} != labels["prod"]


def pod_labels(root: pathlib.Path, overlay: pathlib.Path) -> dict[str, str]:
    """The labels of the pods that an overlay makes, as kubectl builds it."""
    done = subprocess.run([root / ".venv/bin/kubectl", "kustomize", str(overlay)], check=True, capture_output=True, text=True)
    made = next(one for one in yaml.safe_load_all(done.stdout) if one["kind"] == "Deployment")
    labels: dict[str, str] = made["spec"]["template"]["metadata"]["labels"]
    return labels


def test_where_both_changed_the_owners_version_stays_and_is_told(
    scaffold: Run, remote: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scaffold()
    folder = checkout(remote)
    pipeline = folder / ".github/workflows/ci.yml"
    pipeline.write_text("# My own head.\n" + pipeline.read_text().split("\n", 2)[2])
    git(folder, "commit", "-qam", "mine")
    git(folder, "push", "-q")
    monkeypatch.setattr(workflow, "_HEAD", "A newer head.")
    again = scaffold()
    answers = {one["control"]: one for one in again["answers"]}
    assert answers["scaffold-01"]["state"] == "violated" and "owner" in answers["scaffold-01"]["reason"]
    assert (checkout(remote) / ".github/workflows/ci.yml").read_text().startswith("# My own head.")


def test_an_edit_that_breaks_a_control_is_told(scaffold: Run, remote: pathlib.Path) -> None:
    scaffold()
    folder = checkout(remote)
    image = folder / "Dockerfile"
    image.write_text(image.read_text().replace("USER 10001:10001", "USER root"))
    git(folder, "commit", "-qam", "mine")
    git(folder, "push", "-q")
    answers = {one["control"]: one for one in scaffold()["answers"]}
    assert answers["scaffold-02"]["state"] == "violated" and "runs-as-root" in answers["scaffold-02"]["reason"]


def test_the_apps_own_branch_is_merged_in_when_it_moves(scaffold: Run, remote: pathlib.Path) -> None:
    scaffold()
    own = checkout(remote, "main")
    (own / "new.py").write_text("x = 1\n")
    git(own, "add", "-A")
    git(own, "commit", "-qm", "a feature")
    git(own, "push", "-q")
    assert scaffold()["changed"] is True
    folder = checkout(remote)
    assert (folder / "new.py").exists() and (folder / "goldenpath_entry.py").exists()
    assert git(remote, "merge-base", "--is-ancestor", "main", "goldenpath/baseline") == ""
    assert scaffold()["changed"] is False


def test_once_merged_nothing_is_left_to_propose(scaffold: Run, remote: pathlib.Path) -> None:
    assert scaffold()["artefacts"]["branch"].endswith(", to be merged into main")
    git(remote, "branch", "-f", "main", "goldenpath/baseline")
    git(remote, "branch", "-D", "goldenpath/baseline")
    again = scaffold(credentials=[])
    assert (again["changed"], again["branch"], again["commit"]) == (False, "main", git(remote, "rev-parse", "main"))
    assert again["artefacts"]["branch"].endswith(f" main @{again['commit'][:12]}")


def test_a_credential_that_no_code_can_read_is_left_to_a_person(scaffold: Run, remote: pathlib.Path) -> None:
    own = checkout(remote, "main")
    (own / "settings.yml").write_text(yaml.safe_dump({"mail": {"api_key": "made-up-0123456789abcdef"}}))
    git(own, "add", "-A")
    git(own, "commit", "-qm", "settings")
    git(own, "push", "-q")
    answers = {one["control"]: one for one in scaffold(credentials=[finding("settings.yml", 2, "api_key", "api_key")])["answers"]}
    assert answers["scaffold-03"]["state"] == "violated" and "settings.yml:2" in answers["scaffold-03"]["reason"]
    assert answers["scaffold-01"]["state"] == "in_place"
