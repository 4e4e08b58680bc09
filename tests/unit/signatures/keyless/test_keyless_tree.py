# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Proofs of inclusion lead to the root of exactly one tree, as RFC 6962 defines it (the definition is below, as a witness)."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.keyless.tree import read_checkpoint, root_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.signatures.model import Rejected


def half(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def tree(leaves: list[bytes]) -> bytes:
    """Section 2.1."""
    if len(leaves) == 1:
        return leaves[0]
    cut = half(len(leaves))
    return hashlib.sha256(b"\1" + tree(leaves[:cut]) + tree(leaves[cut:])).digest()


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """Section 2.1.1."""
    if len(leaves) == 1:
        return []
    cut = half(len(leaves))
    if index < cut:
        return [*path(index, leaves[:cut]), tree(leaves[cut:])]
    return [*path(index - cut, leaves[cut:]), tree(leaves[:cut])]


def leaves_of(size: int) -> list[bytes]:
    return [hashlib.sha256(b"\0%d" % number).digest() for number in range(size)]


@pytest.mark.parametrize("size", range(1, 34))
def test_each_leaf_of_each_tree_leads_to_its_root(size: int) -> None:
    leaves = leaves_of(size)
    for index, leaf in enumerate(leaves):
        assert root_of(leaf, index, size, path(index, leaves)) == tree(leaves)


@given(data=st.data(), size=st.integers(1, 40))
def test_a_bent_proof_leads_elsewhere(data: st.DataObject, size: int) -> None:
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    way = path(index, leaves)
    other_index, other_size = data.draw(st.integers(-1, size + 1)), data.draw(st.integers(0, size + 2))
    hashes = st.sampled_from([*leaves, *way, b"\0" * 32])
    other_way = data.draw(st.sampled_from([way, way[:-1], [*way, leaves[0]], way[::-1]]) | st.lists(hashes, max_size=8))
    # A proof is of the index and size that it is made for. Where two trees have the same shape above a leaf, as a single one
    # does for every size that is impossible, the answer is None.
    if (other_index, other_way) != (index, way):
        assert root_of(leaves[index], other_index, size, other_way) != tree(leaves)
    if other_size < size and other_index >= other_size:
        assert root_of(leaves[index], other_index, other_size, way) is None


NOTE = "rekor.example.com - 1\n2\n{root}\n\n\u2014 rekor.example.com AAAAAAA=\n".format(root="A" * 43 + "=")


def test_a_note_is_read() -> None:
    found = read_checkpoint(NOTE)
    assert (found.origin, found.size, found.root) == ("rekor.example.com - 1", 2, bytes(32))
    assert found.signed == NOTE.partition("\n\n")[0].encode() + b"\n"
    assert found.signatures == (("rekor.example.com", bytes(4), b"\0"),)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n\n",
        NOTE[:-1],
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("\n2\n", "\n02\n"),
        NOTE.replace("\n2\n", "\n-2\n"),
        NOTE.replace("\n2\n", "\n+2\n"),
        NOTE.replace("\n2\n", "\n\n"),
        NOTE.replace("\n2\n", "\n\u0662\n"),
        NOTE.replace("\n2\n", "\n" + "9" * 5000 + "\n"),
        NOTE.replace("A=\n\n", "\n\n"),
        NOTE.replace("\u2014 ", "- "),
        NOTE.replace("\u2014 rekor.example.com ", "\u2014  "),
        NOTE.replace("AAAAAAA=", "AAAA"),
        NOTE.replace("AAAAAAA=", "AAAAAAA"),
        NOTE.replace("AAAAAAA=", "AAAAAAA= AAAAAAA="),
        NOTE + "\n",
        NOTE + "\u2014 rekor.example.com AAAAAAA=\n" * 40,
        NOTE.replace("\n2\n", "\n2\n" + "x" * 70000 + "\n"),
    ],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(Rejected):
        read_checkpoint(note)
