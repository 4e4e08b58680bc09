# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A hundred generated secrets of one app rotated in one call, against a bare concurrent script that does the same by hand.

python tests/benchmark/bench_rotation.py [secrets]

The stores are the sandbox's AWS API (moto) and its OpenBao. The script walks the same four steps for each secret with the fewest
calls that can do it, sixteen at a time: it looks, reads, stores the new value as pending, reads that back, makes it current, ends
the pending stage. Its plan is the first two. It compares and resumes nothing. Both are in a process that is up, with clients that
are made; the calls of each are counted. OpenBao is asked once more through a relay that hands each answer on 5 ms late: beside us
it answers in a third of a millisecond, which a store that others run never does.
"""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import dataclasses
import datetime
import http.client
import json
import os
import pathlib
import secrets
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore.client
import botocore.config
import measure
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.on_demand import CAPABILITY
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox.layout import block

AIM = 1.5
TURNS = 5
LATE = 5
APP = "bench"


def written(folder: pathlib.Path, count: int) -> dict[str, str]:
    """The catalog's entry of an app with so many secrets, and an empty repository of its own."""
    entry = yaml.safe_load(measure.ENTRY)
    made = [{"name": f"key{number:03}", "kind": "generated", "variables": {"value": f"KEY_{number}"}} for number in range(count)]
    file = folder / f"{APP}.yml"
    file.write_text(yaml.safe_dump({**entry, "name": APP, "integrations": [], "secrets": made}), encoding="utf-8")
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder / "forge" / f"{APP}.git")], check=True)
    return {"name": APP, "environment": "sandbox", "file": str(file)}


def profile(folder: pathlib.Path, environ: dict[str, str], store: dict[str, str]) -> dict[str, Any]:
    """The sandbox's, with that repository and store."""
    blocks = {name: block(environ, name) for name in ("aws", "cluster", "database", "registry", "runner")}
    forge = {"kind": "git", "base": f"file://{folder / 'forge'}"}
    return {"name": "sandbox", "embedded": True, **blocks, "forge": forge, "secret_store": store}


def by_us(options: dict[str, Any], environ: dict[str, str], how: str, check: bool = False) -> None:
    params = {**options, "secrets": None, "rotate": how, "max_age_days": 90, "cutover": "now", "grace_seconds": 0}
    result = perform(CAPABILITY, Request(params, check=check, environ=environ))
    assert not result.get("failed"), result["msg"]
    assert how == "due" or result["changed"], result


@dataclasses.dataclass(frozen=True)
class ByHand:
    """A store without any code of ours: what it takes to look at one secret, to rotate one, and to make the first ones."""

    block: dict[str, str]
    look: Callable[[str], Any]
    rotate: Callable[[str], None]
    make: Callable[[str], Any]


def at_once(work: Callable[[str], Any], names: list[str]) -> None:
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(work, names))


def aws_by_hand(environ: dict[str, str]) -> ByHand:
    aws = block(environ, "aws")
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": aws["region"]}
    pool = botocore.config.Config(max_pool_connections=16)
    client = boto3.client("secretsmanager", endpoint_url=aws["endpoint_url"], config=pool, **keys)

    def look(name: str) -> tuple[str, dict[str, str]]:
        stages = client.describe_secret(SecretId=name)["VersionIdsToStages"]
        current = next(version for version, of in stages.items() if "AWSCURRENT" in of)
        return current, json.loads(client.get_secret_value(SecretId=name, VersionId=current)["SecretString"])

    def rotate(name: str) -> None:
        current, kept = look(name)
        token = str(uuid.uuid4())
        value = json.dumps({**kept, "value": secrets.token_urlsafe(32)})
        client.put_secret_value(SecretId=name, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"])
        assert client.get_secret_value(SecretId=name, VersionId=token)["SecretString"] == value
        moved = {"MoveToVersionId": token, "RemoveFromVersionId": current}
        client.update_secret_version_stage(SecretId=name, VersionStage="AWSCURRENT", **moved)
        client.update_secret_version_stage(SecretId=name, VersionStage="AWSPENDING", RemoveFromVersionId=token)

    def make(name: str) -> None:
        client.create_secret(Name=name, SecretString='{"value": "first"}')

    return ByHand({"scheme": "aws_secretsmanager"}, look, rotate, make)


def bao_by_hand(bao: dict[str, str]) -> ByHand:
    headers = {"X-Vault-Token": pathlib.Path(bao["token_file"]).read_text(encoding="utf-8").strip()}
    mine = threading.local()

    def ask(method: str, path: str, body: Any = None) -> Any:
        if not hasattr(mine, "connection"):
            mine.connection = http.client.HTTPConnection(urllib.parse.urlsplit(bao["address"]).netloc)
        mine.connection.request(method, f"/v1/{path}", json.dumps(body) if body is not None else None, headers)
        answer = mine.connection.getresponse()
        text = answer.read()
        assert answer.status in (200, 204), (method, path, answer.status, text)
        return json.loads(text) if text else None

    def look(name: str) -> tuple[Any, dict[str, str]]:
        return ask("GET", f"bench/metadata/{name}")["data"], ask("GET", f"bench/data/{name}")["data"]["data"]

    def rotate(name: str) -> None:
        seen, kept = look(name)
        value = {**kept, "value": secrets.token_urlsafe(32)}
        ask("POST", f"bench/data/{name}.pending", {"options": {"cas": 0}, "data": value})
        assert ask("GET", f"bench/data/{name}.pending")["data"]["data"] == value
        ask("POST", f"bench/data/{name}", {"options": {"cas": seen["current_version"]}, "data": value})
        ask("POST", f"bench/metadata/{name}", {"custom_metadata": {"id": str(uuid.uuid4())}})
        ask("DELETE", f"bench/metadata/{name}.pending")

    def make(name: str) -> None:
        ask("POST", f"bench/data/{name}", {"data": {"value": "first"}})

    if "bench/" not in ask("GET", "sys/mounts")["data"]:
        ask("POST", "sys/mounts/bench", {"type": "kv", "options": {"version": "2"}})
    return ByHand({"scheme": "openbao", "mount": "bench", **bao}, look, rotate, make)


@contextlib.contextmanager
def late(bao: dict[str, str]) -> Iterator[dict[str, str]]:
    """The same store behind a relay that takes `LATE` milliseconds for each answer."""
    port = bao["address"].rpartition(":")[2]
    command = [sys.executable, str(pathlib.Path(__file__).with_name("late_relay.py")), port, str(LATE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as relay:
        try:
            assert relay.stdout is not None
            yield {**bao, "address": f"http://127.0.0.1:{relay.stdout.readline().strip()}"}
        finally:
            relay.terminate()


def counted(work: Callable[[], None]) -> collections.Counter[str]:
    """How often each call was made: AWS's by its name, OpenBao's by method and kind."""
    calls: collections.Counter[str] = collections.Counter()
    asked, sent = botocore.client.BaseClient._make_api_call, http.client.HTTPConnection.request

    def asking(client: Any, operation: str, arguments: Any) -> Any:
        calls[operation] += 1
        return asked(client, operation, arguments)

    def sending(connection: Any, method: str, url: str, *rest: Any, **also: Any) -> Any:
        if url.startswith("/v1/bench/"):
            calls[f"{method} {url.split('/')[3]}{' (pending)' if '.pending' in url else ''}"] += 1
        return sent(connection, method, url, *rest, **also)

    botocore.client.BaseClient._make_api_call, http.client.HTTPConnection.request = asking, sending
    try:
        work()
    finally:
        botocore.client.BaseClient._make_api_call, http.client.HTTPConnection.request = asked, sent
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


def compare(title: str, count: int, environ: dict[str, str], hand: ByHand, options: dict[str, Any]) -> None:
    """Print what each side takes with one store, and of which calls that is made."""
    names = [f"by-hand/{number}" for number in range(count)]
    at_once(hand.make, names)
    by_us(options, environ, "now")
    print(f"{title}:", flush=True)
    for what, ours, theirs in (
        ("rotated", lambda: by_us(options, environ, "now"), lambda: at_once(hand.rotate, names)),
        ("a plan of all", lambda: by_us(options, environ, "now", check=True), lambda: at_once(hand.look, names)),
        ("none due", lambda: by_us(options, environ, "due"), lambda: at_once(hand.look, names)),
    ):
        calls, bare_calls = counted(ours), counted(theirs)
        seconds, processor = timed(ours)
        bare, bare_processor = timed(theirs)
        print(f"  {what}: {seconds:.2f} s ({processor:.2f} s of our processor), {calls.total() / count:.1f} calls a secret")
        print(f"    by hand {bare:.2f} s ({bare_processor:.2f} s), {bare_calls.total() / count:.1f} calls a secret")
        times, work = seconds / bare, processor / bare_processor
        print(f"    ratio {times:.1f} (aim {AIM}; of processor {work:.1f}, of calls {calls.total() / bare_calls.total():.1f})")
        print(f"    {', '.join(f'{name} {number}' for name, number in calls.most_common())}", flush=True)


def main(count: int) -> None:
    """Both stores, one after the other."""
    print(f"{count} generated secrets ({measure.machine()}, {datetime.datetime.now(datetime.UTC):%Y-%m-%d})", flush=True)
    with measure.sandbox() as (folder, environ, _seconds):
        environ = {**os.environ, **environ}
        app = written(folder, count)
        bao = block(environ, "openbao")
        with late(bao) as later:
            for title, hand in (
                ("AWS Secrets Manager", aws_by_hand(environ)),
                ("OpenBao", bao_by_hand(bao)),
                (f"OpenBao, each answer {LATE} ms late", bao_by_hand(later)),
            ):
                compare(title, count, environ, hand, {"app": app, "profile": profile(folder, environ, hand.block)})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
