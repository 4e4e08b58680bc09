# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An app is retired whose secrets are in OpenBao or HashiCorp Vault: they can be brought back, what waited is destroyed."""

from __future__ import annotations

import dataclasses
import pathlib
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.profile_schema import profile_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.http_json import request
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.model import About, token_for
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.stores.openbao import OpenBao
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

pytestmark = pytest.mark.cluster
MOUNT = "retirekv"


@dataclasses.dataclass(frozen=True)
class Engine:
    """A key-value engine, asked without any store of ours."""

    block: dict[str, Any]

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        token = pathlib.Path(self.block["token_file"]).read_text(encoding="utf-8").strip()
        return request(self.block["address"], method, f"/v1/{path}", {"X-Vault-Token": token}, body)

    def status(self, name: str, kind: str = "data") -> int:
        return self.ask("GET", f"{MOUNT}/{kind}/{name}")[0]


@pytest.fixture
def engine(secret_server: Any) -> Iterator[Engine]:
    """Mounted as long as the test lasts."""
    made = Engine({"scheme": "openbao", "mount": MOUNT, **secret_server.block})
    made.ask("DELETE", f"sys/mounts/{MOUNT}")  # of a session that was killed
    made.ask("POST", f"sys/mounts/{MOUNT}", {"type": "kv", "options": {"version": "2"}})
    for _turn in range(100):
        # A moment passes until it takes versions.
        if made.ask("GET", f"{MOUNT}/config")[0] == 200:
            break
        time.sleep(0.05)
    yield made
    made.ask("DELETE", f"sys/mounts/{MOUNT}")


def test_secrets_go_softly_and_what_waits_beside_them_for_good(estate: Any, engine: Engine) -> None:
    kept = dataclasses.replace(estate, profile={**estate.profile, "secret_store": engine.block})
    folder = f"microapps/sandbox/{estate.name}"
    ours, theirs = f"{folder}/database", f"{folder}/theirs"
    store = OpenBao.open(profile_from(kept.profile), Secrets(), kept.environ)
    tags = {"app": estate.name, "environment": "sandbox", "managed-by": "goldenpath.microapps"}
    first = token_for(ours, "")
    store.create(ours, first, {"password": "made-up"}, About("a test", "", tuple(tags.items())))
    store.put_pending(ours, token_for(ours, first), {"password": "made-up-too"})
    for name in (theirs, f"{theirs}.pending"):
        engine.ask("POST", f"{MOUNT}/data/{name}", {"data": {"value": "somebody's"}})

    predicted = kept.retire(check=True)
    assert [engine.status(name) for name in (ours, f"{ours}.pending", theirs)] == [200, 200, 200]
    done = kept.retire()
    assert not done.get("failed"), done["msg"]
    assert done["objects"] == predicted["objects"]
    assert {one["object"] for one in done["objects"]} >= {f"openbao:{MOUNT}/{ours}", f"openbao:{MOUNT}/{ours}.pending"}
    assert "made-up" not in str((done, predicted))
    assert (engine.status(ours), engine.status(f"{ours}.pending", "metadata")) == (404, 404)
    assert [engine.status(name) for name in (theirs, f"{theirs}.pending")] == [200, 200]
    assert not kept.retire()["changed"]
    engine.ask("POST", f"{MOUNT}/undelete/{ours}", {"versions": [1]})
    assert engine.status(ours) == 200
