# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Layouts on disk: as strict as a registry, and what is attached is found as there."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Conflict, Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.client import INDEX, MANIFEST, digest_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.layout import Layout
from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.model import Descriptor


class Written:
    """A layout that a test writes."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder, self.listed = folder, list[dict[str, Any]]()
        (folder / "blobs" / "sha256").mkdir(parents=True)
        self.layout = Layout(folder, "registry.example/app")

    def put(self, content: Any, tag: str = "", media_type: str = MANIFEST, **entry: Any) -> str:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        digest = digest_of(body)
        (self.folder / "blobs" / "sha256" / digest.partition(":")[2]).write_bytes(body)
        named = {"annotations": {"org.opencontainers.image.ref.name": tag}} if tag else {}
        self.listed.append({"mediaType": media_type, "digest": digest, "size": len(body), **named, **entry})
        (self.folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": self.listed}))
        return digest


@pytest.fixture
def written(tmp_path: pathlib.Path) -> Written:
    return Written(tmp_path)


@pytest.mark.parametrize("index", [None, b"", b"[]", b'{"manifests": 5}', b"{}", b'{"manifests": [{"digest": "../../x"}]}'])
def test_a_folder_that_is_no_layout(written: Written, index: bytes | None) -> None:
    if index is not None:
        (written.folder / "index.json").write_bytes(index)
    with pytest.raises(Invalid):
        written.layout.manifest("1.0")


def test_other_bytes_than_the_digest_says(written: Written) -> None:
    digest = written.put({"layers": []}, "1.0")
    (written.folder / "blobs" / "sha256" / digest.partition(":")[2]).write_bytes(b'{"layers": [] }')
    for reference in ("1.0", digest):
        with pytest.raises(Conflict):
            written.layout.manifest(reference)
    with pytest.raises(Conflict):
        written.layout.blob(Descriptor("x/y", digest, 14))


@pytest.mark.parametrize("size", [1, 200 * 2**20])
def test_a_size_that_is_not_so(written: Written, size: int) -> None:
    digest = written.put({"layers": []}, "1.0", size=size)
    with pytest.raises(Conflict):
        written.layout.manifest("1.0")
    with pytest.raises(Conflict):
        written.layout.blob(Descriptor("x/y", digest, size))


def test_more_attached_than_is_read(written: Written) -> None:
    subject = written.put({"layers": []}, "1.0")
    for number in range(51):
        written.put({"n": number, "subject": {"digest": subject}})
    with pytest.raises(Conflict, match="more than 50"):
        written.layout.referrers(subject)


def test_what_is_no_manifest_is_no_referrer(written: Written) -> None:
    subject = written.put({"layers": []}, "1.0")
    for content in (b"", b"\xff", b"[]", {"subject": 5}, {"subject": {"digest": 5}}, {"subject": {"digest": "sha256:other"}}):
        written.put(content)
    assert written.layout.referrers(subject) == ()


def test_what_is_attached(written: Written) -> None:
    subject = written.put({"layers": []}, "1.0")
    by_subject = written.put({"layers": [], "subject": {"digest": subject}})
    only_listed = written.put({"layers": [], "listed": True})
    entries = [entry for entry in written.listed if entry["digest"] == only_listed]
    written.put({"mediaType": INDEX, "manifests": entries}, subject.replace(":", "-"), INDEX)
    assert [one.digest for one in written.layout.referrers(subject)] == [by_subject, only_listed]
    assert written.layout.manifest("2.0") is None
    assert written.layout.manifest("sha256:" + "0" * 64) is None
