# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Parts that the user has already: named by options or, so that `make` and every play agree, by environment variables.

The names are ours on purpose. KUBECONFIG or AWS_ENDPOINT_URL may point at production, and setting them for kubectl must not
turn the sandbox's plays against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..errors import Invalid
from ..network import is_loopback

PREFIX: Final = "GOLDENPATH_SANDBOX_"
# option -> (field, variable without the prefix); the first field is the one without which the part is not theirs.
VARIABLES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "cluster": (("kubeconfig", "KUBECONFIG"), ("context", "CONTEXT")),
    "aws": (
        ("endpoint_url", "AWS_ENDPOINT_URL"),
        ("account", "AWS_ACCOUNT"),
        ("region", "AWS_REGION"),
        ("credentials_file", "AWS_CREDENTIALS_FILE"),
        ("profile", "AWS_PROFILE"),
    ),
    "registry": (("address", "REGISTRY"),),
    "database": (
        ("host", "DATABASE_HOST"),
        ("port", "DATABASE_PORT"),
        ("admin_user", "DATABASE_USER"),
        ("password_file", "DATABASE_PASSWORD_FILE"),
        ("sslmode", "DATABASE_SSLMODE"),
    ),
}
_NEEDED: Final = {"cluster": ("context",), "database": ("port", "password_file")}


def given(params: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The user's own parts by option name: only those that are named. Invalid when one is named by half."""
    found = {option: _one(option, params.get(option), environ) for option in VARIABLES}
    named = {option: values for option, values in found.items() if values}
    for option, values in named.items():
        missing = [field for field in _NEEDED.get(option, ()) if field not in values]
        if missing:
            names = ", ".join(PREFIX + variable for field, variable in VARIABLES[option] if field in missing)
            raise Invalid(
                f"The sandbox's own {option} is named without {', '.join(missing)}", next_step=f"Give it too (or set {names})."
            )
    if "aws" in named and not is_loopback(named["aws"]["endpoint_url"]):
        raise Invalid(
            f"The sandbox does not use the AWS endpoint {named['aws']['endpoint_url']}",
            "it is not on this machine",
            "Name one on loopback, or use another environment than the sandbox.",
        )
    return named


def _one(option: str, chosen: Mapping[str, Any] | None, environ: Mapping[str, str]) -> dict[str, Any]:
    if chosen:
        return {field: value for field, value in chosen.items() if value is not None}
    fields = VARIABLES[option]
    if not environ.get(PREFIX + fields[0][1]):
        return {}
    values: dict[str, Any] = {field: environ[PREFIX + name] for field, name in fields if environ.get(PREFIX + name)}
    return {**values, "port": int(values["port"])} if values.get("port", "").isdigit() else values
