"""The quarterly lists in words: names of groups and reasons, and each line as the texts that pages and files show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.errors import N_
from pledges.plans.models import Clause, Commune, Instrument, ObligationEntry
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.models import Cohort
from pledges.registry.scope_words import COHORT_LABELS
from pledges.rounds.list_models import Group, ListKind
from pledges.rounds.list_rows import ListRow, Unreached, WayDay
from pledges.rounds.models import Way
from pledges.rounds.rules import WAY_LABELS

GROUP_LABELS: dict[Group, str] = {
    Group.IN_FORCE: N_("Đang có hiệu lực"),
    Group.WAITING_FOR_AGENCY: N_("Đã ký, chờ cơ quan duyệt"),
    Group.WAITING_TIME: N_("Đã mời, đang trong thời gian chờ"),
    Group.NOT_PLEDGED: N_("Chưa cam kết"),
    Group.UNREACHABLE: N_("Chưa liên hệ được"),
    Group.NOT_DUE: N_("Chưa đến hạn"),
}
KIND_LABELS: dict[ListKind, str] = {
    ListKind.NOT_PLEDGED: N_("Danh sách chưa cam kết"),
    ListKind.PLEDGED: N_("Danh sách đã cam kết"),
}
PART_TITLES: dict[Group, str] = {
    Group.NOT_PLEDGED: "I. Chưa cam kết (đã được mời, hết thời gian chờ)",
    Group.UNREACHABLE: "II. Chưa liên hệ được",
    Group.IN_FORCE: "I. Bản cam kết đang có hiệu lực",
    Group.WAITING_FOR_AGENCY: "II. Đã ký, chờ cơ quan duyệt",
}
"""As files name the parts of a list."""
UNREACHED_LABELS: dict[Unreached, str] = {
    Unreached.NO_CONTACT: N_("Chưa có địa chỉ để gửi"),
    Unreached.BOUNCED: N_("Thư bị trả lại"),
    Unreached.REFUSED: N_("Máy chủ thư không nhận"),
    Unreached.NOT_MET: N_("Đã gửi thư, gọi hoặc đến mà chưa gặp"),
    Unreached.UNCERTAIN: N_("Chưa rõ thư đã đến nơi hay chưa"),
    Unreached.ON_ITS_WAY: N_("Thư đang chờ gửi"),
    Unreached.LEFT_OUT: N_("Cán bộ đưa ra khỏi đợt này"),
    Unreached.NO_DOCUMENT: N_("Chưa có văn bản để xác nhận"),
    Unreached.NOT_ASKED: N_("Chưa được mời"),
}
PLEDGE, ACKNOWLEDGEMENT = N_("Ký cam kết"), N_("Xác nhận đã nhận văn bản")
NO_OWNER = N_("(chưa rõ chủ)")
NO_NAME = N_("(không còn lưu tên)")
NO_COMMUNE = N_("Ngoài tỉnh, thành phố hoặc chưa rõ địa bàn")

Say = Callable[[str], str]
"""How a text of ours is said: as it is (files are Vietnamese), or in the language of the reader (pages)."""


def vietnamese(text: str) -> str:
    return text


@dataclass
class RowWords:
    """Says lines. What thousands of them have in common is put into words once."""

    communes: dict[str, str]
    duties: dict[str, str]
    """Per entry what is to be done, and where the plan asks for it."""
    say: Say = vietnamese
    _types: dict[tuple[str, ...], str] = field(default_factory=dict)
    _ways: dict[tuple[WayDay, ...], str] = field(default_factory=dict)

    @classmethod
    def read(cls, session: Session, province_code: str, say: Say = vietnamese) -> RowWords:
        communes = session.execute(select(Commune.code, Commune.name).where(Commune.province_code == province_code))
        rows = session.execute(
            select(ObligationEntry.id, ObligationEntry.instrument, Clause)
            .outerjoin(
                Clause,
                (Clause.province_code == ObligationEntry.province_code) & (Clause.id == ObligationEntry.clause_id),
            )
            .where(ObligationEntry.province_code == province_code)
        )
        return cls(
            communes={row.code: row.name for row in communes},
            duties={entry_id: _duty(instrument, clause, say) for entry_id, instrument, clause in rows},
            say=say,
        )

    def name(self, row: ListRow) -> str:
        return row.name or self.say(NO_NAME if row.entity else NO_OWNER)

    def commune(self, row: ListRow) -> str:
        return self.communes.get(row.commune_code) or self.say(NO_COMMUNE)

    def duty(self, row: ListRow) -> str:
        return self.duties.get(row.entry_id, row.entry_id)

    def types(self, row: ListRow) -> str:
        known = self._types.get(row.subject_types)
        if known is None:
            known = "; ".join(self.say(SUBJECT_TYPES[code].label) for code in row.subject_types)
            self._types[row.subject_types] = known
        return known

    def ways(self, row: ListRow) -> str:
        known = self._ways.get(row.ways)
        if known is None:
            if len(self._ways) > 20_000:
                self._ways.clear()
            known = "; ".join(f"{self.say(WAY_LABELS[Way(way)])} {day_text(day)}" for way, day in row.ways)
            self._ways[row.ways] = known
        return known

    def cohort(self, row: ListRow) -> str:
        return self.say(COHORT_LABELS[Cohort(row.cohort)]) if row.cohort else ""

    def reason(self, row: ListRow) -> str:
        return self.say(UNREACHED_LABELS[row.unreached_reason]) if row.unreached_reason is not None else ""


def _duty(instrument: Instrument, clause: Clause | None, say: Say) -> str:
    what = say(ACKNOWLEDGEMENT if instrument is Instrument.ACKNOWLEDGEMENT else PLEDGE)
    return f"{what}: {clause.place_in_words}" if clause is not None else what


def day_text(day: date | None) -> str:
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}" if day is not None else ""
