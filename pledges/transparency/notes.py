"""Signed notes and checkpoints as C2SP writes them (c2sp.org/signed-note, tlog-checkpoint). Pure text and Ed25519."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_DASH = "\u2014"


class WrongNote(ValueError):
    """The text is no checkpoint, or its signature does not belong to it."""


@dataclass(frozen=True)
class Told:
    """What a checkpoint says."""

    origin: str
    size: int
    root: bytes


def checkpoint_text(told: Told) -> str:
    return f"{told.origin}\n{told.size}\n{base64.b64encode(told.root).decode()}\n"


def verifier_key(name: str, public: bytes) -> str:
    """What everybody who checks needs, in one line: name, key id, and the algorithm with the public key."""
    return f"{name}+{_key_id(name, public).hex()}+{base64.b64encode(_ED25519 + public).decode()}"


def sign(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """The text, an empty line, and the line of the signature."""
    signed = _key_id(name, key.public_key().public_bytes_raw()) + key.sign(text.encode())
    return f"{text}\n{_DASH} {name} {base64.b64encode(signed).decode()}\n"


def read_checkpoint(note: str, verifier: str) -> Told:
    """What the checkpoint says, if the key of this verifier has signed it, else `WrongNote`; others may have too."""
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    name, public = _read_verifier(verifier)
    *signature_lines, end = signatures.split("\n")
    lines = [line.split(" ") for line in signature_lines]
    if end:
        raise WrongNote("the last line has no end")
    if not any(len(each) == 3 and each[:2] == [_DASH, name] and _fits(text, each[2], name, public) for each in lines):
        raise WrongNote("the signature does not belong to this text and key")
    return _read_text(text)


def _read_text(text: str) -> Told:
    lines = text.split("\n")
    try:
        origin, size, root = lines[:3]
        told = Told(origin, int(size), base64.b64decode(root, validate=True))
    except ValueError:
        raise WrongNote("the text is no checkpoint") from None
    if checkpoint_text(told) != text or len(told.root) != 32 or not origin:
        raise WrongNote("the text is no checkpoint")
    return told


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def _read_verifier(verifier: str) -> tuple[str, bytes]:
    try:
        name, key_id, encoded = verifier.split("+", 2)
        kind_and_key = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise WrongNote("the verifier key cannot be read") from None
    public = kind_and_key[1:]
    if kind_and_key[:1] != _ED25519 or len(public) != 32 or key_id != _key_id(name, public).hex():
        raise WrongNote("the verifier key cannot be read")
    return name, public


def _fits(text: str, encoded: str, name: str, public: bytes) -> bool:
    try:
        signed = base64.b64decode(encoded, validate=True)
        # The same bytes can be written in several ways: only the usual one counts.
        if signed[:4] != _key_id(name, public) or base64.b64encode(signed).decode() != encoded:
            return False
        Ed25519PublicKey.from_public_bytes(public).verify(signed[4:], text.encode())
    except (binascii.Error, InvalidSignature, ValueError):
        return False
    return True
