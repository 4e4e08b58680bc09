# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The controls that the secrets role answers for, named once (declared in roles/secrets/meta/controls.yml)."""

from __future__ import annotations

from typing import Final

from ..app import DATABASE_KINDS

FOUND_IS_DEAD: Final = "secrets-01"
IN_STORE: Final = "secrets-02"
DATABASE_LOGIN: Final = "secrets-03"
DELIVERED: Final = "secrets-04"
LABELLED: Final = "secrets-05"
VENDOR_KEYS: Final = "secrets-06"
AGE: Final = "secrets-07"
IDENTIFIED: Final = "secrets-08"

CONTROLS: Final = (FOUND_IS_DEAD, IN_STORE, DATABASE_LOGIN, DELIVERED, LABELLED, VENDOR_KEYS, AGE, IDENTIFIED)

# What kind of secret (as the catalog calls it) answers which control besides those of every secret.
DATABASES: Final = DATABASE_KINDS
KEYS_OF_OTHERS: Final = frozenset({"api_key"})


def control_of_kind(kind: str) -> str:
    """The control that a secret's replacement answers, by whose door it opens."""
    if kind in DATABASES:
        return DATABASE_LOGIN
    return VENDOR_KEYS if kind in KEYS_OF_OTHERS else FOUND_IS_DEAD
