# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The standings of a credential, and a judgement."""

from __future__ import annotations

import dataclasses
from typing import Final

LIVE: Final = "live"
SIGNING_KEY: Final = "signing_key"
PUBLIC: Final = "public_by_design"
LOCAL: Final = "local_development"
PLACEHOLDER: Final = "placeholder"
# Never judged so by us: a person said in the catalog that it is no credential.
DISMISSED: Final = "dismissed"


@dataclasses.dataclass(frozen=True, slots=True)
class Judgement:
    """A standing and the sentence that explains it."""

    standing: str
    why: str
