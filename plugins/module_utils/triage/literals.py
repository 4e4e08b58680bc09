# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Literals that are no secret whatever name they have: types, paths, identifiers, names of things."""

from __future__ import annotations

import re
from typing import Final

CODE_WORDS: Final = re.compile(
    r"^[a-z]+([A-Z][a-z]+)+$|^[A-Z][a-z]+([A-Z][a-z]+)+$|^[a-z]+(_[a-z]+)+$|^[A-Z]+(_[A-Z]+)+$|^[a-z]+(-[a-z]+)+$|"
    r"^[a-z]+(\.[a-z]+)+$|^[A-Za-z]+$"
)
NOT_A_VALUE: Final = re.compile(
    r"^(https?|wss?|ftp|file|urn|data|blob|mailto|tel|chrome|app|redis|postgres(ql)?(\+\w+)?|mysql(\+\w+)?|mongodb(\+srv)?|"
    r"amqps?|sqlite|jdbc)[:/]|^[./~]|^[A-Za-z]:\\|\.(json|ya?ml|pem|key|crt|txt|py|js|ts|env|html|css|php|svg|png|p12|jks|"
    r"xml)$|"
    r"^#[0-9a-fA-F]{3,8}$|^\d{1,7}(\.\d+)*(px|em|rem|ms|s|%)?$|^[\d.]+$|^v?\d+(\.\d+)+[\w.-]{0,12}$|^\(?\+?\d[\d\s()-]{6,}$|"
    r"^[^\w]*$|[<>{}]|^\w+\(|^[\^~<>=]{1,2}\s*v?\d+(\.[\dx*]+)*([\s|&<>=-].*)?$|^[a-z]+(_[a-z]+)*=$|^__\w+__$|"
    r"^\w+(\.\w+)+:\w+$|^0x[0-9a-f]{40}$|^[a-z_]+(:[\w,./]+)?(\|[a-z_]+(:[\w,./]+)?)+$|^(authorization|x(-[a-z]+)+)$|"
    r"^(application|text|image|audio|video|multipart|font)/|^[\w.+-]+@[\w-]+\.[\w.]+$|^sha(1|256|512)[-:]|^\$2[aby]\$|"
    r"^\$argon2|^pbkdf2|^\$scrypt|^scram-|"
    r"^(bearer|basic|token|apikey|jwt|hs256|hs512|rs256|es256|sha-?\d*|md5|bcrypt|scrypt|argon2\w*|pbkdf2|oauth2?|digest|none|local|"
    r"session|cookie|hidden|visible|"
    r"submit|button|email|"
    r"number|checkbox|required|optional|object|array|boolean|integer|float|varchar|varchar2|nvarchar|char|longtext|"
    r"mediumtext|password|passwd|"
    r"new-password|current-password|one-time-code|client_credentials|authorization_code|string_types?|"
    r"off|on|yes|no|user|username|login|id|uuid|primary|header|query|path|body|"
    r"form|input|str|int|"
    r"bool|bytes|any|void|null|undefined|auto|default|inherit|production|development)$",
    re.IGNORECASE,
)
# config.Service.ApiKey is where a value comes from, oidc.session.privateKey an entry somewhere else.
IDENTIFIERS: Final = re.compile(r"^[A-Za-z_][A-Za-z_]*(\.[A-Za-z_][A-Za-z_]*)+$")
# `passwd='" + typed + "'`: the literal ends before the value begins.
CONCATENATED: Final = re.compile(r"""^["']?\s*[.+&]\s*[\w$(]|[\w)\]]\s*[.+&]\s*["']?$|^["']|["']$""")
# What stands for a package in a manifest: a version, or where the package comes from.
VERSION: Final = re.compile(
    r"^(latest|next|beta|canary|[*x]|[\^~<>=]*\s*v?\d+((\.(\d+|[x*]))+([-+][\w.+-]*)?)?([\s|,].*)?|(workspace|npm|file|link|git\S*|github):.*)$"
)
# `auth/setPassword`, `cfg.token`: where a thing lies, or what it is called.
NAMES_A_THING: Final = re.compile(r"^[A-Za-z]+([/.:_-][A-Za-z]+)+$")
# The name that a vendor's API gives to a thing: Stripe's prices and customers, tables and forms of Google, networks of a cloud.
_OBJECT: Final = re.compile(
    r"(?:price|prod|plan|cus|sub|acct|pi|in|ch|evt|seti|txn|plink|cs|pm|src|tok|coupon|promo|si|wsp|usr|tbl|fld|rec|viw|rp|team|dpl|"
    r"asst|thread|file|vs|msg|run|batch|org|proj)_[A-Za-z0-9_]{8,}$|(?:tbl|fld|rec|viw|app|sel)[A-Za-z0-9]{14}$|1[\w-]{43}$|"
    r"UC[\w-]{22}$|PL[\w-]{32}$|(?:vpc|subnet|sg|ami|i|vol|eni|rtb|igw)-[0-9a-f]{8,}$|[dG]-[0-9A-Za-z]{8,}$|Iv1\.|ChIJ|AKfycb|"
    # of a chain, of a file system of contents; pictures and public keys in base64
    r"Qm[1-9A-HJ-NP-Za-km-z]{44}$|[13][1-9A-HJ-NP-Za-km-z]{25,34}$|iVBOR|R0lGOD|/9j/|AAAA[BC]3"
)


def names_an_object(value: str) -> bool:
    """Whether a vendor's API calls a thing so."""
    return bool(_OBJECT.match(value))
