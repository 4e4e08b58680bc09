# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An app whose secrets are at Google (a stand-in) is retired: nobody reads them any more, all of it can be brought back."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.profile_schema import profile_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.http_json import request as http
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores import gcp_secretmanager
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.gcp_secretmanager import GcpSecretManager
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets
from ansible_collections.goldenpath.microapps.plugins.module_utils.workload_identity import google
from ansible_collections.goldenpath.microapps.tests.integration.workload_identity.deaths import Killed, dying

pytestmark = pytest.mark.cluster
POOL = "projects/123456789012/locations/global/workloadIdentityPools/acme-dev.svc.id.goog"
READER = "roles/secretmanager.secretAccessor"
VALUE = base64.b64encode(b'{"password": "made-up"}').decode()


@pytest.fixture
def stored(estate: Any, google_cloud: Any) -> Any:
    """The app, with a secret at Google in the place of AWS's: two versions, and a value that waits."""
    secrets = estate.aws("secretsmanager")
    name = f"microapps/sandbox/{estate.name}/database"
    secrets.remove_regions_from_replication(SecretId=name, RemoveReplicaRegions=["eu-north-1"])
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    stored = dataclasses.replace(
        estate,
        environ={**estate.environ, **google_cloud.environ},
        profile={**estate.profile, "secret_store": google_cloud.block},
    )
    again(stored, google_cloud)
    return stored


def again(stored: Any, cloud: Any) -> None:
    """As it was before it was retired."""
    cloud.secrets.clear()
    put(cloud, main(stored), stored.name, "sandbox")
    cloud.answer("POST", f"/v1/projects/acme-dev/secrets/{main(stored)}:addVersion", {"payload": {"data": VALUE}})
    profile = profile_from(stored.profile)
    store = GcpSecretManager.open(profile, Secrets(), stored.environ)
    store.put_pending(f"microapps/sandbox/{stored.name}/database", "a-token", {"password": "made-up-too"})
    members = ["user:ada@example.com", principal(stored)]
    cloud.policies[main(stored)] = {"version": 1, "etag": "e1", "bindings": [{"role": READER, "members": members}]}


def put(cloud: Any, name: str, app: str, environment: str) -> None:
    notes = {"app": app, "environment": environment, "managed-by": "goldenpath.microapps"}
    cloud.answer("POST", f"/v1/projects/acme-dev/secrets?secretId={name}", {"replication": {}, "annotations": notes})
    cloud.answer("POST", f"/v1/projects/acme-dev/secrets/{name}:addVersion", {"payload": {"data": VALUE}})


def main(stored: Any) -> str:
    return f"microapps_sandbox_{stored.name}_database"


def principal(stored: Any) -> str:
    return f"principal://iam.googleapis.com/{POOL}/subject/ns/{stored.name}-sandbox/sa/{stored.name}"


def states(cloud: Any, name: str) -> list[str]:
    return [entry["state"] for entry, _unused in cloud.secrets[name]["versions"].values()]


def test_nobody_reads_its_secrets_as_check_mode_says_and_they_can_be_brought_back(stored: Any, google_cloud: Any) -> None:
    cloud, name = google_cloud, main(stored)
    label = f"gcp:projects/acme-dev/secrets/{name}"
    orphan = stored.orphan()
    assert orphan and label in orphan["objects"] and f"postgresql:login/{stored.login}" in str(orphan)
    predicted = stored.retire(check=True)
    assert predicted["changed"] and states(cloud, name) == ["ENABLED"] * 2 and f"{name}_pending" in cloud.secrets
    done = stored.retire()
    assert not done.get("failed"), done["msg"]
    assert (done["objects"], done["diff"]) == (predicted["objects"], predicted["diff"])
    assert {one["object"] for one in done["objects"]} >= {label, f"{label}/policy"}
    assert states(cloud, name) == ["DISABLED"] * 2 and f"{name}_pending" not in cloud.secrets
    assert cloud.policies[name]["bindings"] == [{"role": READER, "members": ["user:ada@example.com"]}]
    assert not stored.may_log_in(), "a secret of this environment tells that the login is this one's"
    again = stored.retire()
    assert not again["changed"] and not again.get("failed")
    assert any("gcloud secrets versions enable" in entry["why"] for entry in again["kept"])
    assert stored.orphan() is None or label not in str(stored.orphan())
    cloud.answer("POST", f"/v1/projects/acme-dev/secrets/{name}/versions/2:enable", {})
    store = GcpSecretManager.open(profile_from(stored.profile), Secrets(), stored.environ)
    back = store.describe(f"microapps/sandbox/{stored.name}/database")
    assert back is not None and not back.deleted


def test_what_has_our_names_but_not_our_marks_and_other_apps_secrets_stay(stored: Any, google_cloud: Any) -> None:
    others = {
        f"microapps_sandbox_{stored.name}_theirs": ("another", "sandbox"),
        f"microapps_dev_{stored.name}_database": (stored.name, "dev"),
        f"microapps_sandbox_{stored.name}-2_database": (f"{stored.name}-2", "sandbox"),
        f"my-microapps_sandbox_{stored.name}_database": (stored.name, "sandbox"),
    }
    for name, marks in others.items():
        put(google_cloud, name, *marks)
        google_cloud.policies[name] = {"etag": "e1", "bindings": [{"role": READER, "members": [principal(stored)]}]}
    done = stored.retire()
    assert not done.get("failed"), done["msg"]
    assert {name: states(google_cloud, name) for name in others} == {name: ["ENABLED"] for name in others}
    assert all(google_cloud.policies[name]["etag"] == "e1" for name in others)
    assert any("tags app, managed-by" in entry["why"] for entry in done["kept"])


def test_a_value_that_waits_and_is_nobodys_of_ours_is_left(stored: Any, google_cloud: Any) -> None:
    waiting = google_cloud.secrets[f"{main(stored)}_pending"]["versions"]
    waiting[1] = (waiting[1][0], VALUE)
    assert not stored.retire().get("failed")
    assert states(google_cloud, f"{main(stored)}_pending") == ["ENABLED"]
    assert not stored.retire()["changed"]


def test_where_the_secrets_cannot_be_listed_nothing_is_begun(stored: Any, google_cloud: Any) -> None:
    google_cloud.audiences = frozenset()
    result = stored.retire()
    assert result["failed"] and "docs/rotation.md" in result["msg"]
    assert stored.may_log_in() and stored.namespace_phase() == "Active" and states(google_cloud, main(stored)) == ["ENABLED"] * 2
    assert "docs/rotation.md" in str(stored.orphans()["warnings"])


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_every_call_to_google_it_is_repeated(
    stored: Any, google_cloud: Any, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for count in range(1, 80):
        again(stored, google_cloud)
        calls: list[int] = []
        for module, name in ((gcp_secretmanager, "request"), (google, "http_json")):
            monkeypatch.setattr(module, name, dying(http, calls, count, when))
        with contextlib.suppress(Killed):
            stored.retire()
        monkeypatch.undo()
        # Its process is this one, which lives on: of one that died the lease is taken over.
        stored.kubectl("delete", "lease", "-n", "default", f"microapp-{stored.name}.sandbox", "--ignore-not-found")
        assert not stored.retire().get("failed")
        assert states(google_cloud, main(stored)) == ["DISABLED"] * 2 and f"{main(stored)}_pending" not in google_cloud.secrets
        assert principal(stored) not in str(google_cloud.policies)
        assert not stored.retire()["changed"]
        if len(calls) < count:
            assert count > 8
            return
    pytest.fail("it never ended")
