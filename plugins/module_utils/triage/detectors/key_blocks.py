# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Key blocks in armour, and JSON Web Tokens, whose claims say whom they let in."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..model import Candidate, SourceFile

_BLOCK: Final = re.compile(
    r"-----BEGIN (?P<type>(?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?)-----(?P<body>.*?)-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: "
    r"BLOCK)?-----",
    re.DOTALL,
)
_PUTTY: Final = re.compile(r"^PuTTY-User-Key-File-\d: .+?^Private-MAC: \w+", re.DOTALL | re.MULTILINE)
_JWT: Final = re.compile(r"(?<![\w.-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{10,}")
_WEB_KEY: Final = re.compile(r"\{[^{}]*\"kty\"\s*:[^{}]*\}")
_WEB_KEY_SECRET: Final = re.compile(r"\"(?P<name>d|k)\"\s*:\s*\"(?P<value>[A-Za-z0-9_-]{32,})\"")
_FEWEST_BODY: Final = 64
# base64 of "-----BEGIN ", as a kubeconfig and a pipeline's variable keep a key
_WRAPPED_BEGIN: Final = "LS0tLS1CRUdJTi"
_WRAPPED: Final = re.compile(_WRAPPED_BEGIN + r"[A-Za-z0-9+/]{100,20000}={0,2}")


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Private keys and signed tokens."""
    if "PRIVATE KEY" in file.text or "PuTTY-User-Key-File" in file.text:
        yield from _blocks(file)
    if _WRAPPED_BEGIN in file.text:
        yield from _wrapped_blocks(file)
    if '"kty"' in file.text:
        yield from _web_keys(file)
    if "eyJ" in file.text:
        for number, line in file.numbered():
            yield from _tokens(file, number, line)


def _blocks(file: SourceFile) -> Iterator[Candidate]:
    for match in (*_BLOCK.finditer(file.text), *_PUTTY.finditer(file.text)):
        line = file.line_at(match.start())
        last = file.line_at(match.end())
        body = re.sub(r"\\[nr]|[^A-Za-z0-9+/=]", "", match.groupdict().get("body", match.group(0)) or "")
        if len(body) < _FEWEST_BODY or not any(file.is_fresh(number) for number in range(line, last + 1)):
            continue
        encrypted = "ENCRYPTED" in match.group(0)
        why = "an armoured private key" + (" (encrypted: its passphrase is all that protects it)" if encrypted else "")
        yield Candidate(kind_of_block(file), match.group(0), file.path, line, "block", why)


def _wrapped_blocks(file: SourceFile) -> Iterator[Candidate]:
    for match in _WRAPPED.finditer(file.text):
        line, wrapped = file.line_at(match.start()), match.group(0).rstrip("=")
        if not file.is_fresh(line) or len(wrapped) % 4 == 1:
            continue
        # Of the whole wrapping, whose certificates begin alike, only a private key counts.
        plain = base64.b64decode(wrapped + "=" * (-len(wrapped) % 4)).decode("ascii", "replace")
        if block := _BLOCK.search(plain):
            why = "an armoured private key, wrapped in base64" + (" (encrypted)" if "ENCRYPTED" in block.group(0) else "")
            yield Candidate("private_key", match.group(0), file.path, line, "block", why)


def _web_keys(file: SourceFile) -> Iterator[Candidate]:
    for key in _WEB_KEY.finditer(file.text):
        for match in _WEB_KEY_SECRET.finditer(key.group(0)):
            line = file.line_at(key.start() + match.start())
            if file.is_fresh(line):
                yield Candidate("private_key", match["value"], file.path, line, "block", "the private half of a JSON Web Key")


def kind_of_block(file: SourceFile) -> str:
    """A Google service account's JSON is named as what it is."""
    return "google_service_account_key" if '"service_account"' in file.text else "private_key"


def _tokens(file: SourceFile, number: int, line: str) -> Iterator[Candidate]:
    for match in _JWT.finditer(line):
        claims = claims_of(match.group(0))
        if claims is None:
            continue
        kind, why = _kind_of_token(claims)
        before = re.search(
            r"([A-Za-z_][\w.-]*)[\"'\])]{0,3}\s*(?:=>|:=|=|:|,|\|\||\?\?)\s*[\"'`(]{0,2}(?:Bearer )?$", line[: match.start()]
        )
        yield Candidate(kind, match.group(0), file.path, number, "token", why, before.group(1) if before else "")


def _kind_of_token(claims: Mapping[str, Any]) -> tuple[str, str]:
    issuer, role = str(claims.get("iss", "")), str(claims.get("role", ""))
    if issuer.startswith("supabase") or (role in ("anon", "service_role") and ("ref" in claims or "iss" in claims)):
        demo = ", issued by Supabase's local demo" if issuer == "supabase-demo" else ""
        return f"supabase_{role or 'user'}_key", f"a Supabase token whose role claim is '{role}'{demo}"
    return "jwt", "a signed JSON Web Token"


def claims_of(token: str) -> Mapping[str, Any] | None:
    """The claims within a JSON Web Token, not verified; None if it is none."""
    part = token.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        return None
    return claims if isinstance(claims, dict) else None
