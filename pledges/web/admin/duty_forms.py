"""Forms about reporting duties: their days, and what a plan's source lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pledges.core.errors import N_, DomainError
from pledges.core.text import clean_line
from pledges.duties.units import NewDuty, parse_day_of_year
from pledges.plans.decisions import MOST_DUE_DAY
from pledges.plans.duty_reading import MONTHLY, ONCE, QUARTERLY, UNITS_OF, YEARLY
from pledges.plans.models import ReportForm, ReportingDuty, ReportingUnit, UnitKind
from pledges.web.admin.duty_words import FORMS, GROUPS, day_of_year
from pledges.web.components import PageForm
from pledges.web.fields import Choice, ChoiceField, ChoicesField, DateField, SelectField, TextField, lazy


def due_day(raw: str) -> int:
    if not (raw.isascii() and raw.isdecimal() and 1 <= int(raw) <= MOST_DUE_DAY):
        raise DomainError(N_("Ngày đến hạn là một ngày trong tháng, từ 1 đến %(most)s."), most=MOST_DUE_DAY)
    return int(raw)


class DutyDaysForm(PageForm):
    due_day = TextField(
        lazy("Trước ngày nào của tháng sau kỳ báo cáo?"),
        hint=lazy("Một số từ 1 đến 28, ví dụ: 5. Báo cáo gửi từ ngày này trở đi là gửi muộn."),
        inputmode="numeric",
        width="5",
        clean=due_day,
    )
    starts_on = DateField(
        lazy("Theo dõi từ ngày"),
        hint=lazy("Kỳ có hạn trước ngày này không bị tính là thiếu. Bỏ trống thì theo dõi từ đầu năm 2026."),
        required=False,
    )

    def fit(self, duty: ReportingDuty) -> None:
        """Days of the year and of what is owed once are printed: they belong to the plan."""
        if duty.follow_as not in (QUARTERLY, MONTHLY):
            del self.due_day

    def values(self) -> dict[str, Any]:
        values: dict[str, Any] = {"starts_on": self.starts_on.data or None}
        if "due_day" in self:
            values["due_day"] = self.due_day.data
        return values


class NewDutyForm(PageForm):
    report = TextField(
        lazy("Tên báo cáo"),
        hint=lazy("Viết như trong văn bản giao, ví dụ: Báo cáo kết quả thực hiện Kế hoạch hằng năm."),
        clean=lambda raw: clean_line(raw, most=200),
        autocomplete="off",
    )
    basis = TextField(
        lazy("Văn bản giao nhiệm vụ này"),
        hint=lazy("Số, ngày, nơi ban hành, ví dụ: Quyết định số 01/QĐ-UBND ngày 02/01/2026 của Ủy ban nhân dân tỉnh."),
        clean=lambda raw: clean_line(raw, most=300),
        autocomplete="off",
    )
    form = ChoiceField(
        lazy("Nội dung báo cáo"), choices=[Choice(form.value, lazy(label)) for form, label in FORMS.items()]
    )
    senders = ChoicesField(lazy("Ai phải gửi?"))
    recipients = ChoicesField(lazy("Gửi cho ai?"))
    via = SelectField(
        lazy("Gửi qua đầu mối tổng hợp nào?"),
        hint=lazy("Đầu mối nhận, trả lại và chuyển tiếp thay cho nơi nhận."),
        required=False,
        empty=lazy("Gửi thẳng"),
    )
    gathers = SelectField(
        lazy("Tổng hợp từ báo cáo nào?"),
        hint=lazy("Chọn khi báo cáo này cộng số của các đơn vị gửi báo cáo khác lên trước."),
        required=False,
        empty=lazy("Không tổng hợp báo cáo nào"),
    )
    follow_as = ChoiceField(
        lazy("Bao lâu một lần?"),
        choices=(
            Choice(YEARLY, lazy("Hằng năm")),
            Choice(ONCE, lazy("Một lần")),
            Choice(QUARTERLY, lazy("Hằng quý")),
            Choice(MONTHLY, lazy("Hằng tháng")),
        ),
    )
    recurs = TextField(
        lazy("Hằng năm: trước ngày nào?"),
        hint=lazy("Ngày/tháng, ví dụ: 30/9."),
        required=False,
        inputmode="numeric",
        width="10",
        clean=lambda raw: day_of_year(parse_day_of_year(raw)),
    )
    due_date = DateField(lazy("Một lần: trước ngày nào?"), hint=lazy("Ví dụ: 20/12/2027."), required=False)
    due_day = TextField(
        lazy("Hằng quý, hằng tháng: trước ngày nào của tháng sau?"),
        hint=lazy("Một số từ 1 đến 28, ví dụ: 5."),
        required=False,
        inputmode="numeric",
        width="5",
        clean=due_day,
    )
    starts_on = DateField(
        lazy("Theo dõi từ ngày"),
        hint=lazy("Kỳ có hạn trước ngày này không bị tính là thiếu."),
    )

    def fit(self, units: Sequence[ReportingUnit], duties: Sequence[ReportingDuty], today: date) -> None:
        named = [Choice(unit.code, unit.name) for unit in units if unit.kind is not UnitKind.COMMUNE]
        senders = [Choice(unit.code, unit.name) for unit in units if unit.kind in _SENDING]
        self.senders.choices = [*(Choice(name, GROUPS[name]) for name in UNITS_OF), *senders]
        self.recipients.choices = named
        self.via.choices = named
        self.gathers.choices = [Choice(duty.id, duty.report) for duty in duties]
        if not self.is_submitted():
            self.starts_on.data = today

    def new(self) -> NewDuty:
        return NewDuty(
            report=self.report.data,
            basis=self.basis.data,
            form=ReportForm(self.form.data),
            follow_as=self.follow_as.data,
            senders=tuple(self.senders.data),
            recipients=tuple(self.recipients.data),
            via=self.via.data or "",
            gathers=self.gathers.data or "",
            recurs=parse_day_of_year(self.recurs.data) if self.recurs.data else "",
            due_date=self.due_date.data or None,
            due_day=self.due_day.data or None,
            starts_on=self.starts_on.data,
        )


_SENDING = frozenset(UnitKind) - {UnitKind.COMMUNE, UnitKind.SUPERIOR}

TITLES = {
    "yearly": "Báo cáo kết quả thực hiện Kế hoạch hằng năm",
    "mid": "Báo cáo sơ kết",
    "final": "Báo cáo tổng kết",
}
"""As the plans of the other provinces call them; titles of reports are Vietnamese on every page."""


def _yearly_field() -> TextField:
    return TextField(
        lazy("Báo cáo hằng năm: trước ngày"),
        hint=lazy("Ngày/tháng, ví dụ: 30/9."),
        required=False,
        inputmode="numeric",
        width="10",
        clean=lambda raw: day_of_year(parse_day_of_year(raw)),
    )


def _once_field(label: Any) -> DateField:
    return DateField(label, hint=lazy("Ngày/tháng/năm, ví dụ: 20/12/2027."), required=False)


class MissingDutiesForm(PageForm):
    """The yearly, mid-term and final reports of a province whose source prints none: only the days are asked."""

    basis = TextField(
        lazy("Văn bản giao nhiệm vụ này"),
        hint=lazy("Số, ngày, nơi ban hành, ví dụ: Quyết định số 01/QĐ-UBND ngày 02/01/2026 của Ủy ban nhân dân tỉnh."),
        clean=lambda raw: clean_line(raw, most=300),
        autocomplete="off",
    )
    yearly = _yearly_field()
    mid = _once_field(lazy("Báo cáo sơ kết: trước ngày"))
    final = _once_field(lazy("Báo cáo tổng kết: trước ngày"))
    lead_yearly = _yearly_field()
    lead_mid = _once_field(lazy("Báo cáo sơ kết: trước ngày"))
    lead_final = _once_field(lazy("Báo cáo tổng kết: trước ngày"))

    def fit(self, elsewhere: Mapping[str, Sequence[str]]) -> None:
        """Say what the plans of other provinces print: so people know what to look for in their own document."""
        for name, printed in elsewhere.items():
            if printed:
                own = self[name].hint
                self[name].hint = f"{own} {lazy('Kế hoạch khác in: %(days)s.', days='; '.join(printed))}"

    def new(self, lead: str, superiors: Sequence[str]) -> list[tuple[str, NewDuty]]:
        """What was filled in, each with the field it came from; the second level gathers the first."""
        found = []
        for prefix, senders, recipients in (("", tuple(UNITS_OF), (lead,)), ("lead_", (lead,), tuple(superiors))):
            for name, title in TITLES.items():
                day = self[prefix + name].data
                if day:
                    duty = NewDuty(
                        report=title,
                        basis=self.basis.data,
                        form=ReportForm.GENERAL,
                        follow_as=YEARLY if name == "yearly" else ONCE,
                        senders=senders,
                        recipients=recipients,
                        recurs=parse_day_of_year(day) if name == "yearly" else "",
                        due_date=None if name == "yearly" else day,
                    )
                    found.append((prefix + name, duty))
        return found
