# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AWS says, as one sentence of ours: the class, the right that is missing, and no value that was refused."""

from __future__ import annotations

import dataclasses
import pathlib

import pytest
from botocore import exceptions as botocore_errors

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.errors import calling, error_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.session import partition_of, session_for
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import (
    Conflict,
    Denied,
    Invalid,
    MicroappsError,
    NotFound,
    Unreachable,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Aws


def answer(code: str, message: str = "", status: int = 400) -> botocore_errors.ClientError:
    metadata = {"HTTPStatusCode": status, "RetryAttempts": 5}
    return botocore_errors.ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, "CreateThing")


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (
            answer("AccessDeniedException", "User: x is not authorized to perform: ecr:CreateRepository on resource: y"),
            Denied,
            "Allow ecr:CreateRepository for the identity",
        ),
        (answer("AccessDenied"), Denied, "AWS refuses CreateThing"),
        (answer("ExpiredToken"), Denied, "does not accept the credentials"),
        (answer("RepositoryNotFoundException", "no such thing"), NotFound, "no such thing"),
        (answer("NoSuchEntity"), NotFound, "NoSuchEntity"),
        (answer("EntityAlreadyExists", "it is there"), Conflict, "it is there"),
        (answer("ThrottlingException"), Unreachable, "6 times in a row"),
        (answer("MalformedPolicyDocument", "bad\nJSON"), Invalid, "bad JSON"),
        (answer("LimitExceededException", "too many"), Invalid, "too many"),
        (answer("InternalFailure", "", 500), Unreachable, "AWS failed by itself"),
        (answer("Odd", "who knows"), MicroappsError, "who knows (Odd)"),
        (
            botocore_errors.EndpointConnectionError(endpoint_url="http://127.0.0.1:1/"),
            Unreachable,
            "http://127.0.0.1:1/ does not answer",
        ),
        (botocore_errors.ReadTimeoutError(endpoint_url="http://127.0.0.1:1/"), Unreachable, "does not answer (ReadTimeoutError)"),
        (botocore_errors.NoCredentialsError(), Denied, "Log in again"),
        (botocore_errors.ProfileNotFound(profile="x"), Denied, "(x) could not be found"),
    ],
)
def test_one_sentence(error: Exception, kind: type[MicroappsError], words: str) -> None:
    made = error_of(error, "create a thing")
    assert made.__class__ is kind
    assert made.sentence().startswith("Could not create a thing: ") and words in made.sentence()
    assert "\n" not in made.sentence()


def test_a_refused_value_is_not_quoted() -> None:
    value = "{'password': 'hunter2-canary'}, type: <class 'dict'>"
    report = f"Invalid type for parameter SecretString, value: {value}, valid types: <class 'str'>"
    error = botocore_errors.ParamValidationError(report=report)
    sentence = error_of(error, "store a secret").sentence()
    assert "SecretString" in sentence and "canary" not in sentence
    with pytest.raises(Invalid) as raised, calling("store a secret"):
        raise error
    assert raised.value.__suppress_context__


LOCAL = Aws("123456789012", "eu-west-1", "http://127.0.0.1:9", "sandbox", "", True)


@pytest.mark.parametrize(
    "url", ["", "https://ecr.eu-west-1.amazonaws.com", "http://10.0.0.1:1", "http://127.0.0.1.example.com", "http://["]
)
def test_the_sandbox_reaches_this_machine_only(url: str) -> None:
    with pytest.raises(Invalid, match="is not on this machine"):
        session_for(dataclasses.replace(LOCAL, endpoint_url=url), {})


def test_the_users_own_login_is_not_looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "credentials"
    path.write_text("[sandbox]\naws_access_key_id = local\naws_secret_access_key = local\n")
    for name, value in {
        "AWS_PROFILE": "nowhere",
        "AWS_ACCESS_KEY_ID": "theirs",
        "AWS_SECRET_ACCESS_KEY": "theirs",
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_ENDPOINT_URL": "https://example.com",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "HTTP_PROXY": "http://10.0.0.1:3128",
    }.items():
        monkeypatch.setenv(name, value)
    ecr = session_for(dataclasses.replace(LOCAL, credentials_file=str(path)), {}).ecr
    assert ecr.meta.endpoint_url == "http://127.0.0.1:9"
    assert ecr._request_signer._credentials.access_key == "local"
    assert ecr._endpoint.http_session._proxy_config.proxy_url_for("http://127.0.0.1:9") is None


def test_a_file_without_the_keys_is_not_quoted(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "credentials"
    path.write_text("aws_secret_access_key = canary\n")
    with pytest.raises(NotFound) as raised:
        session_for(dataclasses.replace(LOCAL, credentials_file=str(path)), {})
    assert "canary" not in raised.value.sentence()


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_partitions(region: str, partition: str) -> None:
    assert partition_of(region) == partition
