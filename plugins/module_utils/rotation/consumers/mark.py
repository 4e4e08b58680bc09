# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The mark that what runs carries: which versions of its secrets it was started with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from ...profile import StorePlace


def mark_of(tokens: Mapping[str, str], *more: str) -> str:
    """A short digest of the versions by name, and of whatever else a start depends on. Pure."""
    return hashlib.sha256("\n".join([*more, *_lines(tokens)]).encode()).hexdigest()[:16]


def store_of(place: StorePlace) -> str:
    """Which store the versions are in: two stores may have the same ids for different values. Pure."""
    store, aws = place.secret_store, place.aws
    account = (aws.account, aws.region) if store.scheme == "aws_secretsmanager" else ()
    return "|".join((store.scheme, *account, store.address, store.namespace, store.mount, store.project))


def _lines(tokens: Mapping[str, str]) -> Iterable[str]:
    return (f"{name}={token}" for name, token in sorted(tokens.items()))
