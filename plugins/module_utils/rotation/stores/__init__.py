# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a secret lives: the interface, and the table from scheme to class. A user's own store is one more entry."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from ...errors import Invalid
from ...profile import StorePlace
from ...scrubber import Secrets
from ..model import About, Document, Stage, Stored, Version
from .aws_secretsmanager import AwsSecretsManager
from .azure_keyvault import AzureKeyVault
from .gcp_secretmanager import GcpSecretManager
from .openbao import OpenBao


class Store(Protocol):
    """Eleven calls. Each is safe to repeat, and each one that writes fails with `Conflict` instead of overwriting others.

    `read` registers what it read as secret. Errors: NotFound, Denied, Conflict, Unreachable.
    """

    @property
    def conditional(self) -> bool:
        """Whether the store itself refuses what an older look decided: `describe` names every version, and `put_pending` and
        `promote` write only in the place of what was seen, by one call of the store each."""

    def object(self, name: str) -> str:
        """What a plan calls the secret: `secretsmanager:secret/microapps/dev/x/database`."""

    def describe(self, name: str) -> Stored | None:
        """The secret with the versions that carry a stage (others may be listed, too), None if there is none.

        If it says that nothing is pending, and that the version is current which was so before, then no run has a claim: where
        that takes two calls, what is pending is asked first.
        """

    def versions(self, name: str) -> tuple[Version, ...]:
        """All its versions as they are now, those without a stage too: their ids are taken. NotFound if there is no secret."""

    def read(self, name: str, token: str) -> Document:
        """One version's document."""

    def read_stage(self, name: str, stage: Stage) -> Document:
        """The document that carries the stage, for those who may read values and nothing else."""

    def created(self, name: str, token: str) -> datetime.datetime | None:
        """When a version was written, in UTC; None if the store does not tell."""

    def create(self, name: str, token: str, document: Document | None, about: About) -> None:
        """A new secret whose first version is current (without a document it has no version). Conflict if there is another."""

    def put_pending(self, name: str, token: str, document: Document, claimed: str = "") -> None:
        """A new version, pending, in the place of the pending version `claimed` if there is one. Conflict if another run has
        made this version, or has replaced `claimed`."""

    def promote(self, name: str, token: str, replaced: str) -> None:
        """The pending version becomes current, if `replaced` still is; Conflict if somebody wrote in between."""

    def drop_pending(self, name: str, token: str) -> None:
        """The version is no longer pending; its value may remain, without a stage."""

    def label(self, name: str, before: About, wanted: About) -> None:
        """Write description, key and tags that differ; what `wanted` omits is left alone."""


Opener = Callable[[StorePlace, Secrets, Mapping[str, str]], Store]

STORES: Final[dict[str, Opener]] = {
    "aws_secretsmanager": AwsSecretsManager.open,
    "azure_keyvault": AzureKeyVault.open,
    "gcp_secretmanager": GcpSecretManager.open,
    "openbao": OpenBao.open,
}


def open_store(place: StorePlace, secrets: Secrets, environ: Mapping[str, str]) -> Store:
    """The store that the profile, or what is left of one, names."""
    opener = STORES.get(place.secret_store.scheme)
    if opener is None:
        raise Invalid(f"There is no secret store {place.secret_store.scheme}", f"known are {', '.join(sorted(STORES))}")
    return opener(place, secrets, environ)
