"""The keys, kept apart from the data: a folder of their own, or one file that a password opens."""

from __future__ import annotations

import io
import os
import secrets
import shutil
import tarfile
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from pledges.continuity.manifest import STAMP, UNFINISHED, NotPossible, sync_folder, write_durably
from pledges.core.secrecy import Vault, sha256_hex
from pledges.documents.agency_keys import TRIAL_FOLDER
from pledges.settings import Settings
from pledges.transparency.keys import TRIAL_FILE

SETTINGS_FILE = "settings.env"
SEALED = ".sealed"
PREFIX = "keys-"
_MAGIC = b"PLEDGES-KEYS-1\n"
_PURPOSE = "backup of keys"
_REVOCATION = "/revocation/"
"""CRLs and OCSP answers are public and new every day: they are copied, but a difference is no loss."""

Keys = dict[str, bytes]
"""Content by name, such as `seal/key.p12`."""


def keys_of(settings: Settings) -> Keys:
    """Everything without which a restored copy could not be read, signed in to, or go on sealing."""
    found: Keys = {SETTINGS_FILE: _secret_settings(settings)}
    try:
        if settings.seal_key is not None:
            found["seal/key.p12"] = settings.seal_key.read_bytes()
            if settings.seal_trust is not None:
                found["seal/trust.pem"] = settings.seal_trust.read_bytes()
            found |= _below(settings.seal_revocation, "seal/revocation")
        else:
            found |= _below(settings.var / "keys", "trial-seal")
        log_key = settings.log_key or settings.var / TRIAL_FILE
        if settings.log_key is not None or log_key.exists():
            found["log/key.pem"] = log_key.read_bytes()
        agencies = settings.agency_keys
        if agencies is None and not settings.production:
            agencies = settings.var / TRIAL_FOLDER
        found |= _below(agencies, "agencies")
    except OSError as error:
        raise NotPossible(f"A key cannot be read: {error.filename}: {error.strerror}.") from error
    return found


def _secret_settings(settings: Settings) -> bytes:
    """As lines that go into pledges.env again."""
    values = {
        "PLEDGES_SECRET_KEY": settings.secret_key,
        "PLEDGES_DATA_KEY": settings.data_key,
        "PLEDGES_SEAL_PASSWORD": settings.seal_password,
        "PLEDGES_DATABASE_URL": settings.database_url,
        "PLEDGES_SMTP_URL": settings.smtp_url or "",
        "PLEDGES_SMS_TOKEN": settings.sms_token,
    }
    return "".join(f"{name}='{value}'\n" for name, value in values.items()).encode()


def settings_in(keys: Keys) -> dict[str, str]:
    lines = keys.get(SETTINGS_FILE, b"").decode().splitlines()
    return {name: value[1:-1] for name, _, value in (line.partition("=") for line in lines)}


def _below(folder: Path | None, name: str) -> Keys:
    if folder is None or not folder.is_dir():
        return {}
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in files}


def key_marks(keys: Keys) -> dict[str, str]:
    """Per key a keyed hash, so that a manifest can tell a changed key without helping anybody to guess it."""
    vault = Vault(settings_in(keys).get("PLEDGES_DATA_KEY", ""))
    marks: dict[str, str] = {}
    for name, data in keys.items():
        if name == SETTINGS_FILE:
            # Each by itself: a new password of the mail relay does not make a copy useless.
            wanted = ("PLEDGES_SECRET_KEY", "PLEDGES_DATA_KEY", "PLEDGES_SEAL_PASSWORD")
            marks |= {one: vault.keyed_hash(_PURPOSE, settings_in(keys).get(one, "")) for one in wanted}
        elif _REVOCATION not in f"/{name}":
            marks[name] = vault.keyed_hash(_PURPOSE, sha256_hex(data))
    return marks


def differing(wanted: dict[str, str], keys: Keys) -> list[str]:
    """One sentence for each key that is missing in this copy or is another one than at the time of the backup."""
    marks = key_marks(keys)
    data_key = "PLEDGES_DATA_KEY"
    if data_key in wanted and marks.get(data_key) != wanted[data_key]:
        return [f"{data_key} is missing or another one: personal numbers and waiting codes could not be read."]
    said = []
    for name, mark in sorted(wanted.items()):
        if name not in marks:
            said.append(f"The key {name} is missing in the copy of the keys.")
        elif marks[name] != mark:
            said.append(f"The key {name} is another one in the copy of the keys than when the backup was made.")
    return said


# --- The copy ------------------------------------------------------------------------------------------------------


def write_keys(keys: Keys, to: Path, moment: datetime, password: str | None) -> Path:
    """A new copy of the keys in `to`, under its name only once it is whole."""
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = PREFIX + moment.strftime(STAMP)
    half, final = to / f"{UNFINISHED}-{name}", to / (name + (SEALED if password else ""))
    if final.exists():
        raise NotPossible(f"{final} exists already.")
    shutil.rmtree(half, ignore_errors=True)
    half.unlink(missing_ok=True)
    if password:
        write_durably(half, _seal(_pack(keys), password))
    else:
        half.mkdir(mode=0o700)
        for each, data in keys.items():
            path = half / each
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_durably(path, data)
    half.rename(final)
    sync_folder(to)
    return final


def read_keys(given: Path, password: str | None) -> Keys:
    """The copy that is meant: a folder, a sealed file, or the newest of those in a folder."""
    if given.is_dir() and not (given / SETTINGS_FILE).is_file():
        copies = sorted(each for each in given.iterdir() if each.name.startswith(PREFIX))
        if not copies:
            raise NotPossible(f"There is no copy of the keys in {given}.")
        given = copies[-1]
    try:
        if given.is_dir():
            return _below(given, ".") and {name[2:]: data for name, data in _below(given, ".").items()}
        sealed = given.read_bytes()
    except OSError as error:
        raise NotPossible(f"The copy of the keys cannot be read: {error.strerror}.") from error
    if not password:
        raise NotPossible(f"{given} is sealed with a password: name the file that holds it (--keys-password).")
    return _unpack(_open(sealed, password))


def _pack(keys: Keys) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in keys.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o600
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def _unpack(packed: bytes) -> Keys:
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r") as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive if entry.isfile()}  # type: ignore[union-attr]


def _stretched(password: str, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(password.encode()))


def _seal(data: bytes, password: str) -> bytes:
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    return _MAGIC + salt + nonce + _stretched(password, salt).encrypt(nonce, data, _MAGIC)


def _open(sealed: bytes, password: str) -> bytes:
    start = len(_MAGIC)
    salt, nonce, data = sealed[start : start + 16], sealed[start + 16 : start + 28], sealed[start + 28 :]
    try:
        if not sealed.startswith(_MAGIC):
            raise InvalidTag
        return _stretched(password, salt).decrypt(nonce, data, _MAGIC)
    except InvalidTag:
        raise NotPossible("The copy of the keys cannot be opened: it is damaged, or the password is wrong.") from None


def lay_out(keys: Keys, folder: Path) -> None:
    """Write keys into a new folder, to be looked at or to be put in place by hand."""
    folder.mkdir(mode=0o700, parents=True)
    for name, data in keys.items():
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise NotPossible(f"The copy of the keys holds a name that leads elsewhere: {name}.")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(path, data)


def read_password(file: Path | None) -> str | None:
    """The first line of the file, as other programs leave their passwords there."""
    if file is None:
        return None
    lines = file.read_text().splitlines()
    if not lines or len(lines[0]) < 12:
        raise NotPossible(f"The password in {os.fspath(file)} has less than 12 characters.")
    return lines[0]
