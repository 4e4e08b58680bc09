# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which Go will do, what a build's name depends on, and that an interrupted or failed build never counts."""

from __future__ import annotations

import json
import os
import pathlib
import re
import stat

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import MicroappsError, NotFound
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import build

GO = build.Toolchain("/usr/bin/go", "1.26.8", "linux/amd64")
PART = build.PARTS[0]


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("1.26", True),
        ("1.26.0", True),
        ("1.27rc1", True),
        ("2.0", True),
        ("1.25.9", False),
        ("1.9", False),
        ("devel", False),
        ("", False),
    ],
)
def test_which_go_is_new_enough(version, enough):
    assert build.is_new_enough(version) is enough


def test_the_name_of_a_build_changes_with_everything_that_goes_into_it():
    base = build.fingerprint(PART, b"mod", b"sum", GO)
    others = {
        build.fingerprint(PART, b"mod2", b"sum", GO),
        build.fingerprint(PART, b"mod", b"sum2", GO),
        build.fingerprint(PART, b"mods", b"um", GO),
        build.fingerprint(PART, b"mod", b"sum", build.Toolchain(GO.program, "1.26.9", GO.target)),
        build.fingerprint(PART, b"mod", b"sum", build.Toolchain(GO.program, GO.version, "darwin/arm64")),
        build.fingerprint(build.PARTS[1], b"mod", b"sum", GO),
    }
    assert len(others) == 6
    assert base not in others
    assert build.fingerprint(PART, b"mod", b"sum", build.Toolchain("/opt/go", GO.version, GO.target)) == base


@pytest.mark.parametrize("part", (*build.PARTS, *build.ON_DEMAND), ids=lambda part: part.name)
def test_every_part_is_pinned_by_its_own_module(part):
    folder = build.sources(part)
    assert (folder / "go.sum").stat().st_size > 1000
    named = set(re.findall(r'_ "([^"]+)"', (folder / "tools.go").read_text()))
    assert named == set(part.commands.values())
    assert not re.search(r"=> \.\.?/", (folder / "go.mod").read_text()), "a replacement by a folder of one machine"


def a_go(folder: pathlib.Path, build_script: str, version: str = "go1.26.8") -> dict[str, str]:
    """A stand-in for the go command (an outside program, not code of ours): knows its version, and does this on build."""
    answer = json.dumps({"GOVERSION": version, "GOOS": "linux", "GOARCH": "amd64"})
    script = folder / "bin" / "go"
    script.parent.mkdir()
    script.write_text(f"#!/bin/sh\nif [ $1 = env ]; then echo '{answer}'; exit; fi\n{build_script}\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{script.parent}:/usr/bin:/bin", "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}


WRITES = 'while [ "$1" != -o ]; do shift; done; echo built > "$2"'
ETCD = tuple(part for part in build.PARTS if part.name == "etcd")


def test_a_build_is_kept_and_not_repeated(tmp_path):
    environ = a_go(tmp_path, WRITES)
    told = []
    first = build.build(environ, told.append, ETCD)
    assert first["etcd"].read_text() == "built\n"
    assert [text for text in told if "once (about 40 s" in text]
    again = []
    assert build.build(environ, again.append, ETCD) == first
    assert again == []


def test_a_failed_build_says_why_and_leaves_nothing_that_counts(tmp_path):
    environ = a_go(tmp_path, f"{WRITES}; echo 'go: downloading x' >&2; echo 'no route to host' >&2; exit 1")
    with pytest.raises(MicroappsError, match="no route to host") as failure:
        build.build(environ, lambda text: None, ETCD)
    assert "downloading" not in str(failure.value)
    assert build.binaries(environ, ETCD) == {}


def test_gos_cache_goes_when_every_part_is_there_and_nobody_else_builds(tmp_path):
    environ = a_go(tmp_path, f'mkdir -p "$GOCACHE"; {WRITES}')
    kept = build.cache_folder(environ) / "go-build"
    build.build(environ, lambda text: None)
    assert not kept.exists()
    notation = [part for part in build.ON_DEMAND if part.name == "notation"]
    with build._used(kept):
        build.build(environ, lambda text: None, notation)
    assert kept.exists(), "another build was in the middle of it"


def test_what_an_interrupted_build_left_is_swept(tmp_path):
    environ = a_go(tmp_path, WRITES)
    target = build.folder_of(ETCD[0], build.toolchain(environ), environ)
    leftover = target.parent / f".{target.name}.abc.tmp"
    leftover.mkdir(parents=True)
    (leftover / "etcd").write_text("half")
    assert build.binaries(environ, ETCD) == {}
    assert build.build(environ, lambda text: None, ETCD)["etcd"].read_text() == "built\n"
    assert not leftover.exists()


@pytest.mark.parametrize(("version", "why"), [("go1.22.1", "is Go 1.22.1"), ("devel +abc", "is Go devel")])
def test_an_old_go_is_named_with_the_next_step(tmp_path, version, why):
    environ = a_go(tmp_path, WRITES, version)
    with pytest.raises(NotFound, match=why) as failure:
        build.build(environ, lambda text: None, ETCD)
    assert failure.value.next_step == build.NEXT_STEP


def test_what_go_has_built_is_found_without_it(tmp_path):
    environ = a_go(tmp_path, WRITES)
    built = build.build(environ, lambda text: None, ETCD)
    elsewhere = {**environ, "PATH": "/nowhere"}
    assert build.binaries(elsewhere, ETCD) == built
    with pytest.raises(NotFound, match="Go is not installed"):
        build.build(elsewhere, lambda text: None, ETCD)


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"version": "1.26"}'])
def test_without_go_a_memory_that_is_none_counts_for_nothing(tmp_path, kept):
    environ = {"HOME": str(tmp_path), "PATH": "/nowhere"}
    memory = build.cache_folder(environ) / "parts" / "go.json"
    memory.parent.mkdir(parents=True)
    memory.write_text(kept)
    with pytest.raises(NotFound, match="Go is not installed"):
        build.binaries(environ, ETCD)


def test_no_go_at_all(tmp_path):
    with pytest.raises(NotFound, match="Go is not installed"):
        build.build({"PATH": str(tmp_path)}, lambda text: None)


def test_the_users_own_settings_do_not_change_a_build(tmp_path):
    environ = a_go(tmp_path, WRITES.replace("echo built", 'echo "$GOFLAGS|$GOWORK|$CGO_ENABLED"'))
    built = build.build({**environ, "GOFLAGS": "-mod=vendor", "GOWORK": "/x", "CGO_ENABLED": "1"}, lambda text: None, ETCD)
    assert built["etcd"].read_text() == "|off|0\n"


def test_what_is_built_on_demand_is_built_by_its_name_alone(tmp_path, monkeypatch):
    for name, value in a_go(tmp_path, WRITES).items():
        monkeypatch.setenv(name, value)
    assert build.main(["policy-controller"]) == 0
    built = {name for part in (*build.PARTS, *build.ON_DEMAND) for name in build.binaries(os.environ, [part])}
    assert built == {"policy-webhook"}
    assert build.main([]) == 0
    built = {name for part in (*build.PARTS, *build.ON_DEMAND) for name in build.binaries(os.environ, [part])}
    assert built == {"policy-webhook", *(name for part in build.PARTS for name in part.commands)}


def test_a_part_that_nobody_knows_is_refused_by_name(capsys):
    assert build.main(["policy-controler"]) == 1
    assert "There is no part policy-controler" in capsys.readouterr().err
