# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a machine made and a comment calls a key, whatever the code calls it: `# token from the portal` above `K = "..."`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .. import strings
from ..hints import lines_with
from ..literals import names_an_object
from ..model import Candidate, SourceFile
from ..names import opens_nothing
from ..vocabulary import vocabulary

LONGEST_LINE: Final = 1000
_CODE: Final = vocabulary(
    ".py .ipynb .js .mjs .cjs .ts .tsx .jsx .vue .svelte .gs .java .kt .cs .go .php .rb .r .swift .dart .rs .ino .cpp "
    ".h .sh .ps1 .bas "
    ".vbs .lua .pl .groovy .yml .yaml .toml .ini .conf .cfg .properties"
)
_HINTS: Final = (
    "key", "token", "secret", "passw", "kennwort", "schlüssel", "schluessel", "zugangs", "clave", "contrase", "chave",
    "senha", "clé", "mot de passe", "chiave", "sleutel", "wachtwoord", "klucz", "hasło", "anahtar", "şifre", "nyckel",
    "kunci", "credential", "api", "鍵", "キー", "トークン", "密钥", "令牌",
)  # fmt: skip
_NOUN: Final = re.compile(
    r"(?i)\b(?:(?:api|access|secret|private|auth|service|license|licence|bot|app|account|master|admin)[ _-]?(?:keys?|"
    r"tokens?|secrets?)|tokens?|secrets?|"
    r"credentials?|passw\w+|public api|(?:api|zugangs|geheim)[ -]?(?:schl(?:ü|ue)ssel|codes?)|schl(?:ü|ue)ssel|kennwort|"
    r"(?:clave|llave) (?:de|del|api|secreta)|contrase\w+|chave (?:da|de|do|secreta|api)|senha|cl(?:é|e) (?:api|secr\w+|"
    r"d.acc\w+)|mot de passe|"
    r"chiave (?:api|segreta|di|della)|api[ -]?sleutel|sleutel|wachtwoord|klucz\w*|hasło|(?:api )?anahtar\w*|şifre\w*|"
    r"api[ -]?nyckel\w*|kunci api)\b|"
    r"APIキー|(?:秘密|アクセス)?(?:キー|鍵)|トークン|密钥|令牌"
)
# The comment is but what the word is called: `# admin password`, `# Zugangscode`
_OF_PASSWORD: Final = re.compile(
    r"(?i)^\W*(?:[\w-]+ ){0,3}(?:passwor[dt]|passcode|kennwort|zugangscode|contrase\w+|senha|mot de passe|wachtwoord|"
    r"has\u0142o|\u015fifre|heslo)\W*$"
)
# Other things are called so, too, or a key is said to open nothing.
_ELSE: Final = re.compile(
    r"(?i)\b(?:public key|publi[ck]\w*|cache|hash\w*|checksum|digest|primary|foreign|sort|idempoten\w+|translation|keyboard|"
    r"key ?(?:code|word|frame|down|up|press)s?|example|e\.g\.|sample|fake|dummy|test|mock|csrf|xsrf|nonce|"
    r"token ?(?:id|count|limit|address|mint|contract)s?|max\w*|anon\w*|site ?key|client ?id|placeholder|vapid|"
    r"sha-?\d+|md5|bcrypt|"
    r"argon2|price|sheet|spreadsheet|folder|calendar|playlist|channel|form|no|not|without|needs?|requires?|env|page|pagination|"
    r"sync|cursor|tokeni[sz]\w+|santa|design|governance|new|wrong|reset|confirm|show|forgot|revoked|fingerprint|gpg|pgp)s?\b"
)
# lexoffice and others call their door for programs so
_PUBLIC_API: Final = re.compile(r"(?i)\bpublic api\b")
# What a word is called that is shown, found or chosen, not kept
_SHOWN: Final = re.compile(
    r"(?i)(?:field|label|icon|selector|template|campo|col|element|input|placeholder|route|class|hint|text|title|kind|"
    r"algo\w*|typ|type|column|spalte|coluna|feld|veld|champ|pole)$"
)
_COMMENT: Final = re.compile(
    r"(?:(?:^|\s)(?:#|//|--|;|rem\b)\s*|^\s*'\s*|<!--\s*|/\*+\s*|^\s*\*\s*)(?P<text>\S.*)$", re.IGNORECASE
)
_ALONE: Final = re.compile(r"^\s*(?:#|//|--|;|'|/\*|\*|<!--)")
_LITERAL: Final = re.compile(r"(?P<quote>[\"'`])(?P<value>[^\s\"'`]{6,200})(?P=quote)")
_MADE: Final = re.compile(r"(?=.*\d)[A-Za-z0-9_\-+/.:~]{16,200}={0,2}")
_WORD: Final = re.compile(r"(?=.*[A-Za-z])(?=.*[\d!#$%&*?@]).{6,60}")
_BARE: Final = re.compile(r"^\s*[\w.\-]{1,60}\s*[:=]\s*(?P<value>[A-Za-z0-9_\-+/.:~]{16,200}={0,2})\s*(?:#.*)?$")
_NAME: Final = re.compile(r"(?P<name>[A-Za-z_$][\w$.\-]*)[\"'\]]{0,2}\s*(?::\s*\w+\s*)?(?:=>|:=|<-|=|:)\s*[\w.]*\(?$")
_BARE_SUFFIXES: Final = frozenset((".yml", ".yaml", ".toml", ".ini", ".conf", ".cfg", ".properties"))


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every literal that a machine made on or right below a comment that calls it a key."""
    if file.suffix not in _CODE:
        return
    for number, line in lines_with(file.whole(), _HINTS, fold=True):
        told = _COMMENT.search(line[:LONGEST_LINE])
        if told is None or not _NOUN.search(told["text"]) or _ELSE.search(_PUBLIC_API.sub("", told["text"])):
            continue
        words = bool(_OF_PASSWORD.search(told["text"]))
        at = number + 1 if _ALONE.match(line) else number
        text = file.lines[at - 1][:LONGEST_LINE] if at <= len(file.lines) else ""
        yield from _on_line(file, at, text if at > number else text[: told.start()], words)


def _on_line(file: SourceFile, number: int, text: str, words: bool) -> Iterator[Candidate]:
    form = _BARE if file.suffix in _BARE_SUFFIXES and '"' not in text and "'" not in text else _LITERAL
    match = form.search(text)
    if match is None or not file.is_fresh(number) or _ALONE.match(text):
        return
    name = _NAME.search(text[: match.start()]) if form is _LITERAL else None
    if name and (opens_nothing(name["name"]) or _SHOWN.search(name["name"])):
        return
    value, called = match["value"], name["name"] if name else ""
    if words and name and _WORD.fullmatch(value) and not strings.looks_random(value):
        yield Candidate("password", value, file.path, number, "assignment", "a comment calls it a password", called)
    elif _MADE.fullmatch(value) and not names_an_object(value) and strings.looks_random(value):
        why = "a comment calls it a key or a token"
        yield Candidate("secret", value, file.path, number, "assignment", why, called)
