# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One app down the whole road, told in order: each test goes on from where the one before left the sandbox.

The witnesses are other programs than the ones tested: kubectl, a plain PostgreSQL client, a plain AWS client, git, and a
visitor who asks the running app for its page once a second from the first moment to the last.
"""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from leaks import leaks, of_the_sandbox, stored
from witness import Visitor, aws, kubectl, login, owner_commits, planted, remote

NAMESPACE = "where2eat-sandbox"


@pytest.fixture(scope="module")
def visitor(estate: Any) -> Iterator[Visitor]:
    """A client of the running app, throughout."""
    with Visitor(estate.block("example")["app_url"] + "/") as visitor:
        yield visitor


@pytest.fixture(scope="module")
def story(estate: Any, visitor: Visitor) -> dict[str, Any]:
    """What the tests of this file hand on to each other."""
    return {}


def writes(estate: Any) -> list[str]:
    """What changed the cluster, by its audit log: verb and path of every request that was not a dry run, by our user."""
    log = estate.state / "sandbox" / "kubernetes" / "audit.log"
    found = []
    for line in log.read_text().splitlines():
        event = json.loads(line)
        if event["verb"] in ("create", "update", "patch", "delete", "deletecollection") and "dryRun" not in event["requestURI"]:
            user = event["user"]["username"]
            if not user.startswith("system:") and "reviews" not in event["requestURI"]:
                found.append(f"{event['verb']} {event['requestURI']}")
    return found


def refs(estate: Any) -> str:
    """Every branch and tag of the app's remote."""
    done = subprocess.run(["git", "ls-remote", remote(estate)], capture_output=True, text=True, check=True)
    return done.stdout


def aws_state(estate: Any) -> list[Any]:
    """What the AWS API holds of ours."""
    return [
        [repository["repositoryName"] for repository in aws(estate, "ecr").describe_repositories()["repositories"]],
        [role["RoleName"] for role in aws(estate, "iam").list_roles()["Roles"]],
        [secret["Name"] for secret in aws(estate, "secretsmanager").list_secrets()["SecretList"]],
    ]


def roles_in_database(estate: Any) -> list[tuple[str, bool]]:
    """Every PostgreSQL role and whether it may log in, read by the administrator."""
    block = estate.block("database")
    password = pathlib.Path(block["password_file"]).read_text().strip()
    with psycopg.connect(
        host=block["host"], port=block["port"], user=block["admin_user"], password=password, dbname="postgres"
    ) as connection:
        return connection.execute("select rolname, rolcanlogin from pg_roles where rolname !~ '^pg_' order by 1").fetchall()


def test_a_check_of_the_empty_sandbox_predicts_and_writes_nothing(estate: Any, story: dict[str, Any]) -> None:
    before = (writes(estate), refs(estate), aws_state(estate), roles_in_database(estate))
    checked = estate.play("-e", "app=where2eat", "--check", "--diff")
    assert checked.rc == 2, checked.text
    assert estate.evidence("audit")["run"]["outcome"] == "drifted", checked.text
    assert (writes(estate), refs(estate), aws_state(estate), roles_in_database(estate)) == before
    assert not (estate.state / "evidence" / "sandbox" / "where2eat" / "converge.json").exists()
    story["predicted"] = checked.changed_objects


def test_the_run_does_exactly_what_was_predicted(estate: Any, story: dict[str, Any]) -> None:
    # As loud as it can be, and watched: this run makes every secret that there is (searched for at the end).
    with estate.watch() as story["watched"]:
        hardened = estate.play("-e", "app=where2eat", "--diff", "-vvvv")
    assert hardened.rc == 0, hardened.text
    assert hardened.changed_objects == story["predicted"]
    story["first"] = estate.evidence("converge")
    assert story["first"]["run"]["outcome"] == "in_place"
    assert "All controls that this app owes are in place" in hardened.text
    heads = dict(reversed(line.split("\t")) for line in refs(estate).splitlines())
    told = story["first"]["run"]["artefacts"]["branch"].rpartition("@")[2].removesuffix(", to be merged into main")
    assert heads["refs/heads/goldenpath/baseline"].startswith(told), "the image was pinned after the baseline was pushed"


def test_the_second_run_changes_nothing_and_the_state_is_the_same(estate: Any, story: dict[str, Any]) -> None:
    again = estate.play("-e", "app=where2eat", "--diff")
    assert (again.rc, again.changed_tasks) == (0, []), again.text
    assert estate.evidence("converge")["state"] == story["first"]["state"]


def test_an_audit_of_a_hardened_app_is_clean(estate: Any, story: dict[str, Any]) -> None:
    audited = estate.play("-e", "app=where2eat", "--check")
    assert (audited.rc, audited.changed_tasks) == (0, []), audited.text
    assert estate.evidence("audit")["state"] == story["first"]["state"]


def test_the_cluster_holds_what_the_report_claims(estate: Any) -> None:
    labels = kubectl(estate, "get", "namespace", NAMESPACE)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    kinds = "networkpolicy,resourcequota,limitrange,rolebinding,serviceaccount"
    found = {(item["kind"]) for item in kubectl(estate, "get", kinds, "-n", NAMESPACE)["items"]}
    assert found == {"NetworkPolicy", "ResourceQuota", "LimitRange", "RoleBinding", "ServiceAccount"}


def test_the_aws_account_holds_what_the_report_claims(estate: Any) -> None:
    # Apps of other files may have been here before.
    (repository,) = aws(estate, "ecr").describe_repositories(repositoryNames=["where2eat"])["repositories"]
    assert repository["imageTagMutability"].startswith("IMMUTABLE")
    assert repository["imageScanningConfiguration"]["scanOnPush"] is True
    trust = aws(estate, "iam").get_role(RoleName="microapp-where2eat-sandbox")["Role"]["AssumeRolePolicyDocument"]
    assert "*" not in json.dumps(trust)


def test_the_old_database_password_is_dead_and_the_new_one_works(estate: Any, root: pathlib.Path) -> None:
    old = planted(root)
    for name in ("database_password", "database_password_earlier"):
        with pytest.raises(psycopg.OperationalError):
            login(estate, "where2eat", old[name])
    value = aws(estate, "secretsmanager").get_secret_value(SecretId="microapps/sandbox/where2eat/database")["SecretString"]
    secret = json.loads(value)
    login(estate, secret["username"], secret["password"])
    with pytest.raises(psycopg.OperationalError):
        login(estate, secret["username"], secret["password"] + "x")


def test_the_pushed_branch_runs_without_a_secret_in_it(estate: Any, root: pathlib.Path, tmp_path: pathlib.Path) -> None:
    branch = ["--branch", "goldenpath/baseline", remote(estate), str(tmp_path / "branch")]
    subprocess.run(["git", "clone", "--quiet", *branch], check=True)
    tree = b"\n".join(
        path.read_bytes() for path in (tmp_path / "branch").rglob("*") if path.is_file() and ".git" not in path.parts
    )
    for name, value in planted(root).items():
        assert value.encode() not in tree, name


ALLOW_ALL = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "allow-all", "namespace": NAMESPACE},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]},
}
ANYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
RULE = '[{"op": "replace", "path": "/spec/groups/0/rules/0/expr", "value": "vector(0)"}]'
ROLE = "microapp-where2eat-sandbox"
IN = ("-n", NAMESPACE)


def _policies_widened(estate: Any) -> None:
    client = aws(estate, "iam")
    (ours,) = client.list_role_policies(RoleName=ROLE)["PolicyNames"]
    for name in (ours, "back-door"):
        client.put_role_policy(RoleName=ROLE, PolicyName=name, PolicyDocument=ANYTHING)


def _runbook_edited(estate: Any) -> None:
    page = estate.state / "evidence" / "sandbox" / "where2eat" / "runbook.md"
    page.write_text(page.read_text() + "\nwritten by hand\n")


# What somebody does by hand, and the one object that must be mended for it.
BREAKS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "a policy deleted": (
        f"NetworkPolicy/{NAMESPACE}/default-deny",
        lambda estate: kubectl(estate, "delete", "networkpolicy", "default-deny", *IN),
    ),
    "a policy beside ours": (
        f"NetworkPolicy/{NAMESPACE}/allow-all",
        lambda estate: kubectl(estate, "apply", "-f", "-", stdin=json.dumps(ALLOW_ALL)),
    ),
    "a binding beside ours": (
        f"RoleBinding/{NAMESPACE}/everybody",
        lambda estate: kubectl(
            estate, "create", "rolebinding", "everybody", "--clusterrole=cluster-admin", "--group=system:authenticated", *IN
        ),
    ),
    "a quota raised": (
        f"ResourceQuota/{NAMESPACE}/goldenpath",
        lambda estate: kubectl(
            estate, "patch", "resourcequota", "goldenpath", *IN, "--type=merge", "-p", '{"spec":{"hard":{"pods":"9999"}}}'
        ),
    ),
    "a label switched off": (
        f"Namespace/{NAMESPACE}",
        lambda estate: kubectl(
            estate, "label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=privileged", "--overwrite"
        ),
    ),
    "an alert made blind": (
        f"PrometheusRule/{NAMESPACE}/where2eat-errors",
        lambda estate: kubectl(estate, "patch", "prometheusrule", "where2eat-errors", *IN, "--type=json", "-p", RULE),
    ),
    "the cluster told to let unsigned images in": (
        "ImageValidatingPolicy/microapp-where2eat-sandbox",
        lambda estate: kubectl(
            estate,
            "patch",
            "imagevalidatingpolicy",
            "microapp-where2eat-sandbox",
            "--type=merge",
            "-p",
            '{"spec":{"validations":[{"expression":"true"}]}}',
        ),
    ),
    "images kept for ever": (
        "ecr:repository/where2eat",
        lambda estate: aws(estate, "ecr").delete_lifecycle_policy(repositoryName="where2eat"),
    ),
    "rights widened and added": (f"iam:role/{ROLE}", _policies_widened),
    "the runbook edited": ("file:runbook.md", _runbook_edited),
}


def test_what_was_altered_by_hand_and_nothing_else_is_mended(estate: Any, story: dict[str, Any]) -> None:
    for _object, alter in BREAKS.values():
        alter(estate)
    audited = estate.play("-e", "app=where2eat", "--check", "--diff")
    mended = estate.play("-e", "app=where2eat", "--diff")
    assert (audited.rc, mended.rc) == (2, 0), audited.text + mended.text
    assert sorted(name for name, _action, _fields in mended.changed_objects) == sorted(name for name, _alter in BREAKS.values())
    assert audited.changed_objects == mended.changed_objects
    assert estate.play("-e", "app=where2eat").changed_tasks == []
    assert estate.evidence("converge")["state"] == story["first"]["state"]


def test_what_an_owner_changed_is_kept(estate: Any, tmp_path: pathlib.Path) -> None:
    clone = tmp_path / "owner"
    subprocess.run(["git", "clone", "--quiet", "--branch", "goldenpath/baseline", remote(estate), str(clone)], check=True)
    text = (clone / "Dockerfile").read_text() + "# the owner's line\n"
    owner_commits(remote(estate), clone, "goldenpath/baseline", {"Dockerfile": text}, "Say whose line this is")
    store = aws(estate, "secretsmanager")
    name = "microapps/sandbox/where2eat/session"
    theirs = dict.fromkeys(json.loads(store.get_secret_value(SecretId=name)["SecretString"]), "written-later-by-a-person")
    store.put_secret_value(SecretId=name, SecretString=json.dumps(theirs))
    hardened = estate.play("-e", "app=where2eat")
    assert hardened.rc in (0, 2), hardened.text
    subprocess.run(["git", "-C", str(clone), "pull", "--quiet"], check=True)
    assert (clone / "Dockerfile").read_text().endswith("# the owner's line\n")
    assert json.loads(store.get_secret_value(SecretId=name)["SecretString"]) == theirs


def test_a_wrong_name_fails_at_once_and_names_the_nearest(estate: Any) -> None:
    wrong = estate.play("-e", "app=where2eatt")
    assert wrong.rc not in (0, 2)
    assert "where2eat" in wrong.text.replace("where2eatt", "")
    assert wrong.results == []


def test_a_word_for_the_end_of_the_run_is_checked_before_its_begin(estate: Any) -> None:
    wrong = estate.play("-e", "app=where2eat", "-e", "fail_on=drift")
    assert wrong.rc == 2
    assert "value of fail_on must be one of: drifted, violated, got: drift" in wrong.text
    # Triage is the first task after the gate: nobody was asked, and nothing changed.
    assert "TASK [goldenpath.microapps.triage" not in wrong.text and wrong.changed_tasks == []


INTERRUPTS = [(0.7, signal.SIGINT), (1.9, signal.SIGKILL), (2.8, signal.SIGINT), (3.7, signal.SIGKILL)]


@pytest.mark.parametrize(("seconds", "how"), INTERRUPTS)
def test_interrupted_at_any_moment_the_same_command_finishes(
    estate: Any, story: dict[str, Any], seconds: float, how: signal.Signals
) -> None:
    kubectl(estate, "delete", "namespace", NAMESPACE, "--wait=true", "--ignore-not-found")
    for repository in aws(estate, "ecr").describe_repositories()["repositories"]:
        aws(estate, "ecr").delete_repository(repositoryName=repository["repositoryName"], force=True)
    log = estate.home / "interrupted.log"
    process = estate.start("-e", "app=where2eat", log=log)
    time.sleep(seconds)
    os.killpg(process.pid, how)
    process.wait(30)
    finished = estate.play("-e", "app=where2eat")
    assert finished.rc == 0, finished.text
    assert estate.evidence("converge")["state"]["controls"].keys() == story["first"]["state"]["controls"].keys()
    assert len([name for name, may_log_in in roles_in_database(estate) if may_log_in and name.startswith("where2eat")]) <= 2


def test_nothing_secret_was_printed_logged_or_left_behind(estate: Any, story: dict[str, Any], root: pathlib.Path) -> None:
    with estate.watch() as watched:
        loud = estate.play("-e", "app=where2eat", "-vvvv", "--diff")
    assert loud.rc == 0, loud.text
    secrets = {**planted(root), **stored(estate), **of_the_sandbox(estate)}
    assert len(secrets) > 12
    assert leaks(estate, secrets) == []
    assert story["watched"].found(secrets) + watched.found(secrets) == []
    assert list(estate.temporary.iterdir()) == []


def test_what_watches_would_have_seen_a_leak(estate: Any) -> None:
    with estate.watch() as watched:
        script = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text('-'.join(['in', 'a', 'file'])); time.sleep(1)"
        command = [sys.executable, "-c", script, str(estate.temporary / "left"), "in-an-argument"]
        subprocess.run(command, env={**estate.environ, "VALUE": "in-the-environment"}, check=True)
        (estate.temporary / "left").unlink()
    planted_now = {"one": "in-an-argument", "two": "in-the-environment", "three": "in-a-file"}
    assert watched.found(planted_now) == ["one in an argument", f"three in {estate.temporary / 'left'}", "two in an environment"]


def test_every_visitor_was_served_throughout(visitor: Visitor) -> None:
    assert visitor.asked > 5
    assert visitor.failures == []
