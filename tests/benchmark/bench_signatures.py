# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Images verified: one warm, a hundred against `cosign verify` for each, and a registry that is hostile.

python tests/benchmark/bench_signatures.py [images]

The registry is the sandbox's (Distribution), the signatures are cosign's fixtures pushed into it, cosign is the sandbox's own.
Like is compared with like, a hundred images each time:
- play with play: one task of ours, against one `ansible.builtin.command` task that loops over `cosign verify`;
- verifying with verifying: one call of ours in a process that is up, against a process of cosign's for each image (its start is
  part of what running a program costs), one after the other and two at a time;
- our whole play against the bare processes, which is unfair to us by Ansible's start-up.
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
from typing import Any

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "tools")]

import hostile_registry
import measure
import oci_registry

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request, perform
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.client import MANIFEST, open_registries
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.layout import Layout
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.model import Manifest
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.push import encoded, put_blob, put_manifest
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.reference import parse
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Registry
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import build
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.image_signature import CAPABILITY

FIXTURES = measure.ROOT / "tests" / "fixtures" / "signatures" / "cosign"
KEY = FIXTURES / "keys" / "p256.pub"
CASE = "bundle-p256"


def policy() -> dict[str, Any]:
    return {"signers": [{"name": "release", "role": "ci", "key": str(KEY)}], "require": [{"role": "ci"}]}


def copied(source: Layout, manifest: Manifest, target: Any, tag: str = "") -> None:
    """A manifest of the layout with all that it needs, in the registry."""
    for listed in (manifest.data.get("config"), *(manifest.data.get("layers") or ())):
        if listed:
            put_blob(target, (source.folder / "blobs" / listed["digest"].replace(":", "/")).read_bytes())
    done = target.host.ask(
        "PUT",
        f"/v2/{target.path}/manifests/{tag or manifest.digest}",
        f"repository:{target.path}:pull,push",
        {"Content-Type": manifest.media_type},
        65536,
        manifest.body,
    )
    assert done.status == 201, done


def filled(address: str, count: int) -> list[str]:
    """`count` repositories with the signed image of the fixtures."""
    source = Layout(FIXTURES / "genuine", "localhost:5000/genuine")
    image = source.manifest(CASE)
    assert image
    registries = open_registries(Registry(address, plain_http=True), None, {}, Secrets())
    names = [f"bench/app{number}" for number in range(count)]
    for name in names:
        target = registries.repository(parse(name, address))
        referrers = source.referrers(image.digest)
        for descriptor in referrers:
            found = source.manifest(descriptor.digest)
            assert found
            copied(source, found, target)
        copied(source, image, target, "1.0")
        index = {"schemaVersion": 2, "mediaType": oci_registry.INDEX, "manifests": [_listed(one) for one in referrers]}
        put_manifest(target, index, image.digest.replace(":", "-"))
    return [f"{address}/{name}:1.0" for name in names]


def _listed(descriptor: Any) -> dict[str, Any]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}


def verified(address: str, images: list[str], turns: int) -> float:
    """Median seconds of one call, in a process that has imported everything and reached the registry before."""
    params = {"images": images, "policy": policy(), "registry": {"address": address, "plain_http": True}}
    params |= {"path": "full", "source": "", "app": "", "aws": None}
    seconds = []
    for _turn in range(turns):
        start = time.perf_counter()
        result = perform(CAPABILITY, Request(params))
        seconds.append(time.perf_counter() - start)
        assert not result.get("failed"), result
    return statistics.median(seconds[1:])


def in_a_play(folder: pathlib.Path, environ: dict[str, str], task: dict[str, Any]) -> float:
    """One play with one task."""
    play = folder / "verify.yml"
    where = {"hosts": "localhost", "connection": "local", "gather_facts": False}
    play.write_text(json.dumps([{**where, "vars": {"ansible_python_interpreter": sys.executable}, "tasks": [task]}]))
    return measure.play("-i", "localhost,", str(play), environ=environ).seconds


def by_us(address: str, images: list[str]) -> dict[str, Any]:
    options = {"images": images, "policy": policy(), "registry": {"address": address, "plain_http": True}}
    return {"name": "Verify", "goldenpath.microapps.image_signature": options}


def by_cosign(images: list[str]) -> dict[str, Any]:
    argv = [*cosign(), "{{ item }}"]
    return {"name": "Verify", "ansible.builtin.command": {"argv": argv}, "loop": images, "changed_when": False}


def cosign() -> list[str]:
    program = str(build.binaries(os.environ)["cosign"])
    return [program, "verify", "--key", str(KEY), "--insecure-ignore-tlog=true"]


def all_by_cosign(images: list[str], home: pathlib.Path, at_once: int) -> float:
    """A process for each image."""
    command = cosign()
    environ = {"PATH": os.environ["PATH"], "HOME": str(home)}

    def one(image: str) -> None:
        subprocess.run([*command, image], env=environ, check=True, capture_output=True)

    start = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        list(pool.map(one, images))
    return time.perf_counter() - start


def hostile() -> None:
    """A refusal each, and how long it took."""
    body = encoded({"schemaVersion": 2, "mediaType": MANIFEST, "config": {}, "layers": []})
    digest = oci_registry.digest_of(body)
    for what, manners in (
        ("300 foreign bundles", hostile_registry.Manners()),
        ("a manifest of 64 MiB", hostile_registry.Manners(manifest_bytes=64 * 2**20)),
        ("bodies that drip", hostile_registry.Manners(drip=True)),
    ):
        with hostile_registry.serving(manners) as (address, store):
            store.put("app", "1.0", MANIFEST, body)
            for number in range(300):
                foreign = encoded(
                    {"artifactType": "application/vnd.dev.sigstore.bundle.v0.3+json", "n": number, "subject": {"digest": digest}}
                )
                store.put("app", oci_registry.digest_of(foreign), MANIFEST, foreign)
            params = {"images": [f"{address}/app:1.0"], "policy": policy(), "registry": {"address": address, "plain_http": True}}
            start = time.perf_counter()
            result = perform(CAPABILITY, Request({**params, "path": "full", "source": "", "app": "", "aws": None}))
            assert result["failed"]
            print(f"hostile registry, {what}: refused in {time.perf_counter() - start:.2f} s: {result['msg'][:110]}")


def main(count: int) -> None:
    """Print the three comparisons."""
    with measure.sandbox() as (folder, environ, _seconds):
        state = json.loads((folder / "state" / "sandbox" / "state.json").read_text())
        address = state["blocks"]["registry"]["address"]
        images = filled(address, count)
        print(f"one image with a key, warm, in process: {1000 * verified(address, images[:1], 30):.1f} ms")
        call = verified(address, images, 6)
        ours = in_a_play(folder, environ, by_us(address, images))
        theirs = in_a_play(folder, environ, by_cosign(images))
        print(
            f"{count} images, a play each: ours {ours:.2f} s, cosign in a loop of tasks {theirs:.2f} s, ratio {theirs / ours:.1f}"
        )
        for at_once in (1, 2):
            bare = all_by_cosign(images, folder, at_once)
            print(f"{count} images, cosign's processes {at_once} at a time: {bare:.2f} s", end="; ")
            print(f"ours, one call {call:.2f} s, ratio {bare / call:.1f}; ours, a play {ours:.2f} s, ratio {bare / ours:.1f}")
    hostile()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
