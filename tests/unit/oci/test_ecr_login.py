# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logins of ECR: for its own hosts, in the profile's region and account, and nowhere else.

No AWS answers here: botocore's Stubber checks each call against AWS's own description of the service, and allows no other.
"""

from __future__ import annotations

import base64
import pathlib

import pytest
from botocore.stub import Stubber

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.session import AwsSession, session_for
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Denied, Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci import auth
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.docker_config import Login
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Aws
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
PASSWORD = "only-a-" + "test-password"


@pytest.fixture
def session(tmp_path: pathlib.Path) -> AwsSession:
    """A session that reaches nobody."""
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    return session_for(Aws("123456789012", "eu-west-1", "http://127.0.0.1:1", "", str(file), loopback_only=True), {})


def test_a_login_of_ecrs() -> None:
    token = base64.b64encode(f"AWS:{PASSWORD}".encode()).decode()
    assert auth.ecr_login(token, "h") == Login("AWS", PASSWORD)
    with pytest.raises(Unreachable):
        auth.ecr_login("nonsense", "h")


def test_ecr_is_asked_for_its_own_hosts_only(session: AwsSession, secrets: Secrets) -> None:
    token = base64.b64encode(f"AWS:{PASSWORD}".encode()).decode()
    logins = auth.Logins({"HOME": "/nonexistent"}, secrets, lambda: session)
    with Stubber(session.sts) as sts, Stubber(session.ecr) as ecr:
        for host in ("ghcr.io", f"{REGISTRY}.example.org", REGISTRY.partition(".")[2], f"x{REGISTRY}"):
            assert logins.login(host) is None
        with pytest.raises(Denied, match="one region"):
            logins.login(REGISTRY.replace("eu-west-1", "eu-west-2"))
        sts.add_response("get_caller_identity", {"Account": "123456789012"})
        for host in (REGISTRY, REGISTRY.replace(".ecr", ".ecr-fips"), "123456789012.dkr-ecr.eu-west-1.on.aws"):
            ecr.add_response("get_authorization_token", {"authorizationData": [{"authorizationToken": token}]})
            assert logins.login(host) == Login("AWS", PASSWORD)
        ecr.add_client_error("get_authorization_token", "AccessDeniedException")
        with pytest.raises(Denied):
            logins.login(REGISTRY)


def test_ecr_is_not_asked_in_another_account(session: AwsSession, secrets: Secrets) -> None:
    with Stubber(session.sts) as sts, Stubber(session.ecr):
        sts.add_response("get_caller_identity", {"Account": "999999999999"})
        with pytest.raises(Denied, match="999999999999"):
            auth.Logins({}, secrets, lambda: session).login(REGISTRY)
