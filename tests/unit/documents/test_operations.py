"""From paper to a row in the database and a file in the storage."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from pledges.core.db import Database
from pledges.documents.models import DocumentKind
from pledges.documents.operations import seal_paper, store_document
from pledges.documents.queries import documents_with_hash, get_document
from pledges.documents.storage import Storage
from pledges.documents.validation import validate_sealed
from tests.support.papers import invented_paper
from tests.support.seal_keys import NOW, Authority, SealFolder, p256


def test_a_document_is_stored_with_its_proof(database: Database, tmp_path: Path) -> None:
    folder = SealFolder(tmp_path / "seal").lay_down(Authority(), p256())
    storage = Storage(tmp_path / "storage")
    sealed = seal_paper(invented_paper(1), folder.sealer(), NOW)
    stored = database.run(lambda session: store_document(session, storage, sealed, DocumentKind.SEALED, "20", NOW))
    with database.read() as session:
        document = get_document(session, "20", stored.id)
        assert document is not None
        assert [each.id for each in documents_with_hash(session, sealed.sha256)] == [stored.id]
        assert get_document(session, "82", stored.id) is None
    data = storage.get(document.sha256)
    assert document.size == len(data)
    assert not document.trial
    assert document.created_at == NOW
    found = validate_sealed(data, document.signer_certificate, document.revocation_evidence, document.created_at)
    assert found.authentic


@pytest.mark.fault
@pytest.mark.parametrize("point", ["seal.before_render", "seal.after_render", "seal.after_seal"])
def test_sealing_can_be_killed_at_its_boundaries(tmp_path: Path, point: str) -> None:
    sealer = SealFolder(tmp_path / "seal").lay_down(Authority(), p256()).sealer()
    child = os.fork()
    if child == 0:
        os.environ["PLEDGES_CRASH_AT"] = point
        seal_paper(invented_paper(1), sealer, NOW)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
