"""The tree of RFC 6962: published roots, and every proof of every tree below 70 leaves."""

from __future__ import annotations

import hashlib

import pytest

from evidence.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [
    bytes.fromhex(each) for each in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The test vectors published with the reference implementation of RFC 6962."""

HASHES = [leaf_hash(bytes([number])) for number in range(70)]
SIZES = range(1, 70)


def flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def textbook_root(leaves: list[bytes]) -> bytes:
    """The recursive definition of RFC 6962, section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(textbook_root(leaves[:split]), textbook_root(leaves[split:]))


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots(size: int) -> None:
    assert root(map(leaf_hash, LEAVES[:size])).hex() == ROOTS[size - 1]


def test_the_root_of_no_leaf_is_the_digest_of_nothing() -> None:
    assert root([]) == EMPTY_ROOT == Frontier().root() == hashlib.sha256(b"").digest()


def test_leaf_by_leaf_gives_the_root_of_the_definition_at_every_size() -> None:
    tree = Frontier()
    for size in SIZES:
        tree.append(HASHES[size - 1])
        assert (tree.size, tree.root()) == (size, textbook_root(HASHES[:size]))


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_is_proven_and_nothing_else(size: int) -> None:
    """Each proof holds; with any one thing changed (leaf, number, size, root, a hash, the length) it does not."""
    leaves = HASHES[:size]
    expected = root(leaves)
    for index in range(size):
        proof = inclusion_proof(index, leaves)
        assert verify_inclusion(index, size, leaves[index], proof, expected)
        assert not verify_inclusion(index, size, flipped(leaves[index]), proof, expected)
        assert not verify_inclusion(index, size, leaves[index], proof, flipped(expected))
        assert not verify_inclusion(index, size, leaves[index], (*proof, expected), expected)
        assert not verify_inclusion(size, size, leaves[index], proof, expected)
        assert not verify_inclusion(-1, size, leaves[index], proof, expected)
        assert not verify_inclusion((index + 1) % size, size, leaves[index], proof, expected) or size == 1
        for position in range(len(proof)):
            assert not verify_inclusion(index, size, leaves[index], proof[:position] + proof[position + 1 :], expected)
            changed = (*proof[:position], flipped(proof[position]), *proof[position + 1 :])
            assert not verify_inclusion(index, size, leaves[index], changed, expected)


@pytest.mark.parametrize("size", SIZES)
def test_every_prefix_is_proven_and_nothing_else(size: int) -> None:
    leaves, whole = HASHES[:size], root(HASHES[:size])
    for first in range(1, size + 1):
        proof, old = consistency_proof(first, leaves), root(leaves[:first])
        assert verify_consistency(first, size, old, whole, proof)
        assert not verify_consistency(first, size, flipped(old), whole, proof)
        assert not verify_consistency(first, size, old, flipped(whole), proof)
        assert not verify_consistency(first, size, old, whole, (*proof, whole))
        for position in range(len(proof)):
            assert not verify_consistency(first, size, old, whole, proof[:position] + proof[position + 1 :])
            changed = (*proof[:position], flipped(proof[position]), *proof[position + 1 :])
            assert not verify_consistency(first, size, old, whole, changed)


def test_proofs_outside_the_tree_are_refused() -> None:
    for index in (-1, 3):
        with pytest.raises(ValueError, match="not in a tree"):
            inclusion_proof(index, HASHES[:3])
    for first in (0, 4):
        with pytest.raises(ValueError, match="not the size of a prefix"):
            consistency_proof(first, HASHES[:3])
    assert not verify_consistency(0, 3, EMPTY_ROOT, root(HASHES[:3]), ())
    assert not verify_consistency(2, 3, root(HASHES[:2]), root(HASHES[:3]), ()), "an empty proof between two sizes proves nothing"
