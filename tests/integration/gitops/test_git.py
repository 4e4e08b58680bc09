# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real repositories, some of them hostile: read and written through the mirror, and nothing of theirs ever runs."""

from __future__ import annotations

import datetime
import os
import pathlib
import subprocess
import sys

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Conflict, Denied, Invalid, NotFound, Unreachable
from ansible_collections.goldenpath.microapps.plugins.module_utils.gitops.git import Author, Mirror, mirror

WHEN = datetime.datetime(2026, 11, 23, 12, 0, tzinfo=datetime.UTC)
US = Author("Us", "us@example.com")


def git(folder: pathlib.Path, *words: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    who = {f"GIT_{role}_{field}": "owner@example.com" for role in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL")}
    done = subprocess.run(["git", *words], cwd=folder, env={**clean, **who}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def environ(tmp_path: pathlib.Path) -> dict[str, str]:
    return {**os.environ, "GOLDENPATH_STATE": str(tmp_path / "state"), "HOME": str(tmp_path)}


@pytest.fixture
def remote(tmp_path: pathlib.Path) -> pathlib.Path:
    work, bare = tmp_path / "work", tmp_path / "remote.git"
    work.mkdir()
    git(work, "init", "-q", "-b", "main")
    (work / "app.py").write_text("print(1)\n")
    (work / "run.sh").write_text("#!/bin/sh\n")
    (work / "run.sh").chmod(0o755)
    (work / "link").symlink_to("/etc/passwd")
    (work / "odd \n name é").write_text("odd\n")
    git(work, "add", "-A")
    git(work, "commit", "-qm", "one")
    git(tmp_path, "clone", "-q", "--bare", str(work), str(bare))
    return bare


def test_a_repository_is_read(remote: pathlib.Path, environ: dict[str, str]) -> None:
    copy = mirror(str(remote), environ)
    commit = copy.head("main")
    assert commit == copy.head() == git(remote, "rev-parse", "main")
    assert set(copy.files(commit)) == {"app.py", "run.sh", "odd \n name é"}
    assert copy.read(commit, "app.py") == b"print(1)\n"
    assert copy.read_many(commit)["odd \n name é"] == b"odd\n"
    assert copy.entries(commit)["link"].mode == "120000"
    with pytest.raises(NotFound, match="link"):
        copy.read(commit, "link")
    with pytest.raises(NotFound, match="it has main"):
        copy.head("mian")


def test_what_is_written_is_what_another_git_sees(remote: pathlib.Path, environ: dict[str, str]) -> None:
    copy = mirror(str(remote), environ)
    base = copy.head("main")
    changes: dict[str, bytes | None] = {"run.sh": b"#!/bin/sh\nexit 0\n", "a/b/c": b"\x00\xff", "app.py": None}
    commit = copy.commit_tree(base, changes, "Say why\n\nBody", US, WHEN)
    assert commit == copy.commit_tree(base, changes, "Say why\n\nBody", US, WHEN)
    copy.push(commit, "ours/one", None)
    assert git(remote, "ls-tree", "-r", "--name-only", "ours/one").splitlines()[0] == "a/b/c"
    assert git(remote, "ls-tree", "ours/one", "run.sh").startswith("100755")
    assert (
        git(remote, "log", "-1", "--format=%an %ae %ad %s", "--date=iso", "ours/one")
        == "Us us@example.com 2026-11-23 12:00:00 +0000 Say why"
    )
    assert git(remote, "rev-parse", "main") == base


def test_a_push_over_somebody_elses_is_refused(remote: pathlib.Path, environ: dict[str, str]) -> None:
    copy = mirror(str(remote), environ)
    base = copy.head("main")
    one = copy.commit_tree(base, {"x": b"1"}, "one", US, WHEN)
    git(remote, "branch", "ours", "main")
    with pytest.raises(Conflict):
        copy.push(one, "ours", None)
    assert git(remote, "rev-parse", "ours") == base
    copy.push(one, "ours", base)
    with pytest.raises(Conflict):
        copy.push(copy.commit_tree(base, {"x": b"2"}, "two", US, WHEN), "ours", base)
    assert mirror(str(remote), environ).head("ours") == one


def test_a_moved_and_a_deleted_branch_are_noticed(remote: pathlib.Path, environ: dict[str, str]) -> None:
    copy = mirror(str(remote), environ)
    commit = copy.commit_tree(copy.head("main"), {"x": b"1"}, "one", US, WHEN)
    copy.push(commit, "gone", None)
    git(remote, "branch", "-D", "gone")
    assert mirror(str(remote), environ).find("gone") is None


def test_an_empty_repository_has_nothing_to_say(tmp_path: pathlib.Path, environ: dict[str, str]) -> None:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "empty.git")
    with pytest.raises(NotFound, match="no branch"):
        mirror(str(tmp_path / "empty.git"), environ).head("main")


def hostile(work: pathlib.Path, trap: pathlib.Path) -> None:
    """Everything a repository can bring along in the hope that somebody's git runs it."""
    (work / ".gitattributes").write_text("* filter=trap diff=trap merge=trap\n")
    (work / ".gitmodules").write_text(
        f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch {trap}"\n\tupdate = !touch {trap}\n'
    )
    (work / ".gitconfig").write_text(f'[core]\n\tfsmonitor = "touch {trap}"\n\tsshCommand = "touch {trap}"\n')
    (work / "hooks").mkdir()
    for name in ("pre-push", "post-checkout", "reference-transaction", "post-index-change"):
        (work / "hooks" / name).write_text(f"#!/bin/sh\ntouch {trap}\n")
        (work / "hooks" / name).chmod(0o755)


def test_nothing_of_a_hostile_repository_runs(tmp_path: pathlib.Path, environ: dict[str, str]) -> None:
    trap, work, bare = tmp_path / "trapped", tmp_path / "evil", tmp_path / "evil.git"
    work.mkdir()
    git(work, "init", "-q", "-b", "main")
    hostile(work, trap)
    git(work, "add", "-A")
    git(work, "commit", "-qm", "one")
    git(tmp_path, "clone", "-q", "--bare", str(work), str(bare))
    config = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.hooksPath", "GIT_CONFIG_VALUE_0": str(work / "hooks")}
    commands = {"GIT_EXTERNAL_DIFF": f"touch {trap}", "GIT_PROXY_COMMAND": f"touch {trap}", "GIT_EDITOR": f"touch {trap}"}
    copy = mirror(str(bare), {**environ, **config, **commands})
    base = copy.head("main")
    copy.read_many(base)
    one = copy.commit_tree(base, {"x": b"1\n"}, "one", US, WHEN)
    two = copy.commit_tree(base, {"x": b"2\n"}, "two", US, WHEN)
    assert copy.merge(one, two).conflicts == ("x",)
    assert copy.merge_file(b"a\nb\nc\n", b"A\nb\nc\n", b"a\nb\nC\n") == b"A\nb\nC\n"
    copy.push(one, "ours", None)
    assert not trap.exists()


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% /tmp/x",
        "fd::17",
        "-oProxyCommand=x",
        "--upload-pack=touch x",
        "ssh://-oProxyCommand=x/y",
        "relative/path",
        "",
        "https://user:hunter22hunter@git.example.com/x",
        "https://ghp_tokentokentoken@git.example.com/x",
        "git@-oProxyCommand=x:y",
        "ftp://x/y",
        "https://git.example.com/x\n-c",
        "transport::https://x",
    ],
)
def test_an_odd_address_is_refused_before_git_sees_it(url: str, environ: dict[str, str]) -> None:
    with pytest.raises(Invalid) as error:
        mirror(url, environ)
    assert "hunter22" not in str(error.value) and "ghp_" not in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "branch", ["-d", "--delete", "a..b", "a b", "a~1", "refs/../x", "@{-1}", "", "x.lock", "a//b", ".a", "a\nb", "/a", "a:b"]
)
def test_an_odd_branch_is_refused(branch: str, remote: pathlib.Path, environ: dict[str, str]) -> None:
    copy = mirror(str(remote), environ)
    with pytest.raises(Invalid):
        copy.push(copy.head("main"), branch, None)


@pytest.mark.parametrize(
    "path", ["../x", "/etc/x", ".git/hooks/x", "a/.GIT/x", "a/../b", "a//b", "", ".", "git~1/x", "a\\b", "x\ny"]
)
def test_a_path_out_of_the_repository_is_refused(path: str, remote: pathlib.Path, environ: dict[str, str]) -> None:
    copy = mirror(str(remote), environ)
    with pytest.raises(Invalid):
        copy.commit_tree(copy.head("main"), {path: b"x"}, "m", US, WHEN)


@pytest.mark.parametrize("path", ["link", "link/x", "app.py/x"])
def test_nothing_is_written_through_a_link(path: str, remote: pathlib.Path, environ: dict[str, str]) -> None:
    copy = mirror(str(remote), environ)
    with pytest.raises(Conflict):
        copy.commit_tree(copy.head("main"), {path: b"x"}, "m", US, WHEN)


def test_errors_tell_unreachable_from_missing(tmp_path: pathlib.Path, environ: dict[str, str]) -> None:
    with pytest.raises(NotFound):
        mirror(str(tmp_path / "nowhere.git"), environ)
    with pytest.raises(Unreachable) as error:
        mirror("git://127.0.0.1:1/x.git", environ)
    assert len(str(error.value).splitlines()) == 1


def test_a_hook_of_the_forge_that_says_no_is_a_denial(remote: pathlib.Path, environ: dict[str, str]) -> None:
    (remote / "hooks" / "pre-receive").write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    (remote / "hooks" / "pre-receive").chmod(0o755)
    copy = mirror(str(remote), environ)
    with pytest.raises(Denied):
        copy.push(copy.head("main"), "ours", None)


def test_what_a_killed_run_left_is_swept(remote: pathlib.Path, environ: dict[str, str]) -> None:
    copy = mirror(str(remote), environ)
    left = copy.folder.with_name(f"{copy.folder.stem}.tmp-clone-4194999")
    left.mkdir()
    mirror(str(remote), environ)
    assert not left.exists()
    assert not list(copy.folder.parent.glob("*.tmp-*"))


HOME = "ansible_collections.goldenpath.microapps.plugins.module_utils.gitops.git"
ASK = f"import os, sys; from {HOME} import mirror; print(mirror(sys.argv[1], os.environ).head('main'))"


def test_many_at_once_get_the_same(remote: pathlib.Path, environ: dict[str, str]) -> None:
    command = [sys.executable, "-c", ASK, str(remote)]
    running = [subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) for _unused in range(4)]
    answers = {process.communicate(timeout=60)[0].strip() for process in running}
    assert answers == {git(remote, "rev-parse", "main")}


def test_the_lock_is_let_go_of(remote: pathlib.Path, environ: dict[str, str]) -> None:
    first: Mirror = mirror(str(remote), environ)
    assert mirror(str(remote), environ) == first
