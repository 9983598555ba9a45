"""Only bytes that we stored are authentic: a corpus of everything else, and the honest files beside it."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents import verification_upload
from pledges.documents.models import DocumentKind
from pledges.documents.operations import seal_paper, store_document
from pledges.documents.rendering import render_pledge
from pledges.documents.sealing import SealedPdf
from pledges.documents.storage import Storage
from pledges.documents.verification import ExpectedSignature, verify_stored
from pledges.documents.verification_upload import CheckingBusy, inspect_upload
from pledges.signing.models import PledgeState
from pledges.signing.queries import get_pledge
from pledges.signing.verification import ADDED, BROKEN, NO_SEAL, Finding, Verdict, verify_code, verify_file
from tests.support import forgeries
from tests.support.clock import FixedClock
from tests.support.databases import SqliteTemplate
from tests.support.papers import invented_paper
from tests.support.seal_keys import NOW, Authority, SealFolder, p256
from tests.support.sealing import SealedPledge, sealed_pledge, set_state
from tests.support.signing import doctor_pages

SECONDS = 6.0


@dataclass(frozen=True)
class Office:
    """One installation with a sealed pledge in it."""

    database: Database
    storage: Storage
    folder: SealFolder
    authority: Authority
    sealed: SealedPledge

    def verify(self, data: bytes) -> Verdict:
        return verify_file(self.database, self.storage, data)


@dataclass(frozen=True)
class Approved:
    office: Office
    pdf: bytes
    """With both signatures."""


@pytest.fixture(scope="module")
def office(sqlite_template: SqliteTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    authority = Authority()
    keys = SealFolder(folder / "seal").lay_down(authority, p256())
    storage, vault = Storage(folder / "storage"), Vault("tests-only-data-key-0123456789abcdef")
    with sqlite_template.fresh() as database:
        sealed = sealed_pledge(database, storage, keys.sealer(), FixedClock(), vault)
        yield Office(database, storage, keys, authority, sealed)


@pytest.fixture(scope="module")
def paper() -> SealedPdf:
    """A sealed file as plain bytes with its record, for what needs no database."""
    with tempfile.TemporaryDirectory() as folder:
        return seal_paper(
            invented_paper(1), SealFolder(Path(folder) / "seal").lay_down(Authority(), p256()).sealer(), NOW
        )


def recorded(sealed: SealedPdf) -> ExpectedSignature:
    return ExpectedSignature(DocumentKind.SEALED, sealed.certificate, sealed.evidence, NOW)


# --- Honest files --------------------------------------------------------------------------------------------------


def test_the_sealed_file_is_authentic(office: Office) -> None:
    started = time.monotonic()
    verdict = office.verify(office.sealed.pdf)
    assert time.monotonic() - started < SECONDS
    assert verdict.authentic
    assert (verdict.finding, verdict.state) == (Finding.AUTHENTIC, PledgeState.SUBMITTED)
    [seal] = verdict.signatures
    assert seal.confirmed
    assert (seal.kind, seal.field, seal.covers) == ("system_seal", "SystemSeal", "whole_file")
    assert (seal.who, seal.when) == ("Niêm phong của bộ kiểm thử", NOW)


def test_a_certificate_that_expired_since_does_not_matter(paper: SealedPdf) -> None:
    """The record may be made long after the seal, by a job that was interrupted; the seal's own time counts."""
    late = ExpectedSignature(DocumentKind.SEALED, paper.certificate, paper.evidence, NOW + timedelta(days=4000))
    assert verify_stored(paper.data, lambda _sha256: late).sound


@pytest.fixture(scope="module")
def approved(sqlite_template: SqliteTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Approved]:
    """An installation whose pledge bears the agency's signature over the seal, stored as the newest file."""
    folder = tmp_path_factory.mktemp("approved")
    authority, storage, clock = Authority(), Storage(folder / "storage"), FixedClock()
    keys = SealFolder(folder / "seal").lay_down(authority, p256())
    with sqlite_template.fresh() as database:
        sealed = sealed_pledge(database, storage, keys.sealer(), clock, Vault("tests-only-data-key-0123456789abcdef"))
        agency = forgeries.countersigned(sealed.pdf, authority)

        def approve(session: Session) -> None:
            pledge = get_pledge(session, sealed.pledge.province_code, sealed.pledge.id)
            assert pledge is not None
            document = store_document(
                session, storage, agency, DocumentKind.COUNTERSIGNED, pledge.province_code, clock()
            )
            session.flush()
            pledge.document_id, pledge.state = document.id, PledgeState.APPROVED

        database.run(approve)
        yield Approved(Office(database, storage, keys, authority, sealed), agency.data)


def test_a_countersigned_file_is_authentic_and_the_sealed_one_becomes_an_earlier_version(approved: Approved) -> None:
    office = approved.office
    newest, earlier = office.verify(approved.pdf), office.verify(office.sealed.pdf)
    assert (newest.finding, newest.state) == (Finding.AUTHENTIC, PledgeState.APPROVED)
    assert [(each.field, each.covers, each.confirmed) for each in newest.signatures] == [
        ("SystemSeal", "earlier_revision", True),
        ("AgencySignature", "whole_file", True),
    ]
    assert approved.pdf.startswith(office.sealed.pdf), "the agency's signature cut off is the sealed file, no forgery"
    assert earlier.authentic
    assert earlier.finding is Finding.EARLIER
    with office.database.read() as session:
        assert verify_code(session, office.storage, office.sealed.code).finding is Finding.AUTHENTIC


# --- The signatures alone find changes, whatever the hash says -----------------------------------------------------


def test_flipped_bytes_across_the_file_are_found_by_the_signature(paper: SealedPdf) -> None:
    """Bytes that are not those we stored never come here; this shows that the second wall stands as well."""
    begin, end = paper.data.index(b"/Contents <3082"), paper.data.rindex(b"/ByteRange") - 2
    size = len(paper.data)
    places = [place for place in range(7, size, size // 60) if not begin <= place <= end]
    assert len(places) >= 50
    accepted = [
        place
        for place in places
        if verify_stored(forgeries.flipped(paper.data, place), lambda _sha256: recorded(paper)).sound
    ]
    assert accepted == []


@pytest.fixture(scope="module")
def agency(paper: SealedPdf) -> SealedPdf:
    return forgeries.countersigned(paper.data, Authority())


def test_flipped_bytes_across_a_countersigned_file_are_found_by_its_signatures(
    paper: SealedPdf, agency: SealedPdf
) -> None:
    """Every file that the record knows by its hash stays known, so that nothing but the signatures can object."""
    changed: set[int] = set()

    def unmoved(_sha256: str) -> ExpectedSignature:
        return next(answers)

    begin, end = len(paper.data) + 9, len(agency.data)
    containers = [(found, agency.data.index(b">", found)) for found in _all(agency.data, b"/Contents <3082")]
    for place in [*range(11, begin, begin // 12), *range(begin, end, (end - begin) // 24)]:
        if any(first <= place <= last for first, last in containers):
            continue
        answers = iter((recorded(paper), replace(recorded(agency), kind=DocumentKind.COUNTERSIGNED)))
        changed.add(place)
        assert not verify_stored(forgeries.flipped(agency.data, place), unmoved).sound, place
    assert len(changed) >= 24
    answers = iter((recorded(paper), replace(recorded(agency), kind=DocumentKind.COUNTERSIGNED)))
    assert verify_stored(agency.data, unmoved).sound, "nothing but the flipped byte was wrong"


def _all(data: bytes, part: bytes) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(part), data)]


@pytest.mark.parametrize(
    "forge",
    [
        forgeries.with_note_added,
        forgeries.with_script,
        forgeries.with_foreign_widget,
        lambda data: forgeries.with_empty_revisions(data, 1),
    ],
)
def test_revisions_after_the_agency_are_found_by_its_signature(
    paper: SealedPdf, agency: SealedPdf, forge: Callable[[bytes], bytes]
) -> None:
    known = {paper.sha256: recorded(paper), agency.sha256: replace(recorded(agency), kind=DocumentKind.COUNTERSIGNED)}
    assert verify_stored(agency.data, known.get).sound
    assert not verify_stored(forge(agency.data), known.get).sound


@pytest.mark.parametrize(
    "forge",
    [
        forgeries.with_note_added,
        forgeries.with_script,
        forgeries.signed_by_stranger,
        forgeries.with_foreign_widget,
    ],
)
def test_revisions_after_the_seal_are_found_by_the_signature(paper: SealedPdf, forge: Callable[[bytes], bytes]) -> None:
    def expected(sha256: str) -> ExpectedSignature | None:
        return recorded(paper) if sha256 == paper.sha256 else None

    assert verify_stored(paper.data, expected).sound
    assert not verify_stored(forge(paper.data), expected).sound


def test_a_seal_that_was_not_recorded_with_this_file_is_refused(paper: SealedPdf) -> None:
    stranger = SealedPdf(paper.data, paper.sha256, b"other", paper.evidence, False)
    assert "chứng thư khác" in verify_stored(paper.data, lambda _sha256: recorded(stranger)).reason
    assert "không được ghi nhận" in verify_stored(paper.data, lambda _sha256: None).reason
    assert "không có niêm phong" in verify_stored(render_pledge(invented_paper(1), trial=False), lambda _: None).reason


# --- Files from strangers ------------------------------------------------------------------------------------------


def corpus(data: bytes, sealed: bytes, folder: Path) -> dict[str, tuple[bytes, set[Finding]]]:
    """Around a countersigned file, whose beginning is the sealed one.

    Each altered file costs a child process of a second; more of them are judged by their signatures alone, above.
    """
    altered, strange = {Finding.ALTERED}, {Finding.NOT_OURS, Finding.UNREADABLE}
    end = len(sealed)
    other_text = forgeries.flipped(sealed, sealed.index(b"endstream") - 20)
    return {
        "flipped text": (forgeries.flipped(data, 3_000), altered),
        "flipped between the signatures": (forgeries.flipped(data, end + 400), altered),
        "flipped signature": (forgeries.flipped(data, data.rindex(b"/Contents <3082") + 400), altered),
        "truncated": (data[:-100], altered),
        "cut off within the agency's signature": (data[: (end + len(data)) // 2], altered),
        "one byte more": (data + b"\n", altered),
        "a note": (forgeries.with_note_added(data), altered),
        "a script": (forgeries.with_script(data), altered),
        "a stranger's signature over the text": (forgeries.with_foreign_widget(data), altered),
        "a stranger instead of the agency": (forgeries.signed_by_stranger(sealed), altered),
        "the agency's signature behind another text": (other_text + data[end:], altered),
        "drawn over": (forgeries.overlaid(data), altered),
        "rewritten": (forgeries.rewritten(data, folder), altered),
        "rewritten and packed": (forgeries.rewritten(data, folder, "--object-streams=generate"), altered),
        "5,000 revisions": (forgeries.with_empty_revisions(data, 5_000), altered),
        "another document": (forgeries.other_document(), {Finding.NOT_OURS}),
        "encrypted": (forgeries.encrypted(data, folder, "secret"), {Finding.ENCRYPTED}),
        "encrypted for reading by all": (forgeries.encrypted(data, folder), {Finding.ENCRYPTED}),
        "not a PDF": (b"PK\x03\x04 a picture of the pledge", {Finding.NOT_PDF}),
        "HTML": (b"<!doctype html><title>x</title>", {Finding.NOT_PDF}),
        "empty": (b"", {Finding.NOT_PDF}),
        "only a beginning": (b"%PDF-1.7\n", {Finding.UNREADABLE}),
        "deeply nested": (forgeries.deeply_nested(), strange),
        "one long comment": (forgeries.one_long_comment(), {Finding.UNREADABLE}),
        "11 MB": (data + b"\n" * (11 * 1024 * 1024), {Finding.TOO_LARGE}),
    }


@pytest.fixture(scope="module")
def files(approved: Approved, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bytes, set[Finding]]]:
    return corpus(approved.pdf, approved.office.sealed.pdf, tmp_path_factory.mktemp("corpus"))


def test_nothing_of_the_corpus_is_accepted_and_all_of_it_is_answered_in_time(
    approved: Approved, files: dict[str, tuple[bytes, set[Finding]]]
) -> None:
    wrong = {}
    for name, (data, expected) in files.items():
        started = time.monotonic()
        verdict = approved.office.verify(data)
        took = time.monotonic() - started
        if verdict.authentic or verdict.finding not in expected or took > SECONDS:
            wrong[name] = (verdict.finding, round(took, 1))
        assert verdict.pledge is None, name
    assert wrong == {}


def test_the_reason_tells_what_happened_to_an_altered_file(
    approved: Approved, files: dict[str, tuple[bytes, set[Finding]]], tmp_path: Path
) -> None:
    office = approved.office
    assert office.verify(files["a note"][0]).reason == ADDED
    assert office.verify(files["rewritten and packed"][0]).reason == BROKEN
    assert office.verify(files["5,000 revisions"][0]).code == office.sealed.code
    unsealed = forgeries.rewritten(office.sealed.pdf, tmp_path, "--pages", ".", "1", "--")
    assert office.verify(unsealed).reason in {BROKEN, NO_SEAL}


def test_a_file_of_the_corpus_under_another_pledge_is_not_ours(office: Office, paper: SealedPdf) -> None:
    """Sealed with the same software elsewhere: a code that nobody here gave out."""
    assert office.verify(paper.data).finding is Finding.NOT_OURS


# --- The child process ---------------------------------------------------------------------------------------------


def test_a_parser_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification_upload, "CHILD", "tests.support.endless_child")
    monkeypatch.setattr(verification_upload, "WALL_SECONDS", 2.0)
    started = time.monotonic()
    seen = inspect_upload(b"%PDF-1.7\n")
    assert time.monotonic() - started < SECONDS
    assert not seen.readable


def test_the_child_inherits_nothing_and_is_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEDGES_SECRET_KEY", "never-to-be-seen")
    monkeypatch.setattr(verification_upload, "CHILD", "tests.support.telling_child")
    seen = inspect_upload(b"%PDF-1.7\n")
    told = dict(each.split("=", 1) for each in (signature.who for signature in seen.signatures))
    assert told == {"environment": "LANG PATH", "memory": str(512 * 1024 * 1024), "seconds": "5", "files": "0"}


def test_uploads_cannot_take_more_than_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    places = verification_upload._places
    monkeypatch.setattr(places, "wait_seconds", 0.05)
    with places.one(), places.one(), pytest.raises(CheckingBusy):
        inspect_upload(b"%PDF-1.7\n")


# --- States --------------------------------------------------------------------------------------------------------


def test_a_revoked_pledge_keeps_its_authentic_file_and_says_so(office: Office) -> None:
    set_state(office.database, office.sealed.pledge, PledgeState.REVOKED)
    try:
        verdict = office.verify(office.sealed.pdf)
        assert (verdict.authentic, verdict.state) == (True, PledgeState.REVOKED)
    finally:
        set_state(office.database, office.sealed.pledge, PledgeState.SUBMITTED)


def test_a_lost_or_damaged_copy_is_never_called_authentic(sqlite_template: SqliteTemplate, tmp_path: Path) -> None:
    storage = Storage(tmp_path / "storage")
    keys = SealFolder(tmp_path / "seal").lay_down(Authority(), p256())
    with sqlite_template.fresh() as database:
        vault = Vault("tests-only-data-key-0123456789abcdef")
        sealed = sealed_pledge(database, storage, keys.sealer(), FixedClock(), vault, pages=doctor_pages())
        [path] = [path for path in storage.folder.rglob("*") if path.is_file() and len(path.name) == 64]
        path.write_bytes(forgeries.flipped(sealed.pdf, 100))
        with database.read() as session:
            verdict = verify_code(session, storage, sealed.code)
        assert (verdict.finding, verdict.authentic) == (Finding.DAMAGED, False)
        assert verify_file(database, storage, sealed.pdf).authentic, "the holder's own copy is still good"
