# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Passwords on command lines in the tools' own forms, and piped into a prompt; options that name a secret are in options.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..hints import lines_with
from ..model import Candidate, SourceFile

LONGEST_LINE: Final = 4000
# What a script writes there by itself is no value: a variable, a substitution, another option.
_VALUE: Final = r"[\"']?(?P<password>[^\s\"'$%`\-/<][^\s\"'$`<]{3,})[\"']?(?=\s|$|[\"'|;&)])"
_FORMS: Final = tuple(
    (kind, re.compile(form))
    for kind, form in (
        (
            "windows_password",
            rf"(?i)\bnet\s+use\b[^\n]*?\s/user:\S+\s+{_VALUE}|"
            rf"\bnet\s+use\b\s+(?:[a-z*]:?\s+)?[\"']?\\\\[^\s\"']+[\"']?\s+{_VALUE.replace('password', 'p2')}",
        ),
        ("windows_password", rf"(?i)\bcmdkey\b[^\n]*?/pass:{_VALUE}|\bschtasks\b[^\n]*?/rp\s+{_VALUE.replace('password', 'p2')}"),
        ("sqlserver_password", rf"\b(?:sqlcmd|bcp|osql)\b[^\n]*?\s-P\s*{_VALUE}"),
        ("ssh_password", rf"(?i)\b(?:plink|pscp|psftp|psexec|kitty)(?:\.exe)?\b[^\n]*?\s-(?:pw|p)\s+{_VALUE}"),
        ("ftp_password", rf"\blftp\b[^\n]*?\s-u\s+[\"']?[\w.@-]+,{_VALUE}"),
        ("ftp_password", rf"\bncftp\w*\b[^\n]*?\s-p\s+{_VALUE}"),
        ("windows_password", rf"\b(?:smbclient|rpcclient|mount\.cifs)\b[^\n]*?\s-U\s+[\"']?[\w.\\@-]+%{_VALUE}"),
        ("mongodb_password", rf"\bmongo(?:sh|dump|restore|export|import)?\b[^\n]*?\s(?:-p|--password)[ =]{_VALUE}"),
        ("mqtt_password", rf"\bmosquitto_(?:pub|sub)\b[^\n]*?\s-P\s+{_VALUE}"),
        ("ldap_password", rf"\bldap(?:search|modify|add|delete)\b[^\n]*?\s-w\s+{_VALUE}"),
        ("keystore_password", rf"\b(?:keytool|jarsigner|apksigner)\b[^\n]*?\s-(?:storepass|keypass)\s+{_VALUE}"),
        ("password", rf"\becho\s+{_VALUE}\s*\|\s*sudo\s+-\w*S"),
        (
            "password",
            r"\becho\s+(?:-n\s+)?(?P<quote>[\"'])(?P<password>[^\"'$`\n]{3,100})(?P=quote)\s*\|\s*"
            r"[^\n|]*?(?:sudo\s+(?:\S+\s+)?-S|-stdin\b|\bpasswd\b|--password-fd|--passphrase-fd)",
        ),
        ("password", r"\becho\s+[\"']?[\w.-]+:(?P<password>[^\s\"'$`]{3,100})[\"']?\s*\|\s*(?:sudo\s+)?chpasswd"),
        ("password", r"[\"'](?P<password>[^\"'\n{}]{3,100})[\"']\s*\|\s*password_hash\b"),
        (
            "password",
            r"\b(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n|;]*?\s-p(?P<quote>[\"'])(?P<password>[^\"'$`\n]{2,100})(?P=quote)",
        ),
        ("password", r"\bopenssl\b[^\n|]*?\s(?:-k\s+|-pass(?:in|out)?\s+pass:)[\"']?(?P<password>[^\s\"'$`]{3,100})"),
        (
            "api_key",
            r"\b(?:wandb\s+login|ngrok\s+(?:authtoken|config\s+add-authtoken)|snyk\s+auth|(?:huggingface-cli|hf\s+auth)\s+login\s+--token)"
            r"\s+[\"']?(?P<password>[\w-]{20,100})",
        ),
        ("api_key", r"\baws\s+configure\s+set\s+\S*secret\S*\s+[\"']?(?P<password>[^\s\"'$`]{20,100})"),
        (
            "password",
            r"(?i)ConvertTo-SecureString\s+(?:-String\s+)?[\"'](?P<password>[^\"'$\s]{4,})[\"'][^\n]*-AsPlainText|"
            r"[\"'](?P<p2>[^\"'$\s]{4,})[\"']\s*\|\s*ConvertTo-SecureString\b",
        ),
    )
)
_HINTS: Final = (
    "wandb login", "ngrok", "snyk auth", "login --token",
    "net use", "cmdkey", "schtasks", "sqlcmd", "bcp ", "osql", "plink", "pscp", "psftp", "psexec", "lftp", "ncftp", "smbclient",
    "rpcclient", "mount.cifs", "mongo", "mosquitto_", "ldap", "keytool", "jarsigner", "apksigner", "sudo ", "passwd",
    "-stdin", "password-fd", "passphrase-fd", "password_hash", "mysql", "mariadb", "openssl", "configure set",
    "convertto-securestring",
)  # fmt: skip


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every literal password that a command of a script is given."""
    for number, line in lines_with(file, _HINTS, fold=True):
        for kind, form in _FORMS if len(line) <= LONGEST_LINE else ():
            for match in form.finditer(line):
                value = match["password"] or match.groupdict().get("p2") or ""
                yield Candidate(kind, value, file.path, number, "call", "the password of a command's login")
