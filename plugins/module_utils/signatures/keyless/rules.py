# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may sign without a key: the issuer that vouches for an identity, the identity, its claims, and what must prove them.

`SIGNER_FIELDS` is the part of a signature policy's schema that says it; `rule_from` makes the rule of what the schema has
accepted, and refuses what only shows when it is read: a rule for anybody, a pattern that does not mean what it seems to.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from ...catalog import patterns as kinds
from ...errors import Invalid
from .claims import CLAIMS
from .pattern import TEXT_LIMIT, Pattern, compile_pattern


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """What a text must be: exactly `exact`, or whatever fits `pattern`; one of the two is set."""

    exact: str = ""
    pattern: Pattern | None = None

    def matches(self, text: str) -> bool:
        """Whether the text is what is wanted."""
        return self.pattern.matches(text) if self.pattern else text == self.exact != ""

    def __str__(self) -> str:
        return f"what matches {self.pattern.text}" if self.pattern else self.exact


@dataclasses.dataclass(frozen=True, slots=True)
class Demands:
    """How many independent parties must have seen the signature or its certificate.

    Fulcio's certificates live ten minutes, so without one proven time nothing is known: `times` is never 0. No log
    (`log_entries: 0`) is for an infrastructure of one's own that has a time-stamping authority instead.
    """

    log_entries: int = 1  # transparency logs, counted by operator
    times: int = 1  # logs that promise a time and time-stamping authorities, counted by operator
    certificate_transparency: int = 1  # certificate transparency logs


@dataclasses.dataclass(frozen=True, slots=True)
class IdentityRule:
    """Whose signature counts. `trusted_root` is the path of the file that says which authorities are believed."""

    issuer: Text
    identity: Text
    trusted_root: str
    claims: Mapping[str, Text] = dataclasses.field(default_factory=dict)
    demands: Demands = Demands()


def _text(description: str, example: str) -> kinds.Schema:
    return kinds.line(TEXT_LIMIT, example, description)


def _claims(description: str, example: str) -> kinds.Schema:
    names = f"one of {', '.join(sorted(CLAIMS))}"
    return kinds.table(
        f"^(?:{'|'.join(sorted(CLAIMS))}){kinds.END}", names, _text("The claim's value.", example), len(CLAIMS), description
    )


# For the policy's schema: the fields of a signer that is known by an identity.
SIGNER_FIELDS: Final[dict[str, kinds.Schema]] = {
    "issuer": _text(
        "Who vouches for the identity: the issuer of the identity token, exactly.", "https://token.actions.githubusercontent.com"
    ),
    "issuer_regexp": _text("The same as a pattern, anchored: ^...$.", r"^https://login\.example\.com/[a-z]+$"),
    "identity": _text(
        "Who signs: the certificate's subject alternative name, exactly (a workflow with its ref, a mail address).",
        "https://github.com/example/where2eat/.github/workflows/release.yml@refs/heads/main",
    ),
    "identity_regexp": _text(
        "The same as a pattern, anchored: ^...$.",
        r"^https://github\.com/example/where2eat/\.github/workflows/release\.yml@refs/tags/v[0-9.]+$",
    ),
    "claims": _claims("What the certificate must say besides, exactly.", "push"),
    "claims_regexp": _claims("The same as patterns, anchored: ^...$.", "^refs/tags/v[0-9.]+$"),
    "trusted_root": kinds.word(
        r"(?:/|~/)[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*",
        "an absolute path",
        "/etc/goldenpath/trusted_root.json",
        "The Sigstore trusted root (JSON): which authorities, logs and time stamps are believed. It is never fetched.",
        4096,
    ),
    "log_entries": kinds.whole(
        0, 8, 1, "How many transparency logs must hold the signature. 0: an infrastructure of one's own without a log."
    ),
    "times": kinds.whole(1, 8, 1, "How many parties (logs, time-stamping authorities) must say when it was signed."),
    "certificate_transparency": kinds.whole(
        0, 8, 1, "How many certificate transparency logs must know the certificate. 0: an infrastructure of one's own without."
    ),
}
SIGNER_REQUIRED: Final = ("trusted_root",)


def rule_from(data: Mapping[str, Any], where: str) -> IdentityRule:
    """The rule in the fields of a signer that the schema has accepted; `where` begins the sentence of an `Invalid`."""
    return IdentityRule(
        issuer=_one(data, "issuer", where),
        identity=_one(data, "identity", where),
        trusted_root=data["trusted_root"],
        claims=_wanted_claims(data, where),
        demands=Demands(**{name: data[name] for name in Demands.__dataclass_fields__ if name in data}),
    )


def _one(data: Mapping[str, Any], name: str, where: str) -> Text:
    exact, pattern = data.get(name), data.get(f"{name}_regexp")
    if exact and pattern:
        raise Invalid(f"{where}: {name} and {name}_regexp are both given", next_step="Keep one of them.")
    if exact:
        return _exact(exact, f"{where}.{name}")
    if pattern:
        return _pattern(pattern, f"{where}.{name}_regexp")
    raise Invalid(f"{where}: neither {name} nor {name}_regexp is given", "it would accept anybody", f"Name the {name}.")


def _exact(text: str, where: str) -> Text:
    if text.startswith("^") or text.endswith("$") or "*" in text:
        raise Invalid(
            f"{where}: {text!r:.200} looks like a pattern and would be compared letter by letter",
            next_step="Write an anchored pattern (^...$) into the field of the same name with _regexp.",
        )
    return Text(exact=text)


def _pattern(text: str, where: str) -> Text:
    return Text(pattern=compile_pattern(text, where))


def _wanted_claims(data: Mapping[str, Any], where: str) -> Mapping[str, Text]:
    exact, patterns = data.get("claims") or {}, data.get("claims_regexp") or {}
    twice = sorted(set(exact) & set(patterns))
    if twice:
        raise Invalid(f"{where}: the claim {twice[0]} stands in claims and in claims_regexp", next_step="Keep one of them.")
    return {
        **{name: _exact(text, f"{where}.claims.{name}") for name, text in exact.items()},
        **{name: _pattern(text, f"{where}.claims_regexp.{name}") for name, text in patterns.items()},
    }
