# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looks at (and damages) the supply chain without any code of ours: boto3, git and plain requests to the registry."""
# ruff: noqa: S101, S106 - a witness asserts; the sandbox takes any key; its address is its own

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import urllib.request
from typing import Any

import boto3
import yaml

BLOCKS = json.loads((pathlib.Path(os.environ["GOLDENPATH_STATE"]) / "sandbox" / "state.json").read_text())["blocks"]
ROLE = "microapp-where2eat-sandbox"
OWNER = "goldenpath.microapps/owner"
BRANCH, OVERLAY = "goldenpath/baseline", "deploy/overlays/sandbox/kustomization.yaml"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def aws(service: str) -> Any:
    """A plain client of the AWS API."""
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=BLOCKS["aws"]["region"])
    return session.client(service, endpoint_url=BLOCKS["aws"]["endpoint_url"])


def registry(method: str, reference: str) -> Any:
    """What the registry answers about a manifest of the app's."""
    url = f"http://{BLOCKS['registry']['address']}/v2/where2eat/manifests/{reference}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(urllib.request.Request(url, method=method, headers={"Accept": f"{MANIFEST}, {INDEX}"}))


def git(*arguments: str, folder: pathlib.Path | None = None) -> str:
    """What git says."""
    place = ["-C", str(folder)] if folder else []
    command = ["git", *place, "-c", "user.name=Owner", "-c", "user.email=owner@example.org", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def clone() -> pathlib.Path:
    """The app's branch, in a folder of its own."""
    folder = pathlib.Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "clone"
    if folder.exists():
        git("pull", "--quiet", folder=folder)
    else:
        git("clone", "--quiet", "--branch", BRANCH, f"{BLOCKS['forge']['base']}/where2eat.git", str(folder))
    return folder


def image() -> dict[str, str]:
    """The image's entry in the overlay."""
    (entry,) = yaml.safe_load((clone() / OVERLAY).read_text())["images"]
    return entry


def damage() -> None:
    """What people do by hand."""
    aws("ecr").put_image_tag_mutability(repositoryName="where2eat", imageTagMutability="MUTABLE")
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    aws("iam").put_role_policy(RoleName=ROLE, PolicyName="just-for-today", PolicyDocument=json.dumps(everything))
    aws("iam").untag_role(RoleName=ROLE, TagKeys=[OWNER])
    folder, pinned = clone(), image()
    commit = git("rev-parse", "origin/main", folder=folder).strip()
    text = (folder / OVERLAY).read_text()
    (folder / OVERLAY).write_text(text.replace(f'digest: "{pinned["digest"]}"', f'newTag: "{commit}"'))
    assert "newTag" in image()
    git("commit", "--quiet", "--all", "--message", "Run what the tag says", folder=folder)
    git("push", "--quiet", "origin", BRANCH, folder=folder)


def verify() -> None:
    """The end of the road, from outside."""
    (found,) = aws("ecr").describe_repositories(repositoryNames=["where2eat"])["repositories"]
    assert found["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION", found
    assert found["imageScanningConfiguration"] == {"scanOnPush": True}
    assert aws("iam").list_role_policies(RoleName=ROLE)["PolicyNames"] == ["workload"]
    (trust,) = aws("iam").get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert "where2eat-sandbox" in json.dumps(trust) and "*" not in json.dumps(trust), trust
    assert any(tag["Key"] == OWNER for tag in aws("iam").list_role_tags(RoleName=ROLE)["Tags"])
    entry, commit = image(), git("rev-parse", "origin/main", folder=clone()).strip()
    assert "newTag" not in entry
    assert registry("HEAD", commit).headers["Docker-Content-Digest"] == entry["digest"]
    attached = json.loads(registry("GET", entry["digest"].replace(":", "-")).read())["manifests"]
    assert len(attached) == 3, "a signature, a bill of materials, the provenance"


def unsign() -> None:
    """All that is attached to the image goes."""
    attached = registry("GET", image()["digest"].replace(":", "-")).headers["Docker-Content-Digest"]
    assert registry("DELETE", attached).status == 202


if __name__ == "__main__":
    {"damage": damage, "verify": verify, "unsign": unsign}[sys.argv[1]]()
