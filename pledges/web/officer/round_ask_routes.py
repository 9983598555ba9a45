"""Single invitations of a round: which have not arrived, what is known of one, its link taken away or made anew."""

from __future__ import annotations

import uuid
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import and_, select

from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action
from pledges.core.errors import NotFound
from pledges.registry.models import Contact, Entity, Obligation
from pledges.rounds.asking import only_this_one
from pledges.rounds.links import renew, revoke_link, take_back_revocation
from pledges.rounds.models import Ask, AskedObligation, Round
from pledges.rounds.progress import TROUBLE_LABELS, Trouble, troubled_asks, troubles
from pledges.rounds.queries import attempts_of
from pledges.rounds.rules import ADJUSTABLE, OVER, WHY_LABELS
from pledges.web.current import now, product, reader
from pledges.web.i18n import date_text, time_text, translate
from pledges.web.officer import entity_words
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.reach import entity_for, has_right
from pledges.web.officer.round_ask_view import attempt_rows, link_label
from pledges.web.officer.round_state_routes import confirmed
from pledges.web.officer.round_view import entry_labels, manages, place_names, round_for, round_heading
from pledges.web.security import may, soft_csrf

PAGE_SIZE = 50


# --- Which have not arrived ------------------------------------------------------------------------------------------


def _what_to_do(trouble: Trouble) -> str:
    texts: dict[Trouble, str] = {
        Trouble.BOUNCED: _(
            "Hộp thư không còn hoặc không nhận. Hãy mở trang của đối tượng và thêm địa chỉ đúng: hệ thống mời lại vào "
            "địa chỉ đó. Không tìm được thì in thư giấy hoặc gọi điện."
        ),
        Trouble.REFUSED: _(
            "Máy chủ thư không nhận, hoặc thư không còn cần gửi; lý do ghi ở từng dòng. Địa chỉ sai thì sửa ở trang "
            "của đối tượng; còn lại hãy in thư giấy hoặc gọi điện."
        ),
        Trouble.UNCERTAIN: _(
            "Kết nối bị đứt đúng lúc gửi nên không ai biết thư đã đi hay chưa. Hệ thống không tự gửi lại để khỏi gửi "
            "hai lần, và chưa tính là đã mời. Hãy gọi điện hoặc in thư giấy."
        ),
        Trouble.NO_CONTACT: _(
            "Chưa có địa chỉ thư điện tử nào dùng được. Hãy in thư giấy, gọi điện, hoặc thêm địa chỉ ở trang của "
            "đối tượng."
        ),
        Trouble.IN_LINE: _("Thư được gửi dần. Không cần làm gì."),
        Trouble.REVOKED: _(
            "Liên kết và mã mời của những người này đã bị hủy. Nếu hủy nhầm, hãy hoàn tác; nếu thư đến nhầm người, hãy "
            "cấp liên kết mới rồi in thư giấy."
        ),
    }
    return texts[trouble]


def _over() -> str:
    return str(
        _("Đợt đã kết thúc nên không còn việc phải làm ở đây. Người chưa ký được mời lại trong đợt của quý sau.")
    )


@blueprint.get("/dot-van-dong/<quarter>/loi-moi")
@may(Action.LIST_VIEW)
def round_asks(quarter: str) -> ResponseReturnValue:
    """Those who have not signed and whom nothing has reached, one trouble at a time."""
    of_round = round_for(quarter, Action.LIST_VIEW)
    counts = troubles(reader(), of_round)
    given = request.args.get("hien", "")
    first = next((each for each, number in counts.items() if number), Trouble.BOUNCED)
    trouble = Trouble(given) if given in set(Trouble) else first
    last = max(1, -(-counts[trouble] // PAGE_SIZE))
    page = min(max(1, request.args.get("trang", 1, type=int)), last)
    found = troubled_asks(reader(), of_round, trouble, page=page, size=PAGE_SIZE)

    def address(number: int, which: Trouble = trouble) -> str:
        return url_for("officer.round_asks", quarter=quarter, hien=which.value, trang=number if number > 1 else None)

    attempts = attempts_of(reader(), of_round.province_code, [ask.id for ask, _entity in found])
    places = place_names(of_round, {entity.commune_code or "" for _ask, entity in found})
    return render_template(
        "officer/round_asks.html",
        tabs=[
            {
                "text": translate(TROUBLE_LABELS[each]),
                "count": number,
                "href": address(1, each),
                "current": each is trouble,
            }
            for each, number in counts.items()
        ],
        rows=[
            {
                "name": entity.name,
                "href": url_for("officer.entity", entity_id=entity.id),
                "ask": url_for("officer.round_ask", quarter=quarter, ask_id=ask.id),
                "place": places.get(entity.commune_code or "", ""),
                "shown_day": date_text(ask.shown_day),
                "attempts": attempt_rows(attempts.get(ask.id, ())[-3:]),
            }
            for ask, entity in found
        ],
        what_to_do=_what_to_do(trouble) if of_round.state not in OVER else _over(),
        nothing=not any(counts.values()),
        page=page,
        last=last,
        address=address,
        back=url_for("officer.round", quarter=quarter),
        **round_heading(of_round),
    )


# --- One invitation --------------------------------------------------------------------------------------------------


def ask_for(quarter: str, ask_id: uuid.UUID, action: Action) -> tuple[Round, Ask]:
    of_round = round_for(quarter, action)
    ask = reader().get(Ask, (of_round.province_code, ask_id))
    if ask is None or ask.round_id != of_round.id:
        raise NotFound
    return of_round, ask


@blueprint.get("/dot-van-dong/<quarter>/loi-moi/<uuid:ask_id>")
@may(Action.LIST_VIEW)
def round_ask(quarter: str, ask_id: uuid.UUID) -> ResponseReturnValue:
    of_round, ask = ask_for(quarter, ask_id, Action.LIST_VIEW)
    entity = reader().get_one(Entity, (ask.province_code, ask.entity_id))
    contact = reader().get(Contact, (ask.province_code, ask.contact_id)) if ask.contact_id is not None else None
    address = contact.value if contact is not None and has_right(Action.ENTITY_CONTACTS) else ""
    label = link_label(ask, of_round)
    rows = [
        {"key": _("Mời ngày"), "value": date_text(ask.asked_at)},
        {"key": _("Hạn ghi trong lời mời"), "value": date_text(ask.shown_day)},
        {"key": _("Gửi tới"), "value": address or _("Không có thư điện tử")},
        {"key": _("Mã mời"), "value": ask.short_code},
        {"key": _("Người nhận mở lúc"), "value": time_text(ask.opened_at) or _("Chưa")},
        {"key": _("Bắt đầu điền lúc"), "value": time_text(ask.started_at) or _("Chưa")},
    ]
    return render_template(
        "officer/round_ask.html",
        ask=ask,
        entity=entity,
        rows=rows,
        link=label,
        owed=_owed(of_round, ask),
        attempts=attempt_rows(attempts_of(reader(), ask.province_code, [ask.id]).get(ask.id, [])),
        changes=manages(of_round) and of_round.state in ADJUSTABLE,
        revoked=ask.revoked_at is not None,
        back=url_for("officer.round", quarter=quarter),
        **round_heading(of_round),
    )


def _owed(of_round: Round, ask: Ask) -> list[dict[str, Any]]:
    labels = entry_labels(of_round)
    found = reader().execute(
        select(AskedObligation.why, Obligation)
        .join(
            Obligation,
            and_(
                Obligation.province_code == AskedObligation.province_code,
                Obligation.id == AskedObligation.obligation_id,
            ),
        )
        .where(AskedObligation.province_code == ask.province_code, AskedObligation.ask_id == ask.id)
        .order_by(Obligation.entry_id, Obligation.id)
    )
    return [
        {
            "group": labels.get(obligation.entry_id, obligation.entry_id),
            "why": translate(WHY_LABELS[why]),
            "label": entity_words.duty_label(obligation),
        }
        for why, obligation in found
    ]


def _facts_of(ask: Ask) -> list[dict[str, Any]]:
    entity = reader().get_one(Entity, (ask.province_code, ask.entity_id))
    return [{"key": _("Đối tượng"), "value": entity.name}, {"key": _("Mã mời"), "value": ask.short_code}]


@blueprint.route("/dot-van-dong/<quarter>/loi-moi/<uuid:ask_id>/huy", methods=["GET", "POST"])
@may(Action.ROUND_MANAGE)
@soft_csrf
def revoke_ask(quarter: str, ask_id: uuid.UUID) -> ResponseReturnValue:
    """The link was given to somebody else, or was sent to the wrong address."""
    of_round, ask = ask_for(quarter, ask_id, Action.ROUND_MANAGE)
    staff, at = current_staff(), now()
    words = {
        "title": _("Hủy liên kết của lời mời?"),
        "button_text": _("Hủy liên kết"),
        "facts": _facts_of(ask),
        "texts": [
            _("Liên kết và mã mời trong thư không mở được nữa, và không nhắc nữa."),
            _("Nghĩa vụ ký vẫn còn; người này vẫn ký được mà không cần liên kết. Bạn hoàn tác được."),
        ],
    }
    return confirmed(
        of_round,
        words,
        lambda session, _seen: revoke_link(session, ask, staff, at),
        _("Đã hủy liên kết."),
        url_for("officer.round_ask", quarter=quarter, ask_id=ask_id),
    )


@blueprint.post("/dot-van-dong/<quarter>/loi-moi/<uuid:ask_id>/hoan-tac")
@may(Action.ROUND_MANAGE)
@soft_csrf
def allow_ask(quarter: str, ask_id: uuid.UUID) -> ResponseReturnValue:
    of_round, ask = ask_for(quarter, ask_id, Action.ROUND_MANAGE)
    staff, at = current_staff(), now()
    return confirmed(
        of_round,
        {
            "title": _("Dùng lại liên kết cũ?"),
            "button_text": _("Dùng lại liên kết cũ"),
            "facts": _facts_of(ask),
            "texts": [],
        },
        lambda session, _seen: take_back_revocation(session, ask, staff, at),
        _("Liên kết cũ dùng lại được."),
        url_for("officer.round_ask", quarter=quarter, ask_id=ask_id),
    )


@blueprint.route("/dot-van-dong/<quarter>/loi-moi/<uuid:ask_id>/cap-moi", methods=["GET", "POST"])
@may(Action.ROUND_MANAGE)
@soft_csrf
def renew_ask(quarter: str, ask_id: uuid.UUID) -> ResponseReturnValue:
    of_round, ask = ask_for(quarter, ask_id, Action.ROUND_MANAGE)
    staff, at, vault = current_staff(), now(), product().vault
    words = {
        "title": _("Cấp liên kết và mã mời mới?"),
        "button_text": _("Cấp liên kết mới"),
        "facts": _facts_of(ask),
        "texts": [
            _("Liên kết và mã cũ, cả trong thư giấy đã in, không bao giờ dùng lại được."),
            _("Liên kết mới đi cùng thư nhắc tiếp theo. Muốn báo ngay, hãy đọc mã mới qua điện thoại hoặc in thư."),
        ],
    }
    return confirmed(
        of_round,
        words,
        lambda session, _seen: renew(session, ask, staff, at, vault=vault),
        _("Đã cấp liên kết và mã mời mới."),
        url_for("officer.round_ask", quarter=quarter, ask_id=ask_id),
    )


# --- Only this one ---------------------------------------------------------------------------------------------------


@blueprint.route("/dot-van-dong/<quarter>/chi-moi/<uuid:entity_id>", methods=["GET", "POST"])
@may(Action.ROUND_MANAGE)
@soft_csrf
def ask_only(quarter: str, entity_id: uuid.UUID) -> ResponseReturnValue:
    """Invite one subject now, also before the round has been started: to see how it goes."""
    of_round = round_for(quarter, Action.ROUND_MANAGE)
    entity = entity_for(entity_id)
    key, staff, at = (of_round.province_code, of_round.id), current_staff(), now()
    settings, vault = product().settings, product().vault
    words = {
        "title": _("Chỉ mời đối tượng này?"),
        "button_text": _("Mời ngay"),
        "facts": [{"key": _("Đối tượng"), "value": entity.name}],
        "texts": [
            _("Lời mời được gửi ngay cho riêng đối tượng này, kể cả khi đợt chưa bắt đầu. Không ai khác nhận thư.")
        ],
    }
    return confirmed(
        of_round,
        words,
        lambda session, _seen: only_this_one(
            session, key, entity.id, now=at, vault=vault, public_url=settings.public_url, actor=actor_of(staff)
        ),
        _("Đã mời %(name)s.", name=entity.name),
        url_for("officer.entity", entity_id=entity_id),
    )
