# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The supervisor's configuration survives hostile paths; the user's own parts are named whole or refused."""

from __future__ import annotations

import pathlib
import re
import shlex

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import exports, layout, programs
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import given as own

PORTS = {name: 20000 + number for number, name in enumerate(layout.PORTS)}
# What a folder's name may hold, line breaks excepted: supervisor reads its configuration by lines.
NAMES = st.text(
    st.characters(exclude_characters="/\0\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", exclude_categories=["Cs"]),
    min_size=1,
    max_size=30,
)


@given(folder=NAMES)
@example(folder="a;b#c")
@example(folder="100%(here)s 'quoted\" $HOME")
def test_supervisor_reads_back_the_commands_that_we_meant(folder):
    from supervisor.options import UnhosedConfigParser

    here = layout.Layout(pathlib.Path("/x") / folder.strip() / "s")
    meant = programs.git(here, 1, pathlib.Path("/y") / "git-daemon")
    assume(not re.search(r"\s[;#]", folder))
    text = programs.supervisor_config(here, [meant])
    parser = UnhosedConfigParser()
    parser.expansions = {}
    parser.read_string(text)
    command = parser.saneget("program:git", "command", expansions={"here": "/", "program_name": "git"})
    assert tuple(shlex.split(command)) == meant.command


@pytest.mark.parametrize("folder", ["a ;b", "a #b", "a\nb"])
def test_a_folder_that_supervisor_cannot_be_told_is_refused(folder):
    here = layout.Layout(pathlib.Path("/x") / folder)
    with pytest.raises(Invalid, match="GOLDENPATH_STATE"):
        programs.supervisor_config(here, [programs.git(here, 1, pathlib.Path("/y"))])


def test_no_part_inherits_proxies_or_the_users_clouds():
    environ = {
        "PATH": "/bin",
        "HTTP_PROXY": "http://proxy",
        "https_proxy": "http://proxy",
        "AWS_PROFILE": "production",
        "KUBECONFIG": "/production",
        "PGPASSWORD": "x",
        "HOME": "/home/me",
    }
    made = programs.base_environment(layout.Layout(pathlib.Path("/s")), environ)
    assert set(made) == {
        "PATH", "HOME", "LANG", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED",
        "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", layout.MARKER,
    }  # fmt: skip
    assert made["HOME"] == "/s/home"


def test_everything_listens_on_loopback_only():
    here = layout.Layout(pathlib.Path("/s"))
    tools = {name: pathlib.Path("/b") / name for name in (*programs.CLUSTER_PROGRAMS, "registry")}
    text = programs.supervisor_config(
        here, [*programs.control_plane(here, PORTS, tools), programs.git(here, 1, pathlib.Path("g"))]
    )
    assert "0.0.0.0" not in text  # noqa: S104 - the very thing that must not be there
    for option in (
        "--bind-address=127.0.0.1",
        "--listen=127.0.0.1",
        "--listen-client-urls=http://127.0.0.1:",
        "--server-address=127.0.0.1:",
    ):
        assert option in text
    assert "127.0.0.1" in programs.registry_config(here, 5, "s")


def test_without_the_other_programs_a_bare_api_server_is_run():
    tools = {name: pathlib.Path("/b") / name for name in ("etcd", "kube-apiserver")}
    names = [program.name for program in programs.control_plane(layout.Layout(pathlib.Path("/s")), PORTS, tools)]
    assert names == ["etcd", "kube-apiserver"]


def test_the_users_kubectl_settings_are_not_taken_for_the_sandbox():
    assert own.given({}, {"KUBECONFIG": "/production", "AWS_ENDPOINT_URL": "http://x", "PGHOST": "db"}) == {}


def test_variables_and_options_name_the_same_parts():
    environ = {
        "GOLDENPATH_SANDBOX_DATABASE_HOST": "h",
        "GOLDENPATH_SANDBOX_DATABASE_PORT": "5",
        "GOLDENPATH_SANDBOX_DATABASE_PASSWORD_FILE": "f",
    }
    option = {"host": "h", "port": 5, "password_file": "f", "sslmode": None}
    assert (
        own.given({}, environ)
        == own.given({"database": option}, {})
        == {"database": {"host": "h", "port": 5, "password_file": "f"}}
    )


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"GOLDENPATH_SANDBOX_KUBECONFIG": "/k"}, "GOLDENPATH_SANDBOX_CONTEXT"),
        ({"GOLDENPATH_SANDBOX_DATABASE_HOST": "h"}, "port, password_file"),
        ({"GOLDENPATH_SANDBOX_AWS_ENDPOINT_URL": "https://sts.amazonaws.com"}, "not on this machine"),
    ],
)
def test_half_named_parts_and_real_clouds_are_refused(environ, message):
    with pytest.raises(Invalid, match=message):
        own.given({}, environ)


@given(value=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
@example(value="a'b\"c $(id) `id` \\n")
def test_an_export_is_one_shell_word(value):
    assert shlex.split(exports.lines({"A": value})) == ["export", f"A={value}"]


def test_loopback_passes_proxies_and_what_was_excepted_stays():
    assert exports.past_proxies({}) == {}
    made = exports.past_proxies({"HTTP_PROXY": "http://p", "no_proxy": "corp,localhost"})
    assert made == {"NO_PROXY": "corp,localhost,127.0.0.1", "no_proxy": "corp,localhost,127.0.0.1"}
