"""Everything that the page of one file shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.delegation import approval_title
from pledges.accounts.permissions import Action
from pledges.accounts.queries import get_staff
from pledges.core.calendar import local_day
from pledges.core.errors import DomainError
from pledges.documents.paper import PledgePaper
from pledges.plans.models import Agency
from pledges.plans.queries import get_agency, get_province
from pledges.plans.rules import SUBJECT_TYPES
from pledges.plans.settings import ProvinceSettings, province_settings
from pledges.registry.restrictions import is_restricted
from pledges.review.checks import Check, CheckOutcome, check_pledges
from pledges.review.history import earlier_versions, history
from pledges.review.models import Decision, DecisionKind, Revocation
from pledges.review.operations import helped_and_others_can, last_decision
from pledges.review.queue_filter import QueueFilter
from pledges.review.revocations import open_revocation
from pledges.review.waiting_times import Side, WaitingTimes, waiting_times, working_days
from pledges.signing.models import EarlierVersion, Pledge, PledgeState, Signature, SignatureKind
from pledges.signing.queries import amendment_under_way, get_pledge, replacement_of, signatures_of
from pledges.signing.verification import verify_pledge
from pledges.web.current import now, product, reader
from pledges.web.i18n import date_text, error_text, time_text, translate
from pledges.web.officer import decision_forms as forms
from pledges.web.officer import words
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.history_words import history_rows
from pledges.web.officer.queue_view import file_beside, queue_url, read_size, walk_around
from pledges.web.officer.reach import can
from pledges.web.officer.violation_view import reason_in_address
from pledges.web.public import verification_words

FORMS: dict[str, type[forms.DecisionForm]] = {
    "recommend": forms.RecommendForm,
    "return": forms.ReturnForm,
    "defer": forms.DeferForm,
    "resume": forms.PlainForm,
    "reject": forms.RejectForm,
    "approve": forms.PlainForm,
    "ask_revocation": forms.AskRevocationForm,
    "refuse_revocation": forms.RefuseRevocationForm,
    "revoke": forms.RevocationForm,
}

ACTIONS: dict[str, Action] = {
    "recommend": Action.PLEDGE_RECOMMEND,
    "return": Action.PLEDGE_RETURN,
    "defer": Action.PLEDGE_DEFER,
    "resume": Action.PLEDGE_RESUME,
    "reject": Action.PLEDGE_REJECT,
    "approve": Action.PLEDGE_APPROVE,
    "ask_revocation": Action.REVOCATION_ASK,
    "refuse_revocation": Action.REVOCATION_DECIDE,
    "revoke": Action.REVOCATION_DECIDE,
}


@dataclass(frozen=True)
class Sent:
    """A form that came back to its page: which one, and why."""

    name: str
    form: forms.DecisionForm
    conflict: DomainError | None = None


def file_page(pledge: Pledge, sent: Sent | None = None, status: int = 200) -> ResponseReturnValue:
    revocation = open_revocation(reader(), (pledge.province_code, pledge.id))
    allowed = possible_actions(pledge, revocation)
    shown = {name: FORMS[name](formdata=None) for name in allowed}
    if sent is not None and sent.name in shown:
        shown[sent.name] = sent.form
    reason = reason_in_address(pledge) if sent is None and "ask_revocation" in shown else ""
    if reason:
        shown["ask_revocation"] = forms.AskRevocationForm(formdata=None, data={"message": reason})
    page = render_template(
        "officer/file.html",
        pledge=pledge,
        label=words.state_label(pledge),
        restricted=is_restricted(reader(), pledge.province_code, pledge.entity_id),
        groups=[translate(SUBJECT_TYPES[code].label) for code in pledge.subject_types],
        forms=shown,
        form=sent.form if sent is not None and sent.conflict is None else None,
        sent=sent,
        opened=sent.name if sent is not None else "ask_revocation" if reason else "",
        conflict=error_text(sent.conflict) if sent is not None and sent.conflict is not None else "",
        seen=_seen(pledge, sent),
        typed=_typed_in_vain(sent, allowed),
        walk=walk_around(pledge),
        **_facts(pledge),
        **_around(pledge, revocation),
    )
    return page, status


def possible_actions(pledge: Pledge, revocation: Revocation | None) -> list[str]:
    """Which forms the page offers to this person now."""
    names = [name for name, action in ACTIONS.items() if can(action, pledge)]
    staff = current_staff()
    if pledge.recommended_by == staff.id or not printed_title(agency_of(pledge)):
        names = [name for name in names if name != "approve"]
    if pledge.document_id is None or helped_and_others_can(reader(), pledge, staff):
        names = [name for name in names if name != "recommend"]
    if revocation is None:
        return [name for name in names if name not in {"revoke", "refuse_revocation"}]
    names = [name for name in names if name != "ask_revocation"]
    return [name for name in names if name != "revoke" or revocation.asked_by != staff.id]


def agency_of(pledge: Pledge) -> Agency:
    return get_agency(reader(), pledge.province_code, pledge.agency_code)


def printed_title(agency: Agency) -> str:
    """What would stand above this person's name if they approved today."""
    return approval_title(reader(), current_staff(), agency, local_day(now()))[0]


def _seen(pledge: Pledge, sent: Sent | None) -> int:
    """After a mistake in a form the revision stays the one that the person saw; a conflict has shown the new one."""
    return pledge.revision if sent is None or sent.conflict is not None else sent.form.seen.data


def _typed_in_vain(sent: Sent | None, allowed: list[str]) -> list[str]:
    """What somebody wrote into a form that is not there any more, so that it is not lost."""
    if sent is None or sent.name in allowed:
        return []
    fields = (sent.form[name] for name in ("message", "note") if name in sent.form)
    return [str(field.data) for field in fields if field.data]


# --- What the file says --------------------------------------------------------------------------------------------


_WORST_FIRST = {CheckOutcome.FAILED: 0, CheckOutcome.WARNING: 1, CheckOutcome.NOTE: 2}


def _facts(pledge: Pledge) -> dict[str, Any]:
    paper = PledgePaper.from_json(pledge.paper)
    checks = check_pledges(reader(), pledge.province_code, [pledge])[pledge.id]
    doubts = [check for check in checks if check.outcome is not CheckOutcome.OK]
    return {
        "paper": paper,
        "open_checks": [_check_row(check) for check in sorted(doubts, key=lambda each: _WORST_FIRST[each.outcome])],
        "passed_checks": [_check_row(check) for check in checks if check.outcome is CheckOutcome.OK],
        "signatures": _signature_rows(pledge),
        "verdict": verify_pledge(reader(), product().storage, pledge),
        "words": verification_words,
    }


def _check_row(check: Check) -> dict[str, str]:
    label = words.check_label(check.outcome)
    return {"tag": label.text, "kind": label.kind, "text": translate(check.text, **check.params)}


def _signature_rows(pledge: Pledge) -> list[dict[str, Any]]:
    """Who confirmed, how and when; never from where."""
    rows: list[dict[str, Any]] = []
    for signature in signatures_of(reader(), pledge):
        who = _("Người đại diện") if signature.role == "representative" else _("Người ký")
        lines = [
            signature.typed_name,
            words.signature_kind(signature.kind),
            _("Mã gửi tới %(address)s", address=signature.masked_address) if signature.masked_address else "",
            _when(signature),
        ]
        rows.append({"key": who, "value": [line for line in lines if line]})
    agreed = _("Đồng ý công khai") if pledge.publish else _("Không đồng ý công khai")
    return [*rows, {"key": _("Công khai"), "value": agreed}]


def _when(signature: Signature) -> str:
    if signature.kind is SignatureKind.SCANNED_PAPER:
        return str(_("Ký ngày %(day)s", day=date_text(signature.signed_at)))
    return str(_("Xác nhận lúc %(time)s", time=time_text(signature.signed_at)))


# --- What has happened and can be done -----------------------------------------------------------------------------


def _around(pledge: Pledge, revocation: Revocation | None) -> dict[str, Any]:
    agency = agency_of(pledge)
    staff = current_staff()
    province = get_province(reader(), pledge.province_code)
    times = waiting_times(reader(), pledge, now())
    return {
        "province_name": province.name,
        "late": is_late(times, province_settings(province), now()),
        "agency": agency,
        "with_us": words.duration(times.with_us),
        "with_signer": words.duration(times.with_signer) if times.with_signer else "",
        "steps": history_rows(history(reader(), pledge)),
        "versions": _versions(pledge),
        "amends": _amended(pledge),
        "newer": _newer(pledge),
        "printed": {"title": printed_title(agency), "name": staff.name},
        "method": verification_words.receipt(agency.signature_method),
        "may_record": can(Action.PAPER_RECORD, pledge),
        "may_approve": can(Action.PLEDGE_APPROVE, pledge),
        "own_recommendation": pledge.state is PledgeState.RECOMMENDED and pledge.recommended_by == staff.id,
        "revocation": _revocation(pledge, revocation),
        "latest": _latest_words(pledge),
    }


def is_late(times: WaitingTimes, settings: ProvinceSettings, at: datetime) -> bool:
    """Whether the agency has had it longer than it tells the signers."""
    days = working_days(times.since, at, settings.days_off_in_lieu)
    return times.side is Side.AGENCY and days > settings.days_to_answer


def _latest_words(pledge: Pledge) -> Decision | None:
    """The recommendation that an approver reads before approving."""
    if pledge.state is not PledgeState.RECOMMENDED:
        return None
    return last_decision(reader(), (pledge.province_code, pledge.id), DecisionKind.RECOMMENDED)


def _revocation(pledge: Pledge, revocation: Revocation | None) -> dict[str, Any] | None:
    if revocation is None:
        return None
    asker = get_staff(reader(), pledge.province_code, revocation.asked_by)
    return {
        "id": revocation.id,
        "reason": revocation.reason.splitlines(),
        "who": asker.name if asker is not None else "",
        "time": time_text(revocation.asked_at),
        "own": revocation.asked_by == current_staff().id,
    }


def _amended(pledge: Pledge) -> dict[str, Any] | None:
    """The pledge whose place this one takes, with what is different; the signer may have changed the agency too."""
    found = get_pledge(reader(), pledge.province_code, pledge.amends_id) if pledge.amends_id is not None else None
    if found is None or found.agency_code != pledge.agency_code:
        return None
    changes = _changes(PledgePaper.from_json(found.paper), PledgePaper.from_json(pledge.paper))
    return {"reference": found.reference, "changes": changes, "state": found.state.value}


def _newer(pledge: Pledge) -> str:
    """The reference of the pledge that has taken, or shall take, the place of this one."""
    found = replacement_of(reader(), pledge) or amendment_under_way(reader(), pledge)
    return found.reference if found is not None and found.agency_code == pledge.agency_code else ""


def _versions(pledge: Pledge) -> list[dict[str, Any]]:
    """Earlier signings, newest first, each with what the next one changed."""
    shown = []
    later = PledgePaper.from_json(pledge.paper)
    for version in sorted(earlier_versions(reader(), pledge), key=lambda each: each.version, reverse=True):
        paper = PledgePaper.from_json(version.paper)
        shown.append({"version": version, "changes": _changes(paper, later), "href": _pdf_of(pledge, version)})
        later = paper
    return shown


def _pdf_of(pledge: Pledge, version: EarlierVersion) -> str:
    if version.document_id is None:
        return ""
    return url_for("officer.earlier_pdf", reference=pledge.reference, version=version.version)


def _changes(before: PledgePaper, after: PledgePaper) -> list[dict[str, str]]:
    """What was declared differently, by the labels of the paper."""
    old = {block.number: block.text for block in before.blocks if block.kind == "party"}
    new = {block.number: block.text for block in after.blocks if block.kind == "party"}
    return [
        {"label": label, "old": old.get(label, ""), "new": new.get(label, "")}
        for label in dict.fromkeys([*old, *new])
        if old.get(label, "") != new.get(label, "")
    ]


def to_next(pledge: Pledge, wanted: QueueFilter, done: str) -> ResponseReturnValue:
    """Tell what was done and go on with the next file of the same list, or back to the list."""
    size = read_size(request.args)
    following = file_beside(pledge, wanted, wanted, size)
    if following:
        flash(_("%(done)s Đây là hồ sơ tiếp theo.", done=done), "success")
        return redirect(following, 303)
    flash(_("%(done)s Trong danh sách này không còn hồ sơ nào khác.", done=done), "success")
    return redirect(queue_url(wanted, size), 303)
