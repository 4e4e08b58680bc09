# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Passwords handed over by position: logins in code, statements of SQL, command lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..hints import lines_with
from ..model import Candidate, SourceFile
from ..vocabulary import vocabulary

_Q: Final = r"[rbfu@]?[\"'`]"
# kind, why, form with the groups password, and host and user where the call has them
_FORMS: Final[tuple[tuple[str, str, re.Pattern[str]], ...]] = tuple(
    (kind, why, re.compile(form))
    for kind, why, form in (
        (
            "mysql_password",
            "the password of a MySQL connection",
            rf"(?:mysqli_connect|mysql_connect|mysql_pconnect|new\s+mysqli|"
            rf"mysqli_real_connect)\s*\(\s*(?:\$\w+\s*,\s*)?{_Q}(?P<host>[^\"'`]*)[\"'`]\s*,\s*"
            rf"{_Q}(?P<user>[^\"'`]*)[\"'`]\s*,\s*{_Q}(?P<password>[^\"'`]+)[\"'`]",
        ),
        (
            "database_password",
            "the password of a PDO connection",
            rf"new\s+\\?PDO\s*\(\s*{_Q}[a-z]+:(?:[^\"'`]*?host=(?P<host>[\w.\-]+))?[^\"'`]*[\"'`]\s*,\s*"
            rf"{_Q}(?P<user>[^\"'`]*)[\"'`]\s*,\s*{_Q}(?P<password>[^\"'`]+)[\"'`]",
        ),
        (
            "database_password",
            "the password of a database connection",
            rf"DriverManager\.getConnection\s*\(\s*{_Q}jdbc:\w+:(?://)?(?P<host>[\w.\-]*)[^\"'`]*[\"'`]\s*,\s*"
            rf"{_Q}(?P<user>[^\"'`]*)[\"'`]\s*,\s*{_Q}(?P<password>[^\"'`]+)[\"'`]",
        ),
        (
            "database_password",
            "the password of a database connection",
            rf"new\s+(?:Sequelize|sequelize\.Sequelize)\s*\(\s*{_Q}[^\"'`]*[\"'`]\s*,\s*{_Q}(?P<user>[^\"'`]*)[\"'`]\s*,\s*{_Q}(?P<password>[^\"'`]+)[\"'`]",
        ),
        (
            "smtp_password",
            "the password of a mail login",
            rf"\.login\s*\(\s*(?:user\s*=\s*)?(?:{_Q}(?P<user>[^\"'`]*)[\"'`]|"
            rf"[\w.]+)\s*,\s*(?:password\s*=\s*)?{_Q}(?P<password>[^\"'`]+)[\"'`]\s*\)",
        ),
        (
            "basic_auth_password",
            "the password of a basic login",
            rf"(?:HTTPBasicAuth|BasicAuth|HTTPDigestAuth|aiohttp\.BasicAuth|UsernamePasswordCredentials|NetworkCredential|"
            rf"PasswordAuthentication|SetBasicAuth|"
            rf"basic_auth|\.auth)\s*\(\s*(?:\w+\s*=\s*)?{_Q}(?P<user>[^\"'`\s]*)[\"'`]\s*,\s*(?:\w+\s*=\s*)?{_Q}(?P<password>[^\"'`]+)[\"'`]",
        ),
        (
            "basic_auth_password",
            "the password of a basic login",
            rf"\bauth\s*=\s*[\(\[]\s*{_Q}(?P<user>[^\"'`]*)[\"'`]\s*,\s*{_Q}(?P<password>[^\"'`]+)[\"'`]\s*[\)\]]",
        ),
        (
            "basic_auth_password",
            "the password of a command's login",
            r"\bcurl\b[^\n]*?\s(?:-u|--user)[ =]?[\"']?(?P<user>[\w.@-]+):(?P<password>[^\s\"'$]+)[\"']?",
        ),
        (
            "database_password",
            "the password that a statement gives to a login",
            r"(?i)(?:identified\s+(?:with\s+\w+\s+)?by|(?:create|alter)\s+(?:user|role|"
            r"login)\b[^;\n]*?\bpassword\b\s*=?)\s*N?'(?P<password>[^']+)'",
        ),
        (
            "database_password",
            "the password of a command's login",
            r"\bPGPASSWORD=[\"']?(?P<password>[^\s\"'$`]+)[\"']?(?=\s+(?:psql|pg_dump|pg_restore|createdb|"
            r"dropdb)[^\n]*?(?:-h\s*|--host[= ])(?P<host>[\w.\-]+))",
        ),
        (
            "mysql_password",
            "the password of a command's login",
            r"\b(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n|;]*?\s(?:-p|--password=)(?P<password>[^\s\"'$`\-][^\s\"'$`]*)",
        ),
        ("ssh_password", "the password of a command's login", r"\bsshpass\s+-p\s*[\"']?(?P<password>[^\s\"'$`]+)[\"']?"),
        (
            "registry_password",
            "the password of a registry login",
            r"\b(?:docker|podman|helm registry)\s+login\b[^\n|]*?\s(?:-p|--password)[ =][\"']?(?P<password>[^\s\"'$`]+)",
        ),
        (
            "redis_password",
            "the password of a command's login",
            r"\bredis-(?:cli|server)\b[^\n]*?\s(?:-a|--requirepass)\s+[\"']?(?P<password>[^\s\"'$`]+)",
        ),
        ("redis_password", "the password a server demands", r"^\s*(?:requirepass|masterauth)\s+[\"']?(?P<password>[^\s\"'$]+)"),
        (
            "netrc_password",
            "the password of a machine in .netrc",
            r"\bmachine\s+(?P<host>\S+)\s+login\s+(?P<user>\S+)\s+password\s+(?P<password>\S+)",
        ),
        (
            "npm_token",
            "the token of a package registry",
            r"//(?P<host>[\w.\-/]+)/?:_(?:authToken|password|auth)\s*=\s*[\"']?(?P<password>[^\s\"'$]+)",
        ),
        (
            "signing_key",
            "the key that signs tokens",
            rf"(?:jwt|JWT|jsonwebtoken|jose)\.(?:sign|verify|encode|decode)\s*\(\s*(?:[^()\"'`]|\([^()]*\)|"
            rf"\{{[^}}]*\}}){{1,160}},\s*{_Q}(?P<password>[^\"'`\s]{{3,}})[\"'`]",
        ),
        (
            "signing_key",
            "the key that signs cookies",
            rf"\b(?:cookieParser|cookieSession|Fernet)\s*\(\s*{_Q}(?P<password>[^\"'`\s]{{3,}})[\"'`]",
        ),
        (
            "signing_key",
            "the key that signs sessions",
            rf"SessionMiddleware\s*,\s*secret_key\s*=\s*{_Q}(?P<password>[^\"'`]+)[\"'`]|"
            rf"NewCookieStore\(\s*\[\]byte\(\s*{_Q}(?P<password2>[^\"'`]+)[\"'`]",
        ),
        (
            "signing_key",
            "the key that signs tokens",
            rf"(?:SymmetricSecurityKey|hmacShaKeyFor|signWith|HS256\(|\.setSigningKey|"
            rf"Algorithm\.HMAC\w+)\s*\(?[^\"'`\n]{{0,60}}{_Q}(?P<password>[^\"'`\s]{{6,}})[\"'`]",
        ),
        (
            "signing_key",
            "the bytes that sign tokens",
            rf"(?i)\b\w*(?:jwt|secret|signing|hmac|session)\w*\s*:?=\s*\[\]byte\(\s*{_Q}(?P<password>[^\"'`]+)[\"'`]",
        ),
        (
            "api_key",
            "the key an SDK is started with",
            rf"(?:OpenAI|Anthropic|Stripe|stripe|Resend|SendGridAPIClient|Groq|GoogleGenerativeAI|GoogleGenAI|Client|"
            rf"TelegramBot|Telegraf|Bot|WebClient|Mistral\w*|"
            rf"CohereClient|Twilio|twilio|NewsApiClient|OWM|Translator|initialize|setApiKey|set_api_key|setAccessToken|"
            rf"ApplicationBuilder\(\)\.token|run|bot\.login|client\.login)"
            rf"\s*\(\s*(?:\w+\s*[:=]\s*)?{_Q}(?P<password>[A-Za-z0-9_\-.:/+=]{{20,}})[\"'`]",
        ),
        (
            "twilio_auth_token",
            "the token of a Twilio client",
            rf"(?:Client|twilio|Twilio)\s*\(\s*{_Q}AC[0-9a-f]{{32}}[\"'`]\s*,\s*{_Q}(?P<password>[0-9a-f]{{32}})[\"'`]",
        ),
    )
)
_HINTS: Final = vocabulary(
    "mysql pdo getconnection sequelize login auth credential curl identified password pgpass sshpass redis- "
    "requirepass masterauth machine jwt jsonwebtoken jose cookie fernet session securitykey hmac sign []byte client "
    "openai anthropic stripe resend groq google telegra bot run( owm initialize apikey api_key accesstoken twilio "
    "mariadb mistral translator"
)


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every literal password of a login, a statement or a command."""
    for number, line in lines_with(file, _HINTS, fold=True):
        if len(line) > 4000:
            continue
        for kind, why, form in _FORMS:
            for match in form.finditer(line):
                groups = match.groupdict()
                value = groups["password"] or groups.get("password2") or ""
                if value:
                    host, user = groups.get("host") or "", groups.get("user") or ""
                    yield Candidate(kind, value, file.path, number, "call", why, "", host, user)
