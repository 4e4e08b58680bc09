# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The controls that the secrets role answers for, named once (declared in roles/secrets/meta/controls.yml)."""

from __future__ import annotations

from typing import Final

FOUND_IS_DEAD: Final = "secrets-01"
IN_STORE: Final = "secrets-02"
DATABASE_LOGIN: Final = "secrets-03"
DELIVERED: Final = "secrets-04"
LABELLED: Final = "secrets-05"
VENDOR_KEYS: Final = "secrets-06"
AGE: Final = "secrets-07"

CONTROLS: Final = (FOUND_IS_DEAD, IN_STORE, DATABASE_LOGIN, DELIVERED, LABELLED, VENDOR_KEYS, AGE)
