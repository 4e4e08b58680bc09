# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a tag stands for now: the name of an image with its digest, which stays the same whatever the tag says tomorrow."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Iterable
from typing import Final

from ..errors import NotFound
from .client import Registries
from .reference import Reference

_AT_ONCE: Final = 16


def pinned(registries: Registries, references: Iterable[Reference]) -> list[str]:
    """`REPOSITORY@DIGEST` for each, in their order; the digest is that of the bytes which the registry served.

    An index (an image for several platforms) is pinned as a whole. NotFound, Denied and Unreachable are three different answers.
    """
    with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda reference: _pinned(registries, reference), references))


def _pinned(registries: Registries, reference: Reference) -> str:
    found = registries.repository(reference).manifest(reference.wanted)
    if found is None:
        raise NotFound(f"The image {reference}", "the registry does not have it", "Push it, or correct the name or the tag.")
    return str(reference.at(found.digest))
