# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a candidate is that was known by its form: vendors' keys, armoured blocks, signed tokens."""

from __future__ import annotations

import re
from typing import Final

from . import paths, strings
from .detectors.key_blocks import claims_of
from .model import Candidate, SourceFile
from .names import is_public_name
from .standings import LIVE, LOCAL, PLACEHOLDER, PUBLIC, SIGNING_KEY, Judgement

_GOOGLE_PUBLIC: Final = re.compile(r"firebase|authDomain|messagingSenderId|storageBucket|measurementId", re.IGNORECASE)
_GOOGLE_MAPS: Final = re.compile(
    r"maps?[_.\-]?(api|js|key|google|sdk)|GMS|geo\.API_KEY|google[_.\-]?maps?|maps\.google|maps/api/js|maps/embed|places",
    re.IGNORECASE,
)
_GOOGLE_SERVER: Final = re.compile(
    r"gemini|generative|genai|vertex|palm|youtube|translate|vision|server|custom_?search|sheets|speech|genkit|llm", re.IGNORECASE
)

# What mkcert and tutorials call the key of a page on one's own machine. `dev.pem` alone may open a server.
_OF_ONES_MACHINE: Final = re.compile(
    r"(^|[/._-])(localhost|snakeoil|self[_-]?signed|mkcert)([/._+-]|$)|"
    r"(^|/)(certs?|ssl|tls|certificates?)/(.*/)?([^/]*[._-])?(dev|local)([._-][^/]*)?\.(pem|key)$",
    re.IGNORECASE,
)


def of_form(candidate: Candidate, file: SourceFile) -> Judgement | None:
    """A key that a vendor's form gave away, an armoured block or a signed token."""
    value = candidate.value
    if candidate.kind.startswith("supabase_") or candidate.kind == "jwt":
        return _of_web_token(candidate, file)
    line = file.lines[candidate.line - 1] if candidate.line <= len(file.lines) else ""
    if "{" in value or re.match(r"\$?\{", line[line.find(value) + len(value) :] if value in line else ""):
        return None  # the last part is filled in when the app runs
    if candidate.kind == "private_key" and paths.is_test(file.path):
        return Judgement(LOCAL, "a private key that only tests read")
    if candidate.kind == "private_key" and _OF_ONES_MACHINE.search(file.path):
        return Judgement(LOCAL, "the certificate's key of a developer's own machine")
    if candidate.shape == "block":
        return Judgement(
            SIGNING_KEY if candidate.kind == "private_key" else LIVE, "whoever has it can sign or log in as its owner"
        )
    body = re.sub(r"^(sk|rk|pk)_(live|test)_|^[a-z]{2,10}[_-]|^AKIA|^ASIA|^AIza", "", value)
    if strings.is_stand_in(value) or strings.is_stand_in(body) or _is_repeated(body):
        return Judgement(PLACEHOLDER, "it has a key's form but says that it is none, or stands in the vendor's documents")
    if strings.entropy(body) < 2.8 and len(body) >= 16:
        return Judgement(PLACEHOLDER, "it has a key's form but too little variety for a real one")
    if candidate.kind.startswith(("algolia", "amplitude", "facebook")) and is_public_name(candidate.variable):
        return Judgement(PUBLIC, f"the name {candidate.variable} says that it is made to be seen")
    if candidate.kind == "google_api_key":
        return _of_google_key(candidate, file)
    if candidate.kind == "airtable_api_key" and value.startswith("app"):
        return None  # the id of a base, which its address shows
    if candidate.kind in (
        "openai_api_key",
        "airtable_api_key",
        "mailgun_api_key",
        "turso_or_upstash_token",
        "azure_client_secret",
        "mollie_api_key",
        "backblaze_key",
    ) and not strings.looks_random(re.sub(r"^\w+?-", "", value)):
        return None
    if candidate.kind in ("telegram_bot_token",) and not strings.looks_random(value.split(":")[1]):
        return Judgement(PLACEHOLDER, "it has a token's form but is no machine's work")
    if candidate.kind == "stripe_test_key":
        return Judgement(LIVE, "a key of a test account: it moves no money but lets anybody into that account")
    return Judgement(LIVE, "a vendor's key that lets anybody in who has it")


def _is_repeated(body: str) -> bool:
    letters = re.sub(r"[^A-Za-z0-9]", "", body)
    return bool(re.search(r"(.)\1{5,}", letters)) or (len(letters) >= 12 and len(set(letters.lower())) <= 4)


def _of_web_token(candidate: Candidate, file: SourceFile) -> Judgement | None:
    if candidate.kind.startswith("supabase_") and not candidate.value.startswith("eyJ"):
        return Judgement(LIVE, "a key that passes by row-level security")
    claims = claims_of(candidate.value) or {}
    if str(claims.get("iss", "")) == "supabase-demo":
        return Judgement(LOCAL, "Supabase's local demo gives this key to everybody")
    if candidate.kind == "supabase_service_role_key":
        return Judgement(LIVE, "a service_role token passes by row-level security: it reads and writes everything")
    if claims.get("sub") == "1234567890" or claims.get("name") == "John Doe" or not claims:
        return Judgement(PLACEHOLDER, "the token that jwt.io shows to everybody")
    if paths.is_test(file.path) or paths.is_document(file.path) or paths.is_example(file.path):
        return Judgement(PLACEHOLDER, "a token in a test or a document")
    return Judgement(LIVE, "a signed token that lets its bearer in until it expires")


def _of_google_key(candidate: Candidate, file: SourceFile) -> Judgement:
    line = file.lines[candidate.line - 1] if candidate.line <= len(file.lines) else ""
    around = "\n".join(file.lines[max(0, candidate.line - 8) : candidate.line + 8])
    before = file.lines[candidate.line - 2] if candidate.line > 1 else ""
    named = f"{candidate.variable} {line[:400]}" + (before[-200:] if "android:name" in before else "")
    if _GOOGLE_SERVER.search(named):
        return Judgement(LIVE, "a Google key for calls that cost money")
    if (
        _GOOGLE_PUBLIC.search(named)
        or _GOOGLE_PUBLIC.search(around)
        or file.name in ("google-services.json", "GoogleService-Info.plist")
    ):
        return Judgement(PUBLIC, "a Firebase web configuration is made to be seen; security rules must protect the data")
    if _GOOGLE_MAPS.search(named) and (
        paths.is_browser_code(file.path)
        or paths.is_in_phones(file.path)
        or file.name in ("app.json", "app.config.js", "app.config.ts")
        or re.search(r"NEXT_PUBLIC|VITE_|REACT_APP|maps/api/js|maps/embed|PUBLIC_", named)
    ):
        return Judgement(
            PUBLIC, "a Google Maps key of a web page or a phone's app is made to be seen; restrict it by referrer or app"
        )
    return Judgement(LIVE, "a Google key without a sign that it is restricted to a web page")
