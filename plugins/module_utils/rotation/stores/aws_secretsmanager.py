# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""AWS Secrets Manager as a store: its version stages are the machine's state, as its own rotation protocol has them.

What AWS promises and this relies on (moto 5.2.5 keeps all but the first): a used ClientRequestToken with another value is
refused (ResourceExistsException); AWSCURRENT moves only away from the version that RemoveFromVersionId names.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ...aws.errors import calling
from ...aws.session import session_for
from ...errors import Conflict, Invalid, NotFound
from ...profile import StorePlace
from ...scrubber import Secrets
from ..model import About, Document, Stage, Stored, Version, from_text, register, to_text
from .shared import rotated_by_another

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_secretsmanager.type_defs import GetSecretValueResponseTypeDef, SecretVersionsListEntryTypeDef

PERMISSIONS: Final = (
    "secretsmanager:CreateSecret",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:ListSecretVersionIds",
    "secretsmanager:PutSecretValue",
    "secretsmanager:TagResource",
    "secretsmanager:UntagResource",
    "secretsmanager:UpdateSecret",
    "secretsmanager:UpdateSecretVersionStage",
)


@dataclasses.dataclass(frozen=True)
class AwsSecretsManager:
    """See `Store`."""

    client: SecretsManagerClient
    secrets: Secrets = dataclasses.field(repr=False)
    known: dict[tuple[str, str], GetSecretValueResponseTypeDef] = dataclasses.field(default_factory=dict, repr=False)
    conditional: ClassVar[bool] = False

    @classmethod
    def open(cls, place: StorePlace, secrets: Secrets, environ: Mapping[str, str]) -> AwsSecretsManager:
        """The store of the profile's account, once AWS has said that it is this account."""
        return cls(session_for(place.aws, environ).verify_account().secretsmanager, secrets)

    def object(self, name: str) -> str:
        """See `Store`."""
        return f"secretsmanager:secret/{name}"

    def describe(self, name: str) -> Stored | None:
        """See `Store`. One call: AWS lists the versions that carry a stage."""
        try:
            with calling(f"describe the secret {name}"):
                answer = self.client.describe_secret(SecretId=name)
        except NotFound:
            return None
        versions = tuple(Version(token, frozenset(stages)) for token, stages in answer.get("VersionIdsToStages", {}).items())
        tags = tuple(sorted((tag["Key"], tag["Value"]) for tag in answer.get("Tags", [])))
        about = About(answer.get("Description", ""), answer.get("KmsKeyId", ""), tags)
        return Stored(name, versions, about, deleted="DeletedDate" in answer)

    def versions(self, name: str) -> tuple[Version, ...]:
        """See `Store`."""
        with calling(f"list the versions of the secret {name}"):
            entries = self._entries(name)
        return tuple(Version(entry["VersionId"], frozenset(entry.get("VersionStages", []))) for entry in entries)

    def read(self, name: str, token: str) -> Document:
        """See `Store`."""
        return self._document(name, self._version(name, token))

    def _version(self, name: str, token: str) -> GetSecretValueResponseTypeDef:
        # AWS changes no version once it is written, so what was read is read once. What was only sent is not in here.
        if (name, token) not in self.known:
            with calling(f"read version {token} of the secret {name}"):
                self.known[name, token] = self.client.get_secret_value(SecretId=name, VersionId=token)
        return self.known[name, token]

    def read_stage(self, name: str, stage: Stage) -> Document:
        """See `Store`. The stage is always named: without one, moto answers with a former version once a stage was moved."""
        with calling(f"read the secret {name} ({stage})"):
            answer = self.client.get_secret_value(SecretId=name, VersionStage=stage)
        return self._document(name, answer)

    def _document(self, name: str, answer: GetSecretValueResponseTypeDef) -> Document:
        if "SecretString" not in answer:
            raise Invalid(f"The secret {name} is binary", "", "Store a JSON document.")
        document = from_text(name, answer["SecretString"])
        register(self.secrets, answer["SecretString"], document)
        return document

    def created(self, name: str, token: str) -> datetime.datetime | None:
        """See `Store`. From the version itself: in a listing, moto gives every version the present time."""
        answer = self._version(name, token)
        self.secrets.register(answer.get("SecretString", ""))
        return answer["CreatedDate"]

    def create(self, name: str, token: str, document: Document | None, about: About) -> None:
        """See `Store`. Without a document the secret has no version yet."""
        options: dict[str, Any] = {"Tags": [{"Key": key, "Value": value} for key, value in about.tags]}
        if about.description:
            options["Description"] = about.description
        if about.kms_key:
            options["KmsKeyId"] = about.kms_key
        if document is not None:
            options |= {"ClientRequestToken": token, "SecretString": to_text(document)}
        try:
            with calling(f"create the secret {name}"):
                self.client.create_secret(Name=name, **options)
        except Conflict:
            # The answer of an earlier try may have been lost, or another run was faster: only then is it the very same.
            stored = self.describe(name)
            current = stored.at(Stage.CURRENT) if stored else None
            if document is None or current is None or current.token != token or self.read(name, token) != dict(document):
                raise

    def put_pending(self, name: str, token: str, document: Document, claimed: str = "") -> None:
        """See `Store`. The stage moves here from `claimed`; whoever replaces that writes under the same id."""
        try:
            with calling(f"store a new version of the secret {name}"):
                self.client.put_secret_value(
                    SecretId=name, ClientRequestToken=token, SecretString=to_text(document), VersionStages=[Stage.PENDING]
                )
        except Conflict:
            raise rotated_by_another(name) from None

    def promote(self, name: str, token: str, replaced: str) -> None:
        """See `Store`."""
        if token != replaced:
            source = {"RemoveFromVersionId": replaced} if replaced else {}
            try:
                with calling(f"make the new version of the secret {name} current"):
                    self.client.update_secret_version_stage(
                        SecretId=name, VersionStage=Stage.CURRENT, MoveToVersionId=token, **source
                    )
            except Invalid:
                self._expect_current(name, token)
        self.drop_pending(name, token)

    def drop_pending(self, name: str, token: str) -> None:
        """See `Store`. AWS leaves the pending stage beside the current one unless it is removed."""
        try:
            with calling(f"remove the pending stage of the secret {name}"):
                self.client.update_secret_version_stage(SecretId=name, VersionStage=Stage.PENDING, RemoveFromVersionId=token)
        except Invalid:
            # AWS refuses to remove what is not there: it never was, or the answer to a first try was lost.
            if self._is_pending(name, token):
                raise

    def _is_pending(self, name: str, token: str) -> bool:
        stored = self.describe(name)
        pending = stored.at(Stage.PENDING) if stored else None
        return pending is not None and pending.token == token

    def label(self, name: str, before: About, wanted: About) -> None:
        """See `Store`. Tags that others set are left alone."""
        options = {}
        if wanted.description and wanted.description != before.description:
            options["Description"] = wanted.description
        if wanted.kms_key and not same_key(before.kms_key, wanted.kms_key):
            options["KmsKeyId"] = wanted.kms_key
        missing = [{"Key": key, "Value": value} for key, value in wanted.tags if (key, value) not in before.tags]
        with calling(f"label the secret {name}"):
            if options:
                self.client.update_secret(SecretId=name, **options)
            if missing:
                self.client.tag_resource(SecretId=name, Tags=missing)  # type: ignore[arg-type]  # Key and Value, as asked

    def _entries(self, name: str) -> list[SecretVersionsListEntryTypeDef]:
        entries: list[SecretVersionsListEntryTypeDef] = []
        following: dict[str, Any] = {}
        while True:
            page = self.client.list_secret_version_ids(SecretId=name, IncludeDeprecated=True, MaxResults=100, **following)
            entries += page.get("Versions", [])
            if not page.get("NextToken"):
                return entries
            following = {"NextToken": page["NextToken"]}

    def _expect_current(self, name: str, token: str) -> None:
        # AWS refuses the move when somebody wrote in between, and also when our own first try had arrived.
        stored = self.describe(name)
        current = stored.at(Stage.CURRENT) if stored else None
        if current is None or current.token != token:
            raise Conflict(
                f"The secret {name} was written by somebody else during its rotation",
                f"its current version is {current.token if current else 'gone'}",
                "Their value was left as it is. Run again: the rotation then starts from their value.",
            )


def same_key(one: str, other: str) -> bool:
    """Whether two spellings (ARN, alias, id) name the same KMS key, as far as the spelling tells."""
    return one == other or one.endswith((f":{other}", f"/{other}")) or (bool(one) and other.endswith((f":{one}", f"/{one}")))
