# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The schema of `signature_policy`, a block of the environment's profile and an option of `image_signature`."""

from __future__ import annotations

from typing import Final

from ..catalog import patterns as kinds
from .attestations.schema import ATTESTATIONS, BY_ECR
from .keyless.rules import SIGNER_FIELDS, SIGNER_REQUIRED
from .model import Format
from .notation.schema import NOTATION

_NAME: Final = r"[a-z]([a-z0-9_-]{0,61}[a-z0-9])?"
_FILE: Final = r"(?:/|~/)[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*"


def _name(wants: str, example: str, description: str) -> kinds.Schema:
    return kinds.word(_NAME, wants, example, description, 63)


SIGNER_KINDS: Final[dict[str, kinds.Schema]] = {
    "key": kinds.word(
        _FILE,
        "an absolute path (or one that begins with ~/)",
        "/etc/goldenpath/ci.pub",
        "The file with its public key in PEM (P-256, P-384, P-521, RSA from 2048 bits, Ed25519), for cosign's signatures.",
        4096,
    ),
    "keyless": kinds.record(
        "An identity that an issuer vouches for (Fulcio, Rekor), for cosign's signatures.",
        {
            "identity_from": kinds.one_of(
                ["github_workflow"],
                "In the place of issuer and identity: the workflow that the scaffold gives the app's repository on github.com, "
                "on the branch that the catalog names.",
            ),
            **SIGNER_FIELDS,
        },
        SIGNER_REQUIRED,
    ),
    "notation": NOTATION,
}

SIGNER: Final = kinds.record(
    f"Somebody who may vouch for an image: a name, a role, and exactly one of {', '.join(SIGNER_KINDS)}.",
    {
        "name": _name("a signer's name", "ci", "What evidence calls it."),
        "role": _name("a role", "ci", "The role it signs in."),
        **SIGNER_KINDS,
    },
    ("name", "role"),
)

SIGNATURE_POLICY: Final[kinds.Schema] = kinds.record(
    "Whose signature an image needs. Without this block the app's image is not verified, and its control says so.",
    {
        "signers": kinds.listing(SIGNER, 50, "Those who may vouch for an image.", 1),
        "require": kinds.listing(
            kinds.record(
                "So many different signers in this role; nobody counts in two roles.",
                {
                    "role": _name("a role of the signers", "ci", "The role."),
                    "at_least": kinds.whole(1, 20, 1, "How many different ones; 1 if left out."),
                },
                ("role",),
            ),
            20,
            "What is required, all of it.",
            1,
        ),
        "formats": kinds.listing(
            kinds.one_of([form.value for form in Format], "A format."),
            len(Format),
            "The formats that count. Without it all but cosign_legacy, which proves less and must be asked for.",
            1,
        ),
        "repositories": kinds.listing(
            kinds.word(
                r"\*|[a-z0-9][A-Za-z0-9.:_/-]*(?:/\*)?",
                "a repository, or a path that ends in /*, or * for all of the profile's registry",
                "registry.example.com/apps/*",
                "One of them; without a host, of the profile's registry.",
            ),
            100,
            "The repositories that this policy is for; an image of another one is refused. Without it: the profile's registry.",
            1,
        ),
        "annotations": kinds.table(
            r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}" + kinds.END,
            "an annotation's name",
            kinds.line(500, "prod", "Its value."),
            20,
            "Signed annotations that each signature must carry (cosign sign -a, notation sign -m).",
        ),
        "bind_repository": kinds.yes_or_no(
            "Refuse what was signed for another repository, where the format says (cosign_legacy, attestations)."
        ),
        "platforms": kinds.one_of(
            ["image", "all"],
            "Of an index of several platforms, whether its own signature will do, or each platform's image needs one as well.",
        ),
        "attestations": ATTESTATIONS,
        "ecr_findings": BY_ECR,
    },
    ("signers", "require"),
)
