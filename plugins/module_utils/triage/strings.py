# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a string looks like: random, a word, a reference, a stand-in. Pure judgement of text, without its place."""

from __future__ import annotations

import base64
import binascii
import itertools
import math
import re
from collections import Counter
from typing import Final

from .vocabulary import vocabulary

# Something else is read at run time: not a value at all.
_REFERENCE: Final = re.compile(
    r"\$\{[^}]*\}|\$\([^)]*\)|\{\{.*?\}\}|<%.*?%>|%\([\w.]+\)s|%[A-Z_][A-Z0-9_]+%|#\{[^}]+\}|\$\{\{|"
    r"^\$\(?[A-Za-z_][\w.:]*\)?$|^\$\$?[A-Z_][A-Z0-9_]*$|^@[\w./-]+@$|^@[a-z]+([-_][a-z]+)+$|^__[A-Z0-9_]+__$|^%%?\w+%%?$|"
    r"\b(process\.env|import\.meta\.env|os\.environ|os\.getenv|getenv|ENV\[|ENV\.fetch|System\.getenv|Environment\.Get|"
    r"secrets\.|"
    r"vault:|ssm:|arn:aws:|projects/[\w-]+/secrets|op://|keyvault|st\.secrets|env\.[A-Z]|config\.get|Deno\.env|std\.extVar|"
    r"data\.|var\.[a-z]|local\.[a-z]|module\.[a-z]|random_password\.|file\()|^(env|vault|secret|ref)\(|^sm://|^(env|file|"
    r"secretref):"
)
_SIGN: Final = re.compile(r"[^A-Za-z0-9\s]")
_OF_WINDOWS: Final = re.compile(r"%[A-Z_][A-Z0-9_]+%")
_STAND_IN: Final = re.compile(
    r"change[_\-\s.]?(this|me|it|in|now|on|before|the)|"
    r"your[_\-\s.]?(own|api|app|secret|key|token|pass|pw|user|db|database|actual|real|super|very|random|stripe|open|supabase|"
    r"google|aws|access|client|here|project|account|name|email|jwt|django|flask|session|bot|telegram|slack|mongo|"
    r"service|anon|"
    r"public|private|sender|gmail|mail|smtp|auth|long|strong|secure|generated|256|32|firebase|paypal|weather|openweather)|"
    r"^your\b|^your[_\-.]|^my[_\-]?(api|app|secret|token|access|client|aws)?[_\-]?(key|token|secret|password|passwd|"
    r"pass|id)$|"
    r"replace[_\-\s.]?(this|me|with|it|in)|^replace|insert[_\-\s.]?(your|here|key|token|api)|(put|enter|paste|add|fill|"
    r"set)[_\-\s.]"
    r"?(your|the|in|me|it|a|api|here|this)[_\-\s.]|placeholder|^todo$|\btodo[:\s]|^todo[_\-](set|fill|replace|change|add)|"
    r"fix[_\-]?me|"
    r"[_\-\s](goes[_\-\s]?here|here)$|^here$|^x{3,}[_\-\s].*[_\-\s]x{3,}$|example(?!\.(com|org|net))|sample|dummy|"
    r"(?<![a-z])fake|(?<![a-z])mock|"
    r"not[_\-\s]?(a|an|the)?[_\-\s]?(real|used|secret|set|secure|for[_\-\s]prod)|(?<![a-z])redacted|removed|censored|"
    r"hidden|masked|"
    r"(?<![a-z])foo[_\-]?bar|^(foo|bar|baz|qux|abc|xyz|asdf\w*|lorem|ipsum|none|null|nil|undefined|true|false|empty|blank|"
    r"n/?a|tbd|"
    r"string|text|value|key|secret[_\-]?(key|value)|api[_\-]?key|token|user(name)?|undefined|unset|disabled|enabled)$|"
    r"(?<![a-z])(generate|gen)[_\-]?(a|me|with|one|random|your|it|using|by)|openssl[_\- ]rand|secrets\.token|"
    r"do[_\-]?not[_\-]?(use|commit)|only[_\-]?for[_\-]?(test|dev|local|demo)|^<.*>$|^\[.*\]$|^\{[\w\s.-]*\}$|^\*+$|\*{3,}|"
    r"\.{3,}|…|"
    r"^x{3,}$|x{5,}|[_\-\s.:]x{3,}$|(?<!django-)insecure|^no[_\-]?(secret|password|passwd|key|token)s?$|"
    r"^my[_\-][\w\-]{0,20}(passphrase|password|secret[_\-]?key)$|"
    r"^\.+$|^-+$|^_+$|#{3,}|\?{3,}|at[_\-]least[_\-]\d+|min(imum)?[_\-]?\d+[_\-]?char|\d+[_\-]?(chars|"
    r"characters|bytes)|"
    r"super[_\-]?secret[_\-]?(key|token|jwt|value)?[_\-]?(change|here|placeholder)|(some|any)[_\-]?(random|secret|"
    r"long|key|string)|"
    r"^(votre|ton|ta|dein|deine|ihr|ihre|tu|su|sua|seu|vuestra?|jouw|uw)[_\-\s]|mot[_\-]?(de[_\-]?)?passe|(tu|"
    r"su)[_\-]contrase|[_\-](hier|aqui|aquí|ici)$|"
    r"remplac|reemplaz|substitui|ersetz|sostitui|inserisci|vervang|(?<![a-z])(buraya|ganti|isi|masukkan|wpisz|troque|"
    r"cambia(r|me)?|insira)[_\-\s]|"
    r"сюда|замен|(?<!\w)ваш|你的|替换|填写|ここに|여기|"
    r"(random|long|secure|strong)[_\-]?(secret|string|key|password|token)[_\-]?(here|for|$)",
    re.IGNORECASE,
)
# Values printed in vendors' own documentation: everybody has them.
DOCUMENTED: Final = frozenset(
    {
        "AKIA" + "IOSFODNN7EXAMPLE",
        "ASIA" + "IOSFODNN7EXAMPLE",
        "AKIA" + "I44QH8DHBEXAMPLE",
        "D1fficult" + "P@ssw0rd",
        # the client that gcloud itself logs in with
        "d-FL95Q19q7MQm" + "Fpd7hHD0Ty",
        # and the one of clasp
        "v6V3fKV_zWU7iw" + "1DrpO1rknX",
        "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY",
        "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc",
        "sk_test_" + "BQokikJOvBiI2HlWgH4olfQ2",
        "pk_test_" + "TYooMQauvdEDq54NiTphI7jx",
        "pk_test_" + "6pRNASCoBOKtIshFeQd4XMUh",
        "rk_test_" + "4eC39HqLyjWDarjtT1zdp7dc",
        "110201543:" + "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
        "key-" + "3ax6xnjp29jd6fds4gc373sgvjxteol0",
        "ghp_16C7e42F292c6912E77" + "10c838347Ae178B4a",
        "123456:" + "ABC-DEF1234ghIkl-zyx57W2v1u123ew11",
        "6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_" + "MXjiZKhI",
        "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4" + "WifJWe",
        # the key of Azure's storage emulator and of its Cosmos DB emulator
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/" + "K1SZFPTOtr/KBHBeksoGMGw==",
        "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPM" + "bIZnqyMsEcaGQy67XIw/Jw==",
    }
)
# Keys that tutorials print: a stand-in in an example, in code that runs a key that everybody has.
PRINTED: Final = frozenset({"09d25e094faa6ca2556c818166b7a956" + "3b93f7099f6f0f4caa6cf63b88e8d3e7"})
# Passwords that stand in every tutorial, image and compose file; a value here opens nobody's door but one's own.
WELL_KNOWN: Final = vocabulary(
    "password passw0rd password1 password12 password123 password1234 pass pass123 pass1234 "
    "passwd pwd admin admin1 admin12 admin123 "
    "admin1234 administrator root root123 rootpass rootpassword toor secret secret123 secrets mysecret supersecret "
    "topsecret test test1 "
    "test12 test123 test1234 testing testtest testpass testpassword testuser tester postgres postgres123 "
    "postgresql postgrespassword "
    "postgrespw mysql mysql123 mysqlpassword mariadb mongo mongodb mongopass mongoadmin redis redispass "
    "redispassword rabbitmq guest user "
    "user123 username userpass default demo demo123 demopass dev devel devpass devpassword development local "
    "localhost localpass "
    "localpassword docker dockerpass 123 1234 12345 123456 1234567 12345678 123456789 1234567890 0000 000000 "
    "111111 11111111 qwerty "
    "qwerty123 letmein welcome welcome1 welcome123 abc123 abcd1234 iloveyou monkey dragon changeme changeit "
    "changethis mysecretpassword "
    "my-secret-pw my-secret-password mypassword mypass supersecretpassword minioadmin minio minio123 miniosecret "
    "sa strapi directus hasura "
    "hasurapassword homestead vagrant laravel sail symfony wordpress wp wppass drupal django flask fastapi rails "
    "spring app application "
    "appuser apppass apppassword app_password myapp database db dbuser dbpass dbpassword db_password dbadmin "
    "nextcloud keycloak elastic "
    "kibana grafana prefect airflow superset metabase ghost n8n nopassword nopass p@ssw0rd p@ssword p@ss pa$$w0rd "
    "pa55word pa55w0rd teste teste123 prueba prueba123 "
    "passw0rd! password! password1! password123! p@ssw0rd123 p@ssw0rd1 p@ssw0rd! yourstrong(!)password "
    "yourstrong!passw0rd "
    "your_password123 strong!passw0rd strongpassword strong_password sqlserver oracle hunter2 trustno1 s3cr3t "
    "s3cret sekret geheim "
    "passwort qwertz azerty motdepasse senha contrasena insecure notsecret nothing any anything temp temp123 "
    "temporary example pw "
    "mysecretkey secretkey secret_key secret-key shhh shh jwtsecret jwt_secret jwt-secret keyboardcat "
    "devpw testpw dbpw userpw adminpw rootpw apppw "
)
# One-way: what is stored to check a password by.
_HASH: Final = re.compile(
    r"^([\w.@-]+:)?(\$(apr1|1|2[abxy]?|5|6|7|y|argon2\w*|pbkdf2[\w-]*|scrypt)\$|\{S?SHA\d*\}|SCRAM-SHA-|pbkdf2_sha|"
    r"pbkdf2:|scrypt:|bcrypt\$|"
    r"argon2\$|md5[0-9a-f]{32}$|\*[0-9A-F]{40}$)",
    re.IGNORECASE,
)
# What only a key that lies elsewhere opens: sealed secrets, sops, jasypt, Spring's config server, Vault's transit.
_SEALED: Final = re.compile(r"^Ag[A-Za-z0-9+/]{90,}={0,2}$|^ENC\(|^ENC\[|^\{cipher\}|^vault:v\d+:|^\$ANSIBLE_VAULT;")
_DIGEST: Final = re.compile(r"[0-9a-fA-F]{32,128}")
_LEET: Final = str.maketrans("@40135$7", "aaoiesst")
_SEQUENCES: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "zyxwvutsrqponmlkjihgfedcba",
    "98765432109876543210",
)
_HEXADECIMAL: Final = re.compile(r"^[0-9a-f]+$|^[0-9A-F]+$")
_UUID: Final = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", re.IGNORECASE)
_WORDY: Final = re.compile(r"^[A-Za-z]{2,}([_\-.:/ ][A-Za-z]{2,})*\d{0,2}$")
_COMMON: Final = re.compile(r"password|passwd|passwort|secret|welcome|admin|letmein|qwerty", re.IGNORECASE)
_VOWELS: Final = frozenset("aeiouyAEIOUY")


def entropy(text: str) -> float:
    """Shannon's entropy in bits per character."""
    total = len(text)
    return -sum(count / total * math.log2(count / total) for count in Counter(text).values()) if text else 0.0


def is_reference(value: str) -> bool:
    """The value is looked up when the app runs (`${DB_PASSWORD}`, `process.env.KEY`): there is no secret here."""
    if is_salted(value) and len(set(_SIGN.findall(value))) >= 8:
        return False  # made of every sign there is, as WordPress makes its keys: some stand as a reference's do
    # Two per cent signs around capitals are one of Windows' variables, but not amid the signs of a made key.
    return bool(_REFERENCE.search(_OF_WINDOWS.sub("", value) if is_salted(value) else value))


def is_sealed(value: str) -> bool:
    """The value is encrypted, and its key is not beside it."""
    return bool(_SEALED.search(value))


def is_uuid(value: str) -> bool:
    """A name for a thing, more often than a key to it."""
    return bool(_UUID.match(value))


def is_stand_in(value: str) -> bool:
    """The value says of itself that it is none: `your-key-here`, `xxx`, `<token>`, or one printed in vendors' documents."""
    return value in DOCUMENTED or bool(_STAND_IN.search(value)) or is_sequence(value) or _wraps_words(value)


def _wraps_words(value: str) -> bool:
    # base64 of a sentence is a joke for readers, no key
    if len(value) < 16 or not re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", value):
        return False
    try:
        text = base64.b64decode(value + "=" * (-len(value) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return text.count(" ") >= 2 and text.isprintable()


def is_well_known(value: str) -> bool:
    """A password of tutorials and images."""
    plain = value.lower()
    bare = plain.rstrip("!@#$1234567890._-")
    return plain in WELL_KNOWN or bare in WELL_KNOWN or bare.translate(_LEET) in WELL_KNOWN


def is_hash(value: str) -> bool:
    """A password's hash in one of its usual forms (`user:hash` too): it opens nothing by itself."""
    return bool(_HASH.search(value))


def is_kept_hash(value: str) -> bool:
    """The same in a place that is there for passwords: digits alone are one, too."""
    return is_hash(value) or bool(_DIGEST.fullmatch(value))


# What examples are made of, also spelled with digits for letters.
_MADE_UP: Final = re.compile(
    r"pass|word|secret|admin|test|user|demo|example|default|change|sample|dummy|login|token|welcome|qwert|abc|123|xxx|"
    r"foo|bar|your|my|key"
)
_TERM: Final = re.compile(
    r"^[A-Z]{2,}[-/]?\d|^[a-z]{2,}\d{1,3}$|^[\d./:-]+\w{0,3}$|[()\[\]{}=\\<>|]|^\W|::|^[A-Za-z_]+(\.[A-Za-z_]+)+$|"
    r"^[a-z0-9]+(_[a-z0-9]+)+$|\.\w{2,4}$|^\w+(-\w+)*/"
)


def is_personal(value: str) -> bool:
    """A password as people make them for themselves: words of no example, with digits or signs in them."""
    plain = value.lower().translate(_LEET)
    if len(value) < 8 or _MADE_UP.search(value.lower()) or _MADE_UP.search(plain) or _TERM.search(value) or is_stand_in(value):
        return False
    signs = re.search(r"[!#$%&+*?@§~^]", value)
    kinds = sum(bool(re.search(form, value)) for form in (r"[a-z]", r"[A-Z]", r"\d", r"[^A-Za-z0-9]"))
    return bool(re.search(r"[A-Za-z]{3}", value)) and (kinds >= 3 or (kinds >= 2 and bool(signs)))


def is_mixed(value: str) -> bool:
    """One word of capitals, small letters and digits, as no sentence and no piece of a program ends."""
    return len(value) >= 8 and bool(re.fullmatch(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)\w[^\s\"'`()\[\]{}<>=$/\\]*", value))


def is_shuffled(value: str) -> bool:
    """Capitals and small letters in an order that no word and no name in camel case has."""
    letters = re.sub(r"[^A-Za-z]", "", value)
    return (
        len(letters) >= 6
        and _case_changes(letters) >= (3 if re.search(r"\d", value) else 5)
        and not re.fullmatch(r"[A-Z]?[a-z]+(?:[A-Z][a-z]+)*", letters)
    )


# What names of fields, classes and files are made of
_OF_PROGRAMS: Final = vocabulary(
    "input field form label password passwd pass pwd user users username email mail login logout auth token key secret "
    "api error "
    "invalid reset forgot confirm new old current change update set get show hide toggle required min max length text "
    "type btn button "
    "icon page view modal dialog container wrapper control group row col id name value hash salt strength policy "
    "validator component "
    "screen route path url link message hint placeholder title helper test tests default example app db database admin "
    "config settings "
    "env var file store manager service provider vault ref aws azure gcp postgres mysql redis mongo grant request "
    "response client "
    "eye off visibility lock step card header section security account accounts sign up features holder subtitle lucide mui icon "
    "profile two one three bitte sicher server code credentials credential the a an is not your my this that here"
)


def is_passphrase(value: str) -> bool:
    """Three words or more, joined, of which none is one of programs and forms: `tortellini-in-brodo`."""
    words = re.split(r"[-_]", value)
    joined = bool(re.fullmatch(r"[a-z]{2,}(?:[-_][a-z]{2,}){2,}", value)) and len(value) >= 14
    return joined and not _OF_PROGRAMS & set(words) and not is_stand_in(value)


def is_unspeakable(value: str) -> bool:
    """Letters that make no words: few vowels, or five consonants in a row."""
    vowels = sum(letter in _VOWELS for letter in value)
    return vowels < 0.25 * len(value) or bool(re.search(r"(?i)[bcdfghjklmnpqrstvwxz]{5}", value))


def is_sequence(value: str) -> bool:
    """Runs over the keyboard, or few characters again and again: `abcdef123456`, `0000-0000`."""
    body = re.sub(r"[^a-z0-9]", "", value.lower())
    if len(body) < 6:
        return False
    if len(set(body)) <= max(2, min(5, len(body) // 8)):
        return True
    digits, letters = re.sub(r"\D", "", body), re.sub(r"\d", "", body)
    if (
        len(digits) >= 6
        and len(letters) >= 4
        and _covered(digits) >= 0.8 * len(digits)
        and _covered(letters) >= 0.8 * len(letters)
    ):
        return True
    return _covered(body) >= max(6, 0.5 * len(body))


def _covered(body: str) -> int:
    covered = 0
    at = 0
    while at < len(body) - 3:
        run = max((_run_length(body, at, sequence) for sequence in _SEQUENCES), default=0)
        covered += run if run >= 4 else 0
        at += run if run >= 4 else 1
    return covered


def _run_length(body: str, at: int, sequence: str) -> int:
    start = sequence.find(body[at])
    if start < 0:
        return 0
    length = 0
    while at + length < len(body) and start + length < len(sequence) and body[at + length] == sequence[start + length]:
        length += 1
    return length


def is_salted(value: str) -> bool:
    """Many characters of every kind, blanks and signs too, as WordPress and password generators make keys."""
    kinds = (r"[a-z]", r"[A-Z]", r"[^A-Za-z0-9\s]")
    varied = all(len(re.findall(kind, value)) >= 3 for kind in kinds) and bool(re.search(r"\d", value))
    return 32 <= len(value) <= 200 and varied and value.count(" ") <= len(value) / 10


def is_wordy(value: str) -> bool:
    """Words with separators, as names, types and paths are."""
    return bool(_WORDY.match(value)) and not looks_random(value)


def looks_random(value: str) -> bool:
    """Whether a machine made this: long enough, and mixed in a way that words and names are not."""
    if len(value) < 12 or " " in value or len(_COMMON.sub("", value)) < min(len(value), 10):
        return False
    if _UUID.match(value):
        return True
    if _is_camel_case(value):
        return False
    if _HEXADECIMAL.match(value):
        return len(value) >= 16 and entropy(value) >= 2.9 and any(letter in "abcdefABCDEF" for letter in value)
    body = re.sub(r"[^A-Za-z0-9]", "", value)
    digits = sum(character.isdigit() for character in body)
    if len(body) < 10 or entropy(body) < 3.0:
        return False
    if not digits:
        return (len(body) >= 16 and _case_changes(body) >= len(body) * 0.38 and entropy(body) >= 3.5) or _is_shuffled(body)
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", value) if part]
    if all(part.isalpha() or part.isdigit() for part in parts) and max(map(len, parts)) < 12:
        return False
    return _is_shuffled(body) or (digits >= 2 and (_class_changes(body) >= len(body) * 0.22 or _odd_letters(body)))


def _is_camel_case(value: str) -> bool:
    # `linearRampToValueAtTime`: nearly all of it are words that can be spoken, and some begin with a capital.
    words = [word for word in re.findall(r"[A-Z]?[a-z]+", value) if len(word) >= 3 and not _VOWELS.isdisjoint(word)]
    inner = re.findall(r"(?<=[a-z0-9])[A-Z][a-z]", value)
    return len(words) >= 3 and len(inner) >= 2 and sum(map(len, words)) >= 0.75 * len(value)


def _is_shuffled(body: str) -> bool:
    # Names in camel case have one capital in five letters or fewer, and hardly two in a row.
    capitals = sum(character.isupper() for character in body)
    return (
        len(body) >= 24
        and 0.28 <= capitals / len(body) <= 0.72
        and _case_changes(body) >= len(body) * 0.25
        and len(re.findall(r"[A-Z]{2}", body)) >= 3
        and entropy(body) >= 3.8
    )


def _case_changes(text: str) -> int:
    return sum(one.isupper() != other.isupper() for one, other in itertools.pairwise(text))


def _class_changes(text: str) -> int:
    kinds = [0 if character.isdigit() else 1 if character.isupper() else 2 for character in text]
    return sum(one != other for one, other in itertools.pairwise(kinds))


def _odd_letters(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return len(letters) >= 8 and sum(letter in _VOWELS for letter in letters) / len(letters) < 0.2
