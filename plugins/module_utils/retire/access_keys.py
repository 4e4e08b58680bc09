# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The access keys of IAM users that an app's secrets hold: switched off before the secrets go that tell whose they are.

Not deleted: for as long as the secret can be brought back, so can the key. The user itself is its owner's, and stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..aws.errors import calling
from ..aws.session import AwsSession
from ..aws.sets import tags_from
from ..capability import Change, Plan
from ..errors import NotFound
from ..rotation.issuers.iam_access_key import FORMER, ID
from ..rotation.model import Document, from_text, register
from ..scrubber import Secrets
from . import account
from .model import SECRETS_PREFIX, Area, Kept, Step

PERMISSIONS: Final = (
    "iam:GetAccessKeyLastUsed",
    "iam:GetUser",
    "iam:ListAccessKeys",
    "iam:UpdateAccessKey",
    "secretsmanager:GetSecretValue",
)
_ACTIVE: Final = "Active"


def area(session: AwsSession, secrets: Secrets, app: str, environment: str) -> Area:
    """Every key that a secret of ours names, as far as its user is marked as this app's."""
    listed = account.secrets(session, f"{SECRETS_PREFIX}{environment}/{app}/")
    ours = [str(entry["Name"]) for entry in listed if account.is_ours(entry, app) and "DeletedDate" not in entry]
    steps: list[Step] = []
    kept: list[Kept] = []
    for name in ours:
        document = _current(session, secrets, name)
        user = _user_of(session, document.get(ID, ""))
        if not user:
            continue
        if not _is_marked(session, user, app, environment):
            kept.append(Kept(f"iam:user/{user}", f"its tags app and environment do not say {app} and {environment}"))
            continue
        steps += _closed(session, user, (document[ID], document.get(FORMER, "")))
    return Area(tuple(steps), tuple(kept))


def _current(session: AwsSession, secrets: Secrets, name: str) -> Document:
    try:
        with calling(f"read the secret {name}"):
            answer = session.secretsmanager.get_secret_value(SecretId=name, VersionStage="AWSCURRENT")
    except NotFound:
        return {}
    text = answer.get("SecretString", "{}")
    document = from_text(name, text)
    register(secrets, text, document)
    return document


def _user_of(session: AwsSession, key_id: str) -> str:
    """The user that the key is of; '' if there is no such key (any more)."""
    if not key_id:
        return ""
    try:
        with calling(f"look whose the access key {key_id} is"):
            return str(session.iam.get_access_key_last_used(AccessKeyId=key_id).get("UserName", ""))
    except NotFound:
        return ""


def _is_marked(session: AwsSession, user: str, app: str, environment: str) -> bool:
    with calling(f"read the IAM user {user}"):
        tags: Mapping[str, str] = tags_from(session.iam.get_user(UserName=user)["User"].get("Tags", ()))
    return (tags.get("app"), tags.get("environment")) == (app, environment)


def _closed(session: AwsSession, user: str, named: Iterable[str]) -> list[Step]:
    wanted = set(named)
    with calling(f"list the access keys of {user}"):
        entries: list[Any] = list(session.iam.list_access_keys(UserName=user)["AccessKeyMetadata"])
    active = sorted(entry["AccessKeyId"] for entry in entries if entry["Status"] == _ACTIVE and entry["AccessKeyId"] in wanted)
    return [_step(session, user, key_id) for key_id in active]


def _step(session: AwsSession, user: str, key_id: str) -> Step:
    def switched_off() -> None:
        with calling(f"switch off the access key {key_id}"):
            session.iam.update_access_key(UserName=user, AccessKeyId=key_id, Status="Inactive")

    before, after = {"status": "active"}, {"status": "switched off"}
    change = Change("update", "status", before["status"], after["status"])
    return Step(Plan(f"iam:user/{user}/{key_id}", before, after, (change,)), switched_off)
