# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A hundred generated secrets of one app rotated in one call, against a bare concurrent script that does the same by hand.

python tests/benchmark/bench_rotation.py [secrets]

The store is the sandbox's AWS API (moto). The script walks the same four steps for each secret with the fewest calls that can do
it, sixteen at a time: it looks, reads, stores the new value as pending, reads that back, makes it current, ends the pending
stage. It plans, compares and resumes nothing. Both are in a process that is up; the calls of each are counted.
"""

from __future__ import annotations

import collections
import concurrent.futures
import datetime
import json
import os
import pathlib
import secrets
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import botocore.client
import measure
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.on_demand import CAPABILITY
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox.layout import block

AIM = 1.5
TURNS = 5
APP = "bench"


def written(folder: pathlib.Path, count: int) -> dict[str, str]:
    """The catalog's entry of an app with so many secrets, and an empty repository of its own."""
    entry = yaml.safe_load(measure.ENTRY)
    made = [{"name": f"key{number:03}", "kind": "generated", "variables": {"value": f"KEY_{number}"}} for number in range(count)]
    file = folder / f"{APP}.yml"
    file.write_text(yaml.safe_dump({**entry, "name": APP, "integrations": [], "secrets": made}), encoding="utf-8")
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder / "forge" / f"{APP}.git")], check=True)
    return {"name": APP, "environment": "sandbox", "file": str(file)}


def profile(folder: pathlib.Path, environ: dict[str, str]) -> dict[str, Any]:
    """The sandbox's, with that repository."""
    blocks = {name: block(environ, name) for name in ("aws", "cluster", "database", "registry", "runner")}
    return {"name": "sandbox", "embedded": True, **blocks, "forge": {"kind": "git", "base": f"file://{folder / 'forge'}"}}


def by_us(options: dict[str, Any], environ: dict[str, str], when: str, check: bool = False) -> None:
    params = {**options, "secrets": None, "when": when, "max_age_days": 90, "cutover": "now", "grace_seconds": 0}
    result = perform(CAPABILITY, Request(params, check=check, environ=environ))
    assert not result.get("failed"), result["msg"]
    assert when == "due" or result["changed"], result


def by_hand(client: Any, names: list[str]) -> None:
    def one(name: str) -> None:
        stages = client.describe_secret(SecretId=name)["VersionIdsToStages"]
        current = next(version for version, of in stages.items() if "AWSCURRENT" in of)
        token = str(uuid.uuid4())
        kept = json.loads(client.get_secret_value(SecretId=name, VersionId=current)["SecretString"])
        value = json.dumps({**kept, "value": secrets.token_urlsafe(32)})
        client.put_secret_value(SecretId=name, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"])
        assert client.get_secret_value(SecretId=name, VersionId=token)["SecretString"] == value
        moved = {"MoveToVersionId": token, "RemoveFromVersionId": current}
        client.update_secret_version_stage(SecretId=name, VersionStage="AWSCURRENT", **moved)
        client.update_secret_version_stage(SecretId=name, VersionStage="AWSPENDING", RemoveFromVersionId=token)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(one, names))


def counted(work: Callable[[], None]) -> collections.Counter[str]:
    """How often each call of AWS's was made."""
    calls: collections.Counter[str] = collections.Counter()
    original = botocore.client.BaseClient._make_api_call

    def counting(client: Any, operation: str, arguments: Any) -> Any:
        calls[operation] += 1
        return original(client, operation, arguments)

    botocore.client.BaseClient._make_api_call = counting
    try:
        work()
    finally:
        botocore.client.BaseClient._make_api_call = original
    return calls


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Median seconds, and seconds of our own processor (without the store's)."""
    seconds, processor = [], []
    for _turn in range(TURNS):
        start, before = time.perf_counter(), time.process_time()
        work()
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - before)
    return statistics.median(seconds), statistics.median(processor)


def main(count: int) -> None:
    """Print what each side takes, and of which calls that is made."""
    print(f"{count} generated secrets ({measure.machine()}, {datetime.datetime.now(datetime.UTC):%Y-%m-%d})", flush=True)
    with measure.sandbox() as (folder, environ, _seconds):
        environ = {**os.environ, **environ}
        options = {"app": written(folder, count), "profile": profile(folder, environ)}
        aws = options["profile"]["aws"]
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": aws["region"]}
        client = boto3.client("secretsmanager", endpoint_url=aws["endpoint_url"], **keys)
        by_us(options, environ, "now")
        names = [f"by-hand/{number}" for number in range(count)]
        for name in names:
            client.create_secret(Name=name, SecretString='{"value": "first"}')
        bare, bare_processor = timed(lambda: by_hand(client, names))
        for what, work in (
            ("rotated", lambda: by_us(options, environ, "now")),
            ("a plan of all", lambda: by_us(options, environ, "now", check=True)),
            ("none due", lambda: by_us(options, environ, "due")),
        ):
            calls = counted(work)
            ours, processor = timed(work)
            made = ", ".join(f"{name} {number}" for name, number in calls.most_common())
            print(
                f"{what}: {ours:.2f} s ({processor:.2f} s of our processor), {calls.total() / count:.1f} calls a secret: {made}"
            )
            if what == "rotated":
                print(
                    f"by hand: {bare:.2f} s ({bare_processor:.2f} s of processor), 6 calls a secret; ratio {ours / bare:.1f}",
                    end="",
                )
                print(f" (aim {AIM})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
