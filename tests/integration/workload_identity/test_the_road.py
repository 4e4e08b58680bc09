# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The secrets role with a store outside AWS: who may read is part of the road, and its control answers by the trust proof."""

from __future__ import annotations

import pathlib
import subprocess
import uuid
from typing import Any

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.profile_schema import profile_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Answer, State
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import MicroappsError
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight.parts import Asked, rows
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight.permissions import google_rights
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight.registry import CAPABILITIES, permissions_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight.rows import Row
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation import app_secrets
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

POOL = "projects/123456789012/locations/global/workloadIdentityPools/acme-dev.svc.id.goog"
READER = "roles/secretmanager.secretAccessor"


class Road:
    """One app with one generated secret, and the profile of the sandbox with a store of Google's."""

    def __init__(self, sandbox: Any, root: pathlib.Path, folder: pathlib.Path, cloud: Any) -> None:
        self.name = f"read-{uuid.uuid4().hex[:8]}"
        entry = yaml.safe_load((root / "inventories/apps/where2eat.yml").read_text())
        made = [{"name": "key", "kind": "generated", "variables": {"value": "KEY"}}]
        file = folder / f"{self.name}.yml"
        file.write_text(yaml.safe_dump({**entry, "name": self.name, "integrations": [], "secrets": made}))
        subprocess.run(["git", "init", "--quiet", "--bare", str(folder / f"{self.name}.git")], check=True)
        blocks = {name: sandbox.block(name) for name in ("aws", "cluster", "database", "registry", "runner")}
        store = {"scheme": "gcp_secretmanager", "project": "acme-dev", "token_file": cloud.key_file, "address": cloud.address}
        self.profile = {"name": "sandbox", **blocks, "forge": {"base": f"file://{folder}"}, "secret_store": store}
        self.app = {"name": self.name, "environment": "sandbox", "file": str(file)}
        self.environ = {**sandbox.environ, **cloud.environ}
        self.secret = f"microapps_sandbox_{self.name}_key"

    def run(self, check: bool = False, **profile: Any) -> Answer:
        """What the control answers."""
        params = {"app": self.app, "profile": {**self.profile, **profile}, "max_age_days": 90}
        outcome = app_secrets.run(Request(params, check=check, environ=self.environ))
        return next(one for one in outcome.answers if one.control == "secrets-08")


@pytest.fixture
def road(sandbox: Any, root: pathlib.Path, tmp_path: pathlib.Path, cloud: Any) -> Road:
    return Road(sandbox, root, tmp_path, cloud)


def test_the_app_may_read_what_was_just_made_and_drift_is_taken_back(road: Road, cloud: Any) -> None:
    member = f"principal://iam.googleapis.com/{POOL}/subject/ns/{road.name}-sandbox/sa/{road.name}"
    planned = road.run(check=True)
    assert planned.state is State.DRIFTED and "policy is missing" in planned.found
    done = road.run()
    assert done.state is State.IN_PLACE and "shares the pool acme-dev.svc.id.goog" in done.reason
    assert cloud.policies[road.secret]["bindings"] == [{"role": READER, "members": [member]}]
    assert road.run(check=True).found == ""
    del cloud.policies[road.secret]["bindings"]
    assert road.run(check=True).state is State.DRIFTED
    assert road.run().state is State.IN_PLACE
    assert cloud.policies[road.secret]["bindings"] == [{"role": READER, "members": [member]}]


def test_a_stranger_is_a_violation_until_the_profile_takes(road: Road, cloud: Any) -> None:
    assert road.run().state is State.IN_PLACE
    cloud.policies[road.secret]["bindings"][0]["members"].append("allAuthenticatedUsers")
    told = road.run()
    assert told.state is State.VIOLATED and "allAuthenticatedUsers has" in told.reason
    assert road.run(adopt="take").state is State.IN_PLACE
    assert "allAuthenticatedUsers" not in str(cloud.policies[road.secret])


def test_a_policy_that_cannot_be_read_is_not_called_in_place(road: Road, cloud: Any) -> None:
    road.environ["CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER"] = "http://127.0.0.1:1"
    assert road.run().state is State.NOT_REACHED


def test_where_aws_is_the_store_its_role_answers(road: Road) -> None:
    told = road.run(check=True, secret_store={})
    assert told.state is State.NOT_APPLICABLE and "supply_chain-07" in told.reason


def test_preflight_names_each_right_that_is_lacking(road: Road, cloud: Any) -> None:
    rights = permissions_of(CAPABILITIES)

    def row() -> Row:
        asked = Asked(profile_from(road.profile), rights, (), road.environ, Secrets())
        return next(one for one in rows(asked) if one.part == "secret store")

    needed = {right for right in google_rights(rights) if not right.startswith("iam.")}
    cloud.permissions = needed - {"secretmanager.secrets.setIamPolicy"}
    problem = row().problem
    assert isinstance(problem, MicroappsError) and "may not secretmanager.secrets.setIamPolicy" in problem.sentence()
    cloud.permissions = needed
    assert row().permitted == "yes"
