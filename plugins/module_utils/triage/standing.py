# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a candidate is: live, a signing key, public by design, for a developer's own machine, a placeholder, or nothing.

The rules and the reasons for the hard cases are written down for people in docs/triage.md.
"""

from __future__ import annotations

import re
from typing import Final

from . import literals, paths, strings
from .blanks import may_have_blanks
from .by_hand import is_by_hand
from .hosts import host_near, is_elsewhere, is_local, is_of_maps, is_reserved, is_superuser, user_near
from .model import Candidate, SourceFile
from .names import is_public_name, words_of
from .standing_by_place import in_comment, in_development_section, of_example
from .standing_of_forms import of_form
from .standing_of_signing_keys import of_signing_key
from .standings import LIVE, LOCAL, PLACEHOLDER, PUBLIC, Judgement

_PUBLIC_KINDS: Final = {
    "stripe_publishable_key": "Stripe's publishable keys are made to be seen",
    "supabase_publishable_key": "Supabase's publishable keys are made to be seen; row-level security must protect the data",
    "supabase_anon_key": "Supabase's anon key is made to be seen; row-level security must protect the data",
    "mapbox_public_token": "Mapbox' pk tokens are made to be seen; restrict them by URL",
    "posthog_project_key": "PostHog's project keys only send events",
    "razorpay_key_id": "it is the id beside Razorpay's secret, and made to be seen",
    "segment_write_key": "write keys of browser analytics only send events",
    "sentry_dsn": "a Sentry DSN only sends events",
}
# A pipeline or a compose file makes its own database, but nobody's mail server, host or registry.
_OUTWARD: Final = re.compile(
    r"smtp|mail|deploy|nexus|artifactory|registry|store_?pass|key_?pass|ftp|ssh|vpn|ldap|sudo|become|publish|upload|signing|keystore|rcon",
    re.IGNORECASE,
)
# A pipeline's line that works on machines which are there already.
_DEPLOYS: Final = re.compile(
    r"\bhelm\s+(?:upgrade|install)\b|\bkubectl\s|\bssh\s|\bsshpass\s|\bscp\s|\brsync\s|\blftp\s|\bansible-playbook\b|"
    r"\b(?:mvn|gradlew?)\b[^\n]*\b(?:deploy|publish)\b"
)
# The door of a service itself, which a compose file opens as it stands.
_DOOR: Final = re.compile(r"basic_?auth|(?<!pg)admin_?(pass|pw)|login_?(pass|pw)|web_?(pass|pw)", re.IGNORECASE)
# A plain word is a password where an account is made of it.
_MAKES_ACCOUNT: Final = re.compile(
    r"(?i)\b(?:users?|accounts?|admins?|members?)(?:\.|::)(?:create|insert|upsert|build|find_or_create)|\bcreate_?user|\bsign_?up\("
)
# What is compared here is a digest, which opens nothing.
_HASHES: Final = re.compile(r"(?i)\b\w*(?:md5|sha\d+|hash|digest|crypt)\w*\s*\(")
_OF_OMDB: Final = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{7,8}")
# Routers come with a word of digits.
_WIRELESS: Final = re.compile(r"(?i)wi_?fi|wlan|psk")
_SSID: Final = re.compile(r"(?i)(?<![a-z])ssid(?![a-z])")
# A code that lets in has words and numbers; one of a region, a state or a fault has not.
_CODES: Final = re.compile(r"(?i)(?:code|codigo|codice|kod|cod)_?\d*$|^(?:code|codigo|codice|kod|cod)_")
_OF_CODES: Final = re.compile(r"(?=.*[a-z]{3}).*\d")
_OF_DEVELOPMENT: Final = re.compile(r"(?i)(?:^|[_.\d-])(?:dev|devel|develop|local)(?:pw|pass|word)?(?:[_.\d-]|$)")
# The beginning of a public key in DER: RSA's of three lengths, an elliptic curve's, Ed25519's.
_PUBLIC_KEY: Final = re.compile(r"MIIBIjANBgkqhki|MIGfMA0GCSqGSIb3|MIICIjANBgkqhki|MFkwEwYHKoZIzj0C|MCowBQYDK2VwAyEA")
LONGEST_CODE: Final = 400
# Google's for programs, as they are shown and as they are often pasted.
_APP_PASSWORD: Final = re.compile(r"^[a-z]{4} [a-z]{4} [a-z]{4} [a-z]{4}$")
_SIXTEEN: Final = re.compile(r"^[a-z]{16}$")
# Apple's, which come with their hyphens.
_OF_APPLE: Final = re.compile(r"^[a-z]{4}(?:-[a-z]{4}){3}$")


def judge(candidate: Candidate, file: SourceFile, services: frozenset[str] = frozenset()) -> Judgement | None:
    """The standing of a candidate in its file, None if it is no credential. `services`: what answers beside the app."""
    if strings.is_reference(candidate.value) or strings.is_sealed(candidate.value) or _is_of_its_file(candidate):
        return None
    if _PUBLIC_KEY.match(candidate.value):
        return None
    if candidate.shape != "token" and strings.is_hash(candidate.value):
        return None
    if candidate.kind in _PUBLIC_KINDS:
        return Judgement(PUBLIC, _PUBLIC_KINDS[candidate.kind])
    if candidate.shape in ("token", "block"):
        return of_form(candidate, file)
    if candidate.shape == "prose":
        return _of_told(candidate, file)
    if candidate.kind == "signing_key":
        return of_signing_key(candidate, file)
    if candidate.kind == "pin":
        return _of_pin(candidate, file)
    if candidate.kind == "password" or candidate.kind.endswith("_password") or candidate.kind == "cloudinary_secret":
        return _of_password(candidate, file, services)
    return _of_key(candidate, file)


def _of_told(candidate: Candidate, file: SourceFile) -> Judgement | None:
    """A word that a text calls a password: only what nobody would make up as an example counts."""
    path = file.path
    if (
        paths.is_test(path)
        or paths.is_example(path)
        or not strings.is_personal(candidate.value)
        or literals.NOT_A_VALUE.search(candidate.value)
    ):
        return None
    return Judgement(LIVE, "it is told to people as a password, and stands in for nothing")


def _of_pin(candidate: Candidate, file: SourceFile) -> Judgement | None:
    if (
        not re.fullmatch(r"\d{4,8}", candidate.value)
        or paths.is_test(file.path)
        or paths.is_example(file.path)
        or paths.is_document(file.path)
    ):
        return None
    return Judgement(LIVE, "a number that lets its knower into the app")


def _is_of_its_file(candidate: Candidate) -> bool:
    """Versions of a manifest, and names of the variables that node-config takes its values from."""
    value = candidate.value
    if paths.is_manifest(candidate.file):
        return bool(literals.VERSION.match(value)) and not strings.looks_random(value)
    named = candidate.file.rsplit("/", 1)[-1].startswith("custom-environment-variables.")
    return named and bool(re.fullmatch(r"[A-Z][A-Z0-9_]*", value))


def _of_password(candidate: Candidate, file: SourceFile, services: frozenset[str]) -> Judgement | None:
    value, path = candidate.value, file.path
    if not _may_be_password(candidate, file):
        return None
    known = strings.is_well_known(value) or value.lower() in (candidate.user.lower(), candidate.host.lower())
    host = candidate.host or (host_near(file, candidate.line, candidate.variable) if candidate.shape != "comparison" else None)
    local, elsewhere = host is not None and is_local(host, services), host is not None and is_elsewhere(host, services)
    if strings.is_stand_in(value) and not (known and candidate.shape in ("uri", "call")):
        return Judgement(PLACEHOLDER, "it says of itself that it is none")
    if paths.is_example(path) or paths.is_document(path):
        return _of_shown_password(candidate, path, host, known or local)
    if paths.is_test(path):
        return (
            Judgement(LIVE, f"it opens {host}, which is no test's own")
            if host is not None and elsewhere and "." in host and _is_strong(value)
            else Judgement(LOCAL, "only tests use it")
        )
    if in_development_section(file, candidate.line) and (known or host is None or local):
        return Judgement(LOCAL, "it stands in the section for development or tests")
    if known:
        return _of_known_password(candidate, file, host, elsewhere)
    deploys = paths.is_ci(path) and _DEPLOYS.search(file.lines[candidate.line - 1][:LONGEST_CODE])
    outward = ((_OUTWARD.search(candidate.variable) or deploys) and _is_strong(value)) or (
        _DOOR.search(candidate.variable) and strings.is_personal(value)
    )
    if not (paths.is_production(path) or outward) and (
        paths.is_compose(path) or paths.is_ci(path) or (paths.is_development(path) and (local or host is None))
    ):
        if strings.looks_random(value) and len(value) >= 16 and not paths.is_development(path):
            return Judgement(LIVE, "a machine made it, as nobody does for a developer's machine")
        if host is None or local or ("." not in host and not elsewhere):
            return Judgement(LOCAL, "a password of services on a developer's machine")
    if host is not None and is_reserved(host) and not _is_strong(value):
        return Judgement(PLACEHOLDER, f"{host} is a name that no machine has")
    if local and _OF_DEVELOPMENT.search(value):
        return Judgement(LOCAL, "a password that says it is for development")
    if candidate.is_default and local and not _is_strong(value):
        return Judgement(LOCAL, "a default for a developer's machine")
    if local and not strings.looks_random(value) and is_superuser(candidate.user or user_near(file, candidate.line)):
        return Judgement(LOCAL, "the superuser of a database on a developer's machine")
    return Judgement(
        LIVE, f"a password that opens {host}" if host and not local else "a password that stands in the code or its configuration"
    )


def _of_shown_password(candidate: Candidate, path: str, host: str | None, known: bool) -> Judgement:
    value = candidate.value
    named = candidate.variable.isalpha() and candidate.variable != candidate.variable.upper()
    strong = strings.looks_random(value) or (candidate.shape in ("uri", "call") and _is_strong(value) and host is not None)
    strong = strong and not strings.is_wordy(value)
    personal = named and paths.is_document(path) and strings.is_personal(value)
    if known or (host is not None and is_reserved(host)) or not (personal or strong):
        return Judgement(PLACEHOLDER, "a value of an example or a document")
    return Judgement(LIVE, "it stands in a document or example, but stands in for nothing")


def _of_known_password(candidate: Candidate, file: SourceFile, host: str | None, elsewhere: bool) -> Judgement | None:
    if host is not None and is_reserved(host):
        return Judgement(PLACEHOLDER, f"{host} is a name that no machine has")
    if in_comment(file, candidate.line) and (host is None or not is_local(host)):
        return Judgement(PLACEHOLDER, "a password of tutorials, in a comment")
    if candidate.shape == "comparison":
        return Judgement(LIVE, "the code lets in whoever knows this word")
    if elsewhere:
        return Judgement(LIVE, f"a weak password that opens {host}")
    if (
        re.search(r"admin|master|login|app_?pass", candidate.variable, re.IGNORECASE)
        and not candidate.is_default
        and candidate.shape == "assignment"
    ):
        database = re.search(
            r"mysql|postgres|pg|mongo|db|database|redis|rabbit|minio|sql|keycloak|grafana|pgadmin",
            candidate.variable,
            re.IGNORECASE,
        )
        configured = paths.is_compose(file.path) or paths.is_development(file.path) or paths.is_ci(file.path)
        if (
            not database
            and not configured
            and file.suffix
            in (".py", ".js", ".ts", ".php", ".rb", ".go", ".java", ".cs", ".jsx", ".tsx", ".toml", ".env", ".html")
        ):
            return Judgement(LIVE, "a weak password that lets its knower into the app")
    return Judgement(LOCAL, "a password of tutorials, for a developer's machine")


def _may_be_password(candidate: Candidate, file: SourceFile) -> bool:
    value = candidate.value
    if candidate.shape in ("uri", "call"):
        return (
            len(value) >= 2
            and not re.fullmatch(r"[*.x\-_]+|%s|\{\w*\}|\.\.\.|\$\w+|:\w+|\w+\(\)", value)
            and not (literals.NOT_A_VALUE.search(value) and not strings.is_well_known(value) and not _is_strong(value))
        )
    return _reads_as_password(candidate, file)


def _has_a_passwords_form(candidate: Candidate, file: SourceFile) -> bool:
    """Google's and Apple's for programs; and digits alone, where something is compared with them or a router came with them."""
    value = candidate.value
    if candidate.shape == "comparison" and re.fullmatch(r"\d{4,12}", value):
        return True
    if re.fullmatch(r"\d{8,63}", value) and (_WIRELESS.search(candidate.variable) or _is_of_network(file, candidate.line)):
        return True
    if _SIXTEEN.match(value) or _OF_APPLE.match(value):
        return strings.is_unspeakable(value.replace("-", ""))
    return bool(_APP_PASSWORD.match(value))


def _is_of_network(file: SourceFile, line: int) -> bool:
    return any(_SSID.search(text) for text in file.lines[max(0, line - 4) : line + 3])


def _reads_as_password(candidate: Candidate, file: SourceFile) -> bool:
    value = candidate.value
    if _has_a_passwords_form(candidate, file):
        return True
    if paths.is_translation(file.path) or len(value) > 200:
        return False
    if literals.CONCATENATED.search(value) and not strings.is_mixed(value):
        return False
    if len(value) < 4 and not (len(value) == 3 and _is_connection(file, candidate.line)):
        return False
    if " " in value and not may_have_blanks(candidate, file):
        return False
    if literals.NAMES_A_THING.match(value) and re.search(r"pass|token|secret", value, re.IGNORECASE):
        return False
    if _CODES.search(candidate.variable) and not _OF_CODES.search(value):
        return False
    known = strings.is_well_known(value) and (_is_strong(value) or len(words_of(candidate.variable)) > 1)
    if (literals.NOT_A_VALUE.search(value) and not known) or (re.search(r"[:?]$", value) and not strings.is_mixed(value)):
        return False
    if candidate.shape == "comparison":
        if strings.is_kept_hash(value) and _HASHES.search(file.lines[candidate.line - 1][:LONGEST_CODE]):
            return False
        return value.lower().replace("_", "") not in candidate.variable.lower().replace("_", "")
    if (
        value.strip("_-").lower().replace("_", "") in candidate.variable.lower().replace("_", "")
        and value.lower() not in strings.WELL_KNOWN
    ):
        return False
    if value.lower() in strings.WELL_KNOWN:
        return (
            len(words_of(candidate.variable)) > 1
            or value.lower()
            not in (
                "password",
                "pass",
                "passwd",
                "pwd",
                "user",
                "username",
                "any",
                "default",
                "secret",
                "test",
                "db",
                "app",
                "database",
            )
            or paths.is_configuration(file.path)
        )
    return not literals.CODE_WORDS.match(value) or _is_plain_password(candidate, file)


def _is_plain_password(candidate: Candidate, file: SourceFile) -> bool:
    """A plain word is one in a configuration, under a constant's name, in a connection, and where an account is made of it."""
    value = candidate.value
    return (
        paths.is_configuration(file.path)
        or strings.is_passphrase(value)
        or (bool(re.match(r"^[A-Z][A-Z0-9_]*$", candidate.variable)) and "_" not in value)
        or _is_connection(file, candidate.line)
        or bool(re.match(r"^[A-Za-z][a-z]{5,}$", value) and _MAKES_ACCOUNT.search(file.lines[candidate.line - 1][:LONGEST_CODE]))
    )


def _is_connection(file: SourceFile, line: int) -> bool:
    around = "\n".join(file.lines[max(0, line - 5) : line + 4])
    return bool(re.search(r"(?i)\b(host|hostname|server|dbname|database|user|username|db_host)\b[\"']?\s*[=:]\s*[\"']", around))


def _is_strong(value: str) -> bool:
    kinds = sum(bool(re.search(form, value)) for form in (r"[a-z]", r"[A-Z]", r"\d", r"[^A-Za-z0-9]"))
    return strings.looks_random(value) or (len(value) >= 8 and kinds >= 3) or (len(value) >= 10 and kinds >= 2)


def _is_short(candidate: Candidate, file: SourceFile) -> bool:
    # Some vendors hand out eight letters: in a configuration, under a name that says for what, and in no order of a word's.
    named = candidate.kind in ("api_key", "secret", "token") and len(candidate.variable) >= 8
    value, configured = candidate.value, paths.is_configuration(file.path) or file.suffix == ".env"
    return named and configured and bool(re.fullmatch(r"[A-Za-z0-9]{8,11}", value)) and strings.is_shuffled(value)


def _is_numbered(candidate: Candidate) -> bool:
    # A letter and a long number, as some vendors count their keys, under a name that says for what.
    named = candidate.kind in ("api_key", "secret") and len(words_of(candidate.variable)) > 1
    dated = re.search(r"20[0-3]\d[01]\d", candidate.value)
    return named and not dated and bool(re.fullmatch(r"[A-Za-z]{1,3}\d{12,20}", candidate.value))


def _of_key(candidate: Candidate, file: SourceFile) -> Judgement | None:
    value, path = candidate.value, file.path
    value = re.sub(r"^(Bearer|Token|Basic|Bot)\s+", "", value)
    if re.fullmatch(r"AC[0-9a-f]{32}", value):
        return None  # Twilio's account id, the user name beside the token
    if _APP_PASSWORD.match(value) and strings.is_unspeakable(value.replace(" ", "")) and not strings.is_stand_in(value):
        return Judgement(LIVE, "it has the form of a mail provider's password for programs")
    if len(value) < 8 or " " in value or literals.NOT_A_VALUE.search(value) or paths.is_translation(path):
        return None
    if strings.is_stand_in(value):
        return Judgement(PLACEHOLDER, "it says of itself that it is none") if len(value) >= 6 else None
    if _OF_OMDB.fullmatch(value) and "omdbapi.com" in file.text:
        return Judgement(LIVE, "OMDb's keys are that short")
    random = (
        (strings.looks_random(value) and not literals.IDENTIFIERS.match(value))
        or _is_numbered(candidate)
        or _is_short(candidate, file)
    )
    if not random and is_by_hand(candidate, file):
        return Judgement(LIVE, "a word that the code lets in, or a token made by hand")
    if not random or (
        candidate.kind in ("key", "app_id")
        and candidate.shape != "comparison"
        and (len(value) < 20 or (file.suffix in (".json", ".yml", ".yaml", ".xml") and strings.is_uuid(value)))
    ):
        return None
    if candidate.host == "firebasestorage.googleapis.com":
        return Judgement(PUBLIC, "a download link's token opens that one file, for everybody who sees the page")
    if "web3forms" in "".join(file.lines[max(0, candidate.line - 4) : candidate.line]):
        return Judgement(PUBLIC, "the key of a form's service stands in the page; it only sends to its owner")
    if is_of_maps(candidate.host):
        return Judgement(PUBLIC, "a key of a page's map is made to be seen; restrict it by referrer")
    if is_public_name(candidate.variable):
        return Judgement(PUBLIC, f"the name {candidate.variable} says that it is made to be seen")
    if paths.is_test(path) or paths.is_ci(path):
        return Judgement(
            LOCAL if paths.is_test(path) else LIVE,
            "a value of a test" if paths.is_test(path) else "a key in a pipeline's definition",
        )
    if paths.is_example(path):
        return of_example(candidate)
    if (
        candidate.kind == "key"
        and len(words_of(candidate.variable)) < 2
        and (paths.is_built(path) or file.suffix in (".html", ".css", ".svg", ".xml", ".md"))
    ):
        return None
    return Judgement(LIVE, "a random value under a name that promises a key")
