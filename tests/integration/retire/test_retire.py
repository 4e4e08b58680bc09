# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Retiring on real parts: what must not go first, then what goes, and that a second run finds nothing to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.session import session_for
from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.profile_schema import profile_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.client import connect
from ansible_collections.goldenpath.microapps.plugins.module_utils.retire.app_retire import areas_of

pytestmark = pytest.mark.cluster
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 0,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web"}]}},
    },
}


def everything_is_there(estate: Any) -> bool:
    return (
        estate.namespace_phase() == "Active"
        and "networkpolicy.networking.k8s.io/default-deny" in estate.names("networkpolicy")
        and f"microapp-{estate.name}-sandbox" in estate.roles()
        and estate.may_log_in()
        and "DeletedDate" not in estate.secret()
    )


def test_an_app_of_the_catalog_asks_for_its_name_again(estate: Any) -> None:
    for options in ({}, {"confirm": "where2eat"}):
        result = estate.retire(catalogued=True, **options)
        assert result["failed"] and "-e confirm=" in result["msg"]
    assert everything_is_there(estate)
    assert not estate.retire(catalogued=True, confirm=estate.name, check=True).get("failed")


@pytest.mark.parametrize(
    ("block", "change", "sentence"),
    [
        ("aws", {"account": "210987654321"}, "210987654321"),
        ("cluster", {"identity": "00000000-0000-0000-0000-000000000000"}, "not the profile's"),
        ("cluster", {"kubeconfig": "/nonexistent/kubeconfig"}, "/nonexistent/kubeconfig"),
        ("aws", {"endpoint_url": "http://127.0.0.1:9"}, "127.0.0.1:9"),
        ("database", {"port": 9}, "127.0.0.1:9"),
    ],
)
def test_a_wrong_target_or_a_part_that_is_down_and_nothing_is_begun(
    estate: Any, block: str, change: dict[str, Any], sentence: str
) -> None:
    result = estate.retire(**{f"profile_{block}": {**estate.profile[block], **change}})
    assert result["failed"] and sentence in result["msg"]
    assert not result["changed"]
    assert everything_is_there(estate)


def test_a_namespace_of_others_with_the_apps_name_survives(new_estate: Callable[[], Any]) -> None:
    estate = new_estate()
    estate.kubectl("create", "namespace", estate.namespace)
    estate.kubectl("create", "configmap", "theirs", "-n", estate.namespace, "--from-literal=a=b")
    # Labels can be written by anybody: they do not make it ours.
    estate.kubectl("label", "namespace", estate.namespace, "app.kubernetes.io/managed-by=goldenpath.microapps")
    assert estate.orphan() is None
    result = estate.retire()
    assert not result.get("failed") and not result["changed"]
    assert any(entry["object"] == f"Namespace/{estate.namespace}" for entry in result["kept"])
    assert estate.namespace_phase() == "Active" and "configmap/theirs" in estate.names("configmap")


def test_what_has_our_names_but_not_our_marks_survives(new_estate: Callable[[], Any]) -> None:
    estate = new_estate()
    name = f"microapp-{estate.name}-sandbox"
    estate.aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    estate.store(f"microapps/sandbox/{estate.name}/database", {"app": "somebody-else"})
    estate.sql(f"CREATE ROLE {estate.login} LOGIN PASSWORD 'made-up-for-this-test'")
    assert estate.orphan() is None
    result = estate.retire(images="delete", sessions="end")
    assert not result.get("failed") and not result["changed"]
    assert name in estate.roles() and "DeletedDate" not in estate.secret() and estate.may_log_in()
    estate.aws("iam").delete_role(RoleName=name)


def test_while_others_run_something_in_it_the_fences_stay(estate: Any) -> None:
    estate.kubectl("create", "-n", estate.namespace, "-f", "-", stdin=DEPLOYMENT)
    for check in (True, False):
        result = estate.retire(check=check)
        assert result["failed"] and "Deployment/web" in result["msg"] and not result["changed"]
    assert everything_is_there(estate)


def test_a_login_in_use_is_not_closed_unless_its_sessions_may_be_ended(estate: Any) -> None:
    with estate.connect(user=estate.login, password="made-up-for-this-test", application_name="the-app") as connection:
        result = estate.retire()
        assert result["failed"] and "the-app" in result["msg"]
        assert everything_is_there(estate)
        assert not estate.retire(sessions="end").get("failed")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert not estate.may_log_in()


def test_what_others_put_into_the_namespace_stays_and_ours_goes(estate: Any) -> None:
    estate.kubectl("create", "configmap", "theirs", "-n", estate.namespace, "--from-literal=a=b")
    result = estate.retire()
    assert not result.get("failed"), result["msg"]
    assert "ConfigMap/theirs" in str(result["kept"])
    assert estate.namespace_phase() == "Active"
    assert "configmap/theirs" in estate.names("configmap")
    assert estate.names("networkpolicy") == []
    assert not estate.retire()["changed"]


def test_a_namespace_that_was_taken_over_is_given_back(new_estate: Callable[[], Any]) -> None:
    estate = new_estate()
    estate.kubectl("create", "namespace", estate.namespace)
    estate.kubectl("label", "namespace", estate.namespace, "theirs=yes")
    estate.harden()
    result = estate.retire()
    assert not result.get("failed"), result["msg"]
    labels = estate.kubectl("get", "namespace", estate.namespace, "-o", "jsonpath={.metadata.labels}")
    assert '"theirs":"yes"' in labels and "goldenpath" not in labels and "pod-security" not in labels
    assert estate.names("networkpolicy") == []
    assert not estate.retire()["changed"]


def test_check_mode_predicts_what_the_run_does_and_the_second_run_does_nothing(estate: Any) -> None:
    entry = estate.orphan()
    assert entry and f"Namespace/{estate.namespace}" in entry["objects"] and f"-e app={estate.name}" in entry["command"]
    assert f"postgresql:login/{estate.login}" in entry["objects"]
    predicted = estate.retire(check=True)
    assert predicted["changed"] and everything_is_there(estate)
    assert estate.kubectl("get", "lease", "-n", "default", f"microapp-{estate.name}.sandbox", "--ignore-not-found") == ""
    done = estate.retire()
    assert not done.get("failed"), done["msg"]
    assert done["objects"] == predicted["objects"] and done["diff"] == predicted["diff"]
    assert estate.namespace_phase() in ("", "Terminating")
    assert f"microapp-{estate.name}-sandbox" not in estate.roles()
    assert "DeletedDate" in estate.secret() and not estate.may_log_in()
    assert not estate.secret().get("ReplicationStatus"), "AWS deletes no secret that has replicas"
    assert estate.name in estate.images(), "images go only when they are asked for"
    assert f"{estate.login[:-2]}_owner" in estate.roles_of_database(), "the data's owner stays"
    again = estate.retire()
    assert not again["changed"] and not again.get("failed")
    assert estate.kubectl("get", "lease", "-n", "default", f"microapp-{estate.name}.sandbox", "--ignore-not-found") == ""


def test_images_go_when_asked_and_not_while_another_environment_uses_them(estate: Any) -> None:
    other = f"microapp-{estate.name}-dev"
    estate.aws("iam").create_role(RoleName=other, AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    assert not estate.retire(images="delete").get("failed")
    assert estate.name in estate.images()
    estate.aws("iam").delete_role(RoleName=other)
    orphan = estate.orphan()
    assert orphan and orphan["objects"] == [f"ecr:repository/{estate.name}"] and "images=delete" in orphan["command"]
    assert estate.retire(images="delete")["changed"]
    assert estate.name not in estate.images()
    assert estate.orphan() is None


def test_an_app_of_the_catalog_is_no_orphan_and_a_part_that_is_down_is_a_warning(estate: Any) -> None:
    assert estate.name not in [entry["app"] for entry in estate.orphans(estate.name)["orphans"]]
    result = estate.orphans(cluster={**estate.profile["cluster"], "kubeconfig": "/nonexistent/kubeconfig"})
    assert not result.get("failed")
    assert "/nonexistent/kubeconfig" in result["warnings"][0]
    found = next(entry for entry in result["orphans"] if entry["app"] == estate.name)
    assert f"iam:role/microapp-{estate.name}-sandbox" in found["objects"]


@pytest.mark.parametrize("share", [0.2, 0.6, 0.9])
def test_a_run_that_was_killed_on_its_way_is_repeated(estate: Any, share: float) -> None:
    options = {"app": estate.name, "catalogued": False, "confirm": "", "images": "keep", "sessions": "refuse"}
    request = Request({**options, "profile": estate.profile}, environ=estate.environ)
    profile = profile_from(estate.profile)
    client, session = connect(profile.cluster, estate.environ), session_for(profile.aws, estate.environ).verify_account()
    steps = [step for area in areas_of(request, profile, client, session, estate.name) for step in area.steps]
    for step in steps[: int(len(steps) * share)]:
        assert step.deed is not None
        step.deed()
    result = estate.retire()
    assert not result.get("failed"), result["msg"]
    assert estate.namespace_phase() in ("", "Terminating")
    assert f"microapp-{estate.name}-sandbox" not in estate.roles()
    assert "DeletedDate" in estate.secret() and not estate.may_log_in()
    assert not estate.retire()["changed"]


def keyed(estate: Any, app: str) -> tuple[Any, str, str, str]:
    """IAM, a user marked as this app's, the key that a secret of ours holds, and one that only the user has."""
    iam, user = estate.aws("iam"), f"mailer-of-{estate.name}"
    tags = {"app": app, "environment": "sandbox"}
    iam.create_user(UserName=user, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    held, other = (iam.create_access_key(UserName=user)["AccessKey"] for _unused in range(2))
    estate.store(f"microapps/sandbox/{estate.name}/mail", {**tags, "app": estate.name, "managed-by": "goldenpath.microapps"})
    document = json.dumps({"access_key_id": held["AccessKeyId"], "secret_access_key": held["SecretAccessKey"]})
    estate.aws("secretsmanager").put_secret_value(SecretId=f"microapps/sandbox/{estate.name}/mail", SecretString=document)
    return iam, user, held["AccessKeyId"], other["AccessKeyId"]


def statuses(iam: Any, user: str) -> dict[str, str]:
    return {entry["AccessKeyId"]: entry["Status"] for entry in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]}


def test_the_access_key_that_a_secret_holds_is_switched_off_before_the_secret_goes(new_estate: Callable[[], Any]) -> None:
    estate = new_estate()
    iam, user, held, other = keyed(estate, estate.name)
    predicted = estate.retire(check=True)
    assert statuses(iam, user) == {held: "Active", other: "Active"}
    done = estate.retire()
    assert not done.get("failed"), done["msg"]
    assert predicted["objects"] == done["objects"]
    named = [entry["object"] for entry in done["objects"] if entry["action"] != "unchanged"]
    key, secret = f"iam:user/{user}/{held}", f"secretsmanager:secret/microapps/sandbox/{estate.name}/mail"
    assert named.index(key) < named.index(secret)
    assert statuses(iam, user) == {held: "Inactive", other: "Active"}
    assert not estate.retire()["changed"]


def test_the_key_of_a_user_who_is_not_marked_as_the_apps_stays(new_estate: Callable[[], Any]) -> None:
    estate = new_estate()
    iam, user, held, other = keyed(estate, "somebody-else")
    done = estate.retire()
    assert not done.get("failed"), done["msg"]
    assert f"iam:user/{user}" in [entry["object"] for entry in done["kept"]]
    assert statuses(iam, user) == {held: "Active", other: "Active"}
