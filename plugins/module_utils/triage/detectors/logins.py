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
# An argument that may be a literal or something read elsewhere.
_ANY: Final = r"(?:[rbfu@]?[\"'`][^\"'`\n]*[\"'`]|[\w$.\->:]+(?:\([^()\n]*\)|\[[^\[\]\n]*\])?)"
# kind, why, form with the groups password, and host and user where the call has them
_FORMS: Final[tuple[tuple[str, str, re.Pattern[str]], ...]] = tuple(
    (kind, why, re.compile(form))
    for kind, why, form in (
        (
            "mysql_password",
            "the password of a MySQL connection",
            rf"(?:mysqli_connect|mysql_connect|mysql_pconnect|new\s+mysqli|(?:pymysql|MySQLdb)\.connect|"
            rf"mysqli_real_connect)\s*\(\s*(?:\$\w+\s*,\s*)?(?:{_Q}(?P<host>[^\"'`]*)[\"'`]|[\w$.\->:]+)\s*,\s*"
            rf"(?:{_Q}(?P<user>[^\"'`]*)[\"'`]|[\w$.\->:]+)\s*,\s*{_Q}(?P<password>[^\"'`]+)[\"'`]",
        ),
        (
            "database_password",
            "the password of a PDO connection",
            rf"new\s+\\?PDO\s*\(\s*(?:{_Q}[a-z]+:(?:[^\"'`]*?host=(?P<host>[\w.\-]+))?[^\"'`]*[\"'`]|[\w$.\->:]+)\s*,\s*"
            rf"(?:{_Q}(?P<user>[^\"'`]*)[\"'`]|[\w$.\->:]+)\s*,\s*{_Q}(?P<password>[^\"'`]+)[\"'`]",
        ),
        (
            "database_password",
            "the password of a database connection",
            rf"\bgetConnection\s*\(\s*(?:{_Q}jdbc:\w+:(?://)?(?P<host>[\w.\-]*)[^\"'`]*[\"'`]|\w+)\s*,\s*"
            rf"(?:{_Q}(?P<user>[^\"'`]*)[\"'`]|\w+)\s*,\s*{_Q}(?P<password>[^\"'`]+)[\"'`]",
        ),
        (
            "oracle_password",
            "the password of a database connection",
            rf"(?:cx_Oracle|oracledb)\.connect\s*\(\s*(?:{_ANY}\s*,\s*{_Q}(?P<password>[^\"'`]+)[\"'`]|"
            rf"{_Q}(?P<user>[\w$]+)/(?P<password2>[^\"'`@/\s]+)@(?P<host>[\w.\-]+))",
        ),
        (
            "database_password",
            "the password of a database connection",
            rf"InfluxDBClient\s*\(\s*{_Q}(?P<host>[^\"'`]*)[\"'`]\s*,\s*\w+\s*,\s*{_Q}(?P<user>[^\"'`]*)[\"'`]\s*,\s*"
            rf"{_Q}(?P<password>[^\"'`]+)[\"'`]|%s:%s@[^\"'`\n]*[\"'`]\s*[,%]\s*\(?\s*{_ANY}\s*,\s*{_Q}(?P<password2>[^\"'`]+)[\"'`]|"
            rf"://\w+:%s@[^\"'`\n]*[\"'`]\s*%\s*\(\s*{_Q}(?P<password3>[^\"'`]+)[\"'`]",
        ),
        (
            "smtp_password",
            "the password of a mail login",
            rf"\bPlainAuth\s*\(\s*{_ANY}\s*,\s*{_ANY}\s*,\s*{_Q}(?P<password>[^\"'`]+)[\"'`]\s*,\s*{_Q}(?P<host>[^\"'`]*)|"
            rf"\b(?:NewDialer|NewPlainDialer)\s*\(\s*{_ANY}\s*,\s*\w+\s*,\s*{_ANY}\s*,\s*{_Q}(?P<password2>[^\"'`]+)[\"'`]|"
            rf"\byagmail\.SMTP\s*\(\s*{_ANY}\s*,\s*{_Q}(?P<password3>[^\"'`]+)[\"'`]",
        ),
        (
            "ftp_password",
            "the password of a file transfer",
            rf"\bFTP(?:_TLS|\.open|\.new)?\s*\(\s*{_Q}(?P<host>[^\"'`]*)[\"'`]\s*,\s*{_ANY}\s*,\s*{_Q}(?P<password>[^\"'`]+)[\"'`]",
        ),
        (
            "mqtt_password",
            "the password of a message broker",
            rf"\busername_pw_set\s*\(\s*{_ANY}\s*,\s*{_Q}(?P<password>[^\"'`]+)[\"'`]|"
            rf"\b(?:client|mqtt\w*)\.connect\s*\(\s*\"[^\"]*\"\s*,\s*\"[^\"]+\"\s*,\s*\"(?P<password2>[^\"]+)\"\s*[,)]",
        ),
        (
            "wifi_password",
            "the password of a wireless network",
            rf"\bWiFi(?:Multi)?\.(?:begin|addAP)\s*\(\s*{_ANY}\s*,\s*{_Q}(?P<password>[^\"'`]{{8,63}})[\"'`]",
        ),
        (
            "password",
            "the password of an account the code opens",
            rf"(?:(?:createUser|signIn)WithEmailAndPassword|authWithPassword)\s*\(\s*(?:[\w.()]+\s*,\s*)?{_Q}(?P<user>[^\"'`]*)[\"'`]\s*,\s*"
            rf"{_Q}(?P<password>[^\"'`]+)[\"'`]|"
            rf"\bcreate_(?:super)?user\s*\(\s*{_ANY}\s*,\s*{_ANY}\s*,\s*{_Q}(?P<password2>[^\"'`]+)[\"'`]|"
            rf"\b(?:[uU]serManager|_?users?|_?manager)\.(?:CreateAsync|AddPasswordAsync|ResetPasswordAsync)\s*\([^\"\n]*,\s*\"(?P<password3>[^\"]+)\"",
        ),
        (
            "password",
            "the password that a setter gets",
            rf"(?:\.|\bsetUser\w*\([^()\n]*\)\s*;?\s*)(?:setPassword|set_password|SetPassword|setPass|withPassword)\s*\(\s*"
            rf"(?:[\w.]+\(\s*)?{_Q}(?:\{{noop\}})?(?P<password>[^\"'`\s{{}}]{{4,}})[\"'`]\s*\)|"
            rf"\.password\s*\(\s*(?:[\w.]+\(\s*)?\"(?:\{{noop\}})?(?P<password2>[^\"\s{{}}]*[^\"\sA-Za-z_-][^\"\s{{}}]*)\"\s*\)",
        ),
        (
            "password",
            "a password in clear, hashed when the code runs",
            rf"\b(?:generate_password_hash|(?:get_)?password_hash|hash_?[pP]assword|make_password|(?:bcrypt\w*|argon2|BCrypt\w*|Hash|hasher|"
            rf"pwd_context|\w*[pP]asswordEncoder(?:\(\))?|\w*[eE]ncoder(?:\(\))?|\w*[pP]asswordHasher|ph)(?:\.|::)(?:hash|hashSync|encode|make|HashPassword|"
            rf"EnhancedHashPassword|hashpw|generate_password_hash)|password_verify|hashpw|GenerateFromPassword)\s*\(\s*(?:\[\]byte\(\s*)?"
            rf"{_Q}(?!(?i:sha-?\d|md5|argon2|bcrypt|scrypt|pbkdf2))(?P<password>[^\"'`\s]{{4,}})[\"'`]",
        ),
        (
            "password",
            "a password in clear, hashed to compare",
            r"(?:={2,3}\s*(?:md5|sha1|hash)\s*\(\s*(?:['\"]sha\d+['\"]\s*,\s*)?['\"](?P<password>[^'\"\s]{4,})['\"]\s*\))|"
            r"(?i:\b\w*(?:pass|pw|login|admin)\w*\b[^\n]{0,60}?)hashlib\.\w+\(\s*b?['\"](?P<password2>[^'\"\s]{4,})['\"]",
        ),
        (
            "basic_auth_password",
            "the password of a basic login, encoded when the code runs",
            rf"\b(?:btoa|Buffer\.from|b64encode|base64_encode|Base64\.encode\w*|EncodeToString|"
            rf"encodeToString|base64Encode|ToBase64String)\s*\(\s*(?:[\w.]*\(\s*|\[\]byte\(\s*)?"
            rf"{_Q}(?P<user>[\w.@+-]{{1,60}}):(?P<password>[^\"'`\s:]{{4,}})[\"'`]",
        ),
        (
            "api_secret",
            "the second of the two keys of a client",
            rf"\b(?:OAuthHandler|OAuth1UserHandler|OAuth1|OAuth1Session|set_access_token|SpotifyClientCredentials)\s*\(\s*"
            rf"{_Q}[A-Za-z0-9_\-]{{15,}}[\"'`]\s*,\s*{_Q}(?P<password>[A-Za-z0-9_\-]{{20,}})[\"'`]|"
            rf"\bnew\s+[\w\\.]*(?:Environment|Credentials?)\s*\(\s*{_Q}[\w\-]{{15,}}[\"'`]\s*,\s*"
            rf"{_Q}(?P<password3>[\w\-]{{20,}})[\"'`]|"
            rf"\bTelegramClient\s*\(\s*{_ANY}\s*,\s*\w+\s*,\s*{_Q}(?P<password2>[0-9a-f]{{32}})[\"'`]",
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
            rf"PasswordAuthentication|SetBasicAuth|Credentials\.basic|"
            rf"basic_auth|\.auth)\s*\(\s*(?:\w+\s*=\s*)?(?:{_Q}(?P<user>[^\"'`\s]*)[\"'`]|[\w.]+)\s*,\s*"
            rf"(?:\w+\s*=\s*|Some\(\s*)?{_Q}(?P<password>[^\"'`]+)[\"'`]",
        ),
        (
            "basic_auth_password",
            "the password of a basic login",
            rf"\b\w*auth\s*=\s*[\(\[]\s*{_Q}(?P<user>[^\"'`]*)[\"'`]\s*,\s*{_Q}(?P<password>[^\"'`]+)[\"'`]\s*[\)\]]",
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
            "ota_password",
            "the password that a board is flashed with",
            r"\bupload_flags\b[^\n]*--auth=(?P<password>[^\s\"'$]{4,})",
        ),
        (
            "api_secret",
            "the security token of a login",
            rf"\bSalesforce\(\s*{_Q}[^\"'`\s]+[\"'`]\s*,\s*{_Q}[^\"'`]+[\"'`]\s*,\s*{_Q}(?P<password>[A-Za-z0-9]{{20,}})[\"'`]",
        ),
        (
            "password",
            "the password beside a mail address",
            rf"\b(?!\w*(?:mail|send|message|log|print|assert|equal|text|find|match|replace|subject)\w*\()[A-Z]\w*\(\s*"
            rf"{_Q}(?P<user>[\w.+-]+@[\w-]+\.[\w.]+)[\"'`]\s*,\s*"
            rf"{_Q}(?P<password>(?=[^\"'`\s]*[A-Za-z])(?=[^\"'`\s]*[\d/!#$%&*?])[^\"'`\s]{{8,60}})[\"'`]",
        ),
        (
            "signing_key",
            "the key that signs tokens",
            r"\.SignedString\s*\(\s*(?:\[\]byte\(\s*)?\"(?P<password>[^\"\s]{3,})\"",
        ),
        (
            "database_password",
            "the password within a connection string",
            rf"://[\w.%-]+:(?:[\"'`]\s*[+.]\s*|\{{)[\w.]*(?i:quote|quote_plus|encodeURIComponent|urlencode|escape)\(\s*"
            rf"{_Q}(?P<password>[^\"'`\s]{{3,}})[\"'`]\s*\)(?:\s*[+.]\s*{_Q}|\}})@(?P<host>[\w.\-]*)",
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
            rf"(?:SymmetricSecurityKey|SecurityKey\.Create|hmacShaKeyFor|signWith|HS256\(|\.setSigningKey|"
            rf"Algorithm\.HMAC\w+)\s*\(?[^\"'`\n\[]{{0,60}}{_Q}(?P<password>[^\"'`\s]{{6,}})[\"'`]",
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
            rf"\s*\(\s*(?:(?!\w*id\b)\w+\s*[:=]\s*)?{_Q}(?P<password>[A-Za-z0-9_\-.:/+=]{{20,}})[\"'`]",
        ),
        (
            "twilio_auth_token",
            "the token of a Twilio client",
            rf"(?:Client|twilio[\"']?\)?|Twilio)\s*\(\s*{_Q}AC[0-9a-f]{{32}}[\"'`]\s*,\s*{_Q}(?P<password>[0-9a-f]{{32}})[\"'`]|"
            rf"\bClient\s*\(\s*[\w.]+\s*,\s*{_Q}(?P<password2>[0-9a-f]{{32}})[\"'`]",
        ),
        (
            "password",
            "the password of a chat's login",
            rf"\bawait\s+\w+\.login\s*\(\s*{_Q}(?=[^\"'`\n]*[\d!#$%&+*?@])(?P<password>[^\"'`\n]{{8,60}})[\"'`]\s*\)",
        ),
        (
            "signing_key",
            "the key that a signature is checked with",
            rf"\b(?:verify|check|validate)\w*\s*\(\s*(?:\w+\s*,\s*)?\w*[sS]ig\w*\s*,\s*{_Q}(?P<password>[\w\-+/=]{{16,128}})[\"'`]\s*\)",
        ),
        (
            "database_password",
            "the password of a connection",
            rf"(?i)(?:\bconnect|\bdatabase|\bftp|_connect|logon)\w*\s*\(\s*(?:[\w.$&*]+\s*,\s*)?{_Q}(?P<host>[^\"'`\s]{{2,120}})[\"'`]\s*,\s*"
            rf"{_Q}(?P<user>[^\"'`\s]{{1,60}})[\"'`]\s*,\s*{_Q}(?P<password>[^\"'`\s]{{3,100}})[\"'`]",
        ),
        (
            "database_password",
            "the password of a database's URL",
            rf"\bURL\.create\s*\(\s*{_Q}[\w+]+[\"'`]\s*,\s*{_Q}(?P<user>[^\"'`]+)[\"'`]\s*,\s*{_Q}(?P<password>[^\"'`]+)[\"'`]"
            rf"(?:\s*,\s*{_Q}(?P<host>[^\"'`]+)[\"'`])?",
        ),
        (
            "redis_password",
            "the password of a connection",
            rf"\b(?:Strict)?Redis\s*\(\s*{_Q}(?P<host>[^\"'`\s]+)[\"'`]\s*,\s*\w+\s*,\s*\w+\s*,\s*{_Q}(?P<password>[^\"'`\s]+)[\"'`]",
        ),
        (
            "basic_auth_password",
            "the password of a basic login",
            rf"\bauthenticate\s*\(\s*{_Q}(?P<user>[^\"'`\s]{{1,60}})[\"'`]\s*,\s*{_Q}(?P<password>[^\"'`\s]{{4,100}})[\"'`]\s*(?:,[^()\n]*)?\)",
        ),
        (
            "password",
            "the password of a workbook or a sheet",
            r"\b(?:Unprotect|Protect|Workbooks\.Open|OpenDatabase)\b[^\n]*?\bPassword:=\s*\"(?P<password>[^\"\n]{3,60})\"",
        ),
        (
            "ftp_password",
            "the password of a file transfer",
            rf"\bftp_login\s*\(\s*[^,()]+,\s*{_Q}(?P<user>[^\"'`\s]{{1,60}})[\"'`]\s*,\s*{_Q}(?P<password>[^\"'`\s]{{3,100}})[\"'`]",
        ),
        (
            "basic_auth_password",
            "the password of a request",
            rf"\bCURLOPT_USERPWD\s*(?:,|=>)\s*{_Q}(?P<user>[^\"'`\s:]{{1,60}}):(?P<password>[^\"'`\s]{{3,100}})[\"'`]",
        ),
        (
            "wifi_password",
            "the password of a wireless network",
            rf"\b(?:WiFi|wifiMulti|WiFiMulti|wlan|sta_if)\.(?:begin|addAP|connect)\s*\(\s*{_Q}[^\"'`]+[\"'`]\s*,\s*{_Q}(?P<password>[^\"'`]{{8,63}})[\"'`]",
        ),
        (
            "api_key",
            "the secret half of a pair an SDK is started with",
            rf"(?:\balgoliasearch|\bomniauth)\s*\(?\s*(?::\w+\s*,\s*)?{_Q}[\w.\-]{{6,80}}[\"'`]\s*,\s*{_Q}(?P<password>[\w\-]{{20,}})[\"'`]",
        ),
        (
            "signing_key",
            "the key of a cipher or a signature",
            rf"\bcreate(?:Cipher|Decipher|Hmac)\w*\s*\(\s*{_Q}[\w-]+[\"'`]\s*,\s*(?:Buffer\.from\(\s*)?{_Q}(?P<password>[^\"'`\s]{{6,}})[\"'`]",
        ),
        (
            "password",
            "the password that a hash is made of",
            rf"(?:\bhashSync|\bbcrypt\.hash|generate_password_hash|\bmake_password|\bpassword_hash|(?<!keyring\.)\bset_password|\bcreate_user|hashpw)\s*\(\s*"
            rf"(?:{_Q}[\w.@-]+[\"'`]\s*,\s*)?{_Q}(?P<password>[^\"'`\s]{{4,80}})[\"'`]",
        ),
        (
            "signing_key",
            "the key of a cipher",
            rf"\bnew\s+SecretKeySpec\s*\(\s*\"(?P<password>[^\"\s]{{6,}})\"|"
            rf"\bCryptoJS\.(?:AES|TripleDES|DES|RC4|Rabbit)\.(?:en|de)crypt\s*\(\s*(?:[^()\"'`\n]|\([^()\n]*\)){{1,120}},\s*"
            rf"{_Q}(?P<password2>[^\"'`\s]{{6,}})[\"'`]|"
            rf"\b(?:AES|DES3|Blowfish)\.new\s*\(\s*{_Q}(?P<password3>[^\"'`\s]{{8,}})[\"'`]",
        ),
    )
)
_HINTS: Final = vocabulary(
    "mysql pdo getconnection sequelize login auth credential curl identified password pgpass sshpass redis- "
    "requirepass masterauth machine jwt jsonwebtoken jose cookie fernet session securitykey hmac sign []byte client "
    "upload_flags .com .net .org .de .at .io salesforce( signedstring quote( quote_plus( encodeuricomponent( urlencode( escape( "
    "openai anthropic stripe resend groq google telegra bot run( owm initialize apikey api_key accesstoken twilio "
    "mariadb mistral translator oracle influx :%s@ %s:%s encoder( "
    "plaindialer newdialer yagmail ftp( ftp_tls( ftp.open( ftp.new( username_pw wifi create_user "
    "create_super usermanager createasync setpass set_pass withpass .password bcrypt argon2 hash md5( sha1( "
    "btoa buffer.from base64 tobase64 encodetostring "
    "environment( access_token generatefrompassword passwordencoder spotify "
    "url.create redis( connection( verify connect( database( ftp_login curlopt_userpwd logon( wlan. algoliasearch omniauth "
    "secretkeyspec cryptojs aes.new des3.new blowfish.new "
    "createcipher createdecipher hashsync( .hash( password_hash make_password set_password create_user hashpw"
)
# Without a quote only a command, a server's configuration or a machine's file hands over a password.
_LITERAL: Final = re.compile(
    r"[\"'`]|(?i:curl|mysql|mariadb|pgpass|sshpass|\blogin\b|redis-|requirepass|masterauth|machine|upload_flags|:_)"
)


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every literal password of a login, a statement or a command."""
    for number, line in lines_with(file, _HINTS, fold=True):
        if len(line) > 4000 or not _LITERAL.search(line):
            continue
        for kind, why, form in _FORMS:
            for match in form.finditer(line):
                groups = match.groupdict()
                value = groups["password"] or groups.get("password2") or groups.get("password3") or ""
                if value:
                    host, user = groups.get("host") or "", groups.get("user") or ""
                    yield Candidate(kind, value, file.path, number, "call", why, "", host, user)
