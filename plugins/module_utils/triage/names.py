# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names: which identifiers promise a secret, and of which kind."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from .vocabulary import vocabulary

_SPLIT: Final = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PASSWORD: Final = vocabulary(
    "password passwd pass pwd passphrase passcode pw psw passwort kennwort contrasena senha pswd "
    "userpassword dbpassword dbpass dbpwd "
    "mysqlpassword adminpassword userpass smtppass smtppassword mailpassword rootpassword pgpassword sshpass mypassword "
    "emailpassword "
    "apppassword userpwd adminpass loginpassword secretpassword masterpassword dbpw psk wachtwoord heslo lozinka salasana "
    "losenord adgangskode kodeord passord haslo parola parol jelszo sifre geslo motdepasse mdp geheimwort "
    "zugangscode geheim geheimnis sandi katasandi matkhau mima parool slaptazodis salasona"
)
_TOKEN: Final = vocabulary(
    "auth token accesstoken authtoken bottoken apitoken pat bearer jwt authorization refreshtoken usertoken jeton"
)
_SECRET: Final = vocabulary(
    "secret secretkey clientsecret appsecret apisecret sharedsecret consumersecret secretaccesskey "
    "webhooksecret clave secreto secreta segreto segreta segredo rahasia gizli himitsu tajne tajny tajemstvi hemlig "
    "hemlighet hemlis "
    "hemmelig salaisuus titok"
)
_KEY: Final = vocabulary(
    "apikey appkey accesskey authkey servicekey masterkey privatekey encryptionkey secretkey subscriptionkey "
    "accountkey schluessel schlussel sleutel nyckel nokkel nogle avain klucz klic kulcs cheie anahtar chave chiave "
    "llave kunci"
)
_BEFORE_KEY: Final = vocabulary(
    "api access secret private encryption encrypt signing sign auth authentication service "
    "role account storage subscription master app "
    "application admin license licence server rest client consumer developer dev openai openweather weather maps map "
    "google stripe "
    "sendgrid mailgun crypto cipher aes hmac jwt session cookie shared deploy bearer x rapidapi cosmos search functions "
    "function host "
    "ssh deployment instrumentation write read ingest integration project tmdb omdb news giphy unsplash pexels pixabay "
    "yelp finnhub "
    "alphavantage alpha nasa spoonacular edamam youtube gemini anthropic claude groq cohere hugging huggingface "
    "replicate eleven "
    "elevenlabs deepl pinecone supabase firebase algolia mapbox twilio pusher airtable notion hubspot resend mail "
    "mailchimp aws azure "
    "datadog sentry bing serp serpapi tavily exchangerate currency fixer coinbase binance kraken polygon tiingo iex here "
    "foursquare "
    "ipinfo ipstack geocoding geo opencage positionstack tinymce rapid virustotal shodan etherscan infura alchemy "
    "moralis line"
)
# Vendors that hand out one key: in a configuration the name alone is enough for what a machine made.
VENDORS: Final = vocabulary(
    "openweather openweathermap tmdb omdb giphy unsplash pexels pixabay finnhub alphavantage spoonacular edamam deepl openai "
    "anthropic gemini groq cohere elevenlabs sendgrid mailgun mailchimp datadog serpapi tavily lastfm pagerduty "
    "newsapi rapidapi "
    "etherscan opencage ipinfo ipstack"
)
# What people write after the noun: API_KEY_PROD, PASSWORD_DB, senha_banco.
_AFTER_NOUN: Final = re.compile(
    r"^(prod|production|prd|live|staging|stage|stg|uat|qa|dev|local|sandbox|db|database|admin|root|smtp|mail|email|ftp|"
    r"api|app|"
    r"bot|telegram|discord|slack|stripe|openai|github|gitlab|main|backup|readonly|wifi|wlan|vpn|banco|servidor|correo|acceso|"
    r"acesso|v\d+)$"
)
# Nouns of several words in other languages.
_NOUNS: Final = (
    (re.compile(r"(^|_)(mot_de_passe|palavra_passe|contra_sena)(_|$)"), "password"),
    (
        re.compile(
            r"(^|_)(chave|clave|cle|chiave)_(de_|da_|della_)?(la_)?api(_|$)|(^|_)api_(schluessel|schlussel|sleutel|nyckel)$"
        ),
        "api_key",
    ),
    (
        re.compile(
            r"(^|_)(admin|access|acces|acceso|acesso|accesso|secret|zugangs?|toegangs?|adgangs|atkomst)_?"
            r"(code|codigo|codice|kod|cod|kode|phrase)$|(^|_)(code|codigo|codice|kod|cod|kode)_(de_)?"
            r"(admin|acces|acceso|acesso|accesso|secret)$"
        ),
        "password",
    ),
    # Spanish calls a password and a dictionary's key the same: what it opens tells which.
    (
        re.compile(
            r"(^|_)clave_(de_)?(la_|el_)?(tienda|admin\w*|acceso|entrada|usuario|wifi|bd|panel|maestra|profe\w*|jef[ea]|socios?|"
            r"taller|smtp|mail|ftp)$"
        ),
        "password",
    ),
    (re.compile(r"(^|_)(cle|clef|chave|chiave|clave|llave)_(secrete|secreta|segreta|secret)$"), "signing_key"),
    (
        re.compile(
            r"(^|_)(cookie|session|sessie|sitzungs?|jwt|signatur)_?(hemlis|hemlighet|geheim|geheimnis|secreto|segredo|segreto)$"
        ),
        "signing_key",
    ),
    (re.compile(r"(^|_)(snmp_community|kata_sandi|mat_khau|key_material)$"), "password"),
)
_FOLDED: Final = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "Æ": "Ae", "ß": "ss", "ı": "i"})
_SIGNING: Final = re.compile(
    r"^(django_|flask_|app_|application_|rails_|laravel_)?(secret_?key(_base)?|app_?secret)$|secret_?key_?base|jwt|"
    r"session_?(secret|key)|cookie_?(secret|key|password)|"
    r"(nextauth|auth|better_auth|authjs)_?secret|signing_?(key|secret)|sign_?key|hmac|encryption_?key|encrypt_?key|"
    r"crypt(o)?_?key|fernet|aes_?key|cipher_?key|validation_?key$|decryption_?key$|"
    r"csrf_?(secret|key)|security_?key|^credential_?secret$|secure_auth_key|^auth_key$|logged_in_key|nonce_key|(auth|"
    r"secure_auth|logged_in|"
    r"nonce|password|secret|"
    r"security_password|hash|token)_?salt|^salt$|^passwordsalt$|^app_?key$|token_?secret|access_?token_?secret|"
    r"refresh_?token_?(secret|"
    r"key)|master_?key|payload_secret|"
    r"secret_?or_?key|pepper$|^secret_?token$|wtf_csrf|itsdangerous|^secret$|private_?key_?(pem|path)?$|express_?session",
    re.IGNORECASE,
)
_NO_SECRET: Final = re.compile(
    r"pbkdf2_?hmac$|(csrf|xsrf)_?(token|cookie)?_?(name|header|param|field)?$|token_?(type|url|uri|endpoint|expir\w*|"
    r"ttl|lifetime|name|"
    r"count|limit|length|"
    r"address|symbol|id|class|field|header|prefix|index|kind)|(?<![a-z])(max|min|num|n|total|prompt|completion|input|"
    r"output|pad|eos|"
    r"bos|unk|sep|mask|"
    r"stop|special|next|next_?page|page|etag|checksum|digest|cls|cancel\w*|client_?request|client|change|update|term|design|"
    r"syntax|continuation|postman)_?tokens?$|"
    r"(password|passwd|secret|key|pass|pwd)_?(field|label|hint|placeholder|input|id|name|path|file|url|uri|policy|reset|"
    r"length|regex|pattern|"
    r"min|max|error|message|msg|strength|hash(er|ers|ing)?|validator|type|column|col|confirm\w*|change\w*|expir\w*|prompt|"
    r"title|text|arn|"
    r"ref|version|count|size|format|prefix|encoder|mismatch|visible|toggle|icon|required|help|manager|store|provider|"
    r"algorithm)s?$|"
    r"(?<![a-z])(public|publishable|foreign|primary|partition|sort|cache|object|s3|row|hot|short_?cut|translation|i18n|"
    r"label|group|"
    r"order|index|lookup|dict|"
    r"map_?key_?id|storage_?key_?name|query|route|item|data|react|trans|idempotency|natural|unique|composite|candidate|"
    r"search_?param|meta|"
    r"fingerprint|host|known_host|ssh_?public|gpg|gpg_?public|etag|checksum|digest|registry|json|hash|range|sorting|"
    r"react_?query|mutation|event|"
    r"config|local_?storage|"
    r"session_?storage|storage|form|field|sub|parent|child|filter|menu|tab|nav|column|cookie_?name|theme|state|store|"
    r"persist|redux)_?keys?$|"
    r"keyboard|keyword|keyframe|keycode|keypress|key_?(name|id|code|down|up|word|board|event|type|usage|ring|chain|vault|"
    r"space|pair|path|file|"
    r"length|size|prefix|spec|func|function|field|label|press|extractor|column|error|values?)s?$|monkey|turkey|donkey|"
    r"hockey|whiskey|"
    r"passenger|passport(_?(number|no|id|photo|type|country|expiry))?$|passive|passage|compass|bypass|trespass|"
    r"encompass|surpass|"
    r"pass(ed|ing|es|_?rate|_?count|_?fail|"
    r"_?through)|"
    r"(?<![a-z])author(s|_?name|_?email|_?id|ity|ize\w*|izer|ised)?$|auth_?(type|method|mode|provider|domain|url|uri|"
    r"endpoint|"
    r"backend|header|scheme|"
    r"strategy|enabled|required|callback|route|path|redirect|state|service|user|plugin|source|flow|level|db|database|"
    r"mechanism)s?$|"
    r"access_?(control|level|mode|log|type|modifier|point|scope)|get_?(token|secret|password|key)|secret_?(name|id|arn|"
    r"path|ref|version|type|manager|"
    r"store|provider|names|url|length|namespace)s?$|authorization_?(url|endpoint|type|code|uri|server|header|policy|mode)|"
    r"api_?key_?(name|header|id|"
    r"prefix|env|var|variable|in|location|param|required|secret_?name|file|path|source|url)s?$|apikeys?_?(url|header)|"
    r"(?<![a-z])env(_?var)?(_?name)?$|(single|two|multi|first|second|render|one)_?pass$|"
    r"(?<![a-z])(hash|hashed|encrypted|old|wrong|invalid|bad|confirm|repeat|new|current|forgot|reset|show|hide|toggle|"
    r"has|is|check|"
    r"update|set|use|no|allow|require|"
    r"verify|validate|"
    r"generate|random|raw|plain)_?(password|passwd|pwd|pass|token)s?$|(?<![a-z])hashed_?(secret|key|value)s?$|"
    r"password(hash|_hash|digest|_digest)|one_?time_?pass\w*",
    re.IGNORECASE,
)
_PUBLIC: Final = re.compile(
    r"publishable|public_?(ed_?)?key|public_?token|site_?key|sitekey|anon(_?key)?$|anon_?public|client_?id$|app_id$|"
    r"vapid_?(public|key)|instrumentation_?key|pusher_?(app_?)?key|measurement_?id|pub_?key|data_?key|"
    r"amplitude_?(api_)?key$|mapkit_?(api_)?key|^client_?key$|"
    r"(facebook|fb)_?client_?token$|tracking_?id|analytics_?id|search_?(only_?)?(api_?)?key$|client_?side_?id|web_?api_?key",
    re.IGNORECASE,
)


# What is kept beside secrets and opens nothing
_OPENS_NOTHING: Final = re.compile(
    r"(?i)(?:id|ids|sid|user|username|name|host|hostname|server|url|uri|domain|email|mail|path|file|version|region|account|project|"
    r"tenant|bucket|zone|channel|chat|sheet|database|db|index|topic|fingerprint|thumbprint|checksum|hash|digest|public|pub|"
    r"site_?key|anon|dsn|sha|sha\d+|commit|release|tag|model|client|template|board|page|space|pool|audience|wallet|mint|"
    r"measurement|distribution|vpc|subnet|cluster|place|cert|build|number|image|logo|icon|style|alphabet|verification|resource|"
    r"dataset|list|ref|lang|group|workspace|organi[sz]ation|org|document|doc|deployment|revision|video|playlist|identifier|map|"
    r"address|ipfs|sri|etag|location|station|price|plan|product)$"
)


# API_KEY_PROD, apiKeyValue: for which environment, or that it is a value, says nothing of what it opens.
_WHERE_OR_WHAT: Final = vocabulary("prod production live staging stage sandbox uat dev development value val")


def words_of(name: str) -> tuple[str, ...]:
    """The lower-case words of an identifier, whatever it is spelled like."""
    return tuple(word.lower() for word in _SPLIT.split(name if name.isascii() else _plain_letters(name)) if word)


def _plain_letters(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(_FOLDED))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def is_public_name(name: str) -> bool:
    """The name says that the value is meant for everybody (`SITE_KEY`, `PUBLISHABLE_KEY`, `anon`)."""
    return bool(_PUBLIC.search("_".join(words_of(name)))) or bool(_PUBLIC.search(name))


def opens_nothing(name: str) -> bool:
    """It ends in what is kept beside secrets: an id, a user, an address, a digest."""
    return bool(_OPENS_NOTHING.search(name))


def secret_kind(name: str) -> str:
    """`password`, `signing_key`, `token`, `secret`, `api_key`, `app_id` or `key` for a name that promises one, else ''."""
    name = name.rstrip("_")
    words = words_of(name.rsplit(".", 1)[-1] if "." in name else name) or ("",)
    while len(words) > 1 and words[-1] in _WHERE_OR_WHAT:
        words = words[:-1]
    if not any(letter.isalpha() for letter in words[-1]) and len(words) > 1:
        words = words[:-1]
    if _promises_none("_".join(words)):
        return ""
    noun = next((kind for form, kind in _NOUNS if form.search("_".join(words))), "")
    while not (kind := noun or _kind_of_last(words)) and len(words) > 1 and _AFTER_NOUN.match(words[-1]):
        words = words[:-1]
        if _promises_none("_".join(words)):
            return ""
    return kind


# A token of a chain has an address that everybody sees.
_OF_CHAINS: Final = vocabulary("mint program contract pool vault wallet owner address supply metadata account issuer chain swap")


_TOLD_ANYWHERE: Final = vocabulary(
    "secret token password passwd apikey clave chave chiave schluessel schlussel sleutel klucz contrasena senha geheimnis"
)


def tells_anywhere(name: str) -> bool:
    """A noun of secrets stands somewhere in the name (`secretHeader`): with a value that a machine made it is one."""
    words = words_of(name)
    return bool(_TOLD_ANYWHERE & set(words)) and not _OF_CHAINS & set(words) and not _promises_none("_".join(words))


def _promises_none(joined: str) -> bool:
    stem = joined.rstrip("0123456789") or joined
    return bool(_NO_SECRET.search(stem)) and not re.search(r"^(password|passwd)$|secret_?access_?key|secret_?key$", stem)


# Languages that write the words of a noun together, and those that put what it opens behind it: `parolaCucina`, `senha_banco`.
_PASSWORD_ENDS: Final = (
    "password",
    "passwd",
    "passwort",
    "dbpwd",
    "kennwort",
    "wachtwoord",
    "losenord",
    "passord",
    "adgangskode",
)
# Whose number it is: a board's pins are called after what hangs on them.
_OF_PINS: Final = re.compile(
    r"admin\w*|app|user|tuer|kasse|kassa|chef|manager|kierownika?|kasjera|szefa|owner|staff|eltern|parents?|unlock|login|access|"
    r"secret|master|caja|cassa|caisse|jefe|direttore|gerente"
)
# Not the password but what stands beside its field, or another word: `parolaLabel`, `parola_chiave`
_BESIDE: Final = re.compile(
    r"label|hint|err\w*|titul\w*|titol\w*|placeholder|min\w*|max\w*|hinweis|no[uv][ao]|nuev[ao]|olvid\w*|esquec\w*|dnia|dne|"
    r"reklam\w*|poruka|napaka|chiave|chave|giorno|del|dell\w*|di|field|campo|input|feld|text\w*|msg|mensagem|mensaje|tekst|"
    r"regel\w*|laenge|lange|length|vergessen|aendern|andern|repeat|ripeti|conferma|confirma\w*|potvrd\w*|powtorz|tekrar|yeni|"
    r"eski|hatali|alterar|mudar|hash|salt"
)
_SECRET_ENDS: Final = ("hemlis", "hemlighet", "geheimnis")
_KEY_ENDS: Final = ("schluessel", "schlussel", "sleutel", "nyckel", "nokkel")
_BEGINS: Final = vocabulary("parola senha contrasena wachtwoord haslo heslo sandi sifre lozinka geslo jelszo kennwort passwort")


def _kind_of_last(words: tuple[str, ...]) -> str:
    joined, last = "_".join(words), words[-1].rstrip("0123456789") or words[-1]
    if (
        last in _PASSWORD
        or last.endswith(_PASSWORD_ENDS)
        or (len(words) > 1 and words[0] in _BEGINS and not _BESIDE.fullmatch(words[1]))
    ):
        return "password"
    if joined.endswith("api_hash"):
        return "secret"  # Telegram's, beside its api_id
    if last == "shared" and len(words) > 1 and not joined.startswith(("is_", "has_")):
        return "secret"
    if (last == "pin" and len(words) > 1) or (words[0] == "pin" and len(words) > 1 and _OF_PINS.fullmatch(words[1])):
        return "pin"
    if _SIGNING.search(joined) and last in (
        "secret",
        "key",
        "salt",
        "base",
        "token",
        "jwt",
        "hmac",
        "fernet",
        "secretkey",
        "appkey",
        "password",
        "pepper",
        "passwordsalt",
    ):
        return "signing_key"
    if last in _TOKEN or last == "auth" or last.endswith(("authtoken", "accesstoken", "bottoken", "apitoken")):
        return "token"
    if (
        last in _SECRET
        or last.endswith(_SECRET_ENDS)
        or (len(words) > 1 and words[-2] == "secret" and last in ("key", "token", "value", "access"))
    ):
        return "secret"
    if last.endswith(("apikey", "secretkey", "accesskey", *_KEY_ENDS)):
        return "api_key"
    if last in _KEY or (last == "key" and (len(words) == 1 or words[-2] in _BEFORE_KEY or words[-2].endswith("api"))):
        return "key" if last == "key" and len(words) == 1 else "api_key"
    if last in ("apikey", "appid") or joined in ("app_id", "appid", "app_code", "api_id"):
        return "app_id" if "id" in last else "api_key"
    if last == "key" and len(words) > 1:
        return "key"
    return "secret" if last in ("credential", "credentials", "creds", "salt") and len(words) > 1 else ""
