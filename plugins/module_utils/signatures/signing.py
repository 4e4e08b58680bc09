# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The capability `image_sign`: an image signed and attested with the user's own cosign or notation, by its digest, not by a tag.

Nothing is put there twice: the gate's own verifier says what the signer has signed already, and it has the last word afterwards,
so that what a pipeline signs is what the environment's policy counts. Signing only adds; a run that was killed is run again.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ..capability import Capability, Change, Outcome, Plan, Request
from ..catalog.check import nearest
from ..errors import Invalid, MicroappsError, NotFound, Unreachable
from ..microapp import MICROAPP_OPTIONS, Context, context_of
from ..network import is_loopback
from ..oci.client import open_registries
from ..oci.model import Repository
from ..oci.reference import Reference, parse
from .image_signature import PERMISSIONS as REGISTRY_PERMISSIONS
from .model import Format, Kind, Verified
from .policy import Policy, policy_of
from .signers import Signer
from .verify import Asked, Proven, proven

FORMATS: Final = {
    "cosign": frozenset({Format.COSIGN_BUNDLE, Format.COSIGN_LEGACY}),
    "notation": frozenset({Format.NOTATION_JWS, Format.NOTATION_COSE}),
}
# cosign's short names (`cosign attest --type`) and the predicate types that it writes for them.
PREDICATES: Final = {
    "cyclonedx": "https://cyclonedx.org/bom",
    "spdxjson": "https://spdx.dev/Document",
    "slsaprovenance": "https://slsa.dev/provenance/v0.2",
    "slsaprovenance1": "https://slsa.dev/provenance/v1",
    "vuln": "https://cosign.sigstore.dev/attestation/vuln/v1",
    "openvex": "https://openvex.dev/ns",
}
LARGEST_PREDICATE: Final = 16 * 1024 * 1024
SECONDS: Final = 180
SPEC: Final[dict[str, Any]] = {
    **MICROAPP_OPTIONS,
    "image": {"type": "str", "required": True},
    "signer": {"type": "str", "required": True},
    "tool": {"type": "str", "choices": sorted(FORMATS), "default": "cosign"},
    "program": {"type": "path"},
    "key": {"type": "str", "no_log": False},  # where the key is: a path, a KMS's address, a name of notation's
    "password_file": {"type": "path", "no_log": False},  # where it is, not what is in it
    "signing_config": {"type": "path"},
    "attestations": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "type": {"type": "str", "choices": sorted(PREDICATES), "required": True},
            "predicate": {"type": "path", "required": True},
        },
    },
}


@dataclasses.dataclass(frozen=True, slots=True)
class Attestation:
    """What is to be said about the image: cosign's short name, the file, and what is in it."""

    type: str
    file: str
    predicate: Any


@dataclasses.dataclass(frozen=True, slots=True)
class Tool:
    """The user's program and what it is told beside the image."""

    name: str
    program: str
    key: str
    signing_config: str
    plain_http: bool
    environ: Mapping[str, str] = dataclasses.field(repr=False)

    def sign(self, reference: str) -> None:
        """Sign the digest."""
        if self.name == "notation":
            key = ("--key", self.key) if self.key else ()
            self._run("sign", *key, *(("--insecure-registry",) if self.plain_http else ()), reference)
        else:
            self._run("sign", *self._options(), "--yes", reference)

    def attest(self, reference: str, said: Attestation) -> None:
        """Say something about the digest."""
        self._run("attest", *self._options(), "--type", said.type, "--predicate", said.file, "--yes", reference)

    def _options(self) -> tuple[str, ...]:
        return (
            *(("--signing-config", self.signing_config) if self.signing_config else ()),
            *(("--key", self.key) if self.key else ()),
            *(("--allow-http-registry",) if self.plain_http else ()),
        )

    def _run(self, *arguments: str) -> None:
        what = f"{self.name} {arguments[0]}"
        try:
            done = subprocess.run(
                [self.program, *arguments],
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unreachable(what, f"it did not end within {SECONDS} s", "Look whether it waits for a login.") from None
        except OSError as error:
            raise NotFound(f"{what}: {self.program} cannot be run", error.strerror or "", "Correct 'program'.") from None
        if done.returncode:
            lines = [line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
            raise MicroappsError(what, " ".join(lines[-2:])[:400], "Mend that, and run again: what is signed stays signed.")


def run(request: Request) -> Outcome:
    """Look at what is signed, and unless it is a check add what is not; what was added must count."""
    context = context_of(request)
    policy = policy_of(context.profile, context.app, request.now(), request.environ)
    if policy is None:
        raise Invalid(
            "Sign the image", f"the profile of {context.profile.name} has no signature_policy", "Say whose signature counts."
        )
    signer = _signer(policy, request)
    attestations = _attestations(request)
    tool = _tool(request, context)
    reference = parse(request.params["image"], context.profile.registry.address)
    registries = open_registries(context.profile.registry, context.profile.aws, request.environ, request.secrets)
    asked = Asked(policy, request.now(), source=context.profile.repository_url(context.app), app=context.app.name)
    found = _seen(reference, registries.repository(reference), asked)
    plan = planned(found, signer.name, attestations)
    if not request.check and plan.changes:
        _carried_out(plan, tool, found.reference, attestations)
        found = _seen(parse(found.reference), registries.repository(reference), asked)
    warnings = () if request.check else _counted(planned(found, signer.name, attestations), signer, found)
    return Outcome((plan,), (), {"reference": found.reference}, warnings)


def planned(found: Proven, signer: str, attestations: Iterable[Attestation]) -> Plan:
    """What this signer has yet to sign and to say. Pure."""
    mine = [one for one in found.verified if one.signer == signer]
    changes = [] if any(one.kind is Kind.SIGNATURE for one in mine) else [Change("create", "signature", None, signer)]
    changes += [
        Change("create", f"attestation {said.type}", None, PREDICATES[said.type])
        for said in attestations
        if not any(_says(one, said) for one in mine)
    ]
    there = sorted({_named(one) for one in mine})
    after = sorted({*there, *(change.field for change in changes)})
    return Plan(f"image:{found.reference}", {"by": signer, "has": there}, {"by": signer, "has": after}, tuple(changes))


def _named(one: Verified) -> str:
    if one.kind is Kind.SIGNATURE:
        return "signature"
    uri = str((one.statement or {}).get("predicateType"))
    return f"attestation {next((name for name, known in PREDICATES.items() if known == uri), uri)}"


def _says(one: Verified, said: Attestation) -> bool:
    if one.kind is not Kind.ATTESTATION or one.statement is None or one.statement.get("predicateType") != PREDICATES[said.type]:
        return False
    return bool(_full(one.statement.get("predicate")) == _full(said.predicate))


def _full(value: Any) -> Any:
    """Without what is empty: cosign writes the fields that its own types have, filled or not."""
    if isinstance(value, Mapping):
        pairs = ((key, _full(item)) for key, item in value.items())
        return {key: item for key, item in pairs if item not in (None, "", [], {})}
    return [_full(item) for item in value] if isinstance(value, list) else value


def _seen(reference: Reference, repository: Repository, asked: Asked) -> Proven:
    found = proven(reference, repository, asked)
    if not asked.policy.covers(repository.name):
        covered = ", ".join(asked.policy.repositories)
        raise Invalid(f"The image {reference}", f"the policy is not for its repository, it is for {covered}", "Mend the name.")
    return found


def _carried_out(plan: Plan, tool: Tool, reference: str, attestations: Sequence[Attestation]) -> None:
    wanted = {change.field for change in plan.changes}
    if "signature" in wanted:
        tool.sign(reference)
    for said in attestations:
        if f"attestation {said.type}" in wanted:
            tool.attest(reference, said)


def _counted(left: Plan, signer: Signer, found: Proven) -> tuple[str, ...]:
    """What the tool made must be what the policy counts; a predicate that it wrote otherwise than it was given is told."""
    missing = [change.field for change in left.changes]
    if "signature" in missing:
        told = " | ".join(dict.fromkeys(f"{one.where}: {one.why}" for one in found.refused[:3]))
        raise MicroappsError(
            f"{found.reference} is signed, and the policy does not count it for {signer.name}",
            told or "nothing was found beside the image",
            "Sign with the key or identity that the policy names for this signer.",
        )
    has = set((left.before or {})["has"])
    lost = [field for field in missing if field not in has]
    if lost:
        raise MicroappsError(f"{found.reference}: {', '.join(lost)} was made, and does not verify", "", "Ask for its reason.")
    return tuple(
        f"{field}: cosign wrote it otherwise than the file has it, so another run would add it again" for field in missing
    )


def _signer(policy: Policy, request: Request) -> Signer:
    name, tool = request.params["signer"], request.params["tool"]
    known = {signer.name: signer for signer in policy.signers}
    if name not in known:
        close = nearest(name, known)
        hint = f"Did you mean {close}?" if close else "Mend the name."
        raise Invalid(f"signer: the policy has no signer {name!r:.80}", f"it has {', '.join(sorted(known))}", hint)
    if not known[name].formats & FORMATS[tool] & policy.formats:
        formats = ", ".join(sorted(known[name].formats & policy.formats))
        raise Invalid(f"tool: {tool} makes nothing that counts for {name}", f"it signs in {formats}", "Choose the other tool.")
    return known[name]


def _attestations(request: Request) -> tuple[Attestation, ...]:
    given = request.params.get("attestations") or []
    if given and request.params["tool"] != "cosign":
        raise Invalid("attestations: notation makes none", "", "Attest with cosign.")
    return tuple(_attestation(entry, f"attestations[{number}]") for number, entry in enumerate(given))


def _attestation(entry: Mapping[str, str], where: str) -> Attestation:
    file = pathlib.Path(entry["predicate"])
    try:
        if file.stat().st_size > LARGEST_PREDICATE:
            raise Invalid(f"{where}.predicate: {file} is larger than {LARGEST_PREDICATE >> 20} MiB", "", "Name another file.")
        return Attestation(entry["type"], str(file.absolute()), json.loads(file.read_bytes()))
    except OSError as error:
        raise Invalid(f"{where}.predicate: {file} cannot be read", error.strerror or "", "Correct the path.") from None
    except ValueError:
        raise Invalid(f"{where}.predicate: {file} is not JSON", "", "Write the predicate as JSON.") from None


def _tool(request: Request, context: Context) -> Tool:
    params, registry = request.params, context.profile.registry
    name = params["tool"]
    program = params.get("program") or shutil.which(name, path=request.environ.get("PATH", os.defpath))
    if not program:
        raise NotFound(f"{name} is not on PATH", "images are signed with your own", f"Install {name}, or name it as 'program'.")
    for option in ("signing_config", "password_file") if name != "cosign" else ():
        if params.get(option):
            raise Invalid(f"{option}: it is for cosign, notation's own configuration says where keys are", "", "Remove it.")
    environ = dict(request.environ)
    if params.get("password_file"):
        environ["COSIGN_PASSWORD"] = _password(request)
    # cosign speaks plainly to this machine by itself.
    plain = registry.plain_http and (name == "notation" or not is_loopback(f"http://{registry.address}"))
    return Tool(name, str(program), params.get("key") or "", params.get("signing_config") or "", plain, environ)


def _password(request: Request) -> str:
    path = request.params["password_file"]
    try:
        return request.secrets.register(pathlib.Path(path).read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        raise Invalid(f"password_file: {path} cannot be read", "", "Correct the path.") from None


CAPABILITY: Final = Capability("image_sign", SPEC, run, REGISTRY_PERMISSIONS)
