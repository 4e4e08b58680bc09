# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ten ECR repositories in one call of ours against a bare concurrent boto3 script, on a local AWS API (moto).

python tests/benchmark/bench_aws.py [repositories]
"""

from __future__ import annotations

import concurrent.futures
import logging
import pathlib
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from typing import Any

import boto3
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from moto.server import ThreadedMotoServer

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.ecr import CAPABILITY
from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform

REGION = "eu-west-1"


def timed(work: Callable[[], Any]) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ours(endpoint: str, credentials: str, names: list[str]) -> None:
    """One call: account checked, planned, made, read back."""
    aws = {"account": "123456789012", "region": REGION, "endpoint_url": endpoint, "loopback_only": True}
    aws.update(credentials_file=credentials, profile="sandbox")
    wishes = [{"name": name, "mutability": "immutable", "scan_on_push": True, "tags": {"a": "b"}} for name in names]
    validated = ArgumentSpecValidator(dict(CAPABILITY.spec)).validate({"aws": aws, "repositories": wishes})
    result = perform(CAPABILITY, Request(validated.validated_parameters))
    assert not result.get("failed"), result


def bare(endpoint: str, names: list[str]) -> None:
    """The shortest script that makes or looks at the same repositories; it reads nothing back."""
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    ecr = boto3.client("ecr", region_name=REGION, endpoint_url=endpoint, **keys)

    def one(name: str) -> None:
        try:
            ecr.describe_repositories(repositoryNames=[name])
        except ecr.exceptions.RepositoryNotFoundException:
            ecr.create_repository(
                repositoryName=name,
                imageTagMutability="IMMUTABLE",
                imageScanningConfiguration={"scanOnPush": True},
                tags=[{"Key": "a", "Value": "b"}],
            )

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(one, names))


def main(count: int) -> None:
    """Print one line for making and one for finding everything in place."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request, in the middle of ours
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    with tempfile.TemporaryDirectory() as folder:
        credentials = pathlib.Path(folder, "credentials")
        credentials.write_text("[sandbox]\naws_access_key_id = x\naws_secret_access_key = x\n")
        for warm in (["warm-up-a"], ["warm-up-b"]):
            ours(endpoint, str(credentials), warm)
            bare(endpoint, warm)
        sets = [[f"{kind}-{uuid.uuid4().hex[:8]}" for _unused in range(count)] for kind in ("ours", "bare")]
        for what in ("made", "in place"):
            one = timed(lambda: ours(endpoint, str(credentials), sets[0]))
            other = timed(lambda: bare(endpoint, sets[1]))
            print(f"{count} repositories {what}: ours {one:.2f} s, bare script {other:.2f} s, ratio {one / other:.1f}")
    moto.stop()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
