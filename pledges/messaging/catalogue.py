"""Every message that the product sends, and what its templates need.

Times are given as aware datetimes or days and stored as ISO text; `link` is a whole address below the public one.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

MOST_LETTERS = 500


@dataclass(frozen=True)
class MessageKind:
    """`secrets` are kept encrypted and erased once the message is sent or given up."""

    params: frozenset[str]
    secrets: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    blocks: frozenset[str] = frozenset()
    """Those of the parameters that are text of several lines, typed by somebody: a text, or a list of lines."""
    may_attach: bool = False
    """Whether a file may go with it."""
    by_phone: bool = False
    """A text message: its address is a phone number, and it has neither subject nor HTML."""


_INVITED = frozenset({"agency_name", "quarter", "name", "groups", "plan", "shown_day"})

MESSAGE_KINDS: dict[str, MessageKind] = {
    # Six digits. purpose: sign (if not given), sign_as_representative, withdraw, withdraw_consent, new_mailbox or ask.
    "code": MessageKind(frozenset({"minutes"}), frozenset({"code"}), frozenset({"purpose"})),
    # Six digits to a phone, for somebody who signs beside a member of staff.
    "sms_code": MessageKind(frozenset({"minutes"}), frozenset({"code"}), by_phone=True),
    # The link that resumes a draft.
    "draft_link": MessageKind(frozenset({"days"}), frozenset({"link"})),
    # To the focal person of an institution: the link to its list.
    "institution_link": MessageKind(frozenset({"institution_name", "agency_name", "days"}), frozenset({"link"})),
    # references: list of references signed together; agency_name: who has received them.
    "pledge_received": MessageKind(frozenset({"references", "agency_name", "signed_at", "working_days"})),
    # Back to the signer. message: what the officer wrote; asked: names of what has to be corrected, marked for the
    # catalogue; link: to the file; working_days: how long the agency usually takes after the correction.
    "pledge_returned": MessageKind(
        frozenset({"reference", "agency_name", "message", "asked", "link"}),
        optional=frozenset({"working_days"}),
        blocks=frozenset({"message"}),
    ),
    "pledge_rejected": MessageKind(
        frozenset({"reference", "agency_name", "message", "link"}), blocks=frozenset({"message"})
    ),
    # verify_link: where anybody can check it; replaces: reference of the earlier version; attached: the final PDF.
    "pledge_approved": MessageKind(
        frozenset({"reference", "agency_name", "approved_at", "verify_link", "link"}),
        optional=frozenset({"replaces"}),
        may_attach=True,
    ),
    "pledge_revoked": MessageKind(
        frozenset({"reference", "agency_name", "revoked_at", "message", "link"}), blocks=frozenset({"message"})
    ),
    # data_answer_by: day by which the agency answers about the data, if consent to processing was withdrawn.
    "pledge_withdrawn": MessageKind(
        frozenset({"reference", "agency_name", "withdrawn_at", "link"}), optional=frozenset({"data_answer_by"})
    ),
    "publication_ended": MessageKind(frozenset({"reference", "link"})),
    # To an approver, on each working morning on which something waits. references: the oldest of them, twenty at most;
    # oldest_days: how long the oldest has waited; revocations: requests that wait for a second person.
    "morning_list": MessageKind(
        frozenset({"name", "agency_name", "count", "oldest_days", "references", "revocations", "link"})
    ),
    # To the administrator: the agency's key cannot sign what has been approved.
    "countersign_waiting": MessageKind(frozenset({"agency_name", "count", "reason", "since"})),
    # To who answers for personal data in the province: somebody has withdrawn the consent to processing.
    "data_withdrawal": MessageKind(frozenset({"reference", "agency_name", "received_on", "answer_by", "link"})),
    # To the signer whose pledge had ended already: the consent to processing is taken back, and when it is answered.
    "data_withdrawn": MessageKind(frozenset({"reference", "agency_name", "withdrawn_at", "answer_by", "link"})),
    # To the signer. message: what became of their data, as the administrator wrote it.
    "data_answered": MessageKind(
        frozenset({"reference", "agency_name", "message", "link"}), blocks=frozenset({"message"})
    ),
    # To who has asked about their data. reference: the number of the request; right: its label, marked for the
    # catalogue; link: to the file, where there is one that can be opened.
    "rights_received": MessageKind(
        frozenset({"reference", "right", "agency_name", "received_on", "decide_by"}), optional=frozenset({"link"})
    ),
    # message: why the agency needs longer.
    "rights_extended": MessageKind(
        frozenset({"reference", "right", "agency_name", "decide_by", "message"}),
        optional=frozenset({"link"}),
        blocks=frozenset({"message"}),
    ),
    # outcome: granted, partly or refused; ground: why not all of it, and kept: what stays after a deletion, both
    # marked for the catalogue.
    "rights_answered": MessageKind(
        frozenset({"reference", "right", "agency_name", "outcome", "message"}),
        optional=frozenset({"link", "ground", "kept"}),
        blocks=frozenset({"message"}),
    ),
    # To whoever can act upon a request about data, or answers for the data of the province. what: acknowledge, decide
    # or consent (taken back, to be answered); due: its last day; late: yes, where that is over.
    "rights_due": MessageKind(
        frozenset({"reference", "agency_name", "what", "due", "link"}), optional=frozenset({"right", "late"})
    ),
    # An agency's invitation. quarter: such as 2026Q3; name: who is asked, in full; groups: labels marked for the
    # catalogue, of what is to be signed; documents: "số 12/SCT-QLTM ngày 05/03/2026", to be acknowledged; plan: as
    # the wordings cite it; hotline: of the province; short_code: opens the same as the link.
    "round_ask": MessageKind(_INVITED, frozenset({"link", "short_code"}), frozenset({"documents", "hotline"})),
    # last: 1 in the last of the round.
    "round_reminder": MessageKind(
        _INVITED, frozenset({"link", "short_code"}), frozenset({"documents", "hotline", "last"})
    ),
    # To who writes the reports of a unit, some days before. report: its title in the plan; period: "Quý IV/2026";
    # recipients: names of units; before: late from this day on; days: left until the day before, which is in time.
    "report_due": MessageKind(
        frozenset({"name", "unit_name", "report", "period", "recipients", "before", "days", "link"})
    ),
    # message: why the recipient returned it.
    "report_returned": MessageKind(
        frozenset({"name", "unit_name", "report", "period", "message", "link"}), blocks=frozenset({"message"})
    ),
    # Six digits that open one's own file.
    "file_code": MessageKind(frozenset({"minutes"}), frozenset({"code"}), frozenset({"reference"})),
    # To the mailbox of a file: somebody wants it moved to another one. address: the new one, masked; waits_until: the
    # last day on which nothing changes without a word from here; link: says yes or no.
    "mailbox_asked": MessageKind(
        frozenset({"reference", "agency_name", "asked_at", "address", "waits_until"}), frozenset({"link"})
    ),
    # To both. side: old or new; outcome: changed, stopped (by the old mailbox), refused, overtaken (by another request)
    # or moved_back; message: why it was refused; link: to the file.
    "mailbox_outcome": MessageKind(
        frozenset({"reference", "agency_name", "side", "outcome", "link"}),
        optional=frozenset({"message"}),
        blocks=frozenset({"message"}),
    ),
    # Two claim one channel or tax code. side: claim (who named it last) or owner; neither letter names the other. by:
    # list, where not the newer one but a list of an authority has named it.
    "dispute_opened": MessageKind(frozenset({"agency_name", "side"}), optional=frozenset({"by"})),
    # message: which papers, as the officer wrote it; link: to the page on which they are sent.
    "dispute_papers": MessageKind(
        frozenset({"agency_name", "side", "message"}), frozenset({"link"}), blocks=frozenset({"message"})
    ),
    # end: yours, others, both, neither, same or open_again.
    "dispute_decided": MessageKind(frozenset({"agency_name", "side", "end"})),
    # To an agency that keeps what the public log has signed. before: the size that the letter before told of.
    "log_checkpoint": MessageKind(
        frozenset({"size", "root", "made_at", "note", "key", "link"}), optional=frozenset({"before"})
    ),
    # To the administrator: pledges wait for the seal.
    "seal_waiting": MessageKind(frozenset({"count", "reason", "since"})),
    # To a member of staff whose second factor an administrator has taken away, because it was lost.
    "staff_factors_reset": MessageKind(frozenset({"name", "at"})),
    # To a member of staff whose account has changed. change: one of `accounts.notices.Change`.
    "staff_secured": MessageKind(frozenset({"name", "at", "change"})),
    # name: of the new member of staff; valid_until: when the link runs out.
    "staff_link": MessageKind(frozenset({"name", "valid_until"}), frozenset({"link"})),
}


def checked_params(
    kind: str, params: Mapping[str, Any], secrets: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both, ready to be stored; a missing or unknown one is our mistake and raises at once, not at delivery."""
    known = MESSAGE_KINDS[kind]
    missing = sorted((known.params - set(params)) | (known.secrets - set(secrets)))
    unknown = sorted((set(params) - known.params - known.optional) | (set(secrets) - known.secrets))
    if missing or unknown:
        raise ValueError(f"message {kind}: missing {missing}, unknown {unknown}")
    given = {name: value for name, value in params.items() if value is not None or name not in known.optional}
    return (
        {name: lines_of(value) if name in known.blocks else _stored(value) for name, value in given.items()},
        {name: _stored(value) for name, value in secrets.items()},
    )


def lines_of(text: str | list[str] | tuple[str, ...]) -> list[str]:
    """What somebody typed, as lines without control characters; a longer line goes on in the next one."""
    typed = text.splitlines() if isinstance(text, str) else [line for each in text for line in each.splitlines()]
    return [part for line in typed for part in textwrap.wrap(_clean(line), MOST_LETTERS, break_on_hyphens=False)]


def _stored(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a time without time zone cannot stand in a message")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_stored(each) for each in value]
    if isinstance(value, str):
        return _one_line(value)
    if isinstance(value, int):
        return value
    raise TypeError(f"a message cannot carry {type(value).__name__}")


def _one_line(text: str) -> str:
    """Without line breaks and control characters: nobody's name may start a paragraph of ours."""
    return _clean(text)[:MOST_LETTERS]


def _clean(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
