# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The parsers of signatures under a coverage-guided fuzzer (atheris). See README.md beside this file.

Whatever the bytes: a reader returns or raises its own error, and nothing verifies that was not signed. The fuzzer stops at any
other exception, at an assertion, and at inputs that take long.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import pathlib
import sys
from collections.abc import Callable, Iterator

import atheris

with atheris.instrument_imports(include=["ansible_collections"]):
    from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
    from ansible_collections.goldenpath.microapps.plugins.module_utils.oci import strict_json
    from ansible_collections.goldenpath.microapps.plugins.module_utils.oci.model import Manifest
    from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures import candidates, dsse, keys, statement
    from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.cosign import bundle, legacy
    from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.cosign.content import read
    from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.cosign.keyed import verify_with_key
    from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.keyless import (
        certificate,
        claims,
        pattern,
        tree,
    )
    from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.keyless.trusted_root import parse
    from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Candidate, Kind, Rejected
    from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.notation import (
        cbor,
        cose,
        crls,
        jws,
        names,
        time_stamp_token,
        trust_policy,
    )
from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking, asking_keyless, asking_notation

GENUINE = asking.layout("genuine")
OWN_ERRORS = (Invalid, Rejected)


def beside(image: str) -> asking.Beside:
    """What cosign stored beside an image."""
    return asking.beside(GENUINE, image)


SIGNED_BUNDLE, SIGNED_LEGACY, ATTESTED_LEGACY = map(beside, ("bundle-p256", "legacy-p256-cosign2", "attestations-legacy"))


def verify(found: asking.Beside, content: bytes, kind: Kind) -> None:
    """Bytes in a genuine candidate's place: if they verify, what is signed in them is what was signed in it."""
    original = found.candidates[0]
    candidate = dataclasses.replace(original, content=content, kind=kind)
    verify_with_key(candidate, found.subject, asking.key("p256"), "release", "ci")
    assert read(candidate).signed in {read(one).signed for one in found.candidates}


def sort(body: bytes) -> None:
    """A manifest as a referrer and under both tags."""
    data = strict_json.parse_object(body, "it")
    manifest = Manifest(f"sha256:{hashlib.sha256(body).hexdigest()}", candidates.IMAGE_MANIFESTS[0], body, data)
    digest = SIGNED_BUNDLE.subject.descriptor.digest
    with contextlib.suppress(Rejected):
        assert all(data["subject"]["digest"] == digest for _found in candidates.in_referrer(manifest, digest))
    for kind in Kind:
        with contextlib.suppress(Rejected):
            candidates.in_tag(manifest, digest, kind)


def annotation(content: bytes) -> None:
    """What a keyless signature of the old format keeps beside it."""
    text = content.decode("utf-8", "surrogateescape")
    notes = {legacy.SIGNATURE: "", legacy.LOG: text, legacy.TIMESTAMP: text}
    found = legacy.Legacy(b"", b"", None, notes)
    with contextlib.suppress(Rejected):
        found.log_entry()
    found.timestamp()


def reread(content: bytes) -> None:
    """JSON that is taken is read by Python's own reader as the same."""
    value = strict_json.parse(content, "it")
    assert value == json.loads(content)


KEYLESS = {
    name: asking.beside(asking_keyless.layout("genuine"), name)
    for name in ("bundle-rekor1-tsa", "bundle-rekor2-tsa", "legacy-tsa")
}


def identify(name: str, content: bytes) -> None:
    """Bytes in a genuine keyless candidate's place; of an old signature, its log entry and certificate."""
    found = KEYLESS[name]
    original = found.candidates[0]
    candidate = dataclasses.replace(original, content=content)
    if name.startswith("legacy"):
        note = content.decode("utf-8", "surrogateescape")
        field = legacy.LOG if note.startswith("{") else legacy.CERTIFICATE
        candidate = dataclasses.replace(original, annotations={**original.annotations, field: note})
    asking_keyless.verify(candidate, found.subject, {})
    assert read(candidate).signed == read(original).signed


def hold(der: bytes) -> None:
    """A certificate, and who it says holds it."""
    claims.holder_of(certificate.read(der).certificate.extensions)


NOTATION = {
    name: asking_notation.beside("genuine", name) for name in ("jws-metadata", "cose-metadata", "jws-stamped", "cose-stamped")
}


# Those of the same image in the other layout were signed for it as well.
SIGNED_BY_NOTATION = {
    name: [
        asking_notation.beside(group, name).candidates[0].content
        for group in ("genuine", "genuine_referrers")
        if name in asking.images(asking_notation.layout(group))
    ]
    for name in NOTATION
}


def trust(name: str, content: bytes) -> None:
    """Bytes in the place of a genuine envelope of notation's."""
    found = NOTATION[name]
    candidate = dataclasses.replace(found.candidates[0], content=content)
    policy = "stamped" if name.endswith("stamped") else "strict"
    asking_notation.signer(policy).verify(candidate, found.subject, {}, asking_notation.NOW)
    parser = jws.parse if name.startswith("jws") else cose.parse
    assert parser(content).signed in {parser(one).signed for one in SIGNED_BY_NOTATION[name]}


def name_of(content: bytes) -> None:
    """A distinguished name has what each must have."""
    assert set(names.MANDATORY) <= set(names.parse(content.decode("utf-8", "replace"), "it"))


TARGETS: dict[str, Callable[[bytes], object]] = {
    "json": reread,
    "bundle": bundle.parse,
    "envelope": lambda content: dsse.parse(content, "it"),
    "statement": statement.parse,
    "payload": legacy.simple_signing,
    "annotation": annotation,
    "manifest": sort,
    "key": lambda content: keys.load(content, "it"),
    "certificate": hold,
    "checkpoint": lambda content: tree.read_checkpoint(content.decode("utf-8", "surrogateescape")),
    "pattern": lambda content: pattern.compile_pattern(content.decode("utf-8", "replace"), "it").matches("a" * 100),
    "root": lambda content: parse(content, "it"),
    "cbor": lambda content: cbor.decode(content, "it"),
    "jws": jws.parse,
    "cose": cose.parse,
    "token": time_stamp_token.parse,
    "crl": lambda content: crls.parse(content, "it"),
    "trust-policy": lambda content: trust_policy.parse(content, "it"),
    "name": name_of,
    **{f"verify-notation-{name}": functools.partial(trust, name) for name in NOTATION},
    "verify-keyless": lambda content: identify("bundle-rekor1-tsa", content),
    "verify-keyless-v2": lambda content: identify("bundle-rekor2-tsa", content),
    "verify-keyless-legacy": lambda content: identify("legacy-tsa", content),
    "verify-bundle": lambda content: verify(SIGNED_BUNDLE, content, Kind.SIGNATURE),
    "verify-legacy": lambda content: verify(SIGNED_LEGACY, content, Kind.SIGNATURE),
    "verify-attestation": lambda content: verify(ATTESTED_LEGACY, content, Kind.ATTESTATION),
}


def seeds(folder: pathlib.Path) -> None:
    """Every blob of the fixtures, the keys, trusted roots, trust policies and CRLs: where the fuzzer begins."""
    folder.mkdir(parents=True, exist_ok=True)
    for place in (asking.COSIGN, asking_keyless.KEYLESS, asking_notation.NOTATION):
        for path in place.rglob("*"):
            if path.is_file() and path.suffix in ("", ".pub", ".json", ".crl"):
                (folder / path.name).write_bytes(path.read_bytes())
    for found in KEYLESS.values():
        for number, content in enumerate(_parts(found.candidates[0])):
            (folder / f"{found.subject.descriptor.digest[7:20]}-{number}").write_bytes(content)
    (folder / "name").write_text("C=US, ST=WA, O=Wabbit \\, Inc., CN=\\41")
    (folder / "token").write_bytes(cose.parse(NOTATION["cose-stamped"].candidates[0].content).timestamp or b"")


def _parts(candidate: Candidate) -> Iterator[bytes]:
    """Certificate, checkpoint and annotations of a keyless candidate, each as its own reader takes it."""
    content = read(candidate)
    yield from (note.encode() for note in candidate.annotations.values())
    if content.bundle and content.bundle.certificate:
        yield content.bundle.certificate
        yield from (entry.proof.checkpoint.encode() for entry in content.bundle.log_entries if entry.proof)


def main() -> None:
    """`fuzz_signatures.py TARGET CORPUS [libFuzzer's options]`"""
    if len(sys.argv) < 3 or sys.argv[1] not in TARGETS:
        raise SystemExit(f"fuzz_signatures.py TARGET CORPUS [options]; targets: {', '.join(TARGETS)}")
    target = TARGETS[sys.argv.pop(1)]
    seeds(pathlib.Path(sys.argv[1]))

    def one(content: bytes) -> None:
        with contextlib.suppress(*OWN_ERRORS):
            target(content)

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
