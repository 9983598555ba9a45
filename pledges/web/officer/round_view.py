"""What the pages of a round show: its words, what it consists of, how far it has come, what is to be done next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select

from pledges.accounts.permissions import Action, Place
from pledges.core.calendar import Quarter, local_day
from pledges.core.chart_figures import GROUPS, Funnel, GroupCounts, StackedGroups
from pledges.core.errors import NotFound
from pledges.plans.models import Instrument
from pledges.plans.queries import commune_names, get_agency
from pledges.plans.rules import SUBJECT_TYPES
from pledges.rounds.call_list import Show, count_calls
from pledges.rounds.candidates import Preview
from pledges.rounds.figures import Figures, Only, at, at_end_of, group_figures, total
from pledges.rounds.list_models import Group
from pledges.rounds.list_rows import entries_of
from pledges.rounds.models import Round, RoundState, Why
from pledges.rounds.population import PART_LABELS, Part, entries_led
from pledges.rounds.progress import Journey, Journeys, Trouble, funnel, journeys, next_reminders
from pledges.rounds.rules import OVER, STATE_LABELS, WHY_LABELS
from pledges.rounds.snapshots import snapshot_of
from pledges.rounds.unsigned import Recipients, count_needed
from pledges.web.charts import chart_figure
from pledges.web.components import page_exists
from pledges.web.current import now, reader
from pledges.web.i18n import date_text, number_text, quarter_text, translate
from pledges.web.officer.reach import reaches, scope_of
from pledges.web.officer.words import Label

ROUNDS = "/can-bo/dot-van-dong"

STATE_KINDS = {
    RoundState.OPENED: "plain",
    RoundState.RUNNING: "info",
    RoundState.PAUSED: "warning",
    RoundState.CLOSING: "info",
    RoundState.CLOSED: "success",
}


# --- Finding and naming ----------------------------------------------------------------------------------------------


def round_for(quarter: str, action: Action, agency_code: str | None = None) -> Round:
    """The round of this quarter and agency (None: one's own) within reach; of everything else nothing is told."""
    scope = scope_of(action)
    code = agency_code or scope.agency_code
    if code is None or not reaches(action, Place(scope.province_code, code)):
        raise NotFound
    found = reader().scalar(
        select(Round).where(
            Round.province_code == scope.province_code, Round.agency_code == code, Round.quarter == quarter
        )
    )
    if found is None:
        raise NotFound
    return found


def manages(of_round: Round) -> bool:
    return reaches(Action.ROUND_MANAGE, Place(of_round.province_code, of_round.agency_code))


def sees_names(of_round: Round) -> bool:
    return reaches(Action.LIST_VIEW, Place(of_round.province_code, of_round.agency_code))


def state_label(of_round: Round) -> Label:
    return Label(translate(STATE_LABELS[of_round.state]), STATE_KINDS[of_round.state])


def round_heading(of_round: Round) -> dict[str, Any]:
    """What stands above every page of a round."""
    quarter = Quarter.parse(of_round.quarter)
    return {
        "round": of_round,
        "quarter": quarter,
        "quarter_name": quarter_text(quarter),
        "agency": get_agency(reader(), of_round.province_code, of_round.agency_code),
        "label": state_label(of_round),
        "ended": of_round.state in OVER,
        "here": url_for("officer.round", quarter=of_round.quarter),
        "today": local_day(now()),
    }


def entry_labels(of_round: Round) -> dict[str, str]:
    """Each entry that the agency leads by the groups that it covers."""
    entries = entries_led(reader(), of_round.province_code, of_round.agency_code, local_day(now()))
    types = entries_of(reader(), of_round.province_code, of_round.agency_code).types
    return {
        entry_id: _entry_label(entry.instrument, types.get(entry_id, frozenset()))
        for entry_id, entry in entries.by_id.items()
    }


def _entry_label(instrument: Instrument, types: Iterable[str]) -> str:
    covered = frozenset(types)
    names = "; ".join(translate(info.label) for code, info in SUBJECT_TYPES.items() if code in covered)
    if instrument is Instrument.ACKNOWLEDGEMENT:
        return str(_("Xác nhận văn bản: %(groups)s", groups=names))
    return names


def place_names(of_round: Round, codes: Iterable[str]) -> dict[str, str]:
    """Communes by code; the empty code is that of subjects without one."""
    return {"": str(_("Chưa rõ xã, phường")), **commune_names(reader(), of_round.province_code, set(codes) - {""})}


# --- How far it has come ---------------------------------------------------------------------------------------------

_BY_ENTRY, _BY_COMMUNE = "nhom", "xa"


@dataclass(frozen=True)
class Overview:
    """The figures of a round at one moment."""

    day: date | None
    """The end of which day; None: now."""
    total: Figures
    by_entry: list[Figures]
    by_commune: list[Figures]
    journeys: Journeys


def overview(of_round: Round, day: date | None) -> Overview:
    if of_round.state is RoundState.CLOSED and day is None:
        day = Quarter.parse(of_round.quarter).last_day
    moment = at(now()) if day is None else at_end_of(day)
    province = of_round.province_code
    only = Only(agency=of_round.agency_code, entries=entries_of(reader(), province, of_round.agency_code).ids)
    return Overview(
        day,
        total(reader(), province, moment, only),
        group_figures(reader(), province, moment, by=("entry_id",), only=only),
        group_figures(reader(), province, moment, by=("commune_code",), only=only),
        _journeys(of_round, day),
    )


def _journeys(of_round: Round, day: date | None) -> Journeys:
    """Of a closed round as they were frozen: bounces and taken back letters of later days change nothing."""
    if day == Quarter.parse(of_round.quarter).last_day and (kept := _frozen(of_round)) is not None:
        return kept
    return journeys(reader(), of_round, until=day)


def _frozen(of_round: Round) -> Journeys | None:
    snapshot = snapshot_of(reader(), of_round) if of_round.state is RoundState.CLOSED else None
    kept = snapshot.figures.get("journeys") if snapshot is not None else None
    return Journeys.from_data(kept) if kept else None


def way_of(of_round: Round) -> Journey:
    """The whole of it: as it was frozen, or as it stands now."""
    kept = _frozen(of_round)
    return kept.total if kept is not None else funnel(reader(), of_round)


def figures_shown(of_round: Round, seen: Overview) -> dict[str, Any]:
    """Pictures and tables."""
    labels = entry_labels(of_round)
    codes = {figures.key["commune_code"] for figures in seen.by_commune} | set(seen.journeys.by_commune)
    places = place_names(of_round, codes)
    ordered = sorted(codes, key=lambda code: (code == "", places.get(code, code)))
    groups = {figures.key["entry_id"]: figures for figures in seen.by_entry}
    counts = [_counts(labels.get(entry_id, entry_id), each) for entry_id, each in groups.items()]
    whole = seen.journeys.total
    return {
        "whole": whole,
        "groups": seen.total,
        "group_counts": {group.value: seen.total[group] for group in Group},
        "group_heads": list(map(translate, GROUPS)),
        "funnel": chart_figure("hanh-trinh", Funnel.of_round(_("Số đối tượng ở từng bước"), whole.counts)),
        "stacks": chart_figure("sau-nhom", StackedGroups(_("Tình trạng theo nhóm đối tượng"), tuple(counts)))
        if counts
        else None,
        "by_entry": [_journey_row(labels[code], way) for code in labels if (way := seen.journeys.by_entry.get(code))],
        "by_commune": [
            _journey_row(places.get(code, code), way) for code in ordered if (way := seen.journeys.by_commune.get(code))
        ],
        "groups_by_commune": _group_rows(seen.by_commune, places),
        "as_of": date_text(seen.day) if seen.day else "",
    }


def _counts(label: str, figures: Figures) -> GroupCounts:
    """Where counters have drifted below zero a picture shows nothing; the table says it."""
    return GroupCounts(label, *(max(0, figures[group]) for group in Group))


def _journey_row(label: str, journey: Journey) -> list[str]:
    return [label, *map(number_text, journey.counts)]


def _group_rows(found: list[Figures], places: Mapping[str, str]) -> list[list[str]]:
    rows = [
        [places.get(each.key["commune_code"], each.key["commune_code"])]
        + [number_text(each[group]) for group in Group]
        + [number_text(each.in_scope)]
        for each in found
    ]
    return sorted(rows, key=lambda row: (row[0] == places[""], row[0]))


# --- What is to be done next -----------------------------------------------------------------------------------------


def _page_of(of_round: Round, *parts: str) -> str:
    """A page around the round, if this installation has it."""
    path = "/".join((ROUNDS, of_round.quarter, *parts))
    return path if page_exists(path) else ""


def pages_of(of_round: Round) -> list[tuple[str, str]]:
    """The other pages around a round that exist here: address and name."""
    pages = [("danh-sach", _("Danh sách chưa cam kết, đã cam kết"))]
    if manages(of_round):
        pages += [
            ("thu", _("Thư giấy")),
            ("goi-dien", _("Gọi điện, đến gặp")),
            ("van-ban", _("Văn bản để xác nhận")),
        ]
    return [(path, text) for name, text in pages if (path := _page_of(of_round, name))]


def next_steps(of_round: Round, found: Mapping[Trouble, int]) -> list[dict[str, Any]]:
    """What an officer should look at now, the most urgent first: text, number, where to."""
    asks = url_for("officer.round_asks", quarter=of_round.quarter)
    steps = [
        _step(
            found[Trouble.BOUNCED],
            _("Thư bị trả lại"),
            _("Sửa địa chỉ ở trang của đối tượng: hệ thống mời lại vào địa chỉ mới. Không có thì in thư, gọi điện."),
            f"{asks}?hien={Trouble.BOUNCED}",
        ),
        _step(
            found[Trouble.REFUSED],
            _("Thư không gửi được"),
            _("Xem lý do ở từng người; địa chỉ sai thì sửa, còn lại in thư hoặc gọi điện."),
            f"{asks}?hien={Trouble.REFUSED}",
        ),
        _step(
            found[Trouble.UNCERTAIN],
            _("Chưa rõ thư đã đến nơi hay chưa"),
            _("Hệ thống không gửi lại để khỏi gửi hai lần. Hãy gọi điện hoặc in thư."),
            f"{asks}?hien={Trouble.UNCERTAIN}",
        ),
        *_by_hand(of_round),
        *_missing(of_round),
        _step(
            found[Trouble.REVOKED],
            _("Liên kết đã bị hủy"),
            _("Những người này chưa ký và không còn liên kết nào dùng được."),
            f"{asks}?hien={Trouble.REVOKED}",
        ),
    ]
    return [step for step in steps if step is not None]


def _step(number: int, title: str, text: str, href: str) -> dict[str, Any] | None:
    if not number:
        return None
    return {"number": number_text(number), "title": title, "text": text, "href": href}


def _by_hand(of_round: Round) -> list[dict[str, Any] | None]:
    letters = count_needed(reader(), of_round, Recipients.UNREACHED).new
    return [
        _step(
            letters,
            _("Thư giấy cần in"),
            _("Cho những người chưa liên hệ được; cả tệp xếp theo xã, phường."),
            _page_of(of_round, "thu"),
        ),
        _step(
            count_calls(reader(), of_round, Show.PHONE, None),
            _("Người cần gọi điện"),
            _("Chưa liên hệ được và có số điện thoại."),
            _page_of(of_round, "goi-dien"),
        ),
    ]


def _missing(of_round: Round) -> list[dict[str, Any] | None]:
    entries = entries_led(reader(), of_round.province_code, of_round.agency_code, local_day(now()))
    return [
        _step(
            len(entries.without_document),
            _("Nhóm chưa có văn bản để xác nhận"),
            _("Chưa mời ai trong các nhóm này cho đến khi cơ quan tải văn bản lên."),
            _page_of(of_round, "van-ban"),
        )
    ]


def calendar_of(of_round: Round) -> list[dict[str, str]]:
    """The days that are coming."""
    quarter, today = Quarter.parse(of_round.quarter), local_day(now())
    reminders = next_reminders(reader(), of_round, today) if of_round.state is RoundState.RUNNING else []
    rows = [
        {
            "key": date_text(each.day),
            "value": _(
                "Nhắc những người có hạn %(day)s mà chưa ký, hiện là %(number)s người có thư điện tử.",
                day=date_text(each.shown_day),
                number=number_text(each.asks),
            ),
        }
        for each in reminders
    ]
    if of_round.state not in OVER:
        closing = quarter.last_day + timedelta(days=1)
        text = _("Chốt danh sách của quý, theo tình trạng lúc 24 giờ ngày %(day)s.", day=date_text(quarter.last_day))
        rows.append({"key": date_text(closing), "value": text})
    return rows


# --- Before anything is sent -----------------------------------------------------------------------------------------

_WAITING_PARTS = (Part.LEFT_OUT, Part.NOT_YET, Part.NO_DOCUMENT, Part.OWNER_UNKNOWN)
_DONE_PARTS = (Part.WAITING_FOR_AGENCY, Part.IN_FORCE, Part.OUT_OF_SCOPE)


def people_url(of_round: Round, **filters: Any) -> str:
    kept = {name: value for name, value in filters.items() if value not in (None, "")}
    return url_for("officer.round_people", quarter=of_round.quarter, **kept)


def preview_shown(of_round: Round, found: Preview) -> dict[str, Any]:
    """Who would be asked and why, by group; whom mail reaches; who is not asked and why."""
    labels = entry_labels(of_round)
    asked = [
        {
            "group": labels[entry_id],
            "why": translate(WHY_LABELS[why]),
            "by_mail": found.count(entry_id=entry_id, part=Part.TO_ASK, why=why, by_mail=True),
            "without": found.count(entry_id=entry_id, part=Part.TO_ASK, why=why, by_mail=False),
            "href": people_url(of_round, phan=Part.TO_ASK.value, vi_sao=why.value, nhom=entry_id),
        }
        for entry_id in labels
        for why in Why
        if found.count(entry_id=entry_id, part=Part.TO_ASK, why=why)
    ]
    return {
        "found": found,
        "asked_lines": asked,
        "by_mail_total": found.count(part=Part.TO_ASK, by_mail=True),
        "without_total": found.count(part=Part.TO_ASK, by_mail=False),
        "not_asked": _part_rows(of_round, found, (Part.ASKED, *_WAITING_PARTS)),
        "not_needed": _part_rows(of_round, found, _DONE_PARTS),
        "no_document": _page_of(of_round, "van-ban") if found.count(part=Part.NO_DOCUMENT) else "",
    }


def _part_rows(of_round: Round, found: Preview, parts: Iterable[Part]) -> list[dict[str, Any]]:
    return [
        {"text": translate(PART_LABELS[part]), "count": number, "href": people_url(of_round, phan=part.value)}
        for part in parts
        if (number := found.count(part=part))
    ]
