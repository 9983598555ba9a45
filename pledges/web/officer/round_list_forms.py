"""Forms around the lists of a round: which list, as of when, cut down how; and why somebody takes it along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from wtforms.validators import StopValidation

from pledges.core.calendar import Quarter
from pledges.core.text import clean_line
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.search_queries import LONGEST
from pledges.rounds.export_requests import LONGEST_REASON, SHORTEST_REASON
from pledges.rounds.list_models import FileFormat, Group, ListKind
from pledges.rounds.list_rows import PARTS, ListFilters
from pledges.rounds.list_words import GROUP_LABELS
from pledges.rounds.models import Round
from pledges.web.components import PageForm
from pledges.web.fields import Choice, ChoiceField, DateField, SelectField, TextField, lazy
from pledges.web.i18n import date_text

KINDS = {"chua": ListKind.NOT_PLEDGED, "da": ListKind.PLEDGED}
NOWHERE = "khong"
"""Stands in an address for "without a commune"."""


@dataclass(frozen=True)
class Chosen:
    """What the address of a list says."""

    of_round: Round
    kind: ListKind
    as_of: date | None
    """None: now."""
    filters: ListFilters

    def url(self, endpoint: str = "officer.round_list", **more: Any) -> str:
        filters = self.filters
        slug = next(slug for slug, kind in KINDS.items() if kind is self.kind)
        args = {
            "loai": slug if self.kind is not ListKind.NOT_PLEDGED else "",
            "ngay": date_text(self.as_of) if self.as_of not in (None, usual_day(self.of_round, self.as_of)) else "",
            "phan": filters.group.value if filters.group else "",
            "xa": NOWHERE if filters.commune == "" else filters.commune or "",
            "muc": filters.entry,
            "nhom": filters.subject_type,
            "tim": filters.text,
        }
        kept: dict[str, Any] = {name: value for name, value in args.items() if value}
        return url_for(endpoint, quarter=self.of_round.quarter, **kept, **more)

    def without(self, **filters: Any) -> Chosen:
        return replace(self, filters=replace(self.filters, **filters))


def usual_day(of_round: Round, today: date | None) -> date | None:
    """As of when a list is shown if nobody says so: of a quarter that is over its last day, else now."""
    last = Quarter.parse(of_round.quarter).last_day
    return last if today is not None and today > last else None


class ListFilterForm(PageForm):
    """Sent by GET, so that the address of a list can be handed on to a colleague."""

    class Meta(PageForm.Meta):
        csrf = False

    ngay = DateField(
        lazy("Tính đến hết ngày"),
        hint=lazy("Một ngày đã qua, ví dụ 30/11/2026."),
        required=False,
        autocomplete="off",
    )
    phan = SelectField(lazy("Phần của danh sách"), required=False, empty=lazy("Cả hai phần"))
    xa = SelectField(lazy("Xã, phường, đặc khu"), required=False, empty=lazy("Mọi nơi"))
    muc = SelectField(lazy("Nghĩa vụ"), required=False, empty=lazy("Mọi nghĩa vụ"))
    nhom = SelectField(
        lazy("Nhóm đối tượng"),
        required=False,
        choices=[Choice(code, lazy(info.label)) for code, info in SUBJECT_TYPES.items()],
        empty=lazy("Mọi nhóm"),
    )

    def fit(self, kind: ListKind, communes: Mapping[str, str], entries: Mapping[str, str], today: date) -> None:
        self._today = today
        self.phan.choices = [Choice(group.value, lazy(GROUP_LABELS[group])) for group in PARTS[kind]]
        nowhere = Choice(NOWHERE, lazy("Ngoài tỉnh, thành phố hoặc chưa rõ địa bàn"))
        self.xa.choices = [*(Choice(code, name) for code, name in communes.items()), nowhere]
        self.muc.choices = [Choice(entry_id, label) for entry_id, label in entries.items()]

    def validate_ngay(self, field: DateField) -> None:
        if field.data is not None and field.data >= self._today:
            raise StopValidation(_("Ngày này chưa kết thúc. Hãy chọn một ngày đã qua, hoặc bỏ trống."))

    def filters(self, text: str) -> ListFilters:
        """A value that is no choice filters nothing."""

        def of(field: SelectField) -> str:
            return field.data if field.data in {choice.value for choice in field.choices} else ""

        commune, part = of(self.xa), of(self.phan)
        return ListFilters(
            commune="" if commune == NOWHERE else commune or None,
            group=Group(part) if part else None,
            entry=of(self.muc),
            subject_type=of(self.nhom),
            text=text,
        )


class ListSearchForm(PageForm):
    """Posted: what people look for may be somebody's number, and that must not stand in an address."""

    tim = TextField(
        lazy("Tìm trong danh sách"),
        hint=lazy("Tên (không dấu cũng được), mã số thuế hoặc tên miền."),
        required=lazy("Hãy gõ tên, mã số thuế hoặc tên miền cần tìm."),
        autocomplete="off",
    )


def read_text(typed: str) -> str:
    return " ".join(typed.replace("\x00", "").split())[:LONGEST]


class ExportForm(PageForm):
    format = ChoiceField(
        lazy("Loại tệp"),
        required=lazy("Hãy chọn loại tệp."),
        choices=[
            Choice(FileFormat.PDF.value, lazy("PDF"), lazy("Phụ lục để in, trình ký: khổ A4 ngang, có chỗ ký.")),
            Choice(FileFormat.XLSX.value, lazy("Excel (XLSX)"), lazy("Để lọc, sắp xếp, giao việc.")),
            Choice(
                FileFormat.CSV.value, lazy("CSV"), lazy("Để đưa vào phần mềm khác; tải ngay, lớn bao nhiêu cũng được.")
            ),
        ],
        default=FileFormat.PDF.value,
    )
    reason = TextField(
        lazy("Lý do lấy danh sách"),
        hint=lazy("In trên tệp và ghi vào nhật ký, ví dụ: giao tổ công tác các phường nhắc ký trong tháng 12."),
        required=lazy("Hãy ghi lý do lấy danh sách, ít nhất 10 ký tự."),
        clean=lambda raw: clean_line(raw, most=LONGEST_REASON),
        autocomplete="off",
    )

    def validate_reason(self, field: TextField) -> None:
        if len(field.data) < SHORTEST_REASON:
            raise StopValidation(_("Hãy ghi lý do lấy danh sách, ít nhất %(least)s ký tự.", least=SHORTEST_REASON))
