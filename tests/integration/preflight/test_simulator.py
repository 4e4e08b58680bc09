# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IAM's simulator, which the local AWS API does not have: an HTTP server answers as AWS documents it, in two pages."""

from __future__ import annotations

import http.server
import pathlib
import threading
import urllib.parse
from collections.abc import Iterator
from typing import ClassVar

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.session import session_for
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight.aws import simulated
from ansible_collections.goldenpath.microapps.plugins.module_utils.preflight.permissions import missing
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Aws

BOUNDARY = "arn:aws:iam::123456789012:policy/fence"
CALLER = "arn:aws:sts::123456789012:assumed-role/Deployer/session"
REFUSED = "iam:DeleteRole"


class Simulator(http.server.BaseHTTPRequestHandler):
    """Allows everything but one call; every request is kept. `html` answers as an emulation without a simulator does."""

    asked: ClassVar[list[dict[str, list[str]]]] = []
    html: ClassVar[bool] = False

    def do_POST(self) -> None:
        body = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.asked.append(body)
        actions = [body[key][0] for key in sorted(body) if key.startswith("ActionNames.")]
        first = "Marker" not in body
        shown = actions[:1] if first else actions[1:]
        entries = "".join(
            f"<member><EvalActionName>{action}</EvalActionName><EvalResourceName>*</EvalResourceName>"
            f"<EvalDecision>{'implicitDeny' if action == REFUSED else 'allowed'}</EvalDecision></member>"
            for action in shown
        )
        more = "<IsTruncated>true</IsTruncated><Marker>m</Marker>" if first else "<IsTruncated>false</IsTruncated>"
        found = f"{more}<EvaluationResults>{entries}</EvaluationResults>"
        result = f"<SimulatePrincipalPolicyResult>{found}</SimulatePrincipalPolicyResult>"
        space = "https://iam.amazonaws.com/doc/2010-05-08/"
        text = f'<SimulatePrincipalPolicyResponse xmlns="{space}">{result}</SimulatePrincipalPolicyResponse>'
        if Simulator.html:
            text = "<!doctype html>\n<html lang=en>\n<h1>Not Found</h1>"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_arguments: object) -> None:
        """Silent."""


@pytest.fixture
def aws(tmp_path: pathlib.Path) -> Iterator[Aws]:
    """The account behind such a server."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Simulator)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Simulator.asked, Simulator.html = [], False
    credentials = tmp_path / "credentials"
    credentials.write_text("[default]\naws_access_key_id = test\naws_secret_access_key = test\n")
    address = f"http://127.0.0.1:{server.server_port}"
    yield Aws("123456789012", "eu-west-1", address, "", str(credentials), True, permissions_boundary=BOUNDARY)
    server.shutdown()
    server.server_close()


def test_every_right_is_asked_of_the_role_on_its_object_under_the_boundary(aws: Aws) -> None:
    rights = ("iam:CreateRole", REFUSED, "iam:GetRole", "ecr:ListImages", "sts:GetCallerIdentity")
    found = list(simulated(session_for(aws, {}), aws, CALLER, rights))
    assert missing(found) == (REFUSED,)
    assert sorted({entry["EvalActionName"] for entry in found}) == sorted(set(rights) - {"sts:GetCallerIdentity"})
    assert {body["PolicySourceArn"][0] for body in Simulator.asked} == {"arn:aws:iam::123456789012:role/Deployer"}
    bound = [body for body in Simulator.asked if "ContextEntries.member.1.ContextKeyName" in body]
    assert {body["ContextEntries.member.1.ContextKeyValues.member.1"][0] for body in bound} == {BOUNDARY}
    assert all(body["ActionNames.member.1"] == ["iam:CreateRole"] for body in bound) and bound


def test_an_endpoint_without_a_simulator_is_no_answer(aws: Aws) -> None:
    Simulator.html = True
    with pytest.raises(Unreachable):
        list(simulated(session_for(aws, {}), aws, CALLER, ("iam:GetRole",)))
