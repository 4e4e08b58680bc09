# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a machine made and stands beside an address, whatever it is called: `InfluxDBClient("https://x.example", "...")`, a
part of a URL's path (`/token/.../send`), and a value that a file of secrets keeps under any name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .. import paths, strings
from ..hints import lines_with
from ..hosts import is_reserved
from ..literals import names_an_object
from ..model import Candidate, SourceFile
from ..names import opens_nothing
from ..vocabulary import vocabulary

LONGEST_LINE: Final = 2000
_ARGUMENT: Final = r"(?:[rbfu]?[\"'`][^\"'`\n]*[\"'`]|[\w.=]+(?:\([^()\n]*\))?)"
_ADDRESS: Final = r"[rbfu]?[\"'`](?P<host>(?:(?:https?|wss?|grpcs?|mqtts?)://)[^\"'`\s/]+|(?:[\w-]+\.){1,4}[a-z]{2,12}(?::\d+)?)[^\"'`\s]*[\"'`]"
_MADE: Final = r"[rbfu]?[\"'`](?P<value>[A-Za-z0-9_\-+/.~]{20,400}={0,2})[\"'`]"
_HOSTS: Final = ("://", ".com", ".net", ".org", ".io", ".cloud", ".dev", ".app")
# What is opened, logged in to or made as a client with an address and one more word
_CLIENT: Final = re.compile(
    rf"\b(?:new\s+)?(?P<call>[\w.]*(?:[cC]lient|API|Api|[cC]onnect\w*|[sS]ession|SDK|[sS]ervice|[gG]ateway|[lL]ogin|"
    rf"[iI]nit\w*|[cC]onfigure|"
    rf"[aA]uth\w*|[bB]ackend|[sS]tore|[wW]rapper|Bot|Hub|"
    rf"Search))\(\s*{_ADDRESS}\s*,\s*(?:{_ARGUMENT}\s*,\s*){{0,2}}{_MADE}\s*[,)]"
)
# What a request's own table of parameters brings, whatever it is called there: params={"k": "..."}
_BROUGHT: Final = re.compile(
    r"\b(?:params|query|searchParams|qs|payload)[\"']?\s*[=:]\s*(?:dict\(|\{|"
    r"new URLSearchParams\(\s*\{)(?P<table>[^{}\n]{10,600})"
)
_PAIR: Final = re.compile(r"[\"']?(?P<name>[A-Za-z_][\w-]{0,40})[\"']?\s*[:=]\s*[\"'](?P<value>[A-Za-z0-9_\-]{20,200})[\"']")
# A part of a path that says of itself that it lets in, and what vendors put right behind their host
_IN_PATH: Final = re.compile(
    r"(?:https?|wss?)://(?P<host>[\w.-]+)(?::\d+)?(?:/[\w.~%-]+){0,6}?/(?:"
    r"(?:tokens?|api[_-]?keys?|secrets?)/(?P<value>[A-Za-z0-9_-]{16,100})(?=/[a-z])|"
    r"(?:web-?hooks?|hooks?)/(?P<hook>[A-Za-z0-9]{16,100})(?=[/?\"'`\s<>)]|$))"
)
_BEHIND_HOST: Final = re.compile(
    r"(?:https?|wss?)://(?P<host>api\.[\w.-]+)(?:/v\d[\w.]*)?/(?P<value>(?=[A-Za-z0-9]*[a-z])(?=[A-Za-z0-9]*[A-Z])[A-Za-z0-9]{16,64})/(?=[a-z])"
)
_LISTED: Final = vocabulary(
    ".yml .yaml .json .toml .ini .env .properties .conf .cfg .txt .secret .secrets .h .py .js .ts .mjs .php .rb .xcconfig"
)
_OF_SECRETS: Final = re.compile(
    r"(?i)^[\w.-]*?(?:secrets?|credentials?|creds|api_?-?keys?)(?:[_.-](?:prod\w*|live|local|shared))?(?:\.\w+)?$"
)
_KEPT: Final = re.compile(
    r"^\s*(?:#\s*define\s+(?=\w+\s+\")|(?:const|let|var|export|static)\s+){0,2}[\"']?(?P<name>[A-Za-z_][\w.\-]{1,60})[\"']?"
    r"\s*(?:=>|[:=]|(?<=\s)(?=\"))\s*[\"']?(?P<value>[A-Za-z0-9_\-+/.~]{16,200}={0,2})[\"']?\s*[,;]?\s*(?:#.*|//.*)?$"
)
_SETTINGS: Final = re.compile(
    r"(?i)(^|/)(?:[\w-]*(?:config|configuration|settings|einstellungen|konfig\w*|configuracion|ajustes|parametr\w*|"
    r"instellingen|installningar|options))"
    r"(?:[.-](?:prod\w*|live|local))?\.(?:json|ya?ml|toml|ini|cfg|conf)$"
)
_SETTING: Final = re.compile(
    r"[\"']?(?P<name>[A-Za-z_][\w.\-]{0,60})[\"']?\s*[:=]\s*[\"']?(?P<value>(?=[A-Za-z0-9]*[a-z])(?=[A-Za-z0-9]*[A-Z])(?=[A-Za-z0-9]*\d[A-Za-z]*\d)"
    r"[A-Za-z0-9]{28,100})[\"']?\s*(?=[,}\]#]|$)"
)
_DIGESTS: Final = re.compile(
    r"(?i)integrity|etag|revision|commit|nonce|guid|cursor|public|measurement|analytics|matomo|plausible|posthog|"
    r"formspree|paypal|theme|thumb|button|app$|calendar|tracking|pixel|captcha|map|embed"
)
# What bundlers put into pages
_SHIPPED: Final = re.compile(r"(?:NEXT_|NUXT_|EXPO_|GATSBY_|SVELTE_)?PUBLIC_|VITE_|REACT_APP_|VUE_APP_|GATSBY_")


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every word that a machine made and that opens the address beside it."""
    for number, line in lines_with(file, _HOSTS):
        for match in _CLIENT.finditer(line[:LONGEST_LINE]):
            if _is_made(match["value"]):
                why = f"the word that {match['call']}() opens an address with"
                yield Candidate("token", match["value"], file.path, number, "assignment", why, "", _host(match["host"]))
    for number, line in lines_with(file, ("params", "query", "earchParams", "qs", "payload")):
        for table in _BROUGHT.finditer(line[:LONGEST_LINE]):
            for pair in _PAIR.finditer(table["table"]):
                if not opens_nothing(pair["name"]) and _is_made(pair["value"]):
                    why = f"a word that a machine made, which a request brings ({pair['name']})"
                    yield Candidate("api_key", pair["value"], file.path, number, "assignment", why, pair["name"])
    for number, line in lines_with(file, ("://",)):
        for form in (_IN_PATH, _BEHIND_HOST):
            for match in form.finditer(line[:LONGEST_LINE]):
                value = match["value"] or match["hook"]
                if _is_made(value) and not is_reserved(match["host"]):
                    why = "a part of a request's path that a machine made"
                    yield Candidate("token", value, file.path, number, "assignment", why, "", match["host"])


def kept(file: SourceFile) -> Iterator[Candidate]:
    """Every value that a machine made in a file that is called after secrets."""
    named = file.suffix == ".env" or (file.suffix in _LISTED and _OF_SECRETS.match(file.name))
    if not named:
        return
    for number, line in file.numbered():
        match = _KEPT.match(line[:LONGEST_LINE])
        if match and not (opens_nothing(match["name"]) or _SHIPPED.match(match["name"])) and _is_made(match["value"]):
            why = f"a value of a file that keeps secrets ({match['name']})"
            yield Candidate("secret", match["value"], file.path, number, "assignment", why, match["name"])


def settings(file: SourceFile) -> Iterator[Candidate]:
    """Every value of a configuration that is long and shuffled, under a name that tells neither a secret nor an id."""
    if not _is_settings(file):
        return
    for number, line in file.numbered():
        for match in _SETTING.finditer(line[:LONGEST_LINE]) if len(line) <= LONGEST_LINE else ():
            name, value = match["name"], match["value"]
            if not (opens_nothing(name) or _SHIPPED.match(name) or _DIGESTS.search(name)) and _is_made(value):
                why = f"a setting that a machine made ({name})"
                yield Candidate("secret", value, file.path, number, "assignment", why, name)


def _is_settings(file: SourceFile) -> bool:
    path = file.path
    apart = (
        paths.is_lock(path)
        or paths.is_manifest(path)
        or paths.is_translation(path)
        or paths.is_compose(path)
        or paths.is_ci(path)
    )
    named = bool(_SETTINGS.search(path))
    return named and not (
        apart or paths.is_example(path) or paths.is_test(path) or paths.is_document(path) or paths.is_built(path)
    )


def _is_made(value: str) -> bool:
    # Names of things have one form too many: a UUID, a number of Google's tables, words with a number.
    return (
        not names_an_object(value)
        and bool(re.search(r"\d", value))
        and not strings.is_uuid(value)
        and strings.looks_random(value)
    )


def _host(address: str) -> str:
    return re.sub(r"^\w+://|:\d+$", "", address)
