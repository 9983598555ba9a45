"""The Merkle tree of RFC 9162, section 2.1: hashes, roots, and proofs that a stranger can check. Pure reckoning."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

Place = tuple[int, int]
"""Level and number of a complete subtree: it holds `2 ** level` leaves and begins at leaf `number * 2 ** level`."""

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        # A last one without a neighbour goes up as it is: the same as splitting at the largest power of two.
        pairs = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


# --- Which subtrees an answer needs -------------------------------------------------------------------------------


def split(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1


def complete_subtrees(start: int, end: int) -> list[Place]:
    """The complete subtrees that make up the leaves from `start` up to `end`, from left to right.

    `start` has to be a multiple of the smallest power of two that is not below the length, as in every part of a tree.
    """
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def inclusion_parts(index: int, size: int) -> list[tuple[int, int]]:
    """The parts of the tree (first leaf, end) whose hashes prove the leaf, in the order of the proof."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    parts, start, end = [], 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            parts.append((middle, end))
            end = middle
        else:
            parts.append((start, middle))
            start = middle
    return parts[::-1]


def consistency_parts(old: int, new: int) -> list[tuple[int, int]]:
    """The same for the proof that the tree of `old` leaves is the beginning of that of `new` leaves."""
    if not 0 < old <= new:
        raise ValueError(f"a tree of {old} leaves is no beginning of one of {new}")
    parts, start, end = [], 0, new
    while end != old:
        middle = start + split(end - start)
        if old <= middle:
            parts.append((middle, end))
            end = middle
        else:
            parts.append((start, middle))
            start = middle
    if start:
        # What is left is a subtree of both; from the very beginning of the tree it would be the old root itself.
        parts.append((start, end))
    return parts[::-1]


def places_of(parts: Sequence[tuple[int, int]]) -> set[Place]:
    return {place for start, end in parts for place in complete_subtrees(start, end)}


def hash_of_part(start: int, end: int, known: Mapping[Place, bytes]) -> bytes:
    """The hash over a part of the tree out of those of its complete subtrees."""
    if start == end:
        return EMPTY_ROOT
    *before, last = (known[place] for place in complete_subtrees(start, end))
    for left in reversed(before):
        last = node_hash(left, last)
    return last


def grow(size: int, new_leaf: bytes, left_of: Mapping[Place, bytes]) -> Iterator[tuple[Place, bytes]]:
    """The subtrees that become complete when a leaf is added to `size` others: itself first, then upwards.

    `left_of` holds the complete subtrees of the tree before (`complete_subtrees(0, size)`).
    """
    level, number, digest = 0, size, new_leaf
    yield (level, number), digest
    while number & 1:
        digest = node_hash(left_of[level, number - 1], digest)
        level, number = level + 1, number >> 1
        yield (level, number), digest


# --- Checking proofs ----------------------------------------------------------------------------------------------


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> bool:
    """RFC 9162, 2.1.3.2: whether the leaf stands at this place of the tree with this root."""
    if not 0 <= index < size:
        return False
    place, last, digest = index, size - 1, leaf
    for neighbour in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            digest = node_hash(neighbour, digest)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            digest = node_hash(digest, neighbour)
        place, last = place >> 1, last >> 1
    return last == 0 and digest == expected_root


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """RFC 9162, 2.1.4.2: whether the tree with the old root is the beginning of the one with the new root."""
    if not 0 <= old <= new:
        return False
    if old in (0, new):
        return not proof and (old_root == (EMPTY_ROOT if old == 0 else new_root))
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = path[0]
    for digest in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first, second = node_hash(digest, first), node_hash(digest, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, digest)
        place, last = place >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
