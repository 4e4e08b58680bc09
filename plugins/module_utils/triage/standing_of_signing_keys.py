# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a key is that signs sessions, cookies or tokens: one that code runs with, however weak, or none."""

from __future__ import annotations

import re
from typing import Final

from . import literals, paths, strings
from .model import Candidate, SourceFile
from .standing_by_place import in_comment, in_development_section, of_example
from .standings import LOCAL, PLACEHOLDER, SIGNING_KEY, Judgement

_SIGNING_IN_DEVELOPMENT: Final = re.compile(
    r"^(dev|development|local|test|testing|debug|insecure)([_\-\s].*)?$|[_\-](dev|development|local|test)$|for[_\-]?(local|"
    r"dev|test|ci\b)|local[_\-]?dev",
    re.IGNORECASE,
)
_SESSION: Final = re.compile(r"(?i)(?:session(?:storage)?|JwtModule\.register|expressjwt|fastify_?jwt)\s*\(")
# Words that say "secret" and nothing of a stand-in: weak keys, and keys all the same where code runs with them.
_WEAK_KEY: Final = re.compile(
    r"(?i)^(?:(?:my|the|our|super|very|top|app|jwt|session|this|is|a)[_-]?)*(?:secret|token|key|jwt)(?:[_-]?(?:key|token|secret|string|value))*\d*$"
)


def of_signing_key(candidate: Candidate, file: SourceFile) -> Judgement | None:
    """The standing of a key that signs, None if the literal is no key."""
    value, path = candidate.value, file.path
    salted = strings.is_salted(value)
    if not salted and not strings.looks_random(value) and _is_of_a_text(value, candidate.shape):
        return None
    number = bool(re.fullmatch(r"\d{4,}", value)) and "salt" not in candidate.variable.lower()
    if literals.NOT_A_VALUE.search(value) and not (strings.looks_random(value) or salted or number):
        return None
    if value.startswith("django-insecure-"):
        if strings.is_stand_in(value.removeprefix("django-insecure-")):
            return Judgement(PLACEHOLDER, "it has a key's form but says that it is none")
        if paths.is_development(path) or paths.is_test(path):
            return Judgement(LOCAL, "Django's generated key in settings for development only")
        return Judgement(SIGNING_KEY, "Django's generated key, in settings that production uses too: it signs sessions")
    in_session = bool(_SESSION.search("\n".join(file.lines[max(0, candidate.line - 3) : candidate.line])))
    if (_is_own_name(value, candidate) and not in_session) or _is_told(candidate, file):
        return None
    if not salted and strings.is_stand_in(value) and not _is_weak_in_use(candidate, file):
        return Judgement(PLACEHOLDER, "it says of itself that it is to be replaced")
    if paths.is_test(path):
        return Judgement(LOCAL, "only tests sign with it")
    if in_development_section(file, candidate.line):
        return Judgement(LOCAL, "it stands in the section for development or tests")
    if paths.is_example(path):
        return of_example(candidate)
    if len(value) < 3 or (" " in value and len(value) < 8) or re.fullmatch(r"[A-Z]+\d{0,2}", value):
        return None
    weak = strings.is_well_known(value) or _SIGNING_IN_DEVELOPMENT.search(value) or len(value) < 8
    if paths.is_document(path):
        return (
            Judgement(SIGNING_KEY, "a random key, written into a document")
            if strings.looks_random(value)
            else Judgement(PLACEHOLDER, "an example in a document")
        )
    if weak and (
        candidate.is_default
        or paths.is_compose(path)
        or paths.is_ci(path)
        or paths.is_development(path)
        or _SIGNING_IN_DEVELOPMENT.search(value)
    ):
        return Judgement(LOCAL, "a default for a developer's machine")
    if (paths.is_compose(path) or paths.is_ci(path) or paths.is_development(path)) and not strings.looks_random(value):
        return Judgement(LOCAL, "a value for a developer's machine")
    if paths.is_ci(path):
        return Judgement(LOCAL, "a value for a pipeline's tests")
    if not in_session and _reads_as_code(value, candidate):
        return None
    return Judgement(SIGNING_KEY, "it signs sessions or tokens: whoever has it can log in as anybody")


def _is_told(candidate: Candidate, file: SourceFile) -> bool:
    # Words for people, and an operator's reference to another store's entry.
    if paths.is_translation(file.path):
        return not strings.looks_random(candidate.value)
    around = "\n".join(file.lines[max(0, candidate.line - 8) : candidate.line + 6])
    field = candidate.variable[:1].islower()
    return bool(
        field and file.suffix in (".yml", ".yaml") and re.search(r"remoteRef|secretKeyRef|secretStoreRef|ExternalSecret", around)
    )


def _is_weak_in_use(candidate: Candidate, file: SourceFile) -> bool:
    shown = paths.is_example(file.path) or paths.is_document(file.path) or in_comment(file, candidate.line)
    return bool(_WEAK_KEY.match(candidate.value)) and not shown


def _reads_as_code(value: str, candidate: Candidate) -> bool:
    # `secret: "auth_secret"` names a thing; `app.secret_key = "supersecretkey"` is a key, and a weak one.
    last = candidate.variable.rsplit(".", 1)[-1].lower()
    if (
        last in ("secret", "token", "salt", "jwt")
        and literals.CODE_WORDS.match(value)
        and candidate.shape != "call"
        and not strings.looks_random(value)
    ):
        return not re.search(r"secret|key|cat|shh", value.lower()) or value.lower() in ("secret", "secretkey", "secret_key")
    return False


def _is_own_name(value: str, candidate: Candidate) -> bool:
    # SECRET_KEY = config("SECRET_KEY"): the name again, as a look-up takes it, or a part of it of several words.
    name, said = (
        text.lower().replace("_", "").replace("-", "")
        for text in (candidate.variable.rsplit(".", 1)[-1], re.sub(r"^[a-z]{2,12}:(?=[A-Za-z]+$)", "", value))
    )
    return said == name or (said in name and bool(re.fullmatch(r"_?[A-Z]+(_[A-Z]+)+", value)))


def _is_of_a_text(value: str, shape: str) -> bool:
    # A sentence for people, a piece between two values, or the name of an entry elsewhere.
    sentence = len(value.split()) > 7 and value[-1] in ".!?:"
    path = re.fullmatch(r"[A-Za-z]+(:[A-Za-z]+)+", value)  # of a configuration: "Jwt:Key"
    # What a cipher or a signature takes is a key, even if it reads like one.
    identifier = shape != "call" and literals.IDENTIFIERS.match(value)
    return sentence or bool(path or literals.CONCATENATED.search(value) or identifier)
