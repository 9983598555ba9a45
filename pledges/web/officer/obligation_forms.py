"""Forms of decisions and proposals about obligations. Several stand on one page, so their controls have own ids."""

from __future__ import annotations

from wtforms import HiddenField

from pledges.core.text import clean_line
from pledges.registry.models import Cohort
from pledges.registry.scope import Said
from pledges.registry.scope_words import (
    COHORT_LABELS,
    COHORT_REASON_LABELS,
    IN_REASONS,
    OUT_REASONS,
    REASON_LABELS,
    CohortReason,
)
from pledges.registry.upkeep_models import ScopeReason
from pledges.web.components import PageForm
from pledges.web.fields import Choice, ChoiceField, DateField, LongTextField, SelectField, TextField, YesNoField, lazy

_REASONS = tuple(dict.fromkeys((*OUT_REASONS, *IN_REASONS)))


class ScopeForm(PageForm):
    """Also what a proposal says."""

    seen = HiddenField()
    in_scope = YesNoField(lazy("Có thuộc diện ký không"), yes=lazy("Thuộc diện ký"), no=lazy("Ngoài diện ký"))
    reason = SelectField(
        lazy("Lý do"), choices=[Choice(reason.value, lazy(REASON_LABELS[reason])) for reason in _REASONS]
    )
    effective_on = DateField(lazy("Có hiệu lực từ ngày"), hint=lazy("Ví dụ ngày ngừng hoạt động."))
    evidence = TextField(
        lazy("Căn cứ"),
        hint=lazy("Đường dẫn, số và ngày văn bản."),
        clean=lambda typed: clean_line(typed, most=500),
        required=False,
        autocomplete="off",
    )
    note = LongTextField(lazy("Ghi chú"), required=False, rows=3)

    def said(self) -> Said:
        return Said(
            bool(self.in_scope.data),
            ScopeReason(self.reason.data),
            self.effective_on.data,
            self.note.data or "",
            self.evidence.data or "",
        )


class CohortForm(PageForm):
    seen = HiddenField(id="cohort-seen")
    cohort = ChoiceField(
        lazy("Có từ khi nào"),
        choices=[Choice(cohort.value, lazy(label)) for cohort, label in COHORT_LABELS.items()],
        id="cohort-cohort",
    )
    reason = SelectField(
        lazy("Căn cứ là gì"),
        choices=[Choice(reason.value, lazy(COHORT_REASON_LABELS[reason])) for reason in CohortReason],
        id="cohort-reason",
    )
    appeared_on = DateField(lazy("Bắt đầu hoạt động từ ngày"), required=False, id="cohort-appeared")
    evidence = TextField(
        lazy("Căn cứ"),
        hint=lazy("Đường dẫn, số và ngày văn bản."),
        clean=lambda typed: clean_line(typed, most=500),
        required=False,
        autocomplete="off",
        id="cohort-evidence",
    )
    note = LongTextField(lazy("Ghi chú"), required=False, rows=3, id="cohort-note")

    @property
    def chosen(self) -> tuple[Cohort, CohortReason]:
        return Cohort(self.cohort.data), CohortReason(self.reason.data)


class AnswerForm(PageForm):
    seen = HiddenField()
    accept = YesNoField(lazy("Đồng ý với đề nghị"))
    answer = LongTextField(
        lazy("Trả lời"), hint=lazy("Cơ quan đề nghị đọc được. Không đồng ý thì ghi vì sao."), required=False, rows=3
    )


class PressForm(PageForm):
    """Nothing but a press."""
