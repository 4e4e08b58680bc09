# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Access keys of an IAM user: whose they are, who uses them, and what must never be deleted."""

from __future__ import annotations

import datetime
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

import botocore.exceptions
import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.session import session_as
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Conflict, Denied, NotFound
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers import Crowded, iam_access_key
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.issuers.iam_access_key import IamAccessKey
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.model import token_for
from ansible_collections.goldenpath.microapps.plugins.module_utils.scrubber import Secrets

sys.path.append(str(pathlib.Path(__file__).parent))
import benches
from benches import Bench

USER = "photos"


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with benches.iam(tmp_path_factory.mktemp("iam")) as bench:
        yield bench


@pytest.fixture
def bench(part: Bench) -> Bench:
    """A user with a rotated key, and none beside it."""
    part.run(leaked=part.reset())
    return part


def use(bench: Bench, document: dict[str, str]) -> None:
    """As an app does: a call that AWS notes as the key's last use (its policy refuses it, which is a use too)."""
    client = benches.witness(bench.aws, "ecr", document["access_key_id"], document["secret_access_key"])
    with pytest.raises(botocore.exceptions.ClientError, match="not authorized"):
        client.describe_repositories()


def statuses(bench: Bench) -> dict[str, str]:
    keys = bench.witness("iam").list_access_keys(UserName=USER)["AccessKeyMetadata"]
    return {key["AccessKeyId"]: key["Status"] for key in keys}


def asked_long_ago(bench: Bench) -> None:
    """As if our last key had been asked for an hour before."""
    moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    tag = {"Key": "goldenpath-key-asked", "Value": moment.isoformat(timespec="seconds")}
    bench.witness("iam").tag_user(UserName=USER, Tags=[tag])


@pytest.mark.parametrize("tag", ["app", "environment"])
def test_a_user_that_is_not_marked_as_the_apps_is_refused(bench: Bench, tag: str) -> None:
    bench.witness("iam").untag_user(UserName=USER, TagKeys=[tag])
    before = statuses(bench)
    with pytest.raises(Conflict, match=f"tag-user --user-name {USER} --tags Key={tag},Value="):
        bench.run(force=True)
    bench.witness("iam").tag_user(UserName=USER, Tags=[{"Key": tag, "Value": "another"}])
    with pytest.raises(Conflict, match="'another'"):
        bench.run(force=True)
    assert statuses(bench) == before


def test_a_user_that_is_not_there_is_told(bench: Bench) -> None:
    bench.witness("iam").untag_user(UserName=USER, TagKeys=["app"])
    issuer = bench.issuer(Secrets(), "now")
    assert isinstance(issuer, IamAccessKey)
    with pytest.raises(NotFound, match="nobody"):
        IamAccessKey("nobody", (), issuer.session, Secrets(), issuer.now, True).issue("t", None)


def test_a_key_that_somebody_made_is_never_deleted(bench: Bench) -> None:
    asked_long_ago(bench)
    theirs = bench.witness("iam").create_access_key(UserName=USER)["AccessKey"]["AccessKeyId"]
    for cutover in ("now", "when_seen"):
        sight, _store = bench.look(force=True, cutover=cutover)
        assert sight.refused
        assert theirs in str(sight.plans[1].refusals[0])
        assert not bench.run(cutover=cutover).writes, "without a rotation it is left alone"
    assert statuses(bench)[theirs] == "Active"
    issuer = bench.issuer(Secrets(), "now")
    with pytest.raises(Conflict, match="IAM allows no more"):
        issuer.issue("t", bench.current())
    assert statuses(bench)[theirs] == "Active"


def test_a_key_of_the_same_minute_that_is_used_is_somebodys(bench: Bench) -> None:
    made = bench.witness("iam").create_access_key(UserName=USER)["AccessKey"]
    use(bench, {"access_key_id": made["AccessKeyId"], "secret_access_key": made["SecretAccessKey"]})
    assert bench.look(force=True)[0].refused
    assert statuses(bench)[made["AccessKeyId"]] == "Active"


def test_switched_off_once_the_app_was_seen_and_deleted_by_the_next_run(bench: Bench) -> None:
    former = bench.current()
    bench.run(force=True, cutover="when_seen")
    current = bench.current()
    held = bench.run(cutover="when_seen")
    assert held.held == "the app was not seen with the new credential yet"
    use(bench, current)
    use(bench, former)
    held = bench.run(cutover="when_seen")
    assert f"with {former['access_key_id']}" in held.held and "ecr" in held.held
    assert bench.look(force=True, cutover="when_seen")[0].refused, "a key in use is not deleted to make room"
    # The former one falls silent: moto notes only the last use, so the new one is made the newer by rotating anew.
    bench.run(force=True, cutover="now")
    former = bench.current()
    bench.run(force=True, cutover="when_seen")
    use(bench, bench.current())
    bench.run(cutover="when_seen")
    assert statuses(bench) == {former["access_key_id"]: "Inactive", bench.current()["access_key_id"]: "Active"}
    use(bench, bench.current())
    bench.run(cutover="when_seen")
    assert statuses(bench) == {bench.current()["access_key_id"]: "Active"}
    assert not bench.run(cutover="when_seen").writes


def test_what_a_person_switched_off_stays_off(bench: Bench) -> None:
    mine = bench.current()["access_key_id"]
    bench.witness("iam").delete_access_key(UserName=USER, AccessKeyId=mine)
    sight, _store = bench.look()
    assert sight.refused
    assert mine in str(sight.plans[1].refusals[0])
    assert not statuses(bench)
    assert bench.run(force=True).rotating
    assert statuses(bench) == {bench.current()["access_key_id"]: "Active"}


def test_a_pending_key_that_was_deleted_is_given_up(bench: Bench) -> None:
    sight, store = bench.look()
    base = sight.way.base
    token = token_for(bench.name, base)
    assert sight.job.issuer is not None
    document = sight.job.issuer.issue(token, bench.current())
    store.put_pending(bench.name, token, document)
    bench.witness("iam").delete_access_key(UserName=USER, AccessKeyId=document["access_key_id"])
    bench.run()
    assert bench.works(bench.current())
    assert statuses(bench) == {bench.current()["access_key_id"]: "Active"}


def test_a_new_key_may_be_refused_for_some_seconds(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = [0]

    def unready(aws: Any, key_id: str, secret: str) -> Any:
        refusals[0] += 1
        return session_as(aws, key_id, secret if refusals[0] > most else f"not yet {secret}")

    issuer = bench.issuer(Secrets(), "now")
    monkeypatch.setattr(iam_access_key, "session_as", unready)
    most = 3
    issuer.test(bench.current(), None)
    assert refusals[0] == 4
    refusals[0], most = 0, 99
    with pytest.raises(Denied, match="Nothing was switched over"):
        issuer.test(bench.current(), None)


def test_an_answer_that_was_lost_leaves_no_key(bench: Bench) -> None:
    issuer = bench.issuer(Secrets(), "now")
    lost = issuer.issue("t", bench.current())  # the client repeats what AWS had done already: there is no room
    with pytest.raises(Crowded, match=lost["access_key_id"]):
        issuer.issue("t", bench.current())
    assert bench.works(lost), "nothing goes before the store was asked who is at it"
    made = issuer.issue("t", bench.current())
    assert set(statuses(bench)) == {bench.current()["access_key_id"], made["access_key_id"]}
    assert lost["access_key_id"] not in statuses(bench)
