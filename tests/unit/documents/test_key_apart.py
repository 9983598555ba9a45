"""The web may read the certificate of a key and not the key: it tells how the key does, and cannot sign."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from pledges.documents.errors import SealUnavailable
from tests.support.seal_keys import NOW, Authority, SealFolder, p256

NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[SealFolder]:
    """Outside the folders of the tests, into which only their owner may look."""
    place = Path(tempfile.mkdtemp(prefix="pledges-key-"))
    place.chmod(0o755)
    authority, key = Authority(), p256()
    certificate = authority.issue(key)
    laid = SealFolder(place / "seal").lay_down(authority, key, certificate)
    laid.files.certificates.write_bytes(certificate.public_bytes(Encoding.PEM))
    laid.files.key.chmod(0o400)
    yield laid
    shutil.rmtree(place)


@contextmanager
def as_another(folder: SealFolder) -> Iterator[None]:
    """As a user who may not read the key; without the right to become one, the key is closed for its owner too."""
    if os.geteuid() != 0:
        folder.files.key.chmod(0)
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_the_state_is_told_and_nothing_is_signed(folder: SealFolder) -> None:
    worker = folder.sealer()
    assert worker.check(NOW).material.cms is not None
    web = folder.sealer()
    with as_another(folder):
        told = web.state(NOW)
        assert told == worker.state(NOW)
        assert told.error is None
        with pytest.raises(SealUnavailable, match=r"Không đọc được tệp khóa niêm phong seal\.p12"):
            web.check(NOW)
        for answer in folder.files.revocation.iterdir():
            assert answer.is_file()
    shutil.rmtree(folder.files.revocation)
    with as_another(folder):
        refusal = web.state(NOW).error
        assert refusal is not None
        assert "Thiếu CRL" in str(refusal), "what is wrong with a certificate is seen without its key"


def test_a_key_without_its_certificate_is_told(folder: SealFolder) -> None:
    folder.files.certificates.unlink()
    with as_another(folder):
        assert "seal.p12" in str(folder.sealer().state(NOW).error)
    folder.files.certificates.write_text("nothing of that kind")
    with as_another(folder):
        assert "seal.pem" in str(folder.sealer().state(NOW).error)
