"""Forms of importing a list: the file and what is said of it, what its columns mean, one clash."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeTimedSerializer
from wtforms import HiddenField
from wtforms.validators import StopValidation

from pledges.core.text import clean_line
from pledges.imports.columns import column_letter
from pledges.imports.models import ImportPurpose
from pledges.imports.rows import Field
from pledges.imports.sheets import MOST_BYTES
from pledges.plans.rules import SUBJECT_TYPES
from pledges.web.components import PageForm
from pledges.web.fields import Choice, ChoiceField, DateField, SelectField, TextField, UploadField, lazy
from pledges.web.i18n import translate
from pledges.web.officer.decision_forms import DecisionForm, SeenField

KEPT_SECONDS = 24 * 3600
ACCEPTED = ".xlsx,.xlsm,.xls,.ods,.csv,.tsv,.txt"
OF_PAPER = (Field.SIGNED_ON, Field.PAPER_NUMBER, Field.SIGNER)
SAME, NEW, SKIP = "same:", "new", "skip"
MOST_SAMPLES = 4
LONGEST_SAMPLE = 80


class KeptFile:
    """The file of a form that had other mistakes: stored already, and named by a token that only its sender can use."""

    def __init__(self, sha256: str, filename: str) -> None:
        self.sha256, self.filename = sha256, filename

    def token(self, staff_id: uuid.UUID) -> str:
        return str(_serializer().dumps([str(staff_id), self.sha256, self.filename]))

    @classmethod
    def of(cls, token: str, staff_id: uuid.UUID) -> KeptFile | None:
        try:
            owner, sha256, filename = _serializer().loads(token, max_age=KEPT_SECONDS)
        except (BadData, ValueError):
            return None
        return cls(sha256, filename) if owner == str(staff_id) else None


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="import-file")


def _not_in_future(day: date, today: date) -> None:
    if day > today:
        raise StopValidation(str(lazy("Ngày này ở tương lai. Hãy ghi ngày danh sách được lập hoặc được gửi đến.")))


class NewImportForm(PageForm):
    kept = HiddenField()
    file = UploadField(
        lazy("Tệp danh sách"),
        hint=lazy("Excel (.xlsx, .xls), LibreOffice (.ods) hoặc CSV, tối đa 20 MB và 200.000 dòng. Cột nào cũng được."),
        required=lazy("Hãy chọn tệp danh sách."),
        accept=ACCEPTED,
        most_bytes=MOST_BYTES,
    )
    source = TextField(
        lazy("Tên danh sách"),
        hint=lazy(
            "Danh sách này từ đâu, ví dụ: Danh bạ mua sắm của Sở Du lịch. Lần sau nhập bản mới, hãy ghi đúng tên này."
        ),
        required=lazy("Hãy ghi tên danh sách: danh sách này từ đâu."),
        clean=lambda raw: clean_line(raw, most=120),
        autocomplete="off",
    )
    subject_type = ChoiceField(
        lazy("Những người, đơn vị trong danh sách thuộc nhóm nào?"),
        hint=lazy("Dùng cho mọi dòng không tự ghi nhóm."),
        required=lazy("Hãy chọn nhóm đối tượng của danh sách."),
    )
    seen_on = DateField(
        lazy("Danh sách đúng vào ngày nào?"),
        hint=lazy("Ngày lập danh sách hoặc ngày cơ quan nhận được, ví dụ 05/12/2025."),
    )

    def fit(self, codes: Sequence[str], sources: Sequence[str], today: date) -> None:
        self.subject_type.choices = [Choice(code, translate(SUBJECT_TYPES[code].label)) for code in codes]
        if len(codes) == 1 and self.subject_type.data is None:
            self.subject_type.data = codes[0]
        self.source.suggestions = tuple(sources)
        self._today = today

    def show_kept(self, kept: KeptFile) -> None:
        """The file is here already: it need not be chosen again."""
        self.file.required = False
        self.file.hint = _("Đã nhận tệp “%(name)s”. Chỉ chọn lại nếu muốn dùng tệp khác.", name=kept.filename)

    def validate_seen_on(self, field: DateField) -> None:
        _not_in_future(field.data, self._today)


class ColumnField(SelectField):
    """What one column means; choosing nothing means that it is not used."""

    def pre_validate(self, form: Any) -> None:
        if self.data:
            super().pre_validate(form)


class ColumnsForm(PageForm):
    """One `ColumnField` per column; made for a sheet by `columns_form`."""

    seen = SeenField()
    header_row = SeenField()

    @property
    def mapping(self) -> dict[int, Field]:
        return {
            column: Field(field.data) if field.data else Field.IGNORE for column, field in enumerate(self.column_fields)
        }

    @property
    def column_fields(self) -> list[ColumnField]:
        return [field for field in self if isinstance(field, ColumnField)]


def columns_form(
    headings: Sequence[str],
    samples: Mapping[int, Sequence[str]],
    mapping: Mapping[int, Field],
    purpose: ImportPurpose,
    **given: Any,
) -> ColumnsForm:
    usable = [field for field in Field if field is not Field.IGNORE]
    if purpose is not ImportPurpose.PAPER_PLEDGES:
        usable = [field for field in usable if field not in OF_PAPER]
    choices = [Choice(field.value, translate(field.label)) for field in usable]
    fields = {
        f"column_{column}": ColumnField(
            _column_label(column, heading),
            hint=_sample_text(samples.get(column, ())),
            choices=choices,
            empty=lazy("Không dùng cột này"),
            default=meant.value if (meant := mapping.get(column, Field.IGNORE)) is not Field.IGNORE else None,
        )
        for column, heading in enumerate(headings)
    }
    made: ColumnsForm = type("ColumnsForm", (ColumnsForm,), fields)(**given)
    return made


def _column_label(column: int, heading: str) -> str:
    if heading:
        return str(_("Cột %(letter)s: %(heading)s", letter=column_letter(column), heading=heading[:LONGEST_SAMPLE]))
    return str(_("Cột %(letter)s", letter=column_letter(column)))


def _sample_text(samples: Sequence[str]) -> str:
    shown = [text if len(text) <= LONGEST_SAMPLE else f"{text[:LONGEST_SAMPLE]}…" for text in samples[:MOST_SAMPLES]]
    return str(_("Ví dụ: %(values)s", values=" · ".join(shown))) if shown else str(_("Cột này trống ở những dòng đầu."))


class SheetForm(DecisionForm):
    sheet = SelectField(lazy("Trang tính"), required=lazy("Hãy chọn một trang tính."), id="trang-tinh")


class ClashForm(PageForm):
    decision = ChoiceField(
        lazy("Dòng này là ai?"),
        required=lazy("Hãy chọn: là một đối tượng đã có, là đối tượng mới, hay bỏ qua dòng này."),
    )

    def fit(self, known: Sequence[tuple[uuid.UUID, str]]) -> None:
        self.decision.choices = [
            *(Choice(f"{SAME}{entity_id}", _("Là: %(name)s", name=name)) for entity_id, name in known),
            Choice(
                NEW,
                _("Là đối tượng mới, chưa có trong danh sách"),
                hint=_(
                    "Kênh đã có chủ ở lại với chủ hiện tại. Nếu một bên đã ký hoặc đã xác nhận liên hệ, "
                    "hệ thống mở tranh chấp để cơ quan quyết định kênh là của ai."
                ),
            ),
            Choice(SKIP, _("Bỏ qua dòng này"), hint=_("Dòng không được ghi; vẫn còn trong bản báo cáo từng dòng.")),
        ]


class StepForm(DecisionForm):
    """For what needs nothing but a press: committing, undoing, giving up."""
