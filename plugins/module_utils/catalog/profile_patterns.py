# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Kinds of values that only a profile has: paths and addresses of outside systems."""

from __future__ import annotations

from typing import Final

from . import patterns as kinds

# A key as an ARN, an alias or an id; nothing is AWS's own.
KMS_KEY: Final = r"(?:arn:[a-z0-9-]+:kms:[a-z0-9-]+:[0-9]{12}:(?:key|alias)/[A-Za-z0-9/_-]+|alias/[A-Za-z0-9/_-]+|[0-9a-f-]{36})?"

_TEXT = r"[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*"
_ABSOLUTE = r"(?:/|~/)" + _TEXT


def path(description: str, example: str) -> kinds.Schema:
    """An absolute path, or nothing."""
    return kinds.word(f"(?:{_ABSOLUTE})?", "an absolute path (or one that begins with ~/), or empty", example, description, 4096)


def url(description: str, example: str, schemes: str) -> kinds.Schema:
    """A URL of these schemes (`https|http`) without a password, or nothing."""
    # A user before the host is ssh's only way to say who; in any other scheme it would be a token.
    others = schemes.removesuffix("|ssh")
    user = "" if others == schemes else r"|ssh://(?:[A-Za-z0-9._-]+@)?"
    wants = f"a URL ({', '.join(schemes.split('|'))}) without a password, or empty"
    return kinds.word(rf"(?:(?:(?:{others})://{user})[^\s@\u0000-\u001f]+)?", wants, example, description, 1000)


def api_path(description: str, example: str) -> kinds.Schema:
    """A path below a base URL, with places for what is put in; or nothing."""
    return kinds.word(r"(?:/[A-Za-z0-9/{}._~:-]*)?", "a path that begins with /, or empty", example, description, 200)


def host(description: str, example: str) -> kinds.Schema:
    """A host name or an address."""
    return kinds.word(rf"(?:{kinds.HOST}|[0-9a-f:]+)", "a host name or an address", example, description)


def label(wants: str, example: str, description: str) -> kinds.Schema:
    """A label's key, or another name that looks like one."""
    return kinds.word(r"[A-Za-z0-9]([A-Za-z0-9._/-]{0,251}[A-Za-z0-9])?", wants, example, description)
