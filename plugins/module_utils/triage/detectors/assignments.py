# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names that promise a secret, and the literal they are given: in code, in configuration, in mark-up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .. import paths
from ..hints import lines_with
from ..literals import CODE_WORDS
from ..model import Candidate, SourceFile
from ..names import VENDORS, secret_kind, tells_anywhere
from ..strings import is_uuid, looks_random
from ..vocabulary import vocabulary

LONGEST_LINE: Final = 4000
_HINTS: Final = frozenset(("pin_", "pin =", "pin !", "pin:", "pin=")) | vocabulary(
    "_pin pin, pin\" pin' pass pwd psw pw secret token api key auth credential salt appid app_id dsn webhook private "
    "signature cookie bearer access license encrypt jwt session hash kennwort contrasena contraseña senha pat creds psk "
    "pepper community wachtwoord heslo lozinka salasana losenord lösenord adgangskode kodeord haslo hasło parol jelszo "
    "jelszó sifre şifre geslo mdp zugangscode geheim schluessel schlussel schlüssel clave jeton secreto segreto segredo "
    "chave_ clave_ palavra _shared _hmac fernet sandi matkhau mat_khau mima parool rahasia gizli himitsu tajne tajny "
    "tajemstvi heml salaisuus titok sleutel nyckel nokkel nogle avain klucz klic kulcs cheie anahtar chave chiave llave "
    "kunci admin_code admincode entry_code entrycode doorcode door_code code_a cod_a codigo codice kod_ kode_ toegang "
    "adgang zugang atkomst gate_code gatecode"
)
_OPERATOR: Final = r"(?P<op><<?-|===|!==|==|!=|<>|=>|:=|\|\|=?|\?\?=?|\?:|\+=|=|:|,)"
# Calls that hand their literal through; any other call's literal is a question, a name or a path.
_WRAPPERS: Final = (
    r"(?:str|bytes|bytearray|String|SecretStr|Secret|Buffer\.from|[\w.]*GetBytes|base64\.b64decode|b64decode|atob|\[\]byte|"
    r"Some|Optional\.of|"
    r"Convert\.FromBase64String|new TextEncoder\(\)\.encode|pulumi\.secret|cdk\.SecretValue\.\w+|set_secret|to_string|"
    r"(?:await\s+)?(?:[\w.]+(?:\.|::))?(?:\w*[hH]ash\w*|bcrypt|md5|sha1|sha256)|"
    r"Literal|Field|env\.str|fields\.Str|(?:[\w.]+\.)?quote(?:_plus)?|encodeURIComponent|(?:raw)?urlencode|"
    r"URLEncoder\.encode|"
    r"url\.(?:Query|Path)Escape|CGI\.escape|Uri\.EscapeDataString)"
)
# name operator "value": most languages, JSON, TOML, keyword arguments, defaults of environment look-ups
_QUOTED: Final = re.compile(
    r"(?P<name>[A-Za-z_$][\w$.\-]{0,80})(?P<close>[\"'\]\)!]{0,4})(?:\[\w*\])?\s*"
    r"(?:\{\s*get;[^{}]{0,30}\}\s*)?(?::\s*&?(?:'\w+\s+)?\[?[A-Za-z_][\w.\[\]<>|?, ]{0,40}?|\bAs\s+\w+|\bstring\b)?\s*"
    + _OPERATOR
    + r"\s*(?:"
    + _WRAPPERS
    + r"\(\s*)?(?:default\s*=\s*)?[rbfu@$L]{0,2}(?P<quote>[\"'`])(?P<value>(?:\\.|"
    r"(?!(?P=quote))[^\\\n]){0,600})(?P=quote)"
)
# getenv("NAME", "default") and its kin: the name is itself a literal
_DEFAULTED: Final = re.compile(
    r"(?:getenv|environ\.get|environ\.setdefault|ENV\.fetch|\benv|config|get_env|GetEnv\w*|getEnv\w*|Setenv|setenv|putenv|"
    r"viper\.SetDefault|"
    r"secrets\.get|setdefault|System\.getProperty|lookup_env|env_or|must_env|"
    r"default_env|env::var|environ)\w*\s*[(\[]\s*(?P<q1>[\"'])(?P<name>[\w.\-]+)(?P=q1)"
    r"\s*(?:,|[)\]]\s*(?:or\b|\.(?:unwrap_or|or|orElse|"
    r"getOrElse)\w*\())\s*(?:\w+\s*=\s*[\w.]+\s*,\s*)*(?:\w+\s*=\s*)?[rbfu]?(?P<quote>[\"'`])(?P<value>(?:\\.|"
    r"(?!(?P=quote))[^\\\n]){1,400})(?P=quote)"
)
# add_argument("--token", default="x"), flag.String("token", "x", "what it is")
_OPTION_DEFAULT: Final = re.compile(
    r"(?:add_argument|add_option|\boption)\s*\((?:[^()\n]{0,80}[\"'\s,])?--(?P<name>[A-Za-z][\w\-]*)[\"'][^()\n]{0,160}?"
    r"\bdefault\s*[=:]\s*(?P<quote>[\"'])(?P<value>[^\"'\n]{1,400})(?P=quote)"
)
_FLAG_DEFAULT: Final = re.compile(
    r"\b\w*[fF]lags?(?:\(\))?\.String\w*\(\s*(?:&[\w.]+\s*,\s*)?\"(?P<name>[A-Za-z][\w.\-]*)\"\s*,\s*(?:\"\w\"\s*,\s*)?"
    r"\"(?P<value>[^\"\n]{1,400})\""
)
# define('DB_PASSWORD', 'x'), set("jwtSecret", "x"), header("X-API-Key", "x")
_PAIR_CALL: Final = re.compile(
    r"(?:define|\bset\w*|header|add\w*|append|(?<![a-z])put|insert|update_\w*option|setRequestHeader|UseSetting|"
    r"property|setProperty|withEnv)\s*\(\s*"
    r"(?P<q1>[\"'])(?P<name>[\w.\-]+)(?P=q1)\s*,\s*[rbfu]?(?P<quote>[\"'`])(?P<value>(?:\\.|"
    r"(?!(?P=quote))[^\\\n]){1,400})(?P=quote)"
)
# set :session_secret, "x" of Sinatra
_SYMBOL: Final = re.compile(
    r"\b(?:set|config|setting)\s*\(?\s*:(?P<name>\w{3,60})\s*,\s*(?P<quote>[\"'])(?P<value>[^\"'\n]{3,200})(?P=quote)"
)
# Set(varPin, "x") of Power Fx
_POWER_FX: Final = re.compile(r"(?<![\w.])Set\(\s*(?P<name>[A-Za-z_]\w*)\s*,\s*\"(?P<value>[^\"\n]{1,400})\"")
# #define NAME "value"
_DEFINED: Final = re.compile(r"^\s*#\s*define\s+(?P<name>\w+)\s+\(?[\"](?P<value>(?:\\.|[^\"\\\n]){1,400})[\"]")
# {"name": "X-API-Key", "value": "x"}, as collections of requests and exported flows keep headers
_NAMED: Final = re.compile(
    r"[\"'](?:name|"
    r"key)[\"']\s*:\s*[\"'](?P<name>[\w.\-]{2,60})[\"']\s*,\s*[\"']value[\"']\s*:\s*[\"'](?P<value>[^\"'\n]{1,400})[\"']"
)
# HOST, USER, PASS = "x", "y", "z"
_SEVERAL: Final = re.compile(
    r"^\s*(?:(?:const|let|var|local)\s+)?(?P<names>[A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*){1,7})\s*:?=\s*(?P<values>[^=\n].*)$"
)
_PART: Final = re.compile(r"\s*(?:[\"'](?P<value>[^\"'\n]*)[\"']|[\w.]+)\s*(?:,|;?\s*(?:#.*|//.*)?$)")
# @Value("${name:default}"), ${NAME:-default}, ${NAME:default}
_INLINE_DEFAULT: Final = re.compile(r"\$\{(?P<name>[A-Za-z_][\w.\-]*)\s*:[-=]?(?P<value>(?:[^${}\s\"']|\$(?!\{)){1,200})\}")
# NAME=value and name: value without quotes
_BARE: Final = re.compile(
    r"^\s*(?P<comment>(?:#|;|//)\s?)?(?:-\s+|@)?(?:export\s+|set\s+|setx\s+|\$env:|ENV\s+|ARG\s+|SetEnv\s+|env\s+|"
    r"declare\s+-x\s+|-e\s+|--env\s+|"
    r"--set\s+|heroku config:set\s+)?"
    r"(?:%let\s+|[a-z][\w-]*:(?=[A-Za-z]))?[\"']?(?P<name>[A-Za-z_][\w.\-]{0,80})[\"']?\s*(?P<op>=|:|"
    r"\s)\s*(?P<value>[^\s#].*?)\s*$"
)
# {user: x, password: y} of YAML
_FLOW: Final = re.compile(r"[{,]\s*(?P<name>[A-Za-z_][\w.\-]{0,80}):\s+(?P<value>[^\s\"'{}\[\],&*!|>#][^\s\"'{},]*)\s*(?=[,}])")
# A name and a literal with nothing between them: C's #define, Groovy, Clojure, game servers
_SPACED: Final = re.compile(
    r"(?:^\s*(?:#define\s+)?|[{;]\s*|"
    r"[{,(\s]:)(?P<name>[A-Za-z_][\w.\-]{2,60})\s+(?P<quote>[\"'])(?P<value>[^\"'\n]{3,200})(?P=quote)"
)
_SPACED_SUFFIXES: Final = frozenset(("",)) | vocabulary(".h .hpp .c .cc .cpp .ino .gradle .groovy .clj .edn .el .cfg .conf .rb")
# NAME=value amid a line: an inventory's host, a log, a command's environment
_AMID: Final = re.compile(
    r"(?<=[\s\"'(,;&?])(?P<name>[A-Za-z_][\w\-]{0,60})=(?P<quote>[\"']?)(?P<value>[^\s\"'`,;<>()\[\]{}]{4,200})(?P=quote)(?=[\s\"',;]|$)"
)
_MARKUP: Final = re.compile(
    r"<(?P<name>[A-Za-z_][\w.\-]{1,60})(?:\s(?![^<>]*\b(?:name|"
    r"key)\s*=)[^<>]{0,80})?>\s*(?P<value>[^<>\s]{4,300})\s*</(?P=name)>|"
    r"<(?:add|setting|property|entry|param|variable|env|string|constant)\b[^>]*?\b(?:key|"
    r"name)\s*=\s*[\"'](?P<name2>[\w.\-:]+)[\"'][^>]*?"
    r"(?:\bvalue\s*=\s*[\"'](?P<value2>[^\"']{1,400})[\"']|>\s*(?P<value3>[^<>\s]{4,300})\s*<)|"
    r"<(?:input|meta|script|div|body|button)\b[^>]*?\b(?:name|id|"
    r"data-name)\s*=\s*[\"'](?P<name4>[\w.\-]+)[\"'][^>]*?\b(?:value|content)\s*=\s*"
    r"[\"'](?P<value4>[^\"']{8,300})[\"']|\bdata-(?P<name5>[\w-]*(?:key|token|"
    r"secret)[\w-]*)\s*=\s*[\"'](?P<value5>[^\"']{8,300})[\"']"
)
_ENVIRONMENT_PAIR: Final = re.compile(
    r"(?:[\"']?name[\"']?\s*[:=]\s*[\"']?(?P<name>[A-Z][A-Z0-9_]{2,60})[\"']?|"
    r"\"(?:name|key)\"\s*:\s*\"(?P<name2>[\w.\-]{2,60})\")\s*,?\s*$"
)
_ENVIRONMENT_VALUE: Final = re.compile(
    r"^\s*[\"']?value[\"']?\s*[:=]\s*[\"']?(?P<value>(?:(?:Bearer|Token|Basic) )?[^\s\"'#]+)[\"']?\s*,?\s*$"
)
_BLOCK_SCALAR: Final = re.compile(r"[|>][+-]?")
_BARE_SUFFIXES: Final = vocabulary(
    ".env .ini .cfg .conf .config .properties .yml .yaml .toml .tfvars .sh .bash .zsh .fish "
    ".bat .cmd .ps1 .dockerfile .service .netrc "
    ".npmrc .pypirc .txt .cnf .my .pgpass .htpasswd .make .mk .envrc .flaskenv .credentials .secret .secrets .key .log .tf "
    ".hcl .bak .sas "
    ".bru .http .rest .xcconfig .old .orig .save .swp .backup .local .production .development .staging"
)
_BARE_NAMES: Final = re.compile(
    r"^(\.[\w-]+|dockerfile.*|procfile|makefile|.*rc|credentials|config|secrets?|\.?netrc|jenkinsfile|env|environment|vars)$",
    re.IGNORECASE,
)
_CODE_OF_PAGES: Final = frozenset((".js", ".jsx", ".ts", ".tsx", ".py", ".md", ".svelte", ".astro"))
_PROGRAMS: Final = frozenset((".js", ".mjs", ".ts", ".tsx", ".jsx", ".py", ".go", ".java", ".kt", ".cs", ".rb", ".php"))
_BARE_PROSE: Final = frozenset((".md", ".rst", ".mdx", ".adoc", ".ipynb"))


# form, whether its value is a default, and a word of every line that has it
_PAIRS: Final = (
    (_DEFAULTED, True, ""),
    (_OPTION_DEFAULT, True, "--"),
    (_FLAG_DEFAULT, True, ".String"),
    (_PAIR_CALL, False, ""),
    (_DEFINED, False, "define"),
    (_NAMED, False, "value"),
    (_POWER_FX, False, "Set("),
    (_SYMBOL, False, " :"),
)


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every literal given to a name that promises a secret."""
    hints = _HINTS | VENDORS if _is_settings(file) else _HINTS
    bare = file.suffix in _BARE_SUFFIXES or bool(_BARE_NAMES.match(file.name)) or "." not in file.name
    flow = file.suffix in (".yml", ".yaml") or "." not in file.name.lstrip(".")
    prose = file.suffix in _BARE_PROSE
    markup = file.suffix in (
        ".xml",
        ".config",
        ".html",
        ".htm",
        ".xhtml",
        ".plist",
        ".csproj",
        ".php",
        ".jsp",
        ".cshtml",
        ".vue",
        ".resx",
    ) or (file.suffix not in _CODE_OF_PAGES and file.text.lstrip()[:1] == "<")
    for number, line in lines_with(file, hints, fold=True):
        line = line[:LONGEST_LINE]
        yield from _environment(file, number, line)
        quoted = list(_quoted(file, number, line))
        yield from quoted
        if markup:
            yield from _marked(file, number, line)
        if not quoted and (
            bare or line.lstrip().startswith("export ") or (prose and re.match(r"^\s*(export\s+)?[A-Z][A-Z0-9_]+=\S+\s*$", line))
        ):
            yield from _bare(file, number, line)
        if not quoted:
            yield from _spaced(file, number, line, bare or file.name == "package.json")
        if flow and "{" in line:
            for match in _FLOW.finditer(line):
                yield from _made(file, number, match["name"], match["value"], "a value given to a secret's name")


def _spaced(file: SourceFile, number: int, line: str, bare: bool) -> Iterator[Candidate]:
    for match in _SPACED.finditer(line) if file.suffix in _SPACED_SUFFIXES else ():
        yield from _made(file, number, match["name"], match["value"], "a literal beside a secret's name")
    if bare and "=" in line:
        for match in _AMID.finditer(line):
            # A flag, a type or a file's name has no digits and signs.
            if re.search(r"[^A-Za-z_./-]", match["value"]):
                yield from _made(file, number, match["name"], match["value"], "a value given to a secret's name")


def _environment(file: SourceFile, number: int, line: str) -> Iterator[Candidate]:
    # A container's environment: the name on one line, the value on the next.
    following = file.lines[number] if number < len(file.lines) else ""
    value = _ENVIRONMENT_VALUE.match(following) if "value" in following else None
    if value and file.suffix in _PROGRAMS and following[value.start("value") - 1] not in ("'", '"'):
        return  # a variable
    pair = _ENVIRONMENT_PAIR.search(line) if value else None
    if pair and value:
        yield from _made(file, number + 1, pair["name"] or pair["name2"], value["value"], "a value beside its name")


def _quoted(file: SourceFile, number: int, line: str) -> Iterator[Candidate]:
    taken: set[str] = set()
    for form, default, word in _PAIRS:
        for match in form.finditer(line) if word in line else ():
            if match["value"] not in taken:
                taken.add(match["value"])
                yield from _made(file, number, match["name"], match["value"], "a literal beside a secret's name", default)
    if several := _SEVERAL.match(line):
        values = [match["value"] or "" for match in _PART.finditer(several["values"])]
        names = [name.strip() for name in several["names"].split(",")]
        for name, value in zip(names, values, strict=False) if len(names) == len(values) else ():
            taken.add(value)
            yield from _made(file, number, name, value, "a literal given to a secret's name")
    for match in _INLINE_DEFAULT.finditer(line):
        if match["value"] not in taken:
            taken.add(match["value"])
            yield from _made(file, number, match["name"], match["value"], "the default of a secret's variable", True)
    for match in _overlapping(line):
        value, op = match["value"], match["op"]
        if value in taken or _is_template(match) or _is_begun(line, match):
            continue
        if op == "," and (_is_typed(match) or not (match["close"] and _is_pair(line, match))):
            continue
        default = op in ("||", "??", "?:", "||=", "??=")
        shape = "comparison" if op in ("==", "===", "!=", "!==", "<>") else "assignment"
        yield from _made(file, number, match["name"], value, "a literal given to a secret's name", default, shape)


def _overlapping(line: str) -> Iterator[re.Match[str]]:
    # A value may itself be the name of the next pair ("key", "value"), so the search goes on right after the operator.
    at = 0
    while match := _QUOTED.search(line, at):
        yield match
        typed = _is_typed(match)
        paired = secret_kind(match["name"]) and (match["op"] != "," or _is_pair(line, match))
        at = match.end() if paired else match.end("close") if typed else match.end("op")


def _is_typed(match: re.Match[str]) -> bool:
    return match.start("op") - match.end("close") > 2


def _is_begun(line: str, match: re.Match[str]) -> bool:
    # "whsec_test-" + uuid4().hex: the literal is only how the value begins.
    joined = re.match(r"\s*\+\s*[A-Za-z_(]", line[match.end() :])
    return bool(joined and match["value"][-1:] in tuple("-_:=/.") and not looks_random(match["value"]))


def _is_template(match: re.Match[str]) -> bool:
    return match["quote"] == "`" and "${" in match["value"]


def _is_pair(line: str, match: re.Match[str]) -> bool:
    # ("password", "x") is a pair only in a list of pairs or a tuple; two arguments of an unknown call are no pair.
    before, after = line[: match.start()].rstrip("\"'"), line[match.end() :].lstrip()
    if re.search(r"[\[(,]\s*\($|(?i:\bvalues\s*\($)", before) or (before[-1:] in ("[", "{") and after[:1] in ("]", "}")):
        return True
    # In a longer list names follow names: "password" there, and "username" beside it, are no pair.
    return bool(re.search(r"[\[{,]\s*$", before)) and not CODE_WORDS.match(match["value"])


def _bare(file: SourceFile, number: int, line: str) -> Iterator[Candidate]:
    match = _BARE.match(line)
    if not match or (match["op"].isspace() and not _takes_blank(file, line)):
        return
    value = re.sub(r"\s+#.*$", "", match["value"]).strip().strip("\"'").rstrip(";,")
    if file.suffix in (".yml", ".yaml") and _BLOCK_SCALAR.fullmatch(value):
        yield from _of_block(file, number, match["name"])
        return
    if file.suffix in (".yml", ".yaml", ".tf", ".hcl", ".toml") and value[:1] in "[{&*|>!(":
        return
    if re.match(r"^[\w.]+\(|^\$\(|^`|^lambda\b|^[\w.]+\[", value):
        return
    if match["comment"] and not (re.fullmatch(r"\S{8,}", value) and re.search(r"\d", value)):
        return  # a line that was switched off may hold the old key; prose does not
    yield from _made(file, number, match["name"], value, "a value given to a secret's name")


def _of_block(file: SourceFile, number: int, name: str) -> Iterator[Candidate]:
    # `password: >-` and its one word on the next line; several lines are a text, a key or a file.
    indent, *following = (len(line) - len(line.lstrip()) if line.strip() else 0 for line in file.lines[number - 1 : number + 2])
    deeper = [at > indent for at in following]
    words = file.lines[number].split() if deeper[:1] == [True] and deeper[1:] != [True] else []
    if len(words) == 1:
        yield from _made(file, number + 1, name, words[0], "a value given to a secret's name")


def _takes_blank(file: SourceFile, line: str) -> bool:
    return bool(
        (file.name.lower().startswith("dockerfile") and re.match(r"^\s*(ENV|ARG)\s", line))
        or file.name.lower() in ("redis.conf", ".htaccess", "httpd.conf", "my.cnf")
        or re.match(r"^\s*(SetEnv|setx)\s|^\s*(password|passwd|pass|secret)\s+\S+\s*$", line)
        or file.name in (".netrc", "_netrc", "netrc")
    )


def _marked(file: SourceFile, number: int, line: str) -> Iterator[Candidate]:
    for match in _MARKUP.finditer(line):
        name = next(filter(None, (match["name"], match["name2"], match["name4"], match["name5"])), "")
        value = next(filter(None, (match["value"], match["value2"], match["value3"], match["value4"], match["value5"])), "")
        yield from _made(file, number, name, value, "a value given to a secret's name in mark-up")


def _made(
    file: SourceFile, number: int, name: str, value: str, why: str, default: bool = False, shape: str = "assignment"
) -> Iterator[Candidate]:
    # A lone `pin` is one of a board, unless its number lets somebody in.
    kind = secret_kind(name) or ("pin" if shape == "comparison" and name == "pin" and not _BOARD.search(file.text) else "")
    if not kind and name.lower() in VENDORS and _is_settings(file):
        kind = "key"
    if not kind and _FEWEST_MADE <= len(value) <= _MOST_MADE and tells_anywhere(name) and _is_made(value):
        kind = "secret"
    value = _SCHEME.sub("", value.strip().removeprefix('\\"').removesuffix('\\"'))
    if kind in ("signing_key", "secret") and _OF_AWS.fullmatch(value) and _beside(file, number, _AWS_ID):
        kind = "aws_secret_access_key"
    elif kind == "signing_key" and _APP_KEY.search(name) and _beside(file, number, _APP_ID):
        kind = "api_key"  # of a vendor that hands out an id and a key; alone it is Laravel's
    elif kind == "signing_key" and _HALF.fullmatch(name) and looks_random(value) and _beside(file, number, _OTHER_HALF):
        kind = "secret"  # of a vendor's client, which logs in with both halves
    elif (kind == "key" and _BYTES.search(file.lines[number - 1][:LONGEST_LINE])) or (
        kind in ("key", "secret", "token", "api_key") and _SIGNS.search(_section(file, number).replace(name, ""))
    ):
        kind = "" if kind in ("key", "token") and _NAMES_A_PART.fullmatch(value) else "signing_key"
    if kind and value:
        yield Candidate(kind, value, file.path, number, shape, f"{why} ({name})", name, is_default=default)


def _is_made(value: str) -> bool:
    """A machine made it: small letters, capitals and digits without a word's separators."""
    return bool(_MADE.fullmatch(value)) and looks_random(value) and not is_uuid(value)


def _is_settings(file: SourceFile) -> bool:
    named = file.suffix == ".json" and bool(re.search(r"(?i)config|settings|secret|credential|keys|options", file.name))
    return named or paths.is_configuration(file.path)


_FEWEST_MADE: Final = 24
_MOST_MADE: Final = 200
_MADE: Final = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d.*\d)[A-Za-z0-9+/]+={0,2}")
# What stands before the value itself: the scheme of a header, Spring's mark of a password in clear.
_SCHEME: Final = re.compile(r"^(?:(?:Bearer|Token|Basic|Bot|ApiKey)\s+|\{noop\})")
_BOARD: Final = re.compile(r"\b(?:GPIO|gpiozero|machine|digitalWrite|pinMode|RPi|board)\b")
# `key="pair_a"` of a page's field, `b"docs:1"` of a store: what is called a key there is a name.
_NAMES_A_PART: Final = re.compile(
    r"(?!.*(?i:secret|key|jwt|sign|pass|token|salt|hmac))(?:[a-z]+(?:[_:.-][a-z0-9]+)+|[A-Za-z]{1,8})"
)
_BYTES: Final = re.compile(r"GetBytes\(|\[\]byte\(|Buffer\.from\(|[\"']\.encode\(|=\s*b[\"']")
_AWS_ID: Final = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")
_OF_AWS: Final = re.compile(r"[A-Za-z0-9/+]{30,50}={0,2}")
_HALF: Final = re.compile(r"(?:[\w.]+\.)?(?:secret|[sS]ecretKey)")
_OTHER_HALF: Final = re.compile(r"(?i)\b(?:app_?id|client_?id|corp_?id|api_?key|account)[\"']?\s*[:=]")
_APP_KEY: Final = re.compile(r"(?i)^app_?key$")
_APP_ID: Final = re.compile(r"(?i)\bapp_?id\b")
_SIGNS: Final = re.compile(
    r"(?i)\b(jwt\w*|session|sessions|cookie|cookies|token_?signing|auth_?token|"
    r"identity)[\"']?\]?\s*[:=(\]]"
)


def _beside(file: SourceFile, number: int, form: re.Pattern[str]) -> bool:
    return any(form.search(line) for line in file.lines[max(0, number - 4) : number + 3])


def _section(file: SourceFile, number: int) -> str:
    """The line that names the section of a nested value (`"Jwt": {`, `session({`), and the line itself."""
    line = file.lines[number - 1][:LONGEST_LINE]
    indent = len(line) - len(line.lstrip())
    for before in reversed(file.lines[max(0, number - 12) : number - 1]):
        if before.strip() and len(before) - len(before.lstrip()) < indent:
            return f"{before[:200]}\n{line}"
    return line
