# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An image verified against a policy, from its name to `repo@digest`.

    1  the tag is resolved once, the manifest hashed; from here on there is only the digest
    2  the policy must be for this repository
    3  what is stored beside the image is found and fetched (`discovery`)
    4  each candidate is shown to each signer who can have made it
    5  the signatures that count must meet the policy (`policy.missing`)
    6  what is owed by attestation must be given (`attestations.judge`)
    7  of an index, if the policy asks: the images of all its platforms, each by 3 to 6

A bad candidate beside a good one changes nothing; an attestation never counts as a signature. What could not be told is an error
and never "unsigned".
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from ..controls import Path
from ..errors import Invalid, MicroappsError, NotFound
from ..oci.descriptors import descriptor_from
from ..oci.model import Descriptor, Manifest, Repository
from ..oci.reference import Reference
from .attestations.judge import judge
from .attestations.knowledge import knowledge_for
from .attestations.model import Checked, Context, Knowledge
from .discovery import Refused, discover, in_another_format
from .model import Candidate, Kind, Reason, Rejected, Subject, Verified
from .policy import Policy, missing
from .signers import Signer

INDEXES: Final = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
)
# More images at once only wait for the registry.
THREADS: Final = 8
PLATFORMS_LIMIT: Final = 64
_ATTACHED: Final = "vnd.docker.reference.type"


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """What images are verified for: the policy, the app's path, name and repository (a git URL, '' if unknown), the time.

    `knowledge` is read by `verify_images` from the files that the policy names, once for all images.
    """

    policy: Policy
    now: datetime.datetime
    path: Path = Path.FULL
    source: str = ""
    app: str = ""
    knowledge: Knowledge = dataclasses.field(default_factory=Knowledge)
    clock: Callable[[], float] = time.monotonic


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one image. `reference` is `HOST/PATH@digest`, the only name to go on with; '' if it was not resolved.

    `reason` is empty if and only if it is verified. `error` is set where it could not be told. `covers` says what the signatures
    are on: `manifest`, `index`, or `platforms` (each platform's image, and not the index), whose verdicts are in `platforms`.
    """

    image: str
    reference: str = ""
    digest: str = ""
    media_type: str = ""
    covers: str = ""
    platform: str = ""
    reason: str = ""
    signatures: tuple[Verified, ...] = ()
    attestations: tuple[Checked, ...] = ()
    inputs: tuple[Verified, ...] = ()
    refused: tuple[Refused, ...] = ()
    platforms: tuple[Verdict, ...] = ()
    error: MicroappsError | None = None

    @property
    def verified(self) -> bool:
        """Whether the image is what the policy wants."""
        return not self.reason and self.error is None


def verify_images(
    references: Sequence[Reference], open_repository: Callable[[Reference], Repository], asked: Asked
) -> tuple[Verdict, ...]:
    """One verdict for each reference, in order, a few at a time."""
    rule = asked.policy.owed[asked.path].vulnerabilities
    asked = dataclasses.replace(asked, knowledge=knowledge_for(rule, asked.now)) if rule else asked

    def one(reference: Reference) -> Verdict:
        try:
            return _verify(reference, open_repository(reference), asked)
        except MicroappsError as error:
            return Verdict(str(reference), error=error, reason=error.sentence())

    if len(references) < 2:
        return tuple(one(reference) for reference in references)
    with concurrent.futures.ThreadPoolExecutor(min(THREADS, len(references))) as pool:
        return tuple(pool.map(one, references))


@dataclasses.dataclass(frozen=True, slots=True)
class Proven:
    """All that verifies of what lies beside an image, owed or not, and what does not. `reference` is `HOST/PATH@digest`."""

    reference: str
    verified: tuple[Verified, ...]
    refused: tuple[Refused, ...]


def proven(reference: Reference, repository: Repository, asked: Asked) -> Proven:
    """Steps 1, 3 and 4, for whoever is to add what is not there yet. Raises as `_verify` does."""
    manifest = _resolved(reference, repository)
    found = discover(repository, manifest.digest, asked.policy.formats, True, asked.clock)
    subject = Subject(manifest.descriptor, repository.name, asked.policy.bind_repository)
    verified, refused = _shown_to_all(found.candidates, subject, asked)
    return Proven(str(reference.at(manifest.digest)), _once(verified), (*found.refused, *refused))


def _resolved(reference: Reference, repository: Repository) -> Manifest:
    manifest = repository.manifest(reference.wanted)
    if manifest is None:
        raise NotFound(f"The image {reference}", "the registry has no such tag or digest", "Push it, or mend the name.")
    return manifest


def _verify(reference: Reference, repository: Repository, asked: Asked) -> Verdict:
    """Steps 1 to 7 for one image. Raises what could not be told (Denied, Unreachable, Conflict) and NotFound."""
    manifest = _resolved(reference, repository)
    pinned = str(reference.at(manifest.digest))
    base = Verdict(str(reference), pinned, manifest.digest, manifest.media_type)
    if not asked.policy.covers(repository.name):
        covered = ", ".join(asked.policy.repositories)
        why = f"The policy is not for the repository {repository.name}: it is for {covered}."
        return dataclasses.replace(base, reason=why)
    is_index = manifest.media_type in INDEXES
    own = _judged(dataclasses.replace(base, covers="index" if is_index else "manifest"), repository, manifest.descriptor, asked)
    return _with_platforms(own, repository, manifest, asked) if is_index and asked.policy.all_platforms else own


def _with_platforms(own: Verdict, repository: Repository, index: Manifest, asked: Asked) -> Verdict:
    """Step 7: every platform's image must be verified; the index's own signature is then told, and not demanded."""
    children = tuple(
        _judged(
            Verdict(
                f"{repository.name}@{child.digest}",
                f"{repository.name}@{child.digest}",
                child.digest,
                child.media_type,
                "manifest",
                platform,
            ),
            repository,
            child,
            asked,
        )
        for platform, child in platforms_of(index)
    )
    bad = [child for child in children if not child.verified]
    whole = dataclasses.replace(own, platforms=children)
    if bad:
        sentences = "; ".join(f"{child.platform or child.digest}: {child.reason.rstrip('.')}" for child in bad)
        return dataclasses.replace(whole, reason=f"Not every platform's image is verified: {sentences}.")
    return whole if own.verified else dataclasses.replace(whole, reason="", covers="platforms")


def platforms_of(index: Manifest) -> tuple[tuple[str, Descriptor], ...]:
    """(`os/architecture[/variant]`, image) of what an index offers to run. Pure; Invalid if that cannot be told.

    Left out are BuildKit's attestation manifests: attached to an image of the index, and for no platform at all.
    """
    listed = index.data.get("manifests")
    if not isinstance(listed, list) or not listed or len(listed) > PLATFORMS_LIMIT:
        raise Invalid(
            f"The index {index.digest} cannot be verified for all platforms", f"it lists none, or over {PLATFORMS_LIMIT}"
        )
    found = []
    for entry in listed:
        child = descriptor_from(entry, f"An entry of the index {index.digest}")
        if child.media_type in INDEXES:
            raise Invalid(f"The index {index.digest} cannot be verified for all platforms", "it holds another index")
        platform = _platform(entry.get("platform"))
        if platform == "unknown/unknown" and child.annotations.get(_ATTACHED) == "attestation-manifest":
            continue
        found.append((platform, child))
    if not found:
        raise Invalid(f"The index {index.digest} cannot be verified for all platforms", "it offers none")
    return tuple(found)


def _platform(value: Any) -> str:
    if not isinstance(value, Mapping):
        return ""
    return "/".join(str(value[name])[:40] for name in ("os", "architecture", "variant") if value.get(name))


def _judged(base: Verdict, repository: Repository, image: Descriptor, asked: Asked) -> Verdict:
    """Steps 3 to 6 for one manifest."""
    policy, owed = asked.policy, asked.policy.owed[asked.path]
    found = discover(repository, image.digest, policy.formats, bool(owed.rules), asked.clock)
    subject = Subject(image, repository.name, policy.bind_repository)
    context = Context(subject, asked.source, asked.app, asked.now, asked.knowledge)
    proven, refused = _shown_to_all(found.candidates, subject, asked)
    signatures = _once(one for one in proven if one.kind is Kind.SIGNATURE)
    inputs = _once(one for one in proven if one.kind is Kind.ATTESTATION)
    checked = judge(inputs, owed, context) if owed.rules else ()
    unmet = missing(policy, signatures)
    refused = (*found.refused, *refused)
    if unmet and not signatures:
        refused = (*refused, *in_another_format(repository, image.digest, policy.formats))
    reason = _reason(base, unmet, refused, checked)
    return dataclasses.replace(base, reason=reason, signatures=signatures, attestations=checked, inputs=inputs, refused=refused)


def _shown_to_all(candidates: Iterable[Candidate], subject: Subject, asked: Asked) -> tuple[list[Verified], tuple[Refused, ...]]:
    """Step 4. A candidate that no signer made is refused, with what each has against it."""
    proven: list[Verified] = []
    refused: list[Refused] = []
    for candidate in candidates:
        if candidate.format not in asked.policy.formats:
            why = f"The policy does not accept the format {candidate.format}."
            refused.append(Refused(candidate.where, candidate.digest, Reason.FORMAT_NOT_ACCEPTED, why, candidate.format))
            continue
        against: list[Rejected] = []
        count = len(proven)
        for signer in asked.policy.signers:
            if candidate.format in signer.formats:
                answer = _shown(candidate, signer, subject, asked)
                (against if isinstance(answer, Rejected) else proven).append(answer)  # type: ignore[arg-type]  # one list a type
        if len(proven) == count:
            refused.append(_nobodys(candidate, against))
    return proven, tuple(refused)


def _nobodys(candidate: Candidate, against: Sequence[Rejected]) -> Refused:
    if not against:
        why = f"No signer of the policy can have made a {candidate.format}."
        return Refused(candidate.where, candidate.digest, Reason.FORMAT_NOT_ACCEPTED, why, candidate.format)
    # That a key did not make it says least: another signer's reason tells what is really wrong.
    telling = next((one for one in against if one.reason is not Reason.WRONG_KEY), against[0])
    why = " ".join(dict.fromkeys(one.sentence() for one in against))
    return Refused(candidate.where, candidate.digest, telling.reason, why, candidate.format)


def _shown(candidate: Candidate, signer: Signer, subject: Subject, asked: Asked) -> Verified | Rejected:
    # Attestations carry no annotations of the signer's; what they say is judged by their own rules.
    annotations = asked.policy.annotations if candidate.kind is Kind.SIGNATURE else {}
    try:
        return signer.verify(candidate, subject, annotations, asked.now)
    except Rejected as error:
        return error
    except MicroappsError:
        raise
    except Exception as error:  # noqa: BLE001 - a verifier's door: what nobody thought of means "not verified", never a crash
        return Rejected(Reason.MALFORMED, "It cannot be read", f"reading it ended with a {type(error).__name__}")


def _once(found: Iterable[Verified]) -> tuple[Verified, ...]:
    """Each signer once for each candidate, in a stable order."""
    kept = {(one.kind, one.digest, one.where, one.signer): one for one in found}
    return tuple(kept[key] for key in sorted(kept))


def _reason(base: Verdict, unmet: Sequence[str], refused: Sequence[Refused], checked: Sequence[Checked]) -> str:
    sentences = []
    if unmet:
        sentences.append(f"{base.reference} is not signed as the policy asks: {'; '.join(unmet)}.")
        if refused:
            told = dict.fromkeys(f"{one.where}: {one.why}" for one in refused)
            sentences.append(f"What was found does not count: {' | '.join(list(told)[:5])}")
    sentences += [one.why for one in checked if not one.passed]
    return " ".join(sentences)
