#!/usr/bin/env python3
"""Kiểm tra bằng chứng của nhật ký công khai, không cần mạng, không cần cài thêm gì. Checks proofs of the public log.

    python3 check_pledge_log.py bang-chung.json [--pdf FILE.pdf]
        Is the pledge in the log, at the place and on the day that the entry says, with exactly this file?
    python3 check_pledge_log.py nhat-quan.json [--checkpoint OLD.txt] [--root HEX]
        Has the log only grown since the older checkpoint: one that was kept, or one printed on a paper?

Add --key KEY, as it was told to you by somebody else than this site (a newspaper, the second agency, an older proof):
without it the file itself names the key, and only proves that it agrees with itself. Exit status 0: everything holds.
"""

import argparse
import base64
import hashlib
import json
import sys
from pathlib import Path

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


class Wrong(Exception):
    pass


def need(holds, sentence):
    if not holds:
        raise Wrong(sentence)


# --- Ed25519 (RFC 8032), only checking: slow and simple -------------------------------------------------------------


def point(data):
    y = int.from_bytes(data, "little") & (2**255 - 1)
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    need(y < P and (v * x * x - u) % P == 0, "The key or the signature is no point of the curve.")
    return (P - x if x & 1 != data[31] >> 7 else x), y, 1


def add(a, b):
    (ax, ay, az), (bx, by, bz) = a, b
    zz, xx, yy = az * bz % P, ax * bx % P, ay * by % P
    e = D * xx * yy % P
    f, g = (zz * zz - e) % P, (zz * zz + e) % P
    return zz * f * ((ax + ay) * (bx + by) - xx - yy) % P, zz * g * (yy + xx) % P, f * g % P


def times(number, a):
    total = (0, 1, 1)
    while number:
        if number & 1:
            total = add(total, a)
        a, number = add(a, a), number >> 1
    return total


def is_signed(public, message, signature):
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= ORDER:
        return False
    base = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    left, right = times(s, base), add(point(signature[:32]), times(h, point(public)))
    return all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


# --- The signed checkpoint (C2SP signed note) ------------------------------------------------------------------------


def open_checkpoint(note, key):
    """Size and root that the log has signed with this key."""
    name, tag, encoded = key.strip().split("+", 2)
    raw = base64.b64decode(encoded)
    need(len(raw) == 33 and raw[0] == 1, "The key is no Ed25519 key.")
    need(hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] == tag, "The key was copied wrongly.")
    lines = [line.lstrip("> ").rstrip() for line in note.splitlines()]  # letters add marks and lose the blank line
    lines = [line for line in lines if line]
    text = "".join(f"{line}\n" for line in lines if not line.startswith("\u2014 "))
    for line in lines:
        signer, _, blob = line.removeprefix("\u2014 ").partition(" ")
        data = base64.b64decode(blob)
        if line.startswith("\u2014 ") and signer == name and data[:4].hex() == tag:
            need(is_signed(raw[1:], text.encode(), data[4:]), "The signature of the checkpoint is wrong.")
            origin, size, root = text.splitlines()
            need(origin == name, "The checkpoint is of another log.")
            return int(size), base64.b64decode(root)
    raise Wrong("The checkpoint is not signed with this key.")


# --- The tree (RFC 9162, 2.1) ----------------------------------------------------------------------------------------


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def includes(leaf, index, size, proof, root):
    place, last, digest = index, size - 1, leaf
    for neighbour in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            digest = node(neighbour, digest)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            digest = node(digest, neighbour)
        place, last = place >> 1, last >> 1
    return 0 <= index < size and last == 0 and digest == root


def only_grew(old, new, proof, old_root, new_root):
    if old == new:
        return not proof and old_root == new_root
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not 0 < old < new or not path:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = path[0]
    for digest in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first, second = node(digest, first), node(digest, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node(second, digest)
        place, last = place >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


# --- What people ask --------------------------------------------------------------------------------------------------


def check_entries(given, key, pdf):
    size, root = open_checkpoint(given["checkpoint"], key)
    need(given["entries"], "The file holds no entry.")
    told = []
    for entry in given["entries"]:
        body, index = json.loads(entry["body"]), entry["index"]
        leaf = hashlib.sha256(b"\x00" + entry["body"].encode()).digest()
        proof = [bytes.fromhex(digest) for digest in entry["proof"]]
        need(includes(leaf, index, size, proof, root), f"Entry {index} does not stand in the log as the file says.")
        need(body["index"] == index, f"Entry {index} says another number of itself.")
        need(body["object"] == json.loads(given["entries"][0]["body"])["object"], "The entries are not of one thing.")
        told.append(f"entry {index}: {body['kind']} at {body['at']}, {json.dumps(body['data'], ensure_ascii=False)}")
    if pdf is not None:
        sha256 = hashlib.sha256(Path(pdf).read_bytes()).hexdigest()
        need(any(sha256 in entry["body"] for entry in given["entries"]), f"No entry names this PDF file ({sha256}).")
        told.append(f"the PDF file is named there: {sha256}")
    return [f"the log had {size} entries, root {root.hex()}", *told]


def check_growth(given, key, old_note, old_hex):
    size, root = open_checkpoint(given["checkpoint"], key)
    old, old_root = given["old"]["size"], bytes.fromhex(given["old"]["root"])
    if old_note is not None:
        kept = open_checkpoint(Path(old_note).read_text(encoding="utf-8"), key)
        need(kept == (old, old_root), f"The kept checkpoint is of {kept[0]} entries with the root {kept[1].hex()}.")
    need(old_hex is None or bytes.fromhex(old_hex) == old_root, f"The log has another root at {old} entries.")
    proof = [bytes.fromhex(digest) for digest in given["proof"]]
    need(only_grew(old, size, proof, old_root, root), f"What the log said at {old} entries was changed afterwards.")
    return [f"the first {old} entries (root {old_root.hex()}) are the same in the log of {size} (root {root.hex()})"]


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("file", "--pdf", "--checkpoint", "--root", "--key"):
        parser.add_argument(name)
    asked = parser.parse_args(words)
    try:
        given = json.loads(Path(asked.file).read_text(encoding="utf-8"))
        key = asked.key or given["log_key"]
        if given["format"] == "pledge-log-consistency/1":
            told = check_growth(given, key, asked.checkpoint, asked.root)
        else:
            need(given["format"] == "pledge-log-proof/1", "This is another kind of file.")
            told = check_entries(given, key, asked.pdf)
    except Wrong as wrong:
        return say([f"SAI / WRONG: {wrong}"], 1)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return say([f"KHÔNG ĐỌC ĐƯỢC / NOT READABLE: {type(error).__name__}: {error}"], 2)
    return say(["ĐÚNG / HOLDS", *told, f"key: {key}" + ("" if asked.key else " (only named by the file itself)")], 0)


def say(lines, status):
    sys.stdout.buffer.write(("\n".join(lines) + "\n").encode())
    sys.stdout.flush()
    return status


if __name__ == "__main__":
    sys.exit(main())
