# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Triage on real repositories, made by script: what it finds, what it must not say, what it must not run."""

from __future__ import annotations

import json
import pathlib
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import MissingLibrary, NotFound
from ansible_collections.goldenpath.microapps.plugins.module_utils.triage import engine, locate
from ansible_collections.goldenpath.microapps.plugins.module_utils.verdict import CredentialFinding, Verdict

ROOT = pathlib.Path(__file__).resolve().parents[3]


def test_every_live_secret_is_found_and_no_placeholder_called_live(labelled: pathlib.Path, scorer: Any, capsys: Any) -> None:
    assert scorer.main(labelled) == 0, capsys.readouterr().out


def test_nine_of_ten_facts_are_right(labelled: pathlib.Path, scorer: Any, capsys: Any) -> None:
    scorer.main(labelled)
    lines = [
        line.split(":")[1].split()
        for line in capsys.readouterr().out.splitlines()
        if " of " in line and ":" in line and "owe" not in line
    ]
    counts = [(int(words[0]), int(words[2])) for words in lines if len(words) == 3 and words[1] == "of"]
    assert len(counts) >= 8
    assert all(right >= 0.9 * asked for right, asked in counts)


@pytest.fixture(scope="module")
def where2eat(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("where2eat")
    subprocess.run(
        [sys.executable, str(ROOT / "examples" / "where2eat" / "install.py"), "--git-folder", str(folder)],
        check=True,
        capture_output=True,
    )
    return pathlib.Path(folder) / "where2eat.git"


def test_where2eat_takes_the_full_path_for_the_right_reasons(where2eat: pathlib.Path, ask: Any) -> None:
    verdict = ask(where2eat, app="where2eat")["verdict"]
    facts = verdict["facts"]
    assert verdict["path"] == "full"
    assert (facts["runtime"], facts["framework"], facts["database"]) == ("python", "flask", "postgresql")
    assert (facts["data"], facts["exposure"], facts["tests"], facts["health"]) == ("personal", "public", "none", False)
    assert {"root", "latest", "debug"} <= set(facts["faults"])
    assert facts["browser_keys"] == ["MAPS_KEY"]
    assert "api.restaurants.example" in facts["third_parties"]
    owing = {
        (one["standing"], one["file"], bool(one["commit"]))
        for one in verdict["credentials"]
        if one["standing"] in ("live", "signing_key")
    }
    assert owing == {
        ("live", "config.py", False),
        ("live", ".env", True),
        ("live", "app.py", True),
        ("signing_key", "app.py", False),
    }


def resolving(folder: pathlib.Path, *resolved: Mapping[str, str]) -> str:
    """The example's catalog entry, in a folder, with what people say of its credentials."""
    entry = yaml.safe_load((ROOT / "inventories" / "apps" / "where2eat.yml").read_text())
    usual = {"by": "Ada Lovelace", "on": "2026-01-31", "reason": "{{ 1/0 }} A name."}
    file = folder / "where2eat.yml"
    file.write_text(yaml.safe_dump({**entry, "resolved_credentials": [{**usual, **each} for each in resolved]}))
    return str(file)


def test_what_people_say_of_a_credential_counts_for_that_one_alone(
    where2eat: pathlib.Path, ask: Any, tmp_path: pathlib.Path
) -> None:
    before = {one["fingerprint"]: one for one in ask(where2eat, app="where2eat")["verdict"]["credentials"]}
    wrong, gone, *others = [name for name, one in before.items() if one["standing"] in ("live", "signing_key")]
    resolved = (
        {"fingerprint": wrong, "resolution": "false_positive"},
        {"fingerprint": gone, "resolution": "revoked"},
    )
    result = ask(where2eat, app="where2eat", file=resolving(tmp_path, *resolved))
    after = {one["fingerprint"]: one for one in result["verdict"]["credentials"]}
    assert after[wrong]["standing"] == "dismissed"
    assert after[wrong]["why"].startswith("no credential: Ada Lovelace said on 2026-01-31: {{ 1/0 }} A name. (else ")
    # Whoever revoked it is believed where nobody can try it, which the secrets role knows: it owes what it owed.
    assert after[gone]["standing"] == before[gone]["standing"]
    assert after[gone]["why"].endswith("; revoked: Ada Lovelace said on 2026-01-31: {{ 1/0 }} A name.")
    assert [after[name] for name in others] == [before[name] for name in others]
    assert not result.get("warnings")
    (agrees,) = (answer for answer in result["answers"] if answer["control"] == "triage-01")
    assert agrees["state"] == "in_place" and "A name." in agrees["found"]


def test_what_does_not_count_is_told(where2eat: pathlib.Path, ask: Any, tmp_path: pathlib.Path) -> None:
    before = ask(where2eat, app="where2eat")["verdict"]["credentials"]
    early, absent = before[0]["fingerprint"], "0" * 23 + "a"
    resolved = (
        {"fingerprint": early, "resolution": "false_positive", "on": "9999-12-31"},
        {"fingerprint": absent, "resolution": "revoked"},
    )
    result = ask(where2eat, app="where2eat", file=resolving(tmp_path, *resolved))
    assert result["verdict"]["credentials"] == before
    (warning,) = result["warnings"]
    assert f"{early} is resolved on a day that has not come" in warning
    assert f"{absent} is not found in the code or its history" in warning


def test_the_catalog_is_contradicted_with_file_and_line(labelled: pathlib.Path, ask: Any) -> None:
    # The poll's catalog entry says: internal data, SQLite, Node.js. The code is a clinic's.
    result = ask(labelled / "monorepo-react-fastapi.git", evidence=None)
    verdict = result["verdict"]
    assert verdict["path"] == "full"
    assert any(
        one.startswith("data: the catalog says 'internal', the code shows 'health'") and "backend/main.py:" in one
        for one in verdict["contradictions"]
    )
    answer = next(one for one in result["answers"] if one["control"] == "triage-01")
    assert answer["state"] == "violated"
    assert "failed" not in result, "a contradiction is an answer, no failure"


class Forge:
    """git's own server over a folder, on a free port; it can be ended."""

    def __init__(self, folder: pathlib.Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        home = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()
        options = ("--listen=127.0.0.1", f"--port={self.port}", f"--base-path={folder}", "--export-all", "--reuseaddr")
        self._process = subprocess.Popen([f"{home}/git-daemon", *options])
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)

    def end(self) -> None:
        self._process.terminate()
        self._process.wait()


def test_while_the_forge_is_down_the_last_copy_speaks_and_only_the_comparison_is_unknown(
    labelled: pathlib.Path, ask: Any, tmp_path: pathlib.Path
) -> None:
    forge = Forge(labelled)
    address = f"git://127.0.0.1:{forge.port}/monorepo-react-fastapi.git"
    try:
        before = ask(address)
    finally:
        forge.end()
    evidence = {"directory": str(tmp_path), "app": "lunch-poll", "environment": "dev"}
    during = ask(address, evidence=evidence)
    assert during["verdict"] == before["verdict"]
    states = {one["control"]: one["state"] for one in during["answers"]}
    others = {one["control"]: one["state"] for one in before["answers"] if one["control"] != "triage-01"}
    assert states == {"triage-01": "not_reached", **others}
    reason = next(one["reason"] for one in during["answers"] if one["control"] == "triage-01")
    assert "cannot be read" in reason and "as the last run saw it" in reason
    assert during["warnings"][0] == reason


def test_a_forge_that_was_never_up_is_told_and_nothing_is_assumed(ask: Any, tmp_path: pathlib.Path) -> None:
    evidence = {"directory": str(tmp_path), "app": "lunch-poll", "environment": "dev"}
    result = ask("git://127.0.0.1:1/lunch-poll.git", evidence=evidence)
    assert "verdict" not in result
    assert {one["state"] for one in result["answers"]} == {"not_reached"}


def test_a_check_run_and_a_run_are_the_same(labelled: pathlib.Path, ask: Any) -> None:
    repository = labelled / "next-stripe-env-in-history.git"
    assert ask(repository, check=True) == ask(repository)


def test_no_found_value_is_told_anywhere(labelled: pathlib.Path, builder: Any, ask: Any, tmp_path: pathlib.Path) -> None:
    for name, specification in builder.specifications().items():
        evidence = {"directory": str(tmp_path / name), "app": "lunch-poll", "environment": "dev"}
        told = json.dumps(ask(labelled / f"{name}.git", evidence=evidence))
        told += (tmp_path / name / "dev" / "lunch-poll" / "triage.json").read_text(encoding="utf-8")
        for label in builder.labels(specification).get("credentials", []):
            if label["standing"] in ("live", "signing_key") and len(label.get("value", "")) >= 6:
                assert label["value"] not in told, (name, label)


def test_the_report_is_the_same_each_time(labelled: pathlib.Path, ask: Any, tmp_path: pathlib.Path) -> None:
    texts = []
    for run in ("one", "other"):
        evidence = {"directory": str(tmp_path / run), "app": "lunch-poll", "environment": "dev"}
        ask(labelled / "lovable-vite-supabase.git", evidence=evidence)
        texts.append((tmp_path / run / "dev" / "lunch-poll" / "triage.json").read_bytes())
    assert texts[0] == texts[1]


def test_a_value_is_found_again_from_its_finding(labelled: pathlib.Path, builder: Any, ask: Any) -> None:
    repository = labelled / "next-stripe-env-in-history.git"
    verdict = Verdict.from_result(ask(repository)["verdict"])
    found = {
        one.variable: locate.value_of(repository, one, "lunch-poll", verdict.commit)
        for one in verdict.credentials
        if one.owes_rotation
    }
    assert found["STRIPE_SECRET_KEY"] == builder.KEYS.key("stripe_live", "next")
    assert found["DATABASE_URL"] == builder.KEYS.key("password", "next")


def test_a_value_that_is_gone_is_not_found(labelled: pathlib.Path) -> None:
    finding = CredentialFinding("password", "live", "config.php", 4, "", "0" * 24, "")
    with pytest.raises(NotFound):
        locate.value_of(labelled / "php-mysql-shared-host.git", finding, "lunch-poll")


def test_without_the_engine_nothing_is_called_clean(labelled: pathlib.Path, ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MISSING", ImportError("No module named 'kingfisher_sdk'"))
    with pytest.raises(MissingLibrary):
        engine.demand()
    result = ask(labelled / "static-brochure.git")
    assert result["failed"]
    assert "pip install 'kingfisher-secret-scanner'" in result["msg"]
    assert "verdict" not in result


def test_nothing_of_a_hostile_repository_is_run(tmp_path: pathlib.Path, ask: Any) -> None:
    work = tmp_path / "work"
    canary = tmp_path / "canary"
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(work)], check=True)
    (work / "app.py").write_text("import flask\npassword = 'Kuchen-Gabel-12'\n")
    (work / ".gitattributes").write_text("*.py filter=evil diff=evil\n*.env binary\n")
    (work / "x.env").write_text("DB_PASSWORD=Torten-Heber-34\n")
    (work / ".gitmodules").write_text(f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch {canary}"\n')
    (work / "setup.py").write_text(f"open({str(canary)!r}, 'w')\n")
    for arguments in (["add", "."], ["-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "-m", "x"]):
        subprocess.run(["git", "-C", str(work), *arguments], check=True)
    for hook in ("post-checkout", "post-merge", "reference-transaction", "pre-auto-gc"):
        path = work / ".git" / "hooks" / hook
        path.write_text(f"#!/bin/sh\ntouch {canary}\n")
        path.chmod(0o755)
    for setting in (f"filter.evil.smudge=touch {canary}", f"diff.evil.textconv=touch {canary}", f"core.fsmonitor=touch {canary}"):
        name, _unused, value = setting.partition("=")
        subprocess.run(["git", "-C", str(work), "config", name, value], check=True)
    verdict = ask(work)["verdict"]
    assert not canary.exists()
    assert {one["file"] for one in verdict["credentials"] if one["standing"] == "live"} == {"app.py", "x.env"}
