# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a run says when something is wrong: what it cannot mend hides nothing else, and a part that is down is one line."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import time
from typing import Any

import psycopg
import pytest
from witness import aws, kubectl, login, owner_commits, planted, remote, supervisorctl

OWNER_TAG = "goldenpath.microapps/app"
NAMESPACE = "where2eat-sandbox"
PAYMENTS = "CREATE TABLE payments (id serial PRIMARY KEY, card_number text NOT NULL, card_holder text NOT NULL, cvc text);\n"


@pytest.fixture(scope="module")
def hardened(estate: Any) -> dict[str, Any]:
    """The state of the app when all is well."""
    played = estate.play("-e", "app=where2eat")
    assert played.rc == 0, played.text
    return estate.evidence("converge")["state"]["controls"]


def states(controls: dict[str, Any], *wanted: str) -> set[str]:
    """The controls that answered one of these."""
    return {name for name, entry in controls.items() if entry["state"] in wanted}


def flat(text: str) -> str:
    """Printed text without the line breaks that the terminal's width put in."""
    return " ".join(text.split())


def test_what_is_violated_hides_no_other_control(estate: Any, hardened: dict[str, Any], tmp_path: pathlib.Path) -> None:
    clone = tmp_path / "clone"
    owner_commits(remote(estate), clone, "main", {"payments.sql": PAYMENTS}, "Let members pay by card")
    ecr = aws(estate, "ecr")
    arn = ecr.describe_repositories(repositoryNames=["where2eat"])["repositories"][0]["repositoryArn"]
    ecr.tag_resource(resourceArn=arn, tags=[{"Key": OWNER_TAG, "Value": "lunch-poll"}])
    kubectl(estate, "delete", "networkpolicy", "default-deny", "-n", NAMESPACE)

    played = estate.play("-e", "app=where2eat")
    evidence = estate.evidence("converge")
    controls = evidence["state"]["controls"]
    assert played.rc == 2, played.text
    assert json.loads((estate.state / "evidence/sandbox/where2eat/converge.summary.json").read_text())["outcome"] == "violated"
    violated = states(controls, "violated")
    assert "triage-01" in violated and any(name.startswith("supply_chain-") for name in violated)
    # Payment data owes no less, so nothing that answered before is silent now, and what could be mended was mended.
    assert states(controls, "not_reached") == set()
    assert controls.keys() == hardened.keys()
    assert states(controls, "in_place") >= states(hardened, "in_place") - violated
    assert kubectl(estate, "get", "networkpolicy", "default-deny", "-n", NAMESPACE)["metadata"]["name"] == "default-deny"
    assert "payments.sql:1" in controls["triage-01"]["reason"]
    assert "belongs to lunch-poll" in controls["supply_chain-01"]["reason"]
    for name in violated:
        assert flat(controls[name]["reason"]) in flat(played.text), name

    ecr.tag_resource(resourceArn=arn, tags=[{"Key": OWNER_TAG, "Value": "where2eat"}])
    subprocess.run(["git", "-C", str(clone), "rm", "--quiet", "payments.sql"], check=True)
    owner_commits(remote(estate), clone, "main", {}, "Take cash only")
    again = estate.play("-e", "app=where2eat")
    assert again.rc == 0, again.text


@pytest.fixture(scope="module")
def estate_of_others(estate: Any) -> pathlib.Path:
    """An inventory whose parts are somebody else's: the same addresses, and nothing there that would start them again."""
    folder = estate.home / "inventory"
    profile = pathlib.Path("group_vars/environment_sandbox/profile.yml")
    (folder / profile).parent.mkdir(parents=True)
    text = (estate.root / "inventories/sandbox" / profile).read_text()
    # Theirs would have to name a controller that runs; none does here.
    for before, after in (
        ("embedded: true", "embedded: false"),
        ("  observability:\n", "  observability:\n    runbook_base_url: https://runbooks.example.com\n"),
        ("admission: \"{{ lookup('goldenpath.microapps.sandbox', 'admission') }}\"", "admission: {controller: none}"),
    ):
        assert before in text
        text = text.replace(before, after)
    (folder / profile).write_text(text)
    config = (estate.root / "inventories/sandbox/microapps.yml").read_text()
    (folder / "microapps.yml").write_text(config.replace("../apps", str(estate.root / "inventories/apps")))
    return folder


# The part, the families that cannot be asked without it, and a word of its address in what is told.
DOWN = {
    "aws": (("supply_chain", "secrets"), "aws"),
    "postgresql": (("secrets",), "database"),
    "git": (("scaffold", "secrets"), "forge"),
    "kube-apiserver": (("k8s_tenancy", "observability"), "cluster"),
}


@pytest.mark.parametrize("part", DOWN)
def test_a_part_that_is_down_is_one_line_and_the_run_can_be_repeated(
    estate: Any, hardened: dict[str, Any], estate_of_others: pathlib.Path, part: str
) -> None:
    supervisorctl(estate, "stop", part)
    played = estate.play("-e", "app=where2eat", inventory=str(estate_of_others))
    controls = estate.evidence("converge")["state"]["controls"]
    assert played.rc == 4, played.text
    assert json.loads((estate.state / "evidence/sandbox/where2eat/converge.summary.json").read_text())["outcome"] == "error"
    assert "Traceback" not in played.text
    unknown = states(controls, "not_reached")
    families, block = DOWN[part]
    for family in families:
        assert any(name.startswith(family) for name in unknown), (family, unknown)
    # runbook-03 asks whether what the others made is there. Triage goes on with the code as the last run saw it, and says so.
    reasons = {controls[name]["reason"] for name in unknown - {"runbook-03", "triage-01"}}
    assert len(reasons) == 1, reasons
    assert address(estate, block) in reasons.pop()
    assert states(controls, "in_place") == states(hardened, "in_place") - unknown

    # The embedded sandbox starts what is down by itself.
    again = estate.play("-e", "app=where2eat")
    assert again.rc == 0, again.text
    assert states(estate.evidence("converge")["state"]["controls"], "in_place") == states(hardened, "in_place")


def test_every_app_of_the_sandbox_is_hardened_in_one_run_and_a_second_changes_nothing(estate: Any) -> None:
    played = estate.play()
    assert played.rc == 0, played.text
    for app in ("brochure", "lunch-poll", "where2eat"):
        assert estate.evidence("converge", app)["run"]["outcome"] == "in_place"
    assert estate.play().changed_tasks == []


def test_an_app_of_another_environment_is_no_typo(estate: Any) -> None:
    wrong = estate.play("-e", "app=expense-claims")
    assert wrong.rc == 4 and wrong.results == []
    assert "does not live in sandbox: its catalog entry names dev, staging, prod" in flat(wrong.text)


# At which task of its first run it is killed, how many seconds later, and how. The secrets' task is struck most: there the
# database's login is replaced.
KILLS = [(count, 0.1 * (count % 4), (signal.SIGKILL, signal.SIGINT)[count % 2]) for count in range(1, 13)]


def test_killed_at_every_step_of_the_first_run_the_same_command_finishes(
    estate: Any, hardened: dict[str, Any], root: pathlib.Path
) -> None:
    for state in ("wiped", "started"):
        assert estate.play("-e", f"sandbox_state={state}", playbook="goldenpath.microapps.sandbox").rc == 0
    for count, seconds, how in sorted([*KILLS, *((8, 0.4 * step, signal.SIGKILL) for step in (1, 3, 5))]):
        log = estate.home / "killed.log"
        process = estate.start("-e", "app=where2eat", log=log)
        while process.poll() is None and log.read_text().count("TASK [") < count:
            time.sleep(0.02)
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        process.wait(60)
    finished = estate.play("-e", "app=where2eat")
    assert finished.rc == 0, finished.text
    assert states(estate.evidence("converge")["state"]["controls"], "in_place") == states(hardened, "in_place")
    for name in ("database_password", "database_password_earlier"):
        with pytest.raises(psycopg.OperationalError):
            login(estate, "where2eat", planted(root)[name])
    assert estate.play("-e", "app=where2eat").changed_tasks == []


def address(estate: Any, name: str) -> str:
    """Host and port of a part, as its block of the profile says."""
    block = estate.block(name)
    if name == "database":
        return f"{block['host']}:{block['port']}"
    if name == "cluster":
        return str(kubectl(estate, "config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"))
    return str(block["endpoint_url"] if name == "aws" else block["base"])
