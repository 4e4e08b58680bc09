# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the AWS tests share: the sandbox's block, raw clients as witnesses, and a name nobody else uses."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest


@pytest.fixture(scope="session")
def aws(sandbox: Any) -> dict[str, Any]:
    """The option `aws` for the sandbox."""
    return dict(sandbox.block("aws"))


@pytest.fixture(scope="session")
def client(aws: dict[str, Any]) -> Callable[[str], Any]:
    """A raw client that is not ours: the witness."""

    def made(service: str) -> Any:
        return boto3.client(
            service,
            region_name=aws["region"],
            endpoint_url=aws["endpoint_url"],
            aws_access_key_id="witness",
            aws_secret_access_key="witness",
        )

    return made


@pytest.fixture
def name() -> str:
    """A fresh name."""
    return f"t{uuid.uuid4().hex[:10]}"


@pytest.fixture
def alias(client: Callable[[str], Any], name: str) -> tuple[str, str]:
    """A KMS key: its alias and its ARN."""
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key["KeyId"])
    return f"alias/{name}", key["Arn"]
