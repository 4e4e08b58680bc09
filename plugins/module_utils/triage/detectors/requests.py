# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keys that travel in requests: in the query of a URL, in a header, in a basic login."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from ..hints import lines_with
from ..model import Candidate, SourceFile
from ..names import opens_nothing
from ..strings import is_uuid

_HINTS: Final = (
    "key",
    "token",
    "auth",
    "appid",
    "app_id",
    "secret",
    "sig",
    "code=",
    "pwd=",
    "pass",
    "bearer",
    "basic",
    "cookie",
    "x-",
)
_QUERY: Final = re.compile(
    r"[?&](?P<name>(?:api|app|access|auth|client|x|rapid|subscription|function|ocp)?[_\-]?(?:api)?[_\-]?(?:key|token|appid|"
    r"apikey|secret|sig|signature|code|pwd|password|pass)|"
    r"appid|app_id|APPID|apiKey|accessToken|access_token|token|auth|key)=(?P<value>[A-Za-z0-9_\-.~%+/]{8,300}(?::fx)?)",
)
_URL_BEFORE: Final = re.compile(r"(?:https?|wss?)://([A-Za-z0-9.\-]+)[^\s\"'`<>]*$")
_HEADER: Final = re.compile(
    r"[\"']?(?P<name>x-[\w-]*(?:key|token|secret|auth)[\w-]*|api-?key|apikey|authorization|proxy-authorization|"
    r"private-token|ocp-apim-subscription-key|"
    r"x-rapidapi-key|token|access-token)[\"']?\s*[:,=]\s*(?:[rbfu]?[\"'`])?\s*(?:(?P<scheme>Bearer|Token|Basic|ApiKey|"
    r"Api-Key|"
    r"Key|Bot|GoogleLogin|Discogs|[A-Za-z]+-Auth-Key|KakaoAK|Zoho-oauthtoken|SSWS|GenieKey|Klaviyo-API-Key|Api-Token|"
    r"PRIVATE-TOKEN)\s+)?(?P<value>[A-Za-z0-9_\-.~+/=:]{16,400})[\"'`]?",
    re.IGNORECASE,
)
_TOKEN_HEADERS: Final = ("private-token", "access-token", "authorization", "proxy-authorization")
_COOKIE: Final = re.compile(
    r"(?i)(?<![\w-])cookie[\"']?\s*[:=,]\s*[\"'`]?(?:[^\"'`\n]{0,200}?;\s*)?"
    r"(?P<name>[\w.-]{0,40}(?:sess|sid|auth|token|remember|jwt)[\w.-]{0,40})=(?P<value>[\w\-.~+/%=]{20,400})"
)
_COOKIE_GIVEN: Final = re.compile(
    r"(?i)cookies?(?:\.set\(|[\"']?\s*[=:]\s*\{)\s*(?:[^{}\n]{0,200}?,\s*)?[\"'](?P<name>[\w.-]{0,40}(?:sess|sid|auth|"
    r"token|remember|jwt)[\w.-]{0,40})"
    r"[\"']\s*[,:]\s*[\"'](?P<value>[\w\-.~+/%=]{20,400})[\"']"
)
# A header of the app's own, on a command line or in a table of headers: `-H "X-Admin: ..."`
_OWN_HEADER: Final = re.compile(
    r"[\"'](?P<name>[xX]-(?!(?i:request|correlation|trace|span|b3|amz|goog|csrf|xsrf|client-id|content|forwarded|"
    r"device|session-id|idempotency)\b)"
    r"[A-Za-z][\w-]{2,40})(?:[\"']\s*[:,]\s*[rbfu]?[\"']|:\s*)(?P<value>[A-Za-z0-9_\-.~+/=]{16,200})[\"']"
)
_BARE_BEARER: Final = re.compile(r"[\"'`](?P<scheme>Bearer|Basic|Token)\s+(?P<value>[A-Za-z0-9_\-.~+/=]{16,400})[\"'`]")

# What a server in front of the app sets or demands: Caddy's, nginx' and Apache's own words.
_SERVED: Final = re.compile(
    r"\b(?:header(?:_up|_down)?|proxy_set_header|RequestHeader\s+set)\s+[+]?(?P<name>x-[\w-]*(?:key|token|secret|"
    r"auth)[\w-]*|api-?key)\s+"
    r"[\"']?(?P<value>[A-Za-z0-9_\-.~+/=]{16,400})(?=[\"';\s]|$)",
    re.IGNORECASE,
)
_CADDY_DNS: Final = re.compile(r"^\s*(?:dns|acme_dns)\s+(?P<name>[a-z]\w+)\s+[\"']?(?P<value>[A-Za-z0-9_\-]{20,200})[\"']?\s*$")
_IDENTIFIER_BEFORE: Final = re.compile(r"[\w-]*$")
_REGISTRY: Final = re.compile(r"[\"']auth[\"']\s*:\s*[\"'](?P<value>[A-Za-z0-9+/]{8,400}={0,2})[\"']")


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every literal key in a request."""
    if file.name.lower().startswith("caddyfile"):
        for number, line in file.numbered():
            if match := _CADDY_DNS.match(line):
                yield _key(
                    file, number, match["value"], f"the token for {match['name']}, which answers for the domain", "dns_token"
                )
    for number, line in lines_with(file, _HINTS, fold=True):
        line = line[:4000]
        if "=" in line and ("?" in line or "&" in line):
            for match in _QUERY.finditer(line):
                before = _URL_BEFORE.search(line[: match.start()])
                why = f"a key in the query of a request ({match['name']}=)"
                yield Candidate(
                    "password" if match["name"].lower() in ("password", "pass", "pwd") else "api_key",
                    match["value"],
                    file.path,
                    number,
                    "assignment",
                    why,
                    match["name"],
                    before.group(1) if before else "",
                )
        for match in _REGISTRY.finditer(line):
            yield from _basic(file, number, match["value"])
        for match in _SERVED.finditer(line):
            yield _key(file, number, match["value"], f"a key in the header of a request ({match['name']})", match["name"])
        for match in (*_COOKIE.finditer(line), *_COOKIE_GIVEN.finditer(line)):
            yield _key(file, number, match["value"], f"the cookie of somebody's session ({match['name']})", match["name"])
        lower = line.lower()
        if "x-" in lower:
            for match in _OWN_HEADER.finditer(line):
                if not is_uuid(match["value"]) and not opens_nothing(match["name"]):
                    yield _key(file, number, match["value"], f"a key in the header of a request ({match['name']})", match["name"])
        if "-key" in lower or "auth" in lower or "token" in lower or "apikey" in lower or "bearer" in lower or "basic" in lower:
            yield from _headers(file, number, line)


def _headers(file: SourceFile, number: int, line: str) -> Iterator[Candidate]:
    for form in (_HEADER, _BARE_BEARER):
        for match in form.finditer(line):
            scheme, value = (match["scheme"] or "").lower(), match["value"]
            name = match.groupdict().get("name") or scheme
            if scheme == "basic":
                yield from _basic(file, number, value)
            elif scheme or name.lower().startswith("x-") or "key" in name.lower() or name.lower() in _TOKEN_HEADERS:
                # `searchOnlyApiKey: "x"` is no header: the whole identifier tells what it is.
                name = (_IDENTIFIER_BEFORE.search(line, max(0, match.start() - 60), match.start()) or [""])[0] + name
                yield _key(file, number, value, f"a key in the header of a request ({name})", name)


def _key(file: SourceFile, number: int, value: str, why: str, name: str) -> Candidate:
    return Candidate("api_key", value, file.path, number, "assignment", why, name)


def _basic(file: SourceFile, number: int, value: str) -> Iterator[Candidate]:
    try:
        user, _unused, password = base64.b64decode(value + "=" * (-len(value) % 4), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return
    if not password and len(user) >= 16 and user.isprintable():
        # A vendor's key is the user, and the password is empty.
        yield Candidate("api_key", value, file.path, number, "assignment", "a key in a basic login in a header", "authorization")
    if password and password.isprintable():
        yield Candidate("basic_auth_password", value, file.path, number, "uri", "a login in a header, in base64", "", "", user)
