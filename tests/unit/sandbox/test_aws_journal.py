# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the AWS API remembers: writes only, whole lines only, and the same ids again."""

from __future__ import annotations

import io
import json

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import aws_server

SCOPE = "k/20260101/eu-west-1/secretsmanager/aws4_request"
SIGNED = f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=0"
FORM = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("method", "headers", "query", "body", "write"),
    [
        ("POST", {"HTTP_X_AMZ_TARGET": "secretsmanager.PutSecretValue"}, "", b"{}", True),
        ("POST", {"HTTP_X_AMZ_TARGET": "secretsmanager.GetSecretValue"}, "", b"{}", False),
        ("POST", {"HTTP_X_AMZ_TARGET": "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories"}, "", b"{}", False),
        ("POST", {"HTTP_X_AMZ_TARGET": "AmazonEC2ContainerRegistry_V20150921.BatchGetImage"}, "", b"{}", False),
        ("POST", {"HTTP_X_AMZ_TARGET": "AmazonEC2ContainerRegistry_V20150921.PutImage"}, "", b"{}", True),
        ("POST", FORM, "", b"Action=CreateRole&RoleName=GetSomething", True),
        ("POST", FORM, "", b"Action=GetRole&RoleName=CreateSomething", False),
        ("POST", FORM, "", b"Action=ListRoles", False),
        ("GET", {}, "Action=DeleteRole&RoleName=x", b"", True),
        ("GET", {}, "prefix=x", b"", False),
        ("PUT", {}, "", b"", True),
        ("DELETE", {}, "", b"", True),
    ],
)
def test_what_is_a_write(method, headers, query, body, write):
    assert aws_server.is_write(method, headers, query, body) is write


def test_a_line_that_a_kill_cut_off_is_forgotten_and_the_next_one_is_whole(tmp_path):
    path = tmp_path / "journal"
    path.write_text('{"a": 1}\n{"b": ')
    journal = aws_server.Journal(path)
    journal.append({"c": 3})
    assert list(journal.entries()) == [{"a": 1}, {"c": 3}]
    assert path.stat().st_mode & 0o777 == 0o600


def request(target, **body):
    data = json.dumps(body).encode()
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:1",
        "HTTP_X_AMZ_TARGET": f"secretsmanager.{target}",
        "HTTP_AUTHORIZATION": SIGNED,
        "CONTENT_TYPE": "application/x-amz-json-1.1",
        "CONTENT_LENGTH": str(len(data)),
        "wsgi.input": io.BytesIO(data),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
    }


def application(path):
    from moto.backends import get_backend

    get_backend("secretsmanager").reset()
    return aws_server.Remembering(aws_server.Dispatcher(), aws_server.Journal(path))


def ask(app, target, **body):
    return json.loads(b"".join(app(request(target, **body), lambda *_given: None)))


def test_a_replay_gives_the_same_arn_and_version(tmp_path):
    first = application(tmp_path / "journal")
    ask(first, "CreateSecret", Name="s", SecretString="one")
    ask(first, "GetRandomPassword")
    put = ask(first, "PutSecretValue", SecretId="s", SecretString="two")
    again = application(tmp_path / "journal")
    assert again.replay() == 2
    read = ask(again, "GetSecretValue", SecretId="s")
    assert (read["ARN"], read["VersionId"], read["SecretString"]) == (put["ARN"], put["VersionId"], "two")
    later = [ask(again, "PutSecretValue", SecretId="s", SecretString=str(number))["VersionId"] for number in range(3)]
    assert len({put["VersionId"], *later}) == 4


def test_each_service_answers_for_itself_whichever_was_asked_before(tmp_path):
    app = application(tmp_path / "journal")
    form = b"Action=ListUsers&Version=2010-05-08"
    to_iam = {
        **request(""),
        **FORM,
        "HTTP_AUTHORIZATION": SIGNED.replace("secretsmanager", "iam"),
        "CONTENT_LENGTH": str(len(form)),
    }
    del to_iam["HTTP_X_AMZ_TARGET"]
    for _again in range(2):
        assert ask(app, "ListSecrets")["SecretList"] == []
        answer = b"".join(app({**to_iam, "wsgi.input": io.BytesIO(form)}, lambda *_given: None))
        assert b"<ListUsersResponse" in answer
