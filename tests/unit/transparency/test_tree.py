"""The tree against an own, slow reading of RFC 9162, and every proof up to forty entries."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest

from pledges.transparency import tree

MOST = 40
LEAVES = [tree.leaf_hash(f"mục {number}".encode()) for number in range(MOST)]

# The leaves and roots that the tests of Certificate Transparency have used since RFC 6962.
KNOWN_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
KNOWN_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH as section 2.1.1 writes it."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:half]) + naive_root(leaves[half:])).digest()


ROOTS = [naive_root(LEAVES[:size]) for size in range(MOST + 1)]


def stored(size: int) -> dict[tree.Place, bytes]:
    """What the database would hold after so many entries."""
    known: dict[tree.Place, bytes] = {}
    for index in range(size):
        known |= dict(tree.grow(index, LEAVES[index], known))
    return known


def proof(parts: Sequence[tuple[int, int]]) -> list[bytes]:
    return [tree.hash_of_part(start, end, KNOWN) for start, end in parts]


KNOWN = stored(MOST)


def test_the_vectors_of_certificate_transparency() -> None:
    leaves = [tree.leaf_hash(bytes.fromhex(each)) for each in KNOWN_LEAVES]
    assert [tree.root(leaves[:size]).hex() for size in range(1, 9)] == KNOWN_ROOTS
    assert tree.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(MOST + 1))
def test_the_root_is_the_same_by_three_ways(size: int) -> None:
    known = stored(size)
    assert tree.root(LEAVES[:size]) == tree.hash_of_part(0, size, known) == ROOTS[size]
    # Stored are the leaves and every complete subtree, and nothing else.
    assert len(known) == sum(size >> level for level in range(size.bit_length()))


def spoiled(path: Sequence[bytes]) -> list[list[bytes]]:
    """Every hash altered in turn, one too many at either end, one missing at either end."""
    wrong = [[*path[:at], bytes([path[at][0] ^ 1]) + path[at][1:], *path[at + 1 :]] for at in range(len(path))]
    longer = [[*path, LEAVES[0]], [LEAVES[0], *path]]
    return wrong + longer + ([list(path[1:]), list(path[:-1])] if path else [])


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_every_entry_is_proved_and_nothing_else_is(size: int) -> None:
    for index in range(size):
        path = proof(tree.inclusion_parts(index, size))
        assert len(path) <= (size - 1).bit_length()
        assert tree.verify_inclusion(LEAVES[index], index, size, path, ROOTS[size])
        assert not any(tree.verify_inclusion(LEAVES[index], index, size, bad, ROOTS[size]) for bad in spoiled(path))
        assert not tree.verify_inclusion(LEAVES[index], index, size, path, ROOTS[size - 1])
        assert not tree.verify_inclusion(LEAVES[index - 1], index, size, path, ROOTS[size]) or size == 1
        others = [other for other in range(-1, size + 1) if other != index]
        assert not any(tree.verify_inclusion(LEAVES[index], other, size, path, ROOTS[size]) for other in others)


@pytest.mark.parametrize("new", range(1, MOST + 1))
def test_every_growth_is_proved_and_nothing_else_is(new: int) -> None:
    for old in range(1, new + 1):
        path = proof(tree.consistency_parts(old, new))
        assert tree.verify_consistency(old, new, path, ROOTS[old], ROOTS[new])
        assert not any(tree.verify_consistency(old, new, bad, ROOTS[old], ROOTS[new]) for bad in spoiled(path))
        assert not tree.verify_consistency(old, new, path, ROOTS[old - 1], ROOTS[new])
        assert not tree.verify_consistency(old, new, path, ROOTS[old], ROOTS[new - 1])
    assert tree.verify_consistency(0, new, [], tree.EMPTY_ROOT, ROOTS[new])
    assert not tree.verify_consistency(new + 1, new, [], ROOTS[new], ROOTS[new])


def test_what_is_not_there_has_no_proof() -> None:
    for index, size in ((0, 0), (5, 5), (-1, 5)):
        with pytest.raises(ValueError, match="no leaf"):
            tree.inclusion_parts(index, size)
    for old, new in ((0, 5), (6, 5)):
        with pytest.raises(ValueError, match="no beginning"):
            tree.consistency_parts(old, new)
