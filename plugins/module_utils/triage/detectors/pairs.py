# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A name and its value as two fields: `{"key": "password", "value": "x"}`, a variable's default, a property list's pair, a
map of people and their passwords."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..hints import lines_with
from ..model import Candidate, SourceFile
from ..names import secret_kind
from ..strings import is_personal, is_uuid, looks_random
from ..vocabulary import vocabulary

LONGEST_LINE: Final = 4000
FARTHEST: Final = 8
MOST_PEOPLE: Final = 60
_HINTS: Final = vocabulary(
    "pass pwd pw secret token key credential psk pin auth wachtwoord heslo contrase senha kennwort pins pincode mots clave "
    "logins users accounts admins members staff "
    "benutzer usuarios utilisateurs mitarbeiter gebruikers"
)
_NAME_FIELD: Final = (
    r"[\"']?(?:key|name|variable|variable_name|option_name|"
    r"setting)[\"']?\s*[:=]\s*[\"']?(?P<name>[A-Za-z_][\w.\-]{1,80})[\"']?"
)
_VALUE_FIELD: Final = (
    r"[\"']?(?:value|default|val|currentValue|option_value)[\"']?\s*[:=]\s*(?:\"(?P<double>[^\"\\\n]{3,400})\"|"
    r"'(?P<single>[^'\n]{3,400})'|"
    r"(?P<plain>[^\s\"',{}\[\]]{3,400}))"
)
_OBJECT: Final = re.compile(rf"[{{,]\s*{_NAME_FIELD}\s*,[^{{}}]{{0,120}}?{_VALUE_FIELD}")
_NAME_LINE: Final = re.compile(rf"^\s*(?:-\s+)?{_NAME_FIELD}\s*,?\s*$")
_VALUE_LINE: Final = re.compile(rf"^\s*{_VALUE_FIELD}\s*,?\s*$")
_VARIABLE: Final = re.compile(r"^\s*variable\s+[\"']?(?P<name>[\w-]+)[\"']?\s*\{|^\s{2,4}(?P<name2>[A-Z]\w{3,60}):\s*$")
_DEFAULT: Final = re.compile(
    r"\bdefault\s*[=:]\s*(?:\"(?P<double>[^\"\\\n]+)\"|'(?P<single>[^'\n]+)'|(?P<plain>[^\s\"'{}\[\]]+))", re.IGNORECASE
)
_PROPERTY: Final = re.compile(r"<key>(?P<name>[\w.\-]+)</key>\s*<string>(?P<value>[^<>]{4,300})</string>")
_PARAMETER: Final = re.compile(
    r"<(?:[\w-]+-)?name>(?P<name>[\w.\-]+)</(?:[\w-]+-)?name>\s*<(?:[\w-]+-)?value>(?P<value>[^<>\n]{4,200})</(?:[\w-]+-)?value>"
)
_INNER: Final = re.compile(r"<(?P<name>\w+)[^<>]*>\s*<value>(?P<value>[^<>\s]{4,200})</value>", re.IGNORECASE)
_PEOPLE: Final = re.compile(
    r"^\s*\[+[\w.]*(?:passwords|passwoerter|senhas|logins|zugaenge)\]+\s*$|\b\w*(?:passwords|passwoerter|"
    r"senhas)[\"']?\s*[:=]\s*(?:dict\()?\{",
    re.IGNORECASE,
)
_PERSON: Final = re.compile(r"^\s*[\"']?(?P<who>[\w.@-]{2,60})[\"']?\s*[:=]\s*[\"'](?P<value>[^\"'\n]{4,80})[\"'],?\s*$")
_PEOPLE_INLINE: Final = re.compile(
    r"(?i)(?P<name>(?:pass(?:words|wd|codes|es)|pins|pin_?codes|pws|wachtwoorden|passw(?:oe|\u00f6)rter|senhas|claves|"
    r"contrase\w{1,2}as|mots_?de_?passe|(?P<people>logins|users|accounts|admins|members|staff|benutzer|usuarios|utilisateurs|"
    r"mitarbeiter|gebruikers)))[\"'\]]{0,2}\s*(?:=>|:=|=|:)\s*(?:new\s+\w+<[^>\n]{0,40}>\s*(?:\(\))?\s*|dict\(|array\(|mapOf\(|"
    r"Map\.of\()?[{\[(]?(?P<items>[^{}()\n]{8,1000})"
)
_ONE_OF_THEM: Final = re.compile(
    r"(?<![\w.])[\"']?(?P<who>[\w.@-]{2,60})[\"']?\]?\s*(?:=>|:|=|\bto\b)\s*[\"'](?P<value>[^\"'\s]{8,80})[\"']"
)
# What people choose for themselves, not what they are, have or do: "Gruppe-B12", "Premium+2024"
_CHOSEN: Final = re.compile(r"(?=.*[!#$%&*?@])(?!.*[+/]).*|[A-Za-z]*[a-z]{3}[A-Za-z]*\d{2,}[!?.]?")
# PARTNER_KEYS = {"...": "Marsh"}, API_KEYS = ["..."]
_KEYED: Final = re.compile(
    r"(?i)(?P<name>(?:api|access|partner|client|customer|auth|valid|allowed|license)_?(?:keys|"
    r"tokens))[\"']?\s*(?::[^={\[\n]{1,60})?[:=]\s*"
    r"(?:new\s+Set\(|set\(|frozenset\()?\s*[{\[(]+(?P<items>[^{}\n]{10,1000})"
)
_KEY_OF: Final = re.compile(r"[\"'](?P<value>(?=[^\"'\s]*\d)[A-Za-z0-9_\-]{12,100})[\"']\s*(?:=>|[:,)\]}]|$)")
_LOGIN: Final = re.compile(
    r"[{,]\s*[\"']?(?:u|user|usr|login|name|username)[\"']?\s*:\s*[\"'](?P<user>[^\"'\n]{1,60})[\"']\s*,\s*[\"']?(?:p|"
    r"pw)[\"']?\s*:\s*"
    r"[\"'](?P<value>[^\"'\n]{4,80})[\"']"
)
# R's data frame, a list of accepted words
_LIST: Final = re.compile(
    r"\b(?P<name>passwords?|passwd|pwds?|pw|pins?|passcodes|tokens|secrets?)[\"']?\s*(?:=|<-|:|\bin\b)\s*"
    r"(?:(?:[\w.:]+\(\s*)?c\(|list\(|\[|\()(?P<items>[^()\[\]{}]{4,600})[)\]]|"
    r"\bHasher\(\s*\[(?P<hashed>[^()\[\]{}]{4,600})\]"
)
_ITEM: Final = re.compile(r"[\"'](?P<value>[^\"'\n]{4,100})[\"']")
_MADE_BY_TERRAFORM: Final = re.compile(r"^\s*[\"']result[\"']\s*:\s*\"(?P<value>[^\"\n]{8,128})\"")
_KOTLIN: Final = re.compile(r"[\"'](?P<name>[\w.\-]{2,60})[\"']\s+to\s+\"(?P<value>[^\"\n]{3,200})\"")
_LOOKS_LIKE_A_SENTENCE: Final = re.compile(r"\s\w+\s")


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every literal whose name stands in a field of its own."""
    for number, line in lines_with(file, _HINTS, fold=True):
        line = line[:LONGEST_LINE]
        if "{" in line:
            yield from _objects(file, number, line)
        for match in _KOTLIN.finditer(line) if file.suffix in (".kt", ".kts") else ():
            yield from _made(file, number, match["name"], match["value"])
        if name := _NAME_LINE.match(line):
            yield from _on_next_lines(file, number, name["name"], _VALUE_LINE, 1)
        if variable := _VARIABLE.match(line):
            yield from _default_of(file, number, variable["name"] or variable["name2"], line)
        if "<" in line:
            yield from _of_markup(file, number, line)
        if _PEOPLE.search(line) and "{}" not in line:
            yield from _of_people(file, number, line)
        quoted = "'" in line or '"' in line
        if quoted and (people := _PEOPLE_INLINE.search(line)):
            for one in _ONE_OF_THEM.finditer(people["items"]):
                if is_personal(one["value"]) and (not people["people"] or _CHOSEN.fullmatch(one["value"])):
                    why = "the password of one of its people"
                    yield from _fresh(file, number, "password", one["value"], why, people["name"], one["who"])
        for keyed in _KEYED.finditer(line) if quoted else ():
            for one in _KEY_OF.finditer(keyed["items"]):
                if looks_random(one["value"]) and not is_uuid(one["value"]):
                    why = f"one of the words that {keyed['name']} lets in"
                    yield from _fresh(file, number, "api_key", one["value"], why, keyed["name"].removesuffix("s"))
        for match in _LIST.finditer(line):
            yield from _of_list(file, number, match)
    if file.suffix == ".tfstate":
        yield from _of_state(file)


def _of_list(file: SourceFile, number: int, match: re.Match[str]) -> Iterator[Candidate]:
    # R keeps an app's logins in a data frame's columns: a plain word lets in there, too.
    lets_in = file.suffix in (".r", ".rmd", ".qmd") and match["name"] and file.is_fresh(number)
    for item in _ITEM.finditer(match["items"] or match["hashed"]):
        if lets_in and secret_kind(match["name"].removesuffix("s")) == "password":
            why = "a password of one of the app's logins"
            yield Candidate("password", item["value"], file.path, number, "comparison", why, match["name"])
        else:
            yield from _made(file, number, (match["name"] or "passwords").removesuffix("s"), item["value"])


def _of_state(file: SourceFile) -> Iterator[Candidate]:
    for number, line in file.numbered():
        match = _MADE_BY_TERRAFORM.match(line)
        if match and "random_password" in "".join(file.lines[max(0, number - 30) : number]):
            yield from _fresh(file, number, "password", match["value"], "a password that Terraform made", "result")


def _objects(file: SourceFile, number: int, line: str) -> Iterator[Candidate]:
    for match in _OBJECT.finditer(line):
        yield from _made(file, number, match["name"], _value_of(match))


def _on_next_lines(file: SourceFile, number: int, name: str, form: re.Pattern[str], count: int) -> Iterator[Candidate]:
    for following in range(number, min(number + count, len(file.lines))):
        if match := form.match(file.lines[following]):
            yield from _made(file, following + 1, name, _value_of(match))


def _default_of(file: SourceFile, number: int, name: str, line: str) -> Iterator[Candidate]:
    if file.suffix not in (".tf", ".hcl", ".yml", ".yaml") or not secret_kind(name):
        return
    indent = len(line) - len(line.lstrip())
    for at in range(number - 1, min(number - 1 + FARTHEST, len(file.lines))):
        text = file.lines[at]
        if at >= number and text.strip() and len(text) - len(text.lstrip()) <= indent:
            return
        if match := _DEFAULT.search(text):
            yield from _made(file, at + 1, name, _value_of(match))
            return


def _value_of(match: re.Match[str]) -> str:
    return match["double"] or match["single"] or match["plain"] or ""


def _of_markup(file: SourceFile, number: int, line: str) -> Iterator[Candidate]:
    goes_on = line.rstrip().endswith(("</key>", "name>")) and number < len(file.lines)
    nearby = line + (file.lines[number].strip() if goes_on else "")
    for form in (_PROPERTY, _INNER, _PARAMETER):
        for match in form.finditer(nearby):
            yield from _made(file, number if match.end() <= len(line) else number + 1, match["name"], match["value"])


def _of_people(file: SourceFile, number: int, line: str) -> Iterator[Candidate]:
    closing = "]" if line.lstrip().startswith("[") else "}"
    for at in range(number, min(number + MOST_PEOPLE, len(file.lines))):
        text = file.lines[at]
        if (closing == "}" and "}" in text) or (closing == "]" and text.lstrip().startswith("[")):
            return
        match = _PERSON.match(text)
        if match and not _LOOKS_LIKE_A_SENTENCE.search(match["value"]):
            yield from _fresh(
                file, at + 1, "password", match["value"], "the password of one of its people", "password", match["who"]
            )


def _made(file: SourceFile, number: int, name: str, value: str) -> Iterator[Candidate]:
    kind = secret_kind(name)
    if kind and value:
        yield from _fresh(file, number, kind, value, f"the value of a secret's name ({name})", name)


def _fresh(file: SourceFile, number: int, kind: str, value: str, why: str, name: str, user: str = "") -> Iterator[Candidate]:
    if file.is_fresh(number):
        yield Candidate(kind, value, file.path, number, "assignment", why, name, "", user)


def logins(file: SourceFile) -> Iterator[Candidate]:
    """Logins written with one letter: `{u: "kari", p: "x"}`."""
    for number, line in lines_with(file, ("p:", 'p":', "pw:", 'pw":', "p':"), fold=True):
        for match in _LOGIN.finditer(line[:LONGEST_LINE]):
            yield Candidate(
                "password", match["value"], file.path, number, "call", "the password of a login", "", "", match["user"]
            )
