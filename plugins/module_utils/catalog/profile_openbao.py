# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the profile's two blocks with an OpenBao share: the namespace, the login, and what in a login contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from . import patterns as kinds
from .check import Complaint, quoted

MOUNT: Final = r"[A-Za-z0-9._/-]+"

NAMESPACE: Final = kinds.word(
    f"(?:{MOUNT})?",
    "a namespace, or empty",
    "platform/dev",
    "OpenBao's namespace; empty: the root's.",
    128,
)
LOGIN: Final = kinds.record(
    "How we log in to OpenBao; without it, token_file holds a token.",
    {
        "method": kinds.one_of(
            ["token", "approle", "jwt", "kubernetes", "aws"],
            "What token_file holds: a token; an AppRole's secret id; a JWT that others signed; the token of a service account "
            "(empty: our own pod's). With aws it is empty: a request signed as we log in to AWS.",
        ),
        "role": kinds.word(
            r"(?:[A-Za-z0-9][A-Za-z0-9._-]*)?", "a role, or empty", "goldenpath", "The role; with approle its role id.", 128
        ),
        "mount": kinds.word(
            f"(?:{MOUNT})?", "a mount, or empty", "approle", "Where the method is mounted; empty: by its own name.", 128
        ),
        "region": kinds.word(
            r"(?:[a-z]{2}(?:-[a-z]+)+-[0-9])?",
            "an AWS region, or empty",
            "eu-west-1",
            "The region whose STS the server asks (its sts_region), for aws; empty: AWS's global one.",
            32,
        ),
        "server_id": kinds.word(
            r"(?:[A-Za-z0-9][A-Za-z0-9._:/-]*)?",
            "a server's name, or empty",
            "bao.example.com",
            "The server's iam_server_id_header_value, for aws.",
            128,
        ),
    },
    ("method",),
)

# What each method cannot be without, and what of the login it has beside a mount.
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "token": ("token_file",),
    "approle": ("login.role",),
    "jwt": ("token_file",),
    "kubernetes": ("login.role",),
    "aws": (),
}
_HAS: Final[Mapping[str, frozenset[str]]] = {
    "token": frozenset(),
    "approle": frozenset({"role", "mount"}),
    "jwt": frozenset({"role", "mount"}),
    "kubernetes": frozenset({"role", "mount"}),
    "aws": frozenset({"role", "mount", "region", "server_id"}),
}


def login_contradictions(name: str, block: Mapping[str, Any]) -> Iterator[Complaint]:
    """What is wrong with how the block `name` logs in to its OpenBao."""
    login = block.get("login", {})
    method = login.get("method", "token")
    given = {"token_file": block.get("token_file"), "login.role": login.get("role")}
    for field in _NEEDS[method]:
        if not given[field]:
            yield Complaint((name,), f"{name}: the login by {method} needs {field}; add it")
    if method == "aws" and block.get("token_file"):
        yield Complaint((name, "token_file"), f"{name}.token_file: the login by aws has none; remove it")
    for field in sorted(login):
        if field != "method" and field not in _HAS[method] and login[field]:
            text = f"{name}.login.{field}: {quoted(login[field])} means nothing to the login by {method}; remove it"
            yield Complaint((name, "login", field), text)
