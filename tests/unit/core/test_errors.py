# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one line that a user reads of an error."""

from __future__ import annotations

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import MicroappsError


def test_a_question_ends_with_its_own_mark() -> None:
    assert MicroappsError("A field", "did you mean b?", "Nothing was changed.").sentence() == (
        "A field: did you mean b? Nothing was changed."
    )
