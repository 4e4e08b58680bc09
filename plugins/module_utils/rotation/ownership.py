# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whose a stored secret is: by its tags. Pure."""

from __future__ import annotations

from ..errors import Conflict
from .model import About, Stored


def may_touch(name: str, wanted: About, stored: Stored, adopt: str) -> None:
    """Conflict for a secret that is on its way out, another app's, or nobody's of ours on first contact."""
    if stored.deleted:
        raise Conflict(
            f"The secret {name}",
            "it is marked for deletion and can still be brought back",
            f"Bring it back (aws secretsmanager restore-secret --secret-id {name}; az keyvault secret recover) or wait until it "
            "is gone, and run again.",
        )
    have, want = dict(stored.about.tags), dict(wanted.tags)
    if have.get("managed-by") == want.get("managed-by"):
        mismatched = [key for key in ("app", "environment") if have.get(key, want.get(key)) != want.get(key)]
        if mismatched:
            owner = ", ".join(f"{key} {have[key]}" for key in mismatched)
            raise Conflict(
                f"The secret {name}", f"its tags say that it belongs to {owner}", "Mend the tags, or rename one of them."
            )
    elif adopt != "take":
        raise Conflict(
            f"The secret {name}",
            "it exists and was not made by us (no tag managed-by of ours)",
            "Set adopt: take in the profile to take it over.",
        )
