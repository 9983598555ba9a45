"""One file for the department: the list of an institution and the PDF of everybody who has signed."""

from __future__ import annotations

import io
import zipfile
from typing import IO, Any

import xlsxwriter
from sqlalchemy.orm import Session

from pledges.core.calendar import VIETNAM
from pledges.documents.errors import DocumentDamaged
from pledges.documents.queries import get_document
from pledges.documents.storage import Storage
from pledges.institutions.models import Institution
from pledges.institutions.queries import matched_of, members_of
from pledges.signing.models import Pledge

LIST = "danh-sach.xlsx"
HEADINGS = ("STT", "Họ và tên", "Khoa, phòng, chức danh", "Mã hồ sơ", "Ngày ký", "Tệp")


def write_dossier(session: Session, institution: Institution, storage: Storage, target: IO[bytes]) -> int:
    """Write the ZIP into `target`; returns how many PDFs are in it.

    A file that is not sealed yet, or cannot be read now, stands in the list as such: nobody is left out silently.
    """
    members = members_of(session, institution)
    matched = matched_of(session, institution, members)
    written = 0
    rows: list[tuple[Any, ...]] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        people = [(member.name, member.detail, matched.signed.get(place)) for place, member in enumerate(members)]
        people += [
            (str(pledge.answers.get("name", "")), "(chưa có trong danh sách)", pledge) for pledge in matched.strangers
        ]
        for number, (name, detail, pledge) in enumerate(people, start=1):
            file = _add_pdf(session, archive, storage, pledge) if pledge is not None else ""
            written += file.endswith(".pdf")
            rows.append(
                (
                    number,
                    name,
                    detail,
                    pledge.reference if pledge is not None else "",
                    pledge.signed_at.astimezone(VIETNAM).replace(tzinfo=None) if pledge is not None else None,
                    file if pledge is not None else "Chưa ký",
                )
            )
        archive.writestr(LIST, _workbook(institution, rows))
    return written


def _add_pdf(session: Session, archive: zipfile.ZipFile, storage: Storage, pledge: Pledge) -> str:
    document = get_document(session, pledge.province_code, pledge.document_id) if pledge.document_id else None
    if document is None:
        return "Đang hoàn tất"
    try:
        data = storage.get(document.sha256)
    except (OSError, DocumentDamaged):
        return "Chưa lấy được tệp"
    name = f"{pledge.reference}.pdf"
    archive.writestr(zipfile.ZipInfo(name, date_time=pledge.signed_at.astimezone(VIETNAM).timetuple()[:6]), data)
    return name


def _workbook(institution: Institution, rows: list[tuple[Any, ...]]) -> bytes:
    out = io.BytesIO()
    # Text stays text: a name that begins with "=" must not become a formula in somebody's spreadsheet.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet("Danh sách")
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        day = book.add_format({"num_format": "dd/mm/yyyy", "align": "left"})
        sheet.write_string(0, 0, institution.name, bold)
        for column, heading in enumerate(HEADINGS):
            sheet.write_string(2, column, heading, bold)
        for line, row in enumerate(rows, start=3):
            sheet.write_number(line, 0, row[0])
            for column in (1, 2, 3, 5):
                sheet.write_string(line, column, row[column])
            if row[4] is not None:
                sheet.write_datetime(line, 4, row[4], day)
        sheet.freeze_panes(3, 2)
        for column, width in enumerate((6, 34, 34, 20, 12, 26)):
            sheet.set_column(column, column, width)
    return out.getvalue()
