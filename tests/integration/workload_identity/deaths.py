# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A run that dies at its n-th call to a cloud: nothing of ours catches it, and nothing is cleaned up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """The process is gone."""


def dying(call: Callable[..., Any], calls: list[int], count: int, when: str) -> Callable[..., Any]:
    """The same call, which dies `before` or `after` it was made for the `count`th time; `calls` grows with each."""

    def dies(*args: Any) -> Any:
        calls.append(len(calls))
        if len(calls) == count and when == "before":
            raise Killed
        answer = call(*args)
        if len(calls) == count:
            raise Killed
        return answer

    return dies
