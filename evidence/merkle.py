"""The Merkle tree of RFC 6962: roots, inclusion proofs and consistency proofs over leaf hashes.

    leaf hash = SHA-256(0x00 || data)        node hash = SHA-256(0x01 || left || right)        empty root = SHA-256("")

A tree of n leaves splits at the largest power of two below n. `Frontier` adds leaves one by one and knows the root at every size
with at most log2(n) + 1 hashes in memory, so that one pass over a log checks all of its checkpoints. Source: RFC 6962, section 2.1;
the verification algorithms are those of RFC 9162, sections 2.1.3.2 and 2.1.4.2, written over the same tree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the full subtrees to the left of the next leaf, largest first.

    >>> tree = Frontier()
    >>> tree.append(leaf_hash(b""))
    >>> tree.root().hex()[:16]
    '6e340b9cffb37a98'
    """

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: list[bytes] = []

    @classmethod
    def of(cls, size: int, subtrees: Iterable[bytes]) -> Frontier:
        """A tree as it was; there are as many full subtrees as the size has bits that are one."""
        found = cls()
        found.size, found._subtrees = size, list(subtrees)
        return found

    @property
    def subtrees(self) -> tuple[bytes, ...]:
        return tuple(self._subtrees)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash: every trailing one bit of the old size is a full subtree to merge with."""
        merged, size = leaf, self.size
        while size & 1:
            merged = node_hash(self._subtrees.pop(), merged)
            size >>= 1
        self._subtrees.append(merged)
        self.size += 1

    def root(self) -> bytes:
        if not self._subtrees:
            return EMPTY_ROOT
        root = self._subtrees[-1]
        for left in reversed(self._subtrees[:-1]):
            root = node_hash(left, root)
        return root


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """The hashes that lead from leaf `index` to the root, the leaf's sibling first (RFC 6962, 2.1.1)."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"leaf {index} is not in a tree of {len(leaves)}")
    if len(leaves) == 1:
        return ()
    split = _split(len(leaves))
    if index < split:
        return (*inclusion_proof(index, leaves[:split]), root(leaves[split:]))
    return (*inclusion_proof(index - split, leaves[split:]), root(leaves[:split]))


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], expected: bytes) -> bool:
    """Whether `leaf` is number `index` in the tree of `size` leaves with the root `expected` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or any(len(each) != HASH_BYTES for each in proof):
        return False
    node, last, current = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            current = node_hash(sibling, current)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            current = node_hash(current, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and current == expected


def consistency_proof(first: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """The hashes that show the tree of the first `first` leaves to be a prefix of the whole (RFC 6962, 2.1.2)."""
    if not 0 < first <= len(leaves):
        raise ValueError(f"{first} is not the size of a prefix of {len(leaves)} leaves")
    return _subproof(first, leaves, whole=True)


def verify_consistency(first: int, second: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree (`first`, `old_root`) is a prefix of the tree (`second`, `new_root`) (RFC 9162, 2.1.4.2)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and old_root == new_root
    path = [old_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


def _subproof(first: int, leaves: Sequence[bytes], *, whole: bool) -> tuple[bytes, ...]:
    if first == len(leaves):
        return () if whole else (root(leaves),)
    split = _split(len(leaves))
    if first <= split:
        return (*_subproof(first, leaves[:split], whole=whole), root(leaves[split:]))
    return (*_subproof(first - split, leaves[split:], whole=False), root(leaves[:split]))


def _split(size: int) -> int:
    """The largest power of two below `size` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)
