# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The form of notation's trust policy, and of a policy's signer by it: field by field, what a JSON schema can say of them."""

from __future__ import annotations

import enum
from typing import Any, Final

from ...catalog import patterns as kinds


class Level(enum.StrEnum):
    """The levels of signature verification."""

    STRICT = "strict"
    PERMISSIVE = "permissive"
    AUDIT = "audit"
    SKIP = "skip"


_MOST: Final = 500


def _text(description: str, example: str) -> dict[str, Any]:
    return kinds.line(1000, example, description)


def _override(actions: list[str]) -> dict[str, Any]:
    return kinds.one_of(actions, "What follows if the check fails.")


VERIFICATION: Final = kinds.record(
    "How strictly signatures are verified.",
    {
        "level": kinds.one_of([level.value for level in Level], "The level."),
        "override": kinds.record(
            "Checks that differ from the level. Integrity cannot be changed.",
            {
                "authenticity": _override(["enforce", "log"]),
                "authenticTimestamp": _override(["enforce", "log"]),
                "expiry": _override(["enforce", "log"]),
                "revocation": _override(["enforce", "log", "skip"]),
            },
        ),
        "verifyTimestamp": kinds.one_of(["always", "afterCertExpiry"], "When a time stamp is verified."),
    },
    ("level",),
)

TRUST_POLICY: Final = kinds.record(
    "A trust policy of notation's.",
    {
        "version": kinds.one_of(["1.0"], "The version of the form."),
        "trustPolicies": kinds.listing(
            kinds.record(
                "A statement.",
                {
                    "name": _text("Its name.", "production"),
                    "registryScopes": kinds.listing(
                        _text("A repository, or * for all.", "registry.example.com/app"), _MOST, "Repositories.", 1
                    ),
                    "signatureVerification": VERIFICATION,
                    "trustStores": kinds.listing(_text("A store.", "ca:example"), _MOST, "Trust stores."),
                    "trustedIdentities": kinds.listing(
                        _text("An identity, or * for all.", "x509.subject: C=US, ST=WA, O=example.com"), _MOST, "Identities."
                    ),
                },
                ("name", "registryScopes", "signatureVerification"),
            ),
            _MOST,
            "Statements.",
            1,
        ),
    },
    ("version", "trustPolicies"),
)

_PATH: Final = r"(?:/|~/)[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*"


def _path(example: str, description: str) -> kinds.Schema:
    return kinds.word(_PATH, "an absolute path (or one that begins with ~/)", example, description, 4096)


NOTATION: Final = kinds.record(
    "Whoever notation's own trust policy trusts, for signatures by notation.",
    {
        "trust_policy": _path("/etc/notation/trustpolicy.json", "The trust policy (trustpolicy.json or trustpolicy.oci.json)."),
        "trust_store": _path("/etc/notation/truststore", "The folder of the trust stores, which holds x509."),
        "crls": _path("/etc/notation/crls", "A folder with CRLs (PEM, DER), or notation's own cache of them."),
        "fetch_crls": kinds.yes_or_no("Fetch CRLs that were not given from where certificates say, by HTTP. Without it: no."),
        "weaker_levels": kinds.listing(
            kinds.one_of([Level.AUDIT.value, Level.SKIP.value], "A level."),
            2,
            "Levels of the trust policy that are accepted though they trust anybody (audit) or verify nothing (skip).",
        ),
    },
    ("trust_policy", "trust_store"),
)
