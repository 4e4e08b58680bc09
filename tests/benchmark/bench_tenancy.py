# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What fencing apps in costs, against the shortest concurrent script that applies the same objects blindly.

    python tests/benchmark/bench_tenancy.py [apps ...]      (on a fresh sandbox of its own)

The script knows no dry run, no diff, no drift, no foreign object and no prune; each app costs it one request an object.
Both share one process and one connection pool an app, so that only the work is compared. Ansible's own cost comes on top.
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import pathlib
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import measure
import urllib3

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.profile_schema import profile_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.fence import CAPABILITY
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.kinds import BY_NAME
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.tenancy import tenancy_objects
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import layout
from ansible_collections.goldenpath.microapps.plugins.module_utils.verdict import Verdict

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENTRY = (ROOT / "inventories" / "apps" / "where2eat.yml").read_text(encoding="utf-8")
NOTHING_FOUND = ("reasons", "controls", "credentials", "contradictions")
VERDICT = {"path": "full", "score": 1, "facts": {}, "commit": "", **{name: [] for name in NOTHING_FOUND}}
# Apps at a time, as many as Ansible's usual forks.
TOGETHER = 5


def profile() -> dict[str, Any]:
    """The sandbox's."""
    blocks = ("aws", "cluster", "database", "registry", "forge", "runner")
    return {"name": "sandbox", "embedded": True, **{block: layout.block(dict(os.environ), block) for block in blocks}}


def catalog(folder: pathlib.Path, prefix: str, count: int) -> list[tuple[str, pathlib.Path]]:
    """`count` apps like where2eat."""
    made = []
    for number in range(count):
        name = f"{prefix}{number}"
        file = folder / f"{name}.yml"
        file.write_text(ENTRY.replace("name: where2eat\n", f"name: {name}\n", 1), encoding="utf-8")
        made.append((name, file))
    return made


def ours(apps: list[tuple[str, pathlib.Path]]) -> bool:
    """Fence all of them in: whether anything was changed."""

    def one(app: tuple[str, pathlib.Path]) -> bool:
        identity = {"name": app[0], "environment": "sandbox", "file": str(app[1])}
        result = perform(CAPABILITY, Request({"app": identity, "profile": profile(), "verdict": VERDICT}))
        assert not result.get("failed"), result["msg"]
        return bool(result["changed"])

    with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
        # A list first: `any` alone would stop at the first that changed, and the others would never run.
        return any(list(pool.map(one, apps)))


def bare(apps: list[tuple[str, pathlib.Path]]) -> None:
    """Apply the same objects: the namespace first, then the others side by side."""
    cluster = profile()["cluster"]
    config = json.loads(pathlib.Path(cluster["kubeconfig"]).read_text(encoding="utf-8"))
    server, token = config["clusters"][0]["cluster"]["server"], config["users"][0]["user"]["token"]
    context = ssl.create_default_context(cafile=str(pathlib.Path(cluster["kubeconfig"]).parent / "server.crt"))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/apply-patch+yaml"}
    wanted = [
        [one.manifest for one in tenancy_objects(load_app(str(file), name, "sandbox"), profile_from(profile()), VERDICT_OBJECT)]
        for name, file in apps
    ]

    def one(manifests: list[Any]) -> None:
        with urllib3.PoolManager(maxsize=6, ssl_context=context) as connections:

            def apply(manifest: Any) -> None:
                metadata = manifest["metadata"]
                kind = BY_NAME[manifest["apiVersion"], manifest["kind"]]
                path = kind.path(metadata.get("namespace", ""), metadata["name"]) + "?fieldManager=bare&force=true"
                answer = connections.request("PATCH", server + path, body=json.dumps(manifest), headers=headers)
                assert answer.status < 300, answer.data

            apply(manifests[0])
            with concurrent.futures.ThreadPoolExecutor(6) as pool:
                list(pool.map(apply, manifests[1:]))

    with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
        list(pool.map(one, wanted))


VERDICT_OBJECT = Verdict.from_result(VERDICT)


def timed(work: Callable[[], Any]) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def delete(apps: list[tuple[str, pathlib.Path]]) -> None:
    """Let the namespaces go; the cluster does that by itself."""
    cluster = profile()["cluster"]
    config = json.loads(pathlib.Path(cluster["kubeconfig"]).read_text(encoding="utf-8"))
    context = ssl.create_default_context(cafile=str(pathlib.Path(cluster["kubeconfig"]).parent / "server.crt"))
    headers = {"Authorization": f"Bearer {config['users'][0]['user']['token']}"}
    with urllib3.PoolManager(ssl_context=context) as connections:
        for name, _file in apps:
            path = f"/api/v1/namespaces/{name}-sandbox"
            connections.request("DELETE", config["clusters"][0]["cluster"]["server"] + path, headers=headers)


def main(counts: list[int]) -> None:
    """Print one line a number of apps."""
    print("apps  first: ours  script  ratio    unchanged: ours  script  ratio   (seconds)")
    with tempfile.TemporaryDirectory() as name:
        warm = catalog(pathlib.Path(name), f"w{os.getpid()}-", 1)
        ours(warm)
        delete(warm)
        for count in counts:
            mine = catalog(pathlib.Path(name), f"o{os.getpid()}-{count}-", count)
            theirs = catalog(pathlib.Path(name), f"b{os.getpid()}-{count}-", count)
            script, first = timed(lambda apps=theirs: bare(apps)), timed(lambda apps=mine: ours(apps))
            turns = [(timed(lambda apps=mine: ours(apps)), timed(lambda apps=theirs: bare(apps))) for _turn in range(3)]
            assert not ours(mine), "the second run changed something"
            again, blind = (statistics.median(times) for times in zip(*turns, strict=True))
            print(
                f"{count:4}  {first:11.3f} {script:7.3f} {first / script:6.2f}    "
                f"{again:15.3f} {blind:7.3f} {again / blind:6.2f}",
                flush=True,
            )
            delete([*mine, *theirs])


if __name__ == "__main__":
    with measure.sandbox() as (_folder, environ, _seconds):
        os.environ["GOLDENPATH_STATE"] = environ["GOLDENPATH_STATE"]
        main([int(argument) for argument in sys.argv[1:]] or [1, 10, 50])
