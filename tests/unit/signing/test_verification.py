"""What verification remembers, and how it finds the pledge of a file that we stored."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from pledges.core.db import Database
from pledges.core.errors import N_
from pledges.core.secrecy import Vault
from pledges.documents.models import Document, DocumentKind
from pledges.documents.operations import store_document
from pledges.documents.sealing import SealedPdf
from pledges.documents.storage import Storage
from pledges.documents.verification import StoredVerdict
from pledges.signing.models import Pledge
from pledges.signing.sound_files import CheckedFile, SoundFiles
from pledges.signing.verification import Finding, verify_file
from tests.support.clock import START, FixedClock
from tests.support.signing import doctor_pages, signed_by


def document(number: int = 1, **changes: object) -> Document:
    columns = {
        "kind": DocumentKind.SEALED,
        "sha256": f"{number:064x}",
        "size": 1,
        "created_at": START,
        "signer_certificate": b"certificate",
        "revocation_evidence": b"evidence",
        "trial": False,
    }
    return Document(**{**columns, **changes})


class Checks:
    """Counts how often a file is validated."""

    def __init__(self, *, sound: bool = True) -> None:
        self.count = 0
        self.sound = sound

    def __call__(self) -> CheckedFile:
        self.count += 1
        return CheckedFile(StoredVerdict(self.sound, "" if self.sound else N_("x")), trial=False)


def test_a_sound_file_is_validated_once() -> None:
    files, checks = SoundFiles(), Checks()
    assert files.checked(document(), checks) is files.checked(document(), checks)
    assert checks.count == 1


def test_a_file_that_failed_is_looked_at_again() -> None:
    files, checks = SoundFiles(), Checks(sound=False)
    files.checked(document(), checks)
    assert not files.checked(document(), checks).verdict.sound
    assert checks.count == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"revocation_evidence": b"other"},
        {"signer_certificate": b"other"},
        {"created_at": START + timedelta(days=1)},
        {"kind": DocumentKind.COUNTERSIGNED},
        {"trial": True},
    ],
)
def test_whoever_changes_what_was_recorded_has_the_file_validated_anew(changed: dict[str, object]) -> None:
    files, checks = SoundFiles(), Checks()
    files.checked(document(), checks)
    files.checked(document(**changed), checks)
    assert checks.count == 2


def test_only_the_files_used_last_are_remembered() -> None:
    files, first, others = SoundFiles(most=2), Checks(), Checks()
    for number in (1, 2, 1, 3, 1):
        files.checked(document(number), first if number == 1 else others)
    assert (first.count, others.count) == (1, 2)
    files.checked(document(2), others)
    assert others.count == 3, "the one that nobody had asked for longest was forgotten"


def test_a_row_names_the_pledge_of_a_file_without_any_code(
    sqlite_database: Database, vault: Vault, clock: FixedClock, tmp_path: Path
) -> None:
    """No file of ours is like that; were there one, it must be found damaged rather than not ours."""
    storage = Storage(tmp_path)
    [pledge] = signed_by(sqlite_database, doctor_pages(), now=clock(), vault=vault).signed
    data = b"%PDF-1.7 without a code"

    def bind(session: Session) -> None:
        sealed = SealedPdf(data, storage.put(data), b"", b"", trial=False)
        stored = store_document(session, storage, sealed, DocumentKind.SEALED, pledge.province_code, clock())
        session.flush()
        session.get_one(Pledge, (pledge.province_code, pledge.id)).document_id = stored.id

    sqlite_database.run(bind)
    verdict = verify_file(sqlite_database, storage, data)
    assert (verdict.finding, verdict.authentic) == (Finding.DAMAGED, False)
    assert verdict.pledge is not None
    assert verdict.pledge.code == pledge.verification_code
    assert "đang cần được kiểm tra lại" in verdict.reason
    assert "đang xem xét" not in verdict.reason, "nothing is said of what it is worth"
