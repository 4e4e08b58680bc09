# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The example as found: the same history on every machine, full of secrets there, and none of them in this repository."""

from __future__ import annotations

import hashlib
import os
import pathlib
import re
import stat
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest

# The commit of main. It changes only when the example is changed on purpose.
MAIN = "ce6d404d59c20234f71b26e322c0a2d698d7b0b8"
SHAPES = {
    "database_password": r"[A-Za-z0-9]{24}",
    "database_password_earlier": r"[A-Za-z0-9]{16}",
    "restaurant_api_key": r"dd_live_[A-Za-z0-9]{40}",
    "session_key": r"[0-9a-f]{64}",
    "mail_api_key": r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
    "maps_key": r"AIza[0-9A-Za-z_-]{35}",
}


@pytest.fixture(scope="module")
def example(root: pathlib.Path) -> pathlib.Path:
    return root / "examples" / "where2eat"


@pytest.fixture(scope="module")
def install(example: pathlib.Path):
    sys.path.insert(0, str(example))
    try:
        import install

        yield install
    finally:
        sys.path.remove(str(example))


@pytest.fixture(scope="module")
def restaurant_api(install, example: pathlib.Path):
    import restaurant_api

    return restaurant_api


def git(repository: pathlib.Path, *arguments: str) -> str:
    return subprocess.run(["git", "--git-dir", repository, *arguments], capture_output=True, text=True, check=True).stdout


def test_the_history_is_byte_for_byte_the_same(install, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_DATE", "1 +0000")
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert install.make_repository(tmp_path) == MAIN
    repository = tmp_path / "where2eat.git"
    assert git(repository, "rev-list", "--count", "main").strip() == "6"
    assert git(repository, "symbolic-ref", "HEAD").strip() == "refs/heads/main"
    git(repository, "fsck", "--strict")


def test_every_planted_value_has_its_vendors_shape(install) -> None:
    planted = install.planted()
    assert planted.keys() == SHAPES.keys()
    for name, value in planted.items():
        assert re.fullmatch(SHAPES[name], value), name


def test_tree_and_history_hold_what_they_should(install, tmp_path: pathlib.Path) -> None:
    install.make_repository(tmp_path)
    repository = tmp_path / "where2eat.git"
    tree = git(repository, "grep", "-h", "-e", "", "main")
    history = git(repository, "log", "-p", "main")
    planted = install.planted()
    only_in_history = {"mail_api_key", "database_password_earlier"}
    assert {name for name, value in planted.items() if value in tree} == planted.keys() - only_in_history
    assert {name for name, value in planted.items() if value in history} == planted.keys()
    assert "@@" not in history.replace("@@ -", "").replace(" @@", "")


def test_no_planted_value_stands_in_this_repository(install, root: pathlib.Path) -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout.split(b"\0")
    planted = [value.encode() for value in install.planted().values()]
    for name in filter(None, tracked):
        path = root / os.fsdecode(name)
        if path.is_file():
            content = path.read_bytes()
            assert not any(value in content for value in planted), path


def test_a_branch_that_people_pushed_is_left_alone(install, tmp_path: pathlib.Path) -> None:
    install.make_repository(tmp_path)
    repository = tmp_path / "where2eat.git"
    earlier = git(repository, "rev-parse", "main~2").strip()
    git(repository, "update-ref", "refs/heads/main", earlier)
    git(repository, "update-ref", "refs/heads/goldenpath/baseline", earlier)
    assert install.make_repository(tmp_path) == earlier
    assert git(repository, "rev-parse", "goldenpath/baseline").strip() == earlier


def test_a_start_that_was_cut_off_is_completed(install, tmp_path: pathlib.Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", tmp_path / "where2eat.git"], check=True)
    assert install.make_repository(tmp_path) == MAIN


@pytest.fixture
def api(restaurant_api, tmp_path: pathlib.Path):
    """A running restaurant API; gives (base URL, admin token, state file)."""
    state = tmp_path / "keys.json"
    token = restaurant_api.admin_token(tmp_path / "token")
    server = restaurant_api.Server(("127.0.0.1", 0), restaurant_api.Keys(state), token)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", token, state
    server.shutdown()
    thread.join()
    server.server_close()


def ask(url: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(url, method=method, headers={k.replace("_", "-"): v for k, v in headers.items()})  # noqa: S310 - the address is the test's own server's - the loopback server above
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - the address is the test's own server's
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_restaurant_api_knows_the_key_as_found_and_no_other(install, api) -> None:
    base, _token, _state = api
    key = install.planted()["restaurant_api_key"]
    status, body = ask(f"{base}/v1/restaurants?near=office", X_Api_Key=key)
    assert status == 200
    assert "Noodle Station" in body
    assert ask(f"{base}/v1/restaurants?key={key}")[0] == 200
    assert ask(f"{base}/v1/restaurants")[0] == 401
    assert ask(f"{base}/v1/restaurants", X_Api_Key=key + "x")[0] == 401


def test_a_key_can_be_made_used_and_taken_back(install, restaurant_api, api) -> None:
    base, token, state = api
    admin = {"Authorization": f"Bearer {token}"}
    old = install.planted()["restaurant_api_key"]
    status, body = ask(f"{base}/v1/keys", "POST", **admin)
    made = restaurant_api.json.loads(body)
    assert status == 201
    assert ask(f"{base}/v1/restaurants", X_Api_Key=made["key"])[0] == 200
    assert restaurant_api.json.loads(ask(f"{base}/v1/keys/{made['id']}", **admin)[1])["uses"] == 1
    assert ask(f"{base}/v1/keys/sha256:{hashlib.sha256(old.encode()).hexdigest()}", "DELETE", **admin)[0] == 200
    assert ask(f"{base}/v1/restaurants", X_Api_Key=old)[0] == 401
    # What a kill -9 leaves: the file, without any value in it, for its owner only.
    assert made["key"] not in state.read_text()
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    again = restaurant_api.Keys(state)
    assert again.use(made["key"]) == made["id"]
    assert again.use(old) is None


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/keys"), ("POST", "/v1/keys"), ("DELETE", "/v1/keys/key-1")])
def test_keys_are_the_admins_business(api, method: str, path: str) -> None:
    base, _token, _state = api
    assert ask(base + path, method)[0] == 401
    assert ask(base + path, method, Authorization="Bearer ")[0] == 401


def test_no_key_and_no_token_in_the_log(install, api, capfd: pytest.CaptureFixture[str]) -> None:
    base, token, _state = api
    key = install.planted()["restaurant_api_key"]
    ask(f"{base}/v1/restaurants?key={key}")
    ask(f"{base}/v1/keys/{key}", "DELETE", Authorization=f"Bearer {token}")
    logged = capfd.readouterr().err
    assert "/v1/restaurants 200" in logged
    assert key not in logged
    assert token not in logged
