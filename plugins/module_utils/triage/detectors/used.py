# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A literal whose name tells nothing, told by what the code uses that name as: `K = "..."` and `jwt.encode(claims, K)`."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Final

from ..hints import lines_with
from ..model import Candidate, SourceFile
from ..names import secret_kind
from ..strings import is_mixed, is_personal, is_unspeakable, looks_random
from ..vocabulary import vocabulary

LONGEST_NAME: Final = 120
MOST_NAMES: Final = 40
_CODE: Final = vocabulary(
    ".py .ipynb .js .mjs .cjs .ts .tsx .jsx .vue .svelte .gs .java .kt .cs .go .php .rb .r .swift .dart .rs .ino .cpp .sh .ps1"
)
# From the operator on, and only then back to the name: few lines end in a literal without blanks.
_KEPT: Final = re.compile(
    r"[=-][ \t]*(?:(?:\[\]byte|bytes|Buffer\.from|"
    r"SecretStr)\()?[bru@]?(?P<quote>[\"'`])(?P<value>[^\"'`\s{}]{8,200})(?P=quote)"
    r"\)?(?:\.getBytes\([^()\n]*\)|\.encode\([^()\n]*\))?[ \t]*;?[ \t]*(?:(?:#|//)[^\n]*)?$",
    re.MULTILINE,
)
# def ask(site, k="..."):
_PARAMETER: Final = re.compile(
    r"\b(?:def|function|fun|func)\b[^\n]{0,200}?[(,]\s*(?P<name>[A-Za-z_$]\w{0,60})\s*(?::\s*[\w.]+\s*)?=\s*"
    r"(?P<quote>[\"'])(?P<value>[^\"'\s{}]{8,200})(?P=quote)\s*[,)]"
)
_NAME: Final = re.compile(r"(?P<name>[A-Za-z_$]\w{0,60})[ \t]*(?::[ \t]*[\w&' \[\]<>]{1,40}[ \t]*)?[:<]?[ \t]*$")
_ANY: Final = r"(?:[\"'][^\"'\n]*[\"']|[\w.$]+(?:\([^()\n]*\)|\[[^\[\]\n]*\])?)"
# kind and form; @ stands for the name
_USES: Final[tuple[tuple[str, str], ...]] = (
    (
        "signing_key",
        rf"\b(?:jwt|JWT|jose|jsonwebtoken)\.(?:encode|decode|sign|verify)\([^\n]{{1,160}}?,\s*@\s*[,)]|"
        rf"\b(?:SecretKeySpec|Fernet|hmacShaKeyFor|HMAC256|HMAC512)\(\s*@|\bhmac\.new\(\s*@|"
        rf"\bhmac\.New\(\s*[\w.]+\s*,\s*@|\bfrom_secret\(\s*&?@|"
        rf"\bcreate(?:Hmac|Cipheriv|Decipheriv)\(\s*{_ANY}\s*,\s*@",
    ),
    (
        "password",
        rf"\.login\(\s*{_ANY}\s*,\s*@\s*\)|\bauth\s*=\s*[(\[]\s*{_ANY}\s*,\s*@\s*[)\]]|"
        rf"\b(?:HTTPBasicAuth|HTTPDigestAuth|NetworkCredential|set_basic_auth|username_pw_set|"
        rf"authenticate)\(\s*{_ANY}\s*,\s*@\s*\)|"
        rf"\bWiFi\.begin\(\s*{_ANY}\s*,\s*@|"
        # within a connection string: ":" + p + "\x40", :{p}\x40
        rf":[\"'`]\s*[+.]\s*@\s*[+.]\s*[\"'`]\x40|:\$?\{{@\}}\x40|"
        r"[!=]={1,2}\s*@[^\n]{0,40}\b(?i:unlock\(|denied|forbidden|unauthori[sz]ed|set(?:Is)?(?:Auth|LoggedIn|Admin|"
        r"Unlocked))|"
        r"(?i:@\s*\|\s*ConvertTo-SecureString|ConvertTo-SecureString\s+(?:-String\s+)?@)",
    ),
    (
        "token",
        r"(?i:bearer|token|bot)\s+(?:\$?\{\s*@\s*\}|\$@\b|[\"'`]\s*[+.]\s*@\b|%s[\"']\s*%\s*@\b)|"
        r"(?i:authorization)[\"']?\s*\]?\s*[:=,]\s*@\s*[,})\]]|\b(?:bot|client)\.(?:run|login|start)\(\s*@\s*\)|"
        r"(?i:token|secret|signature|api_?key|password)\w*[\"']?\s*[)\]]*\s*[!=]={1,2}\s*@|"
        # what a request must bring in a header of the app's own
        r"(?i:[\"'](?:http_)?x[-_](?!request|correlation|forwarded|real|trace|[\w-]*(?:version|build|id|tenant|client|"
        r"lang)\b)[\w-]{2,40}[\"']\s*[)\]]+\s*(?:!=|={2,3}|"
        r"<>|!==)\s*)@|"
        r"/bot(?:\$?\{@\}|[\"']\s*[+.]\s*@\b)",
    ),
    (
        "api_key",
        r"[?&](?:(?:api_?|app_?|access_?)?(?:key|token|secret)|app_?id)=(?:\$?\{@\}|\$@\b|[\"'`]\s*[+.]\s*@\b)",
    ),
)
# What logs in with a word is told by that alone, however plain the word is.
_PASSWORDS: Final = (
    (
        "password",
        rf"\b(?:HTTPBasicAuth|HTTPDigestAuth|NetworkCredential|set_basic_auth|username_pw_set|WiFi\.begin)\(\s*{_ANY}\s*,\s*@\s*[,)]",
    ),
)
_LOGS_IN: Final = ("BasicAuth(", "DigestAuth(", "NetworkCredential(", "username_pw_set(", "set_basic_auth(", "WiFi.begin(")
# These names are enough for assignments.py; a key's or a secret's is told there from a machine's work only.
_TOLD_BY_NAME: Final = ("password", "signing_key", "token", "pin")
_NAMED: Final = r"(?P<as>[A-Za-z_][\w-]{1,60})[\"']?\s*[:=]\s*@\s*(?=[,)}\]\n;]|$)"


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every literal that looks made and whose name is used as a credential in the same file."""
    if file.suffix not in _CODE:
        return
    seen: set[str] = set()
    logs_in = any(word in file.text for word in _LOGS_IN)
    for name, value, number_of in _kept(file):
        # A name that stands but once is used for nothing.
        if name in seen or file.text.count(name) < 2 or not ((made := _is_made(value)) or logs_in):
            continue
        if secret_kind(name) in _TOLD_BY_NAME:
            continue
        seen.add(name)
        if len(seen) > MOST_NAMES:
            return
        number = number_of()
        if file.is_fresh(number) and (kind := _used_as(file.text, name, _USES if made else _PASSWORDS)):
            why = f"a literal that the code uses as a {kind.replace('_', ' ')}"
            shape = "call" if kind == "password" else "assignment"
            yield Candidate(kind, value, file.path, number, shape, why, name)


def _kept(file: SourceFile) -> Iterator[tuple[str, str, Callable[[], int]]]:
    """Name, value and line (counted when asked for: it takes long) of what a name keeps, or a function takes if given none."""
    for match in _KEPT.finditer(file.text):
        before = _NAME.search(file.text[max(0, match.start() - LONGEST_NAME) : match.start()])
        if before:
            yield before["name"], match["value"], functools.partial(file.line_at, match.start("value"))
    for number, line in lines_with(file.whole(), ("def ", "function", "fun ", "func ")):
        if (taken := _PARAMETER.search(line[:400])) is not None:
            yield taken["name"], taken["value"], functools.partial(int, number)


def _is_made(value: str) -> bool:
    of_letters = len(value) == 16 and value.isalpha() and value.islower() and is_unspeakable(value)
    return looks_random(value) or is_personal(value) or is_mixed(value) or of_letters


def _used_as(text: str, name: str, uses: tuple[tuple[str, str], ...]) -> str:
    place = rf"(?<![\w.$]){re.escape(name)}(?!\w)"
    for kind, form in uses:
        if re.search(form.replace("@", place), text):
            return kind
    if uses is not _USES:
        return ""
    return next((kind for use in re.finditer(_NAMED.replace("@", place), text) if (kind := _worth(use["as"], name))), "")


def _worth(said: str, name: str) -> str:
    kind = secret_kind(said) if said != name else ""
    return "" if kind in ("key", "app_id", "pin") else kind
