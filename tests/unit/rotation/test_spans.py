# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options that count days or seconds: a slip of the pen is refused before it rotates everything."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Request
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.rotation.app_secrets import age_limit, span


@pytest.mark.parametrize("count", [-1, -90, 10**6, 10**12])
def test_a_number_that_cannot_be_meant_is_refused(count: int) -> None:
    with pytest.raises(Invalid, match=f"max_age_days: {count} days"):
        age_limit(Request({"max_age_days": count}))
    with pytest.raises(Invalid, match=f"grace_seconds: {count * 10**5} seconds"):
        span(Request({"grace_seconds": count * 10**5}), "grace_seconds", "seconds")


def test_what_is_meant_is_taken() -> None:
    assert age_limit(Request({"max_age_days": 90})) == datetime.timedelta(days=90)
    assert age_limit(Request({"max_age_days": 0})) is None
    assert age_limit(Request({})) is None
    assert span(Request({"grace_seconds": 60}), "grace_seconds", "seconds") == datetime.timedelta(minutes=1)
