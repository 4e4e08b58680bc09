# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Passwords told to people: in prose, in a table of logins, in a comment. What is told there is often made up, so a value
must look like a person's real password before it is one (standing.py asks once more)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .. import paths
from ..hints import lines_with
from ..model import Candidate, SourceFile
from ..repository import MESSAGE_PATH

LONGEST_LINE: Final = 2000
_HINTS: Final = (
    "pass",
    "kennwort",
    "wachtwoord",
    "contrase",
    "senha",
    "pwd",
    "psk",
    "pw:",
    "pw ",
    "login", "key", "token", "secret", "chiave", "klucz", "clave", "chave", "schl",
    "zugang",
    "wlan",
    "wifi",
    "wi-fi",
    "heslo",
    "lösenord",
    "netzwerkschl",
    "\u015fifre", "has\u0142o", "jelsz\u00f3", "adgangskode", "salasana", "lozinka", "parola", "kata sandi", "m\u1eadt kh",
    "\u043f\u0430\u0440\u043e\u043b\u044c", "\u30d1\u30b9\u30ef\u30fc\u30c9", "\u5bc6\u7801", "\u5bc6\u78bc",
    "\ube44\ubc00\ubc88\ud638",
)  # fmt: skip
_NOUN: Final = (
    r"(?:(?<![\w-])(?:[\w-]*pass(?:wor[dt]|wd|phrase|code|ord)?|"
    r"kennwort|wachtwoord|contrase(?:ñ|n)a|mot de passe|senha|heslo|lösenord|pwd?|psk|\u015fifre|has\u0142o|jelsz\u00f3|"
    r"adgangskode|salasana|lozinka|parola|kata sandi|m\u1eadt kh\u1ea9u|\u043f\u0430\u0440\u043e\u043b\u044c|"
    r"(?:wlan|wi-?fi|netzwerk)-?schl(?:\u00fc|ue)ssel)\b|"
    # Japanese, Chinese and Korean have no blanks between words.
    r"(?:\u30d1\u30b9\u30ef\u30fc\u30c9|\u5bc6\u7801|\u5bc6\u78bc|\ube44\ubc00\ubc88\ud638))"
)
_VALUE: Final = (
    r"[`\"'\u201c\u201d*]{1,3}(?P<quoted>[^\s`\"'\u201c\u201d]{6,40})[`\"'\u201c\u201d*]{1,3}|"
    r"(?P<plain>[^\s`\"'\u201c\u201d<>|()]{8,40})"
)
_TOLD: Final = re.compile(
    rf"{_NOUN}(?:\s+(?:for|für|fuer|of|von|pour|para|van|zum|to)\s+(?:[\w-]+\s+){{0,2}}?[\w-]+)?"
    rf"(?:\s+(?:par d(?:é|e)faut|by default|por defecto|por padr(?:ã|a)o|predefinita|inici?al|initiale?))?"
    rf"(?:\s*\([^()\n]{{1,40}}\)(?=\s+(?:is|was|ist|war|lautet)\b))?[*_`\"'\u201d]{{0,3}}\s*"
    rf"(?P<link>[:=\uff1a]+|\u306f|\b(?:is|was|ist|war|lautet|from|est|es|é)\b)?\s*[:*_]{{0,3}}\s*(?:{_VALUE})",
    re.IGNORECASE,
)
# "the till has X as its password" in other orders: `as password X`, and a wireless network's word
_AS: Final = re.compile(
    rf"\b(?:als|as|mit|with|como|comme|con|avec)\s+(?:dem\s+|"
    rf"the\s+)?{_NOUN}\s+[`\"'*]{{0,2}}(?P<value>[^\s`\"'*<>|()]{{8,40}})|"
    rf"\b(?:wlan|wi-?fi)\b[\w ]{{0,30}}\s(?:is|ist|"
    rf"lautet)\s+[`\"'*]{{0,2}}(?P<value2>(?=\S*[!#$%&+*?@])[^\s`\"'*<>|()]{{8,40}})",
    re.IGNORECASE,
)
# "user admin, password x": the login before it says that a word follows, not a sentence.
_AFTER_LOGIN: Final = re.compile(
    rf"\b(?:user(?:name)?|benutzer(?:name)?|login|utilisateur|usuario)\b[: ]+[\w.@-]{{2,40}}\s*[,;/]\s*(?:and |"
    rf"und )?{_NOUN}:?\s+"
    rf"[`\"'*]{{0,2}}(?P<value>[^\s`\"'*<>|()]{{8,40}})",
    re.IGNORECASE,
)
# "log in as admin@x.example, password X": nothing stands between the noun and the word
_AT_ONCE: Final = re.compile(
    rf"(?:^|[,;(])\s*{_NOUN}\s+[`\"'*]{{0,2}}(?P<value>(?=[^\s`]*[!#$%&*?@])[^\s`\"'*<>|()]{{8,40}})", re.IGNORECASE
)
_CODE: Final = re.compile(rf"{_NOUN}[^<>]{{0,3}}<(?:code|b|strong|tt|kbd)>(?P<quoted>[^\s<>]{{6,40}})</", re.IGNORECASE)
_SLASHED: Final = re.compile(
    r"\b(?:login|zugang|credentials|account|wlan|"
    r"wi-?fi)\b[^:\n/]{0,20}:\s*[`*]{0,2}[\w.@-]+[`*]{0,2}\s+/\s+[`*]{0,2}(?P<quoted>[^\s`*/]{6,40})",
    re.IGNORECASE,
)
# "API key: ..." of a machine's work, in a document
_TOLD_KEY: Final = re.compile(
    r"(?i)\b(?:api[ -]?(?:key|token)|access[ -]?token|auth[ -]?token|bot[ -]?token|secret(?:[ -]?key)?|token|"
    r"(?:api[ -]?)?schl(?:\u00fc|ue)ssel|"
    r"clave(?: api)?|chave(?: api)?|cl(?:\u00e9|e) api|chiave api|"
    r"klucz api)\b[^:=\n]{0,20}[:=]\s*[`*\"']{0,3}(?P<value>(?=\S*\d)[A-Za-z0-9_\-.]{20,200})(?=[`*\"'\s.,;)]|$)"
)
# Other keys, and those that open nothing any more
_ELSE: Final = re.compile(
    r"(?i)\b(?:publi[ck]\w*|p\u00fablic\w*|\u00f6ffentlich\w*|example|sample|revoked|mint|contract|hash|gpg|pgp|ssh|pix|fake|dummy|"
    r"fingerprint|id|commit|checksum)\b"
)
# A line of a file that is called so: `Router: admin / x`.
_ACCESS_FILE: Final = re.compile(
    r"(?i)(?:^|/)[\w-]*(?:zug(?:ang|aenge|\u00e4nge)|access|login|credential|passw|accounts)[\w-]*\.\w+$"
)
_ACCESS: Final = re.compile(
    r"^\W{0,4}[\w .-]{2,40}:\s*[`*]{0,2}[\w.@-]+[`*]{0,2}\s*/\s*[`*]{0,2}(?P<quoted>[^\s`*/]{8,40})[`*]{0,2}\s*$"
)
# `Printer admin / x`, in notes that tell passwords elsewhere
_LINE_OF_LOGIN: Final = re.compile(r"^\W{0,4}[\w-]{2,30}(?: [\w-]{2,30})? [\w.@-]{2,40}\s+/\s+(?P<quoted>[^\s`*/]{8,40})\s*$")
_NOUN_ALONE: Final = re.compile(_NOUN, re.IGNORECASE)
# `Stack: Python / Django-4.2`: words and versions after a slash are no password.
_NAMED_THING: Final = re.compile(r"[A-Za-z]+(?:[-.][A-Za-z\d.]+)*")
# A comment that keeps what was so before: `# old password: x`, `// ancien mot de passe (avant mars) : x`
_OLD: Final = re.compile(
    rf"(?:\b(?:old|previous|former|ancien\w*|alte[rsn]?|antigu\w+|antig[oa]|vecchi[oa]|oude?|vorige|gammal\w*|"
    rf"star[aey]\w*|eski|lama|c\u0169)\s+|\u65e7)"
    rf"(?:[\w-]+\s+){{0,2}}?{_NOUN}(?:\s*\([^()\n]{{1,40}}\))?\s*[:=\uff1a]\s*"
    rf"[`\"'*]{{0,2}}(?P<value>(?=[^\s`\"'*]*[A-Za-z])(?=[^\s`\"'*]*[\d!#$%&+*?@])[^\s`\"'*<>|()\[\]]{{6,60}})(?![(\[])",
    re.IGNORECASE,
)
_COMMENT: Final = re.compile(r"(?:(?:^|\s)(?:#|//|--|;)\s|<!--|/\*|^\s*\*\s)(?P<text>.*)$")
_HEADER: Final = re.compile(rf"^\s*(?:\*\*)?(?:{_NOUN})(?:\*\*)?\s*$", re.IGNORECASE)


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every word that a text calls a password."""
    comment: re.Match[str] | None = None
    prose = paths.is_document(file.path) or file.suffix in (".txt", ".org", ".text", ".eml") or file.path == MESSAGE_PATH
    for number, line in lines_with(file, _HINTS, fold=True):
        text = line[:LONGEST_LINE]
        if not prose:
            comment = _COMMENT.search(text)
            text = comment["text"] if comment else text if file.suffix in (".html", ".htm") else ""
        for form in (_TOLD, _CODE, _SLASHED) if prose or comment else (_CODE,):
            for match in form.finditer(text):
                yield from _told(file, number, match.groupdict(), not prose)
        for match in (*_AS.finditer(text), *_AFTER_LOGIN.finditer(text), *_AT_ONCE.finditer(text)) if prose or comment else ():
            word = next(filter(None, match.groups()), "").rstrip(".,;:")
            yield from _told(file, number, {"quoted": word, "plain": None}, False)
        for told in _TOLD_KEY.finditer(text) if prose and not _ELSE.search(text) else ():
            why = "a text for people calls it a key"
            yield Candidate("api_key", told["value"].rstrip("."), file.path, number, "assignment", why, "api_key")
        if comment and (old := _OLD.search(text)) is not None:
            why = "a comment keeps the password that was used before"
            yield Candidate("password", old["value"].rstrip(".,;:"), file.path, number, "call", why)
        if prose and line.lstrip().startswith("|"):
            yield from _table(file, number, line)
    for number, line in file.numbered() if prose and _ACCESS_FILE.search(file.path) else ():
        if access := _ACCESS.match(line[:LONGEST_LINE]):
            yield from _told(file, number, access.groupdict(), False)
    for number, line in lines_with(file, (" / ",)) if file.suffix == ".txt" and _NOUN_ALONE.search(file.text) else ():
        if login := _LINE_OF_LOGIN.match(line[:LONGEST_LINE]):
            yield from _told(file, number, login.groupdict(), False)


def _told(file: SourceFile, number: int, found: dict[str, str | None], terse: bool) -> Iterator[Candidate]:
    value = found["quoted"] or ""
    if "plain" not in found and _NAMED_THING.fullmatch(value):
        return
    if not value and (found.get("link") or terse):
        value = (found.get("plain") or "").rstrip(".,;:*_").removesuffix("-->")
    if value:
        yield Candidate("password", value, file.path, number, "prose", "a text for people calls it a password")


def _table(file: SourceFile, number: int, header: str) -> Iterator[Candidate]:
    columns = [at for at, cell in enumerate(header.split("|")) if _HEADER.match(cell)]
    for row in range(number, len(file.lines)) if columns else ():
        cells = file.lines[row].split("|")
        if len(cells) < 2:
            return
        for at in columns:
            value = cells[at].strip().strip("`*\"'") if at < len(cells) else ""
            if value and " " not in value and file.is_fresh(row + 1):
                yield Candidate(
                    "password", value, file.path, row + 1, "prose", "a table for people has it in its column of passwords"
                )
