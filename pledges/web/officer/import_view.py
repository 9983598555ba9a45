"""What the pages of an import show: states and outcomes in words, rows with what was understood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from pledges.core.identity import mask_personal_number, national_phone
from pledges.imports.models import ClashDecision, Import, ImportRow, ImportState, RowOutcome
from pledges.imports.rows import Field, ParsedRow
from pledges.plans.queries import all_provinces, commune_names
from pledges.plans.rules import SUBJECT_TYPES
from pledges.web.current import product, reader
from pledges.web.i18n import date_text, translate
from pledges.web.officer.words import Label

PAGE_SIZE = 50

TABS: tuple[str, ...] = (
    RowOutcome.CLASH.value,
    RowOutcome.NEW.value,
    RowOutcome.ADDS.value,
    RowOutcome.MATCHED.value,
    RowOutcome.OUTSIDE.value,
    RowOutcome.REFUSED.value,
)


def state_label(import_: Import) -> Label:
    labels = {
        ImportState.READING: (_("Đang đọc tệp"), "info"),
        ImportState.COLUMNS: (_("Chờ nhận cột"), "warning"),
        ImportState.CHECKING: (_("Đang đối chiếu"), "info"),
        ImportState.CHECKED: (_("Chờ ghi vào danh sách"), "warning"),
        ImportState.COMMITTING: (_("Đang ghi"), "info"),
        ImportState.COMMITTED: (_("Đã ghi"), "success"),
        ImportState.UNDOING: (_("Đang rút lại"), "info"),
        ImportState.UNDONE: (_("Đã rút lại"), "plain"),
        ImportState.FAILED: (_("Không đọc được"), "wrong"),
        ImportState.CANCELLED: (_("Đã bỏ"), "plain"),
    }
    text, kind = labels[import_.state]
    return Label(str(text), kind)


def working_text(import_: Import) -> str:
    """What the worker is doing, above its bar."""
    texts = {
        ImportState.READING: _("Đang đọc tệp"),
        ImportState.CHECKING: _("Đang đối chiếu từng dòng với danh sách đối tượng"),
        ImportState.COMMITTING: _("Đang ghi vào danh sách đối tượng"),
        ImportState.UNDOING: _("Đang rút lại"),
    }
    return str(texts.get(import_.state, _("Đã xong")))


def outcome_text(outcome: str) -> str:
    texts = {
        RowOutcome.NEW.value: _("Mới"),
        RowOutcome.MATCHED.value: _("Đã có"),
        RowOutcome.ADDS.value: _("Bổ sung"),
        RowOutcome.CLASH.value: _("Cần quyết định"),
        RowOutcome.OUTSIDE.value: _("Tỉnh khác"),
        RowOutcome.REFUSED.value: _("Không dùng được"),
    }
    return str(texts[outcome])


def outcome_hint(outcome: str, *, done: bool) -> str:
    """What happens with the rows of a tab, or what has happened once the list is committed."""
    aside = _("Mâu thuẫn với danh sách, hoặc giống nhiều đối tượng. Dòng chưa quyết định để lại, không ghi.")
    texts = {
        RowOutcome.NEW.value: _("Chưa có trong danh sách đối tượng; khi ghi sẽ được thêm vào."),
        RowOutcome.MATCHED.value: _("Đã có trong danh sách đối tượng và không có gì mới."),
        RowOutcome.ADDS.value: _("Đã có trong danh sách đối tượng; khi ghi sẽ thêm kênh, liên hệ hoặc mã số mới."),
        RowOutcome.CLASH.value: aside,
        RowOutcome.OUTSIDE.value: _("Địa chỉ ở tỉnh, thành phố khác; để riêng, không ghi vào danh sách của tỉnh này."),
        RowOutcome.REFUSED.value: _("Thiếu thông tin hoặc không đọc được; sửa trong tệp rồi nhập lại."),
    }
    if done:
        texts |= {
            RowOutcome.NEW.value: _("Đã được thêm vào danh sách đối tượng."),
            RowOutcome.ADDS.value: _("Đã có từ trước; đã thêm kênh, liên hệ hoặc mã số mới."),
        }
    return str(texts[outcome])


def decision_label(row: ImportRow) -> Label:
    labels = {
        ClashDecision.SAME: (_("Là đối tượng đã có"), "success"),
        ClashDecision.NEW: (_("Là đối tượng mới"), "success"),
        ClashDecision.SKIP: (_("Bỏ qua"), "plain"),
        None: (_("Chưa quyết định"), "warning"),
    }
    text, kind = labels[row.decision]
    return Label(str(text), kind)


def type_text(code: str) -> str:
    return translate(SUBJECT_TYPES[code].label) if code in SUBJECT_TYPES else code


def province_names() -> dict[str, str]:
    return {province.code: province.name for province in all_provinces(reader())}


def page_of_rows(import_: Import, outcome: str, page: int) -> Sequence[ImportRow]:
    return (
        reader()
        .scalars(
            select(ImportRow)
            .where(
                ImportRow.province_code == import_.province_code,
                ImportRow.import_id == import_.id,
                ImportRow.outcome == RowOutcome(outcome),
            )
            .order_by(ImportRow.number)
            .offset((page - 1) * PAGE_SIZE)
            .limit(PAGE_SIZE)
        )
        .all()
    )


def reasons_of(row: ImportRow, parsed: ParsedRow | None) -> list[str]:
    """Why a row goes where it goes, without what `unread_lines` says beside the words that were typed."""
    told = {one.reason for one in parsed.unread} if parsed is not None else set()
    return [translate(str(message), **params) for message, params in row.reasons if message not in told]


def row_views(import_: Import, rows: Sequence[ImportRow]) -> list[dict[str, Any]]:
    """Per row what was understood, what could not be read, and why it goes where it goes."""
    vault = product().vault
    parsed = [ParsedRow.from_json(said, vault) if (said := _plain(row)) else None for row in rows]
    provinces = province_names()
    communes = communes_of_rows(each for each in parsed if each is not None)
    return [
        {
            "row": row,
            "number": row.number,
            "name": (each.name if each is not None else "") or " · ".join(cell for cell in row.cells if cell)[:120],
            "said": said_lines(each, provinces, communes) if each is not None else [],
            "unread": unread_lines(row, each) if each is not None else [],
            "reasons": reasons_of(row, each),
        }
        for row, each in zip(rows, parsed, strict=True)
    ]


def _plain(row: ImportRow) -> dict[str, Any]:
    """Beside what was understood a committed row also says what it added."""
    return {name: value for name, value in row.parsed.items() if name != "added"}


def parsed_of(row: ImportRow) -> ParsedRow:
    return ParsedRow.from_json(_plain(row), product().vault)


def communes_of_rows(parsed: Iterable[ParsedRow]) -> dict[tuple[str, str], str]:
    by_province: dict[str, set[str]] = {}
    for each in parsed:
        if each.province_code and each.commune_code:
            by_province.setdefault(each.province_code, set()).add(each.commune_code)
    return {
        (province, code): name
        for province, codes in by_province.items()
        for code, name in commune_names(reader(), province, codes).items()
    }


def place_text(parsed: ParsedRow, provinces: Mapping[str, str], communes: Mapping[tuple[str, str], str]) -> str:
    if parsed.province_code is None:
        return ""
    commune = communes.get((parsed.province_code, parsed.commune_code or ""), "")
    return ", ".join(filter(None, (commune, provinces.get(parsed.province_code, ""))))


def said_lines(
    parsed: ParsedRow, provinces: Mapping[str, str], communes: Mapping[tuple[str, str], str]
) -> list[tuple[str, str]]:
    """What was understood, as (what, value), without what is empty."""
    numbers = [parsed.tax_code or "", mask_personal_number(parsed.personal_number) if parsed.personal_number else ""]
    lines = [
        (_("Mã số"), ", ".join(filter(None, numbers))),
        (_("Địa chỉ"), parsed.address),
        (_("Nơi"), place_text(parsed, provinces, communes)),
        (_("Điện thoại"), ", ".join(map(national_phone, parsed.phones))),
        (_("Thư"), ", ".join(parsed.emails)),
        (_("Kênh"), ", ".join(channel.address for channel in parsed.channels)),
        (_("Từ ngày"), date_text(parsed.appeared_on)),
        (_("Số bản giấy"), parsed.paper_number),
        (_("Ngày ký"), date_text(parsed.signed_on)),
        (_("Người ký"), parsed.signer),
        (_("Người đại diện"), parsed.representative),
    ]
    return [(str(label), value) for label, value in lines if value]


def unread_lines(row: ImportRow, parsed: ParsedRow) -> list[str]:
    """What could not be read, as typed, with the reason; without the place where it is a reason already."""
    lines = []
    for one in parsed.unread:
        label = translate(Field(one.field).label) if one.field in set(Field) else ""
        what = f"{label}: “{one.typed}”." if label else f"“{one.typed}”."
        lines.append(f"{what} {translate(one.reason, **one.params)}")
    if parsed.place_note and all(message != parsed.place_note for message, _params in row.reasons):
        lines.append(translate(parsed.place_note))
    return lines
