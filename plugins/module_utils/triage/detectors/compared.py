# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A word that a function compares with what was typed: `password.equals("x")`, `compare_digest(token, "x")`, and the second
word of a basic login, whatever the code calls it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..hints import lines_with
from ..model import Candidate, SourceFile
from ..names import secret_kind
from ..strings import is_personal
from ..vocabulary import vocabulary

LONGEST_LINE: Final = 600
_WORD: Final = (
    r"(?:[rbu]|\[\]byte\(\s*|Buffer\.from\(\s*|[\w.]*GetBytes\(\s*)?(?P<q{0}>[\"'])(?P<value{0}>[^\"'\s]{{4,80}})(?P=q{0})"
)
# What is compared: the name before its accessors, or the field that is asked for by its name.
_ASKED: Final = (
    r"(?<![\w$-])(?P<name{0}>[A-Za-z_$][\w$\-]*)(?P<after{0}>[\"'\])]{{0,3}}(?:(?:\.|->)\w+(?:\([^()\n]{{0,30}}\))?|"
    r"\(\)|\))*)"
)
_FUNCTIONS: Final = (
    r"(?:compare_digest|ConstantTimeCompare|hash_equals|timingSafeEqual|secure_compare|safe_compare|safe_str_cmp|safeCompare|"
    r"FixedTimeEquals|isEqual|strn?(?:case)?cmp|wcscmp)"
)
_FORMS: Final = (
    re.compile(_ASKED.format(1) + r"\.(?:equals|equalsIgnoreCase|Equals|contentEquals|eql\?)\(\s*" + _WORD.format(1)),
    re.compile(_WORD.format(1) + r"\.(?:equals|equalsIgnoreCase|Equals)\([^\n]{0,60}?" + _ASKED.format(1) + r"\s*\)"),
    re.compile(_FUNCTIONS + r"\s*\([^\n]{0,80}?" + _ASKED.format(1) + r"\s*,\s*" + _WORD.format(1)),
    re.compile(_FUNCTIONS + r"\s*\(\s*" + _WORD.format(1) + r"\)?\s*,[^\n]{0,60}?" + _ASKED.format(1) + r"\s*[,)]"),
)
_HINTS: Final = (
    "quals(", "equalsIgnoreCase(", "eql?(", "compare_digest", "ConstantTimeCompare", "hash_equals", "timingSafeEqual",
    "_compare(", "safe_str_cmp", "safeCompare", "isEqual(", "cmp(",
)  # fmt: skip
# Whose length, type or name is compared is not compared itself.
_OF_IT: Final = re.compile(r"(?i)(?:\.|->)(?:length|size|count|\w*type|\w*name|\w*class|\w*id|\w*label|\w*hint|\w*mode)\b")
_ACCESSORS: Final = vocabulary(
    "text Text value Value val trim Trim strip toString String getText getValue encode utf8 toCharArray current"
)
# u, p, ok := r.BasicAuth(), and a block of Rails or Rack that gets both
_BASIC_LOGIN: Final = re.compile(
    r"\w+\s*,\s*(?P<name>\w+)\s*,\s*\w+\s*:?=\s*[\w.]+\.BasicAuth\(\)|"
    r"(?:http_basic|Auth::Basic)\b[^|\n]{0,80}\|\s*\w+\s*,\s*(?P<block>\w+)\s*\|"
)
# if (e.parameter.k !== "x"): a page that lets in whoever brings the word
_OF_REQUEST: Final = re.compile(
    r"(?:\$_(?:GET|POST|REQUEST)\[[\"']|(?:params|parameter|query|args|searchParams)(?:\.get\([\"']|\[[\"']|"
    r"\.))(?P<name>k|key|code|p|pw|s|t)"
    r"\b[\"'\])]*\s*[!=]={1,2}\s*[\"'](?P<value>(?=[^\"'\s]*\d)(?=[^\"'\s]*[A-Za-z]{3})[^\"'\s]{8,80})[\"']"
)
_MADE: Final = re.compile(r"(?=.*[A-Za-z]{3})(?=.*[^A-Za-z_]).{6,60}")
_SAYS_PASSWORD: Final = re.compile(
    r"(?i)\s*(?://|#|/\*|\*|').{0,80}(?:pass(?:wor[dt]|code)|kennwort|contrase|senha|clave|mot de passe)"
)
# `if (m[1] != "x") return reply("Wrong password")`: what is said to everybody else tells what the word is
_DENIED_WORD: Final = re.compile(r"(?P<op>!==?|<>|={2,3})\s*(?P<quote>[\"'])(?P<value>[^\"'\s]{8,60})(?P=quote)")
_DENIES: Final = re.compile(
    r"(?i)\b40[13]\b|unauthori[sz]ed|forbidden|denied|wrong|incorrect|passwor[dt]|not allowed|falsch|kein zugriff|"
    r"verweigert|contrase|"
    r"incorrect|denegad|mot de passe|refus|senha|negado|password errata|negato|wachtwoord|geen toegang|"
    r"fel l\u00f6senord|\u015fifre|"
    r"hatal\u0131|has\u0142o|heslo|sai m\u1eadt|m\u1eadt kh\u1ea9u|kata sandi|salah|parola|gre\u0219it"
)
_LETS_IN: Final = re.compile(
    r"(?i)set_?(?:is_?)?(?:auth|logged|admin|unlocked|authori[sz]ed|authenticated)|\bunlock\(|is_?admin|freigeschaltet"
)
# What is compared says of itself that it is something else: token_kind != "..."
_OF_ELSE: Final = re.compile(
    r"(?i)(?:kind|type|status|state|name|mode|role|method|path|id|version|scheme|lang|language|host|env|url|format|action|event|"
    r"length|algo|algorithm|answer|guess|riddle|plan|group|level|lvl|item|badge|err\w*|tab|country|course|role\w*|city|team|product|"
    r"sku|coupon|voucher|hash|digest|\w*error\.code|err\.code)[\"'\])]*\s*$"
)
_REACH: Final = 10


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every literal that a password, a token or a key is compared with by a function."""
    for number, line in lines_with(file, _HINTS):
        for form in _FORMS if len(line) <= LONGEST_LINE else ():
            for match in form.finditer(line):
                yield from _compared(file, number, match)
    for number, line in lines_with(file, ("arams", "parameter", "query", "args", "$_")):
        if (asked := _OF_REQUEST.search(line[:LONGEST_LINE])) is not None:
            why = "the word that a request must bring"
            yield Candidate("api_key", asked["value"], file.path, number, "comparison", why, asked["name"])
    for number, line in lines_with(file, ("!=", "==", "<>")):
        if (denied := _DENIED_WORD.search(line[:LONGEST_LINE])) is not None and _may_let_in(line, denied):
            below = file.lines[number] if number < len(file.lines) else ""
            said = f"{line[denied.end() : LONGEST_LINE]}\n{below[:LONGEST_LINE]}"
            if (_LETS_IN if denied["op"].startswith("==") else _DENIES).search(said):
                why = "whoever does not say this word is turned away"
                yield Candidate("password", denied["value"], file.path, number, "comparison", why)
    for number, line in lines_with(file.whole(), ("BasicAuth()", "http_basic", "Auth::Basic")):
        if (login := _BASIC_LOGIN.search(line[:LONGEST_LINE])) is not None:
            yield from _of_basic_login(file, number, login)


def _may_let_in(line: str, denied: re.Match[str]) -> bool:
    value = denied["value"]
    if _OF_ELSE.search(line[: denied.start()]):
        return False
    return is_personal(value) or bool(re.fullmatch(r"(?=.*[a-z]{3})[A-Za-z]{4,}[A-Za-z-]*\d{2,}[!?.]?", value))


def _compared(file: SourceFile, number: int, match: re.Match[str]) -> Iterator[Candidate]:
    name, value = _name_in(match["name1"] + match["after1"]), match["value1"]
    kind = secret_kind(name) or (_told_above(file, number, value) if name else "")
    if kind:
        yield Candidate(_kind(kind), value, file.path, number, "comparison", f"the word that {name} is compared with", name)


def _told_above(file: SourceFile, number: int, value: str) -> str:
    """`password` where a comment above says that one is compared, whatever the field is called."""
    above = file.lines[max(0, number - 3) : number - 1]
    return "password" if _MADE.fullmatch(value) and any(_SAYS_PASSWORD.match(line) for line in above) else ""


def _name_in(expression: str) -> str:
    """What is compared: the last word that is no accessor; '' if its length, type or name is."""
    words = [] if _OF_IT.search(expression) else re.findall(r"[A-Za-z_$][\w$-]*", expression)
    return next((re.sub(r"^get_?(?=[A-Z_])", "", word) for word in reversed(words) if word not in _ACCESSORS), "")


def _kind(kind: str) -> str:
    # Whoever sends a key that is compared is let in by it: nothing is signed.
    return "api_key" if kind in ("signing_key", "key") else kind


def _of_basic_login(file: SourceFile, number: int, login: re.Match[str]) -> Iterator[Candidate]:
    name = re.escape(login["name"] or login["block"])
    form = re.compile(
        rf"(?<![\w.]){name}\s*[!=]=\s*{_WORD.format(1)}|{_FUNCTIONS}\s*\([^\n]{{0,30}}?\b{name}\)?\s*,\s*{_WORD.format(2)}"
    )
    for at in range(number, min(number + _REACH, len(file.lines)) + 1):
        text = file.lines[at - 1][login.end() if at == number else 0 :][:LONGEST_LINE]
        for match in form.finditer(text) if file.is_fresh(at) else ():
            value = match["value1"] or match["value2"]
            yield Candidate("password", value, file.path, at, "comparison", "the password of the page's basic login")
