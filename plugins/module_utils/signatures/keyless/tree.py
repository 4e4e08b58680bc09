# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""That an entry is in a log's tree, and that the log signed this tree: two links of one chain, worth nothing apart.

A proof alone leads to a root that anybody can compute; a signed checkpoint alone says nothing of the entry. So the root that
the entry leads to (RFC 9162, section 2.1.3.2), the root of the proof and the root that the log signed must be one
(C2SP tlog-checkpoint and signed-note).
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import Final

from ..cosign.bundle import InclusionProof
from ..model import Reason, Rejected
from ..reading import base64_bytes, malformed
from .trusted_root import Log

_WHAT: Final = "The log's checkpoint"
_NOTE_LIMIT: Final = 64 * 1024
_SIGNATURES: Final = 32
_HINT: Final = 4
_HASH: Final = hashlib.sha256().digest_size


@dataclasses.dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's size and root at one time. `signed` is the text that each of `signatures` (name, key hint, signature) is over."""

    origin: str
    size: int
    root: bytes
    signed: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]


def included(body: bytes, proof: InclusionProof, log: Log) -> None:
    """Rejected unless the entry with this body is in the tree that the log signed."""
    if not proof.checkpoint:
        raise _refused("its proof has no checkpoint, so nothing says whose tree it is in")
    checkpoint = read_checkpoint(proof.checkpoint)
    if not signed_by(checkpoint, log):
        raise _refused(f"the checkpoint was not signed by the log {log.url}")
    root = root_of(hashlib.sha256(b"\x00" + body).digest(), proof.log_index, proof.tree_size, proof.hashes)
    if root is None:
        raise _refused(f"its proof does not fit a tree of {proof.tree_size} entries")
    if (proof.tree_size, proof.root_hash) != (checkpoint.size, checkpoint.root):
        raise _refused("the proof is about another tree than the checkpoint")
    if root != checkpoint.root:
        raise _refused("the proof does not lead from the entry to the root that the log signed")


def root_of(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root of a tree of `size` leaves that the leaf at `index` leads to; None if the path is not one of such a tree."""
    if not 0 <= index < size or any(len(one) != _HASH for one in path):
        return None
    node, last, found = index, size - 1, leaf
    for one in path:
        if last == 0:
            return None
        if node & 1 or node == last:
            found = _pair(one, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = _pair(found, one)
        node, last = node >> 1, last >> 1
    return found if last == 0 else None


def _pair(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def read_checkpoint(note: str) -> Checkpoint:
    """The checkpoint in a signed note; Rejected as malformed."""
    if len(note) > _NOTE_LIMIT:
        raise Rejected(Reason.TOO_LARGE, f"{_WHAT} is too large", f"more than {_NOTE_LIMIT} characters")
    text, blank, below = note.rpartition("\n\n")
    lines = text.split("\n")
    if not blank or len(lines) < 3 or not lines[0] or not below.endswith("\n"):
        raise malformed(_WHAT, "it is no signed note with origin, size and root")
    size = lines[1]
    if not (size.isascii() and size.isdecimal() and len(size) <= 19) or str(int(size)) != size:
        raise malformed(_WHAT, f"{size!r:.40} is no size of a tree")
    signatures = below[:-1].split("\n")
    if len(signatures) > _SIGNATURES:
        raise Rejected(Reason.TOO_LARGE, f"{_WHAT} is too large", f"{len(signatures)} signatures, {_SIGNATURES} are taken")
    return Checkpoint(
        origin=lines[0],
        size=int(size),
        root=base64_bytes(lines[2], f"the root of {_WHAT}"),
        signed=f"{text}\n".encode(errors="surrogatepass"),
        signatures=tuple(_signature(line) for line in signatures),
    )


def _signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _unused, rest = line.partition(" ")
    name, _unused, encoded = rest.partition(" ")
    data = base64_bytes(encoded, f"a signature of {_WHAT}")
    if dash != "\u2014" or not name or len(data) <= _HINT:
        raise malformed(_WHAT, "a line below it is no signature")
    return name, data[:_HINT], data[_HINT:]


def signed_by(checkpoint: Checkpoint, log: Log) -> bool:
    """Whether the log itself signed: a line with its key's hint, under the name that the checkpoint says it comes from.

    Rekor writes `HOST - TREE` as origin and signs as HOST, newer logs do both with the same name. Others may sign below
    (witnesses); they do not count.
    """
    hints = {one[:_HINT] for one in log.ids}
    return any(
        hint in hints
        and (checkpoint.origin == name or checkpoint.origin.startswith(f"{name} - "))
        and log.key.verify(signature, checkpoint.signed)
        for name, hint, signature in checkpoint.signatures
    )


def _refused(why: str) -> Rejected:
    return Rejected(Reason.NOT_IN_LOG, "The log entry is not proven", why)
