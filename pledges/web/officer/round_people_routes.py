"""Of whom a round consists, line by line; leaving out and bringing back; what would be sent, without sending it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from email import message_from_bytes
from email.policy import default as modern
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from pledges.accounts.permissions import Action
from pledges.core.calendar import local_day
from pledges.core.errors import DomainError
from pledges.messaging.letters import Letters
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.models import Channel, Entity, Obligation
from pledges.registry.scope_words import COHORT_LABELS
from pledges.registry.search_queries import is_personal
from pledges.rounds.candidates import PAGE_SIZE, Candidate, candidates, preview
from pledges.rounds.models import Round
from pledges.rounds.operations import MOST_AT_ONCE, bring_back, leave_out
from pledges.rounds.population import PART_LABELS, Part, entries_led, owner_joined
from pledges.rounds.rules import ADJUSTABLE, WHY_LABELS
from pledges.rounds.trial import Recipient, Trial, trial
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.i18n import date_text, translate
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.round_forms import ConfirmForm, LeaveOutForm, PeopleFilterForm
from pledges.web.officer.round_view import entry_labels, manages, people_url, place_names, round_for, round_heading
from pledges.web.security import may, soft_csrf

PICKED, ALL = "chon", "tat-ca"
NAMES_SHOWN = 20
KINDS = {
    Part.TO_ASK: "info",
    Part.ASKED: "info",
    Part.LEFT_OUT: "warning",
    Part.IN_FORCE: "success",
    Part.WAITING_FOR_AGENCY: "success",
}
_CAN_BE_LEFT_OUT = frozenset({Part.TO_ASK, Part.ASKED, Part.NOT_YET, Part.NO_DOCUMENT})


# --- The list --------------------------------------------------------------------------------------------------------


@blueprint.get("/dot-van-dong/<quarter>/doi-tuong")
@may(Action.LIST_VIEW)
def round_people(quarter: str) -> ResponseReturnValue:
    """Everything that the agency leads, one line per obligation, with what this round does about it."""
    return _people_page(round_for(quarter, Action.LIST_VIEW))


def _filter(of_round: Round, given: Any) -> tuple[PeopleFilterForm, dict[str, str]]:
    """The form, and what of it goes from page to page; nobody's number is taken from an address."""
    form = PeopleFilterForm(given, meta={"csrf": False})
    form.fit(entry_labels(of_round))
    if is_personal(form.tim.data or ""):
        form.tim.raw = form.tim.data = ""
    kept = {name: str(form[name].data or "") for name in ("phan", "vi_sao", "lien_he", "nhom", "tim")}
    return form, {name: value for name, value in kept.items() if value}


def _people_page(of_round: Round, problem: str = "", status: int = 200) -> ResponseReturnValue:
    form, kept = _filter(of_round, request.args)
    chosen = form.chosen()
    after = _uuid(request.args.get("sau", ""))
    found = candidates(reader(), of_round, now=now(), after=after, limit=PAGE_SIZE + 1, **chosen)
    shown = found[:PAGE_SIZE]
    back = chosen["in_part"] is Part.LEFT_OUT
    editable = manages(of_round) and of_round.state in ADJUSTABLE
    labels, places = entry_labels(of_round), place_names(of_round, {each.commune_code for each in shown})
    turns = []
    if after is not None:
        turns.append({"rel": "prev", "text": _("Về trang đầu"), "href": people_url(of_round, **kept)})
    if len(found) > PAGE_SIZE:
        more = people_url(of_round, **kept, sau=str(shown[-1].obligation_id))
        turns.append({"rel": "next", "text": _("Trang sau"), "href": more})
    page = render_template(
        "officer/round_people.html",
        filter_form=form,
        kept=kept,
        chips=_chips(of_round, form, kept),
        clear=people_url(of_round),
        rows=[_row(each, labels, places, back=back) for each in shown],
        turns=turns,
        editable=editable,
        back_in=back,
        action=url_for("officer.bring_people_back" if back else "officer.leave_people_out", quarter=of_round.quarter),
        any_pickable=any(_pickable(each, back=back) for each in shown),
        all_href=_all_url(of_round, kept),
        filtered=bool(kept),
        problem=problem,
        **round_heading(of_round),
    )
    return page, status


def _all_url(of_round: Round, kept: dict[str, Any]) -> str:
    return url_for("officer.leave_people_out", quarter=of_round.quarter, **(kept | {ALL: "yes"}))


def _uuid(typed: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(typed)
    except ValueError:
        return None


def _chips(of_round: Round, form: PeopleFilterForm, kept: dict[str, str]) -> list[dict[str, str]]:
    chips = []
    for name, value in kept.items():
        text = next((str(each.label) for each in getattr(form[name], "choices", ()) if each.value == value), value)
        without = {other: each for other, each in kept.items() if other != name}
        chips.append({"text": f"{form[name].label.text}: {text}", "href": people_url(of_round, **without)})
    return chips


def _pickable(each: Candidate, *, back: bool) -> bool:
    return each.part is Part.LEFT_OUT if back else each.part in _CAN_BE_LEFT_OUT


def _row(each: Candidate, labels: dict[str, str], places: dict[str, str], *, back: bool) -> dict[str, Any]:
    asked = each.part in {Part.TO_ASK, Part.ASKED, Part.LEFT_OUT}
    return {
        "id": each.obligation_id,
        "name": each.name or _("Chưa có tên"),
        "href": url_for("officer.entity", entity_id=each.entity_id) if each.entity_id is not None else "",
        "channel": each.channel if each.channel != each.name else "",
        "place": places.get(each.commune_code, ""),
        "group": labels.get(each.entry_id, each.entry_id),
        "part": translate(PART_LABELS[each.part]),
        "kind": KINDS.get(each.part, "plain"),
        "why": translate(WHY_LABELS[each.why]) if asked else "",
        "cohort": translate(COHORT_LABELS[each.cohort]),
        "email": each.email,
        "reason": each.reason,
        "why_not": "" if _pickable(each, back=back) else _("Không có trong đợt này"),
    }


# --- Leaving out, bringing back --------------------------------------------------------------------------------------


def _picked(of_round: Round) -> list[uuid.UUID]:
    """Those that were ticked, or everything that the filter finds."""
    given = request.form if request.method == "POST" else request.args
    if given.get(ALL):
        form, _kept = _filter(of_round, given)
        found = candidates(reader(), of_round, now=now(), limit=MOST_AT_ONCE + 1, **form.chosen())
        return [each.obligation_id for each in found if each.part in _CAN_BE_LEFT_OUT]
    return [each for typed in given.getlist(PICKED)[:MOST_AT_ONCE] if (each := _uuid(typed)) is not None]


def _names(of_round: Round, ids: Sequence[uuid.UUID]) -> list[str]:
    """Of the first of them; of what other agencies lead nothing is told."""
    entries = entries_led(reader(), of_round.province_code, of_round.agency_code, local_day(now()))
    name = func.coalesce(Entity.name, Channel.address, "")
    rows = reader().scalars(
        select(name)
        .select_from(Obligation)
        .outerjoin(Entity, owner_joined())
        .outerjoin(
            Channel, and_(Channel.province_code == Obligation.province_code, Channel.id == Obligation.channel_id)
        )
        .where(
            Obligation.province_code == of_round.province_code,
            Obligation.id.in_(ids[:NAMES_SHOWN]),
            Obligation.entry_id.in_(entries.by_id),
        )
        .order_by(Entity.name_fold, Obligation.id)
    )
    return list(rows)


def _decide(
    of_round: Round,
    form: PageForm,
    words: dict[str, Any],
    work: Callable[[Session, list[uuid.UUID]], int],
    done: Callable[[int], str],
) -> ResponseReturnValue:
    """Ask once more with the names; nothing chosen leads back to the list."""
    ids = _picked(of_round)
    if not ids:
        return _people_page(of_round, _("Hãy chọn ít nhất một dòng trên trang này."), 400)
    if len(ids) > MOST_AT_ONCE:
        most = _("Mỗi lần được tối đa %(most)s dòng. Hãy lọc hẹp hơn rồi làm từng phần.", most=MOST_AT_ONCE)
        return _people_page(of_round, most, 400)
    problem, status = "", 200
    if form.validate_on_submit():
        try:
            number = write(lambda session: work(session, ids))
        except DomainError as refusal:
            form.refuse(refusal)
            problem, status = "", refusal.status
        else:
            flash(done(number), "success")
            return redirect(url_for("officer.round_people", quarter=of_round.quarter), 303)
    whole = request.values.get(ALL)
    kept = _filter(of_round, request.values)[1] if whole else {}
    page = render_template(
        "officer/round_pick.html",
        form=form,
        problem=problem,
        names=_names(of_round, ids),
        number=len(ids),
        more=max(0, len(ids) - NAMES_SHOWN),
        hidden_fields=[*kept.items(), (ALL, "yes")] if whole else [(PICKED, str(each)) for each in ids],
        back=people_url(of_round, **kept),
        **round_heading(round_for(of_round.quarter, Action.ROUND_MANAGE)),
        **words,
    )
    return page, 400 if form.problems and status == 200 else status


@blueprint.route("/dot-van-dong/<quarter>/khong-moi", methods=["GET", "POST"])
@may(Action.ROUND_MANAGE)
@soft_csrf
def leave_people_out(quarter: str) -> ResponseReturnValue:
    of_round = round_for(quarter, Action.ROUND_MANAGE)
    key, staff, at, form = (of_round.province_code, of_round.id), current_staff(), now(), LeaveOutForm()
    words = {
        "title": _("Không mời trong đợt này"),
        "button_text": _("Không mời"),
        "lead": _("Không gửi lời mời, không nhắc. Nghĩa vụ vẫn còn và vẫn có tên trong danh sách cuối quý."),
    }
    return _decide(
        of_round,
        form,
        words,
        lambda session, ids: leave_out(session, key, ids, reason=form.reason.data or "", staff=staff, now=at),
        lambda number: _("Đã ghi không mời: %(number)s dòng.", number=number),
    )


@blueprint.route("/dot-van-dong/<quarter>/moi-lai", methods=["GET", "POST"])
@may(Action.ROUND_MANAGE)
@soft_csrf
def bring_people_back(quarter: str) -> ResponseReturnValue:
    of_round = round_for(quarter, Action.ROUND_MANAGE)
    key, staff, at = (of_round.province_code, of_round.id), current_staff(), now()
    words = {
        "title": _("Đưa trở lại đợt vận động"),
        "button_text": _("Đưa trở lại"),
        "lead": _("Những đối tượng này được mời như mọi người khác. Lý do đã ghi vẫn được giữ trong nhật ký."),
    }
    return _decide(
        of_round,
        ConfirmForm(data={"seen": of_round.revision}),
        words,
        lambda session, ids: bring_back(session, key, ids, staff=staff, now=at),
        lambda number: _("Đã đưa trở lại: %(number)s dòng.", number=number),
    )


# --- Without sending -------------------------------------------------------------------------------------------------


@blueprint.get("/dot-van-dong/<quarter>/xem-truoc")
@may(Action.ROUND_MANAGE)
def round_trial(quarter: str) -> ResponseReturnValue:
    """The first recipients, and one mail as it would read; nothing is written and nothing leaves."""
    of_round = round_for(quarter, Action.ROUND_MANAGE)
    settings = product().settings
    tried = trial(reader(), of_round, now=now(), vault=product().vault, public_url=settings.public_url)
    subject, text = _sample(tried)
    return render_template(
        "officer/round_trial.html",
        found=preview(reader(), of_round, now=now()),
        rows=[_recipient(each) for each in tried.recipients],
        sample_to=tried.sample.to_address if tried.sample is not None else "",
        subject=subject,
        text=text,
        back=url_for("officer.round", quarter=quarter),
        **round_heading(of_round),
    )


def _recipient(each: Recipient) -> dict[str, Any]:
    types = [translate(info.label) for code, info in SUBJECT_TYPES.items() if code in each.invitee.types]
    return {
        "name": each.invitee.name,
        "href": url_for("officer.entity", entity_id=each.invitee.entity_id),
        "address": each.address,
        "types": "; ".join(types),
        "shown_day": date_text(each.shown_day),
        "whys": sorted({translate(WHY_LABELS[owed.why]) for owed in each.invitee.owed}),
    }


def _sample(tried: Trial) -> tuple[str, str]:
    """Subject and plain text, made by what makes the real ones."""
    if tried.sample is None:
        return "", ""
    settings = product().settings
    letters = Letters(
        mail_from=settings.mail_from,
        public_url=settings.public_url,
        owner_name=settings.owner_name,
        owner_contact=settings.owner_contact,
    )
    mail = message_from_bytes(letters.compose(tried.sample, tried.secrets).data, policy=modern)
    body = mail.get_body(("plain",))
    return str(mail["Subject"]), body.get_content().strip() if body is not None else ""
