# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ports that stay, a state file that is never half, and a socket path that is never too long."""

from __future__ import annotations

import os
import pathlib
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Conflict, NotFound
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import layout


def everything_free(port):
    return True


@given(kept=st.dictionaries(st.sampled_from(layout.PORTS), st.integers(20000, 20999)), seed=st.text())
def test_kept_ports_stay_and_no_new_port_repeats_one(kept, seed):
    ports = layout.choose_ports(kept, seed, everything_free)
    assert {name: ports[name] for name in kept} == kept
    assert set(ports) == set(layout.PORTS)
    new = [port for name, port in ports.items() if name not in kept]
    assert len(set(new) | set(kept.values())) == len(new) + len(set(kept.values()))
    assert all(layout.FIRST_PORT <= port < layout.LAST_PORT for port in new)


def test_a_taken_port_is_not_chosen():
    first = set(layout.choose_ports({}, "x", everything_free).values())
    assert not first & set(layout.choose_ports({}, "x", lambda port: port not in first).values())


def test_a_listening_socket_is_seen_and_so_is_its_end():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        assert layout.is_free(port) is False
    assert layout.is_free(port) is True


def test_refusing_names_port_and_part():
    with pytest.raises(Conflict, match=r"its port 7 \(git\)"):
        layout.refuse_taken({"git": 7, "aws": 8}, ("git", "aws"), lambda port: port != 7)


def test_a_private_file_is_private_from_its_first_moment_and_replaced_as_a_whole(tmp_path):
    path = tmp_path / "folder" / "file"
    layout.write_private(path, "one")
    before = path.stat()
    assert before.st_mode & 0o777 == 0o600
    layout.write_private(path, "one")
    assert path.stat().st_ino == before.st_ino
    layout.write_private(path, b"two")
    assert path.read_text() == "two"
    assert path.stat().st_ino != before.st_ino
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_the_socket_is_never_longer_than_a_unix_socket_may_be():
    short = layout.Layout(pathlib.Path("/tmp/s/sandbox"))
    assert short.socket == pathlib.Path("/tmp/s/sandbox/supervisor.sock")
    deep = layout.Layout(pathlib.Path("/tmp") / ("d" * 120) / "sandbox")
    assert len(os.fsencode(deep.socket)) <= layout.LONGEST_SOCKET_PATH
    assert deep.socket != layout.Layout(pathlib.Path("/tmp") / ("e" * 120) / "sandbox").socket


def test_a_block_of_a_sandbox_that_is_down_names_the_next_step(tmp_path):
    with pytest.raises(NotFound, match="make sandbox-up"):
        layout.block({"GOLDENPATH_STATE": str(tmp_path)}, "aws")
    here = layout.layout_of({"GOLDENPATH_STATE": str(tmp_path)})
    layout.write_state(here, {"blocks": {"aws": {}}})
    with pytest.raises(NotFound, match="not running"):
        layout.block({"GOLDENPATH_STATE": str(tmp_path)}, "aws")
