# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A literal whose name tells nothing, told by what the code uses that name as: `K = "..."` and `jwt.encode(claims, K)`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..model import Candidate, SourceFile
from ..names import secret_kind
from ..strings import is_mixed, is_personal, looks_random
from ..vocabulary import vocabulary

LONGEST_NAME: Final = 120
MOST_NAMES: Final = 40
_CODE: Final = vocabulary(
    ".py .ipynb .js .mjs .cjs .ts .tsx .jsx .vue .svelte .gs .java .kt .cs .go .php .rb .r .swift .dart .rs .ino .cpp .sh"
)
# From the operator on, and only then back to the name: few lines end in a literal without blanks.
_KEPT: Final = re.compile(
    r"[=-][ \t]*(?:(?:\[\]byte|bytes|Buffer\.from|SecretStr)\()?[bru@]?(?P<quote>[\"'`])(?P<value>[^\"'`\s{}]{8,200})(?P=quote)"
    r"\)?(?:\.getBytes\([^()\n]*\)|\.encode\([^()\n]*\))?[ \t]*;?[ \t]*(?:(?:#|//)[^\n]*)?$",
    re.MULTILINE,
)
_NAME: Final = re.compile(r"(?P<name>[A-Za-z_$]\w{0,60})[ \t]*(?::[ \t]*[\w&' \[\]<>]{1,40}[ \t]*)?[:<]?[ \t]*$")
_ANY: Final = r"(?:[\"'][^\"'\n]*[\"']|[\w.$]+(?:\([^()\n]*\)|\[[^\[\]\n]*\])?)"
# kind and form; @ stands for the name
_USES: Final = (
    (
        "signing_key",
        rf"\b(?:jwt|JWT|jose|jsonwebtoken)\.(?:encode|decode|sign|verify)\([^\n]{{1,160}}?,\s*@\s*[,)]|"
        rf"\b(?:SecretKeySpec|Fernet|hmacShaKeyFor|HMAC256|HMAC512)\(\s*@|\bhmac\.new\(\s*@|\bhmac\.New\(\s*[\w.]+\s*,\s*@|\bfrom_secret\(\s*&?@|"
        rf"\bcreate(?:Hmac|Cipheriv|Decipheriv)\(\s*{_ANY}\s*,\s*@",
    ),
    (
        "password",
        rf"\.login\(\s*{_ANY}\s*,\s*@\s*\)|\bauth\s*=\s*[(\[]\s*{_ANY}\s*,\s*@\s*[)\]]|"
        rf"\b(?:HTTPBasicAuth|HTTPDigestAuth|NetworkCredential|set_basic_auth|username_pw_set|authenticate)\(\s*{_ANY}\s*,\s*@\s*\)|"
        rf"\bWiFi\.begin\(\s*{_ANY}\s*,\s*@|"
        # within a connection string: ":" + p + "\x40", :{p}\x40
        rf":[\"'`]\s*[+.]\s*@\s*[+.]\s*[\"'`]\x40|:\$?\{{@\}}\x40",
    ),
    (
        "token",
        r"(?i:bearer|token|bot)\s+(?:\$?\{\s*@\s*\}|\$@\b|[\"'`]\s*[+.]\s*@\b|%s[\"']\s*%\s*@\b)|"
        r"(?i:authorization)[\"']?\s*\]?\s*[:=,]\s*@\s*[,})\]]|\b(?:bot|client)\.(?:run|login|start)\(\s*@\s*\)|"
        r"(?i:token|secret|signature|api_?key|password)\w*[\"']?\s*[)\]]*\s*[!=]={1,2}\s*@|"
        r"/bot(?:\$?\{@\}|[\"']\s*[+.]\s*@\b)",
    ),
    (
        "api_key",
        r"[?&](?:(?:api_?|app_?|access_?)?(?:key|token|secret)|app_?id)=(?:\$?\{@\}|\$@\b|[\"'`]\s*[+.]\s*@\b)",
    ),
)
_NAMED: Final = r"(?P<as>[A-Za-z_][\w-]{1,60})[\"']?\s*[:=]\s*@\s*(?=[,)}\]\n;]|$)"


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every literal that looks made and whose name is used as a credential in the same file."""
    if file.suffix not in _CODE:
        return
    seen: set[str] = set()
    for match in _KEPT.finditer(file.text):
        before = _NAME.search(file.text[max(0, match.start() - LONGEST_NAME) : match.start()])
        name, value = before["name"] if before else "", match["value"]
        if not name or name in seen or secret_kind(name) or not (looks_random(value) or is_personal(value) or is_mixed(value)):
            continue
        seen.add(name)
        if len(seen) > MOST_NAMES:
            return
        number = file.line_at(match.start("value"))
        if file.is_fresh(number) and (kind := _used_as(file.text, name)):
            why = f"a literal that the code uses as a {kind.replace('_', ' ')}"
            yield Candidate(kind, value, file.path, number, "assignment", why, name)


def _used_as(text: str, name: str) -> str:
    place = rf"(?<![\w.$]){re.escape(name)}(?!\w)"
    for kind, form in _USES:
        if re.search(form.replace("@", place), text):
            return kind
    return next((kind for use in re.finditer(_NAMED.replace("@", place), text) if (kind := _worth(use["as"], name))), "")


def _worth(said: str, name: str) -> str:
    kind = secret_kind(said) if said != name else ""
    return "" if kind in ("key", "app_id", "pin") else kind
