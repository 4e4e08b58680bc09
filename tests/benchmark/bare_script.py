# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The floor: the shortest concurrent script that makes the same objects, with no check, diff, drift, prune or report.

python tests/benchmark/bare_script.py WORK.json prints {"imports": seconds, "work": seconds, "objects": count}.
"""

from __future__ import annotations

import time

BEGAN = time.perf_counter()

import base64
import concurrent.futures
import json
import pathlib
import ssl
import sys
from typing import Any

import boto3
import urllib3
from botocore.config import Config

IMPORTED = time.perf_counter()

TOGETHER = 16
PLURALS = {
    "Namespace": "namespaces",
    "ResourceQuota": "resourcequotas",
    "LimitRange": "limitranges",
    "NetworkPolicy": "networkpolicies",
    "ServiceAccount": "serviceaccounts",
    "Role": "roles",
    "RoleBinding": "rolebindings",
}


def cluster(path: str) -> tuple[str, urllib3.PoolManager]:
    """The API server's address and a pool that trusts it and is logged in."""
    config = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    place = config["clusters"][0]["cluster"]
    authority = base64.b64decode(place["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    headers = {"Authorization": f"Bearer {config['users'][0]['user']['token']}", "Content-Type": "application/apply-patch+yaml"}
    return place["server"], urllib3.PoolManager(maxsize=TOGETHER, block=True, ssl_context=context, headers=headers)


def main(work: dict[str, Any]) -> int:
    """Apply everything, each app's namespace before the rest of it; how many objects."""
    server, connections = cluster(work["kubeconfig"])
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": work["region"]}
    config = Config(max_pool_connections=TOGETHER)
    ecr = boto3.client("ecr", endpoint_url=work["endpoint_url"], config=config, **keys)
    iam = boto3.client("iam", endpoint_url=work["endpoint_url"], config=config, **keys)

    def apply(manifest: dict[str, Any]) -> None:
        metadata, group = manifest["metadata"], manifest["apiVersion"]
        parts = [server, "api" if "/" not in group else "apis", group]
        parts += ["namespaces", metadata["namespace"]] if "namespace" in metadata else []
        url = "/".join([*parts, PLURALS[manifest["kind"]], metadata["name"]])
        answer = connections.request("PATCH", f"{url}?fieldManager=bare&force=true", body=json.dumps(manifest))
        if answer.status >= 300:
            raise SystemExit(answer.data.decode())

    def repository(wish: dict[str, Any]) -> None:
        ecr.create_repository(
            repositoryName=wish["name"], imageTagMutability="IMMUTABLE", imageScanningConfiguration={"scanOnPush": True}
        )
        ecr.put_lifecycle_policy(repositoryName=wish["name"], lifecyclePolicyText=json.dumps(wish["lifecycle"]))

    def role(wish: dict[str, Any]) -> None:
        tags = [{"Key": key, "Value": value} for key, value in wish["tags"].items()]
        trust = json.dumps(wish["trust"])
        iam.create_role(RoleName=wish["name"], Description=wish["description"], AssumeRolePolicyDocument=trust, Tags=tags)

    with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
        spaces = [pool.submit(apply, app["manifests"][0]) for app in work["apps"]]
        clouds = [pool.submit(repository, app["repository"]) for app in work["apps"]]
        clouds += [pool.submit(role, app["role"]) for app in work["apps"]]
        concurrent.futures.wait(spaces)
        rest = [pool.submit(apply, manifest) for app in work["apps"] for manifest in app["manifests"][1:]]
        done = [future.result() for future in (*spaces, *clouds, *rest)]
    return len(done)


if __name__ == "__main__":
    COUNT = main(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")))
    print(json.dumps({"imports": IMPORTED - BEGAN, "work": time.perf_counter() - IMPORTED, "objects": COUNT}))
