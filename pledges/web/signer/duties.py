"""What the plan asks of a group, in plain words: the hints of page one and the box on page two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from pledges.plans.models import Agency, Clause, Instrument
from pledges.plans.queries import Duty
from pledges.plans.rules import SubjectTypeInfo, due_text
from pledges.signing.answers import Group
from pledges.signing.texts import duties_of_group, signable_duties
from pledges.web.i18n import translate


@dataclass(frozen=True)
class DutyView:
    heading: str
    explanation: str
    agency: Agency
    due: str
    clause: Clause | None
    ours: bool
    """The clause does not print it: it is the system's reading, which the lead agency confirms."""


def hint_of(kind: SubjectTypeInfo, duties: list[Duty]) -> str:
    """How somebody recognises their group, and what the plan asks of it."""
    if any(duty.asked and duty.instrument is Instrument.PLEDGE for duty in duties):
        asked = _("Kế hoạch yêu cầu ký cam kết.")
    elif any(duty.asked for duty in duties):
        asked = _("Kế hoạch yêu cầu nhận văn bản của cơ quan; bản cam kết là tự nguyện.")
    else:
        asked = _("Kế hoạch không yêu cầu nhóm này; ký tự nguyện.")
    return f"{translate(kind.hint)} {asked}"


def duty_views(session: Session, group: Group, today: date) -> list[DutyView]:
    duties = duties_of_group(session, group)
    signable = signable_duties(duties)
    shown = [duty for duty in duties if duty.asked or duty in signable]
    return [_view(duty, signable=duty in signable, today=today) for duty in shown]


def _view(duty: Duty, *, signable: bool, today: date) -> DutyView:
    if duty.instrument is Instrument.VOLUNTARY:
        heading = _("Ký cam kết tự nguyện")
        explanation = _("Kế hoạch không yêu cầu nhóm này. Bạn vẫn có thể ký để người tiêu dùng yên tâm.")
    elif duty.instrument is Instrument.PLEDGE:
        heading = _("Kế hoạch yêu cầu nhóm của bạn ký cam kết")
        explanation = _("Bạn trả lời vài câu, đọc toàn văn rồi ký.")
    elif signable:
        heading = _("Xác nhận đã nhận văn bản của cơ quan")
        explanation = _("Bạn xác nhận đã nhận và đọc văn bản; đây không phải bản cam kết.")
    else:
        heading = _("Cơ quan sẽ gửi văn bản để bạn xác nhận")
        explanation = _("Văn bản chưa ban hành, nên hôm nay chưa có gì phải xác nhận. Cơ quan sẽ liên hệ sau.")
    due = ""
    if duty.entry is not None and duty.instrument is not Instrument.VOLUNTARY:
        when = due_text(duty.entry, today)
        due = " ".join(translate(sentence, **when.params) for sentence in when.sentences)
    ours = duty.entry is not None and duty.entry.reading == "ours"
    return DutyView(heading, explanation, duty.agency, due, duty.clause, ours)
