"""What stands in the addresses of staff pages, for the walk of tests/web/test_permission_walk.py.

A new page with something in its address needs one line in `SAMPLES`: its endpoint, what its address takes from a
`Spot`, and what of the spot decides about reach. A page without a line fails the walk.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pledges.accounts.permissions import Place

OWN, PROVINCE, PERSON, HELPER = "agency", "province", "person", "helper"


@dataclass(frozen=True)
class Spot:
    """One of everything that belongs to one agency, or (`exists` false) names of nothing at all."""

    name: str
    province_code: str
    agency_code: str
    reference: str = "CK-99-2026-KKKKKK"
    exists: bool = True
    added_unit: str = "99-KHONG"
    added_duty: str = "99-KHONG"
    """A reporting unit and a duty of the province, both added by an administrator: only such can be ended."""
    pledge_id: uuid.UUID = field(default_factory=uuid.uuid4)
    entity_id: uuid.UUID = field(default_factory=uuid.uuid4)
    batch_id: uuid.UUID = field(default_factory=uuid.uuid4)
    person_id: uuid.UUID = field(default_factory=uuid.uuid4)
    """An officer of the agency, who does nothing themself."""
    giver_id: uuid.UUID = field(default_factory=uuid.uuid4)
    """An approver of the agency."""
    delegation_id: uuid.UUID = field(default_factory=uuid.uuid4)
    text_id: uuid.UUID = field(default_factory=uuid.uuid4)
    setting_change_id: uuid.UUID = field(default_factory=uuid.uuid4)
    """One change of a setting of the province."""
    withdrawal_id: uuid.UUID = field(default_factory=uuid.uuid4)
    request_id: uuid.UUID = field(default_factory=uuid.uuid4)
    """About personal data; its revision is none that the walk sends."""
    import_id: uuid.UUID = field(default_factory=uuid.uuid4)
    """With one clash, in its row 2."""
    tip_id: uuid.UUID = field(default_factory=uuid.uuid4)
    pair_id: uuid.UUID = field(default_factory=uuid.uuid4)
    institution_id: uuid.UUID = field(default_factory=uuid.uuid4)
    channel_id: uuid.UUID = field(default_factory=uuid.uuid4)
    contact_id: uuid.UUID = field(default_factory=uuid.uuid4)
    unread_id: uuid.UUID = field(default_factory=uuid.uuid4)
    sighting_id: uuid.UUID = field(default_factory=uuid.uuid4)
    hotline_id: uuid.UUID = field(default_factory=uuid.uuid4)
    obligation_id: uuid.UUID = field(default_factory=uuid.uuid4)
    proposal_id: uuid.UUID = field(default_factory=uuid.uuid4)
    """From the agency to itself: the walk asks both who answers and who takes back."""
    dispute_id: uuid.UUID = field(default_factory=uuid.uuid4)
    """Between the subject of the pledge and another one, with one picture in the answer to the next line."""
    question_id: uuid.UUID = field(default_factory=uuid.uuid4)
    change_id: uuid.UUID = field(default_factory=uuid.uuid4)
    """Of the mailbox of the pledge, with one picture."""
    violation_id: uuid.UUID = field(default_factory=uuid.uuid4)
    helper_id: uuid.UUID = field(default_factory=uuid.uuid4)
    """Who has begun the draft of the next line beside a signer, and has handed in the pledge behind it."""
    draft_id: uuid.UUID = field(default_factory=uuid.uuid4)
    helped_reference: str = "CK-99-2026-KKKKKK"
    key_id: uuid.UUID = field(default_factory=uuid.uuid4)
    """Of programs of the agency."""
    quarter: str = "2020Q1"
    """Of the one round of the agency. No two agencies of the walk have a round of the same quarter: the agency stands
    in no address of its own officers."""
    ask_id: uuid.UUID = field(default_factory=uuid.uuid4)
    """Of the subject, in that round."""
    letter_batch_id: uuid.UUID = field(default_factory=uuid.uuid4)
    export_id: uuid.UUID = field(default_factory=uuid.uuid4)
    """A file of a list of that quarter."""
    report_id: uuid.UUID = field(default_factory=uuid.uuid4)
    """What the agency has sent upwards for 2026; see tests/support/report_spots.py."""


@dataclass(frozen=True)
class Sample:
    """`args`: the values of the address. `of`: whether agency, province or person of the spot decides about reach."""

    args: Callable[[Spot], dict[str, Any]]
    of: str = OWN
    pledge: bool = False
    """The object is a pledge, so the walk tries several states and looks that nothing was decided."""

    def place(self, spot: Spot) -> Place:
        if self.of == PROVINCE:
            return Place(spot.province_code)
        whose = {PERSON: spot.giver_id, HELPER: spot.helper_id}
        unit = frozenset({spot.agency_code})
        return Place(spot.province_code, spot.agency_code, whose.get(self.of), unit_codes=unit)


def _pledge(**more: Any) -> Sample:
    return Sample(lambda spot: {"reference": spot.reference} | more, pledge=True)


def _province(*names: str) -> Sample:
    return Sample(lambda spot: {"code": spot.province_code} | {name: getattr(spot, name) for name in names}, PROVINCE)


def _duty() -> Sample:
    return Sample(lambda spot: {"code": spot.province_code, "duty_id": spot.added_duty}, PROVINCE)


def _unit() -> Sample:
    return Sample(lambda spot: {"code": spot.province_code, "unit_code": spot.added_unit}, PROVINCE)


def _import(**more: Any) -> Sample:
    return Sample(lambda spot: {"import_id": spot.import_id} | more)


def _person() -> Sample:
    return Sample(lambda spot: {"code": spot.province_code, "staff_id": spot.person_id}, PROVINCE)


def _institution() -> Sample:
    return Sample(lambda spot: {"institution_id": spot.institution_id})


def _draft(**more: Any) -> Sample:
    return Sample(lambda spot: {"draft_id": spot.draft_id} | more, HELPER)


def _helped() -> Sample:
    return Sample(lambda spot: {"reference": spot.helped_reference}, HELPER)


def _pair() -> Sample:
    return Sample(lambda spot: {"pair_id": spot.pair_id}, PROVINCE)


def _request() -> Sample:
    return Sample(lambda spot: {"request_id": spot.request_id})


def _violation() -> Sample:
    return Sample(lambda spot: {"violation_id": spot.violation_id})


def _entity(*names: str) -> Sample:
    return Sample(lambda spot: {"entity_id": spot.entity_id} | {name: getattr(spot, name) for name in names}, PROVINCE)


def _figures() -> Sample:
    return Sample(lambda spot: {"province_code": spot.province_code, "agency_code": spot.agency_code})


def _round(*names: str, **more: Any) -> Sample:
    return Sample(lambda spot: {"quarter": spot.quarter} | {name: getattr(spot, name) for name in names} | more)


def _letters() -> Sample:
    return Sample(lambda spot: {"quarter": spot.quarter, "batch_id": spot.letter_batch_id})


def _report(**more: Any) -> Sample:
    """What the agency owes upwards."""
    return Sample(
        lambda spot: {"duty_id": f"walk-{spot.agency_code}", "period": "2026", "unit_code": spot.agency_code} | more
    )


def _incoming(*, unit: bool = True) -> Sample:
    """What the newspaper has sent to the agency."""
    return Sample(
        lambda spot: (
            {"duty_id": f"walk-in-{spot.agency_code}", "period": "2026"}
            | ({"unit_code": f"{spot.province_code}-BAO"} if unit else {})
        )
    )


def _report_file() -> Sample:
    return Sample(lambda spot: {"report_id": spot.report_id})


def _ownership(*, question: bool = False, **more: Any) -> Sample:
    return Sample(
        lambda spot: {"dispute_id": spot.dispute_id} | ({"question_id": spot.question_id} if question else {}) | more
    )


def _mailbox(**more: Any) -> Sample:
    return Sample(lambda spot: {"change_id": spot.change_id} | more)


def _obligation(of: str) -> Sample:
    return Sample(lambda spot: {"obligation_id": spot.obligation_id}, of)


SAMPLES: dict[str, Sample] = {
    "admin.api_keys": _province(),
    "admin.new_api_key": _province(),
    "admin.api_key": _province("key_id"),
    "admin.end_api_key": _province("key_id"),
    "admin.province": _province(),
    "admin.details": _province(),
    "admin.plan": _province(),
    "admin.agency": _province("agency_code"),
    "admin.wording": _province("text_id"),
    "admin.propose_wording": _province("text_id"),
    "admin.take_wording_back": _province("text_id"),
    "admin.send_wording_back": _province("text_id"),
    "admin.approve_wording": _province("text_id"),
    "admin.settings": _province(),
    "admin.change_setting": Sample(
        lambda spot: {"code": spot.province_code, "part": "thoi-han" if spot.exists else "khong-co"}, PROVINCE
    ),
    "admin.change_agency_days": _province("agency_code"),
    "admin.setting_history": _province(),
    "admin.undo_setting": _province("setting_change_id"),
    "admin.add_person": _province(),
    "admin.person": _person(),
    "admin.change_person": _person(),
    "admin.reset_factors": _person(),
    "admin.send_link": _person(),
    "admin.disable_person": _person(),
    "admin.enable_person": _person(),
    "admin.end_sessions": _person(),
    "admin.hotlines": _province(),
    "admin.add_hotline": _province(),
    "admin.paste_hotlines": _province(),
    "admin.hotline": _province("hotline_id"),
    "admin.check_hotline": _province("hotline_id"),
    "admin.move_hotline": _province("hotline_id"),
    "admin.end_hotline": _province("hotline_id"),
    "admin.bring_back_hotline": _province("hotline_id"),
    "admin.publication": _province(),
    "admin.duties": _province(),
    "admin.add_duty": _province(),
    "admin.add_missing_duties": _province(),
    "admin.duty": _duty(),
    "admin.end_duty": _duty(),
    "admin.resume_duty": _duty(),
    "admin.units": _province(),
    "admin.add_unit": _province(),
    "admin.paste_units": _province(),
    "admin.unit": _unit(),
    "admin.end_unit": _unit(),
    "admin.resume_unit": _unit(),
    "admin.invite_people": _province(),
    "admin.withdrawal": Sample(lambda spot: {"withdrawal_id": spot.withdrawal_id}, PROVINCE),
    "officer.new_delegation": Sample(lambda spot: {"giver_id": spot.giver_id}, PERSON),
    "officer.end_one": Sample(lambda spot: {"delegation_id": spot.delegation_id}, PERSON),
    "officer.batch": Sample(lambda spot: {"batch_id": spot.batch_id}),
    "officer.entity": _entity(),
    "officer.bound_sellers": _entity(),
    "officer.new_sellers": _entity(),
    "officer.entity_name": _entity(),
    "officer.entity_types": _entity(),
    "officer.entity_identifiers": _entity(),
    "officer.entity_place": _entity(),
    "officer.entity_new_contact": _entity(),
    "officer.entity_contact": _entity("contact_id"),
    "officer.end_entity_contact": _entity("contact_id"),
    "officer.entity_new_channel": _entity(),
    "officer.entity_channel": _entity("channel_id"),
    "officer.entity_dead_channel": _entity("channel_id"),
    "officer.remove_channel_owner": _entity("channel_id"),
    "officer.entity_sighting": _entity(),
    "officer.sighting_picture": _entity("sighting_id"),
    "officer.settle_unread_value": _entity("unread_id"),
    "officer.claim": _entity(),
    "officer.dispute": _entity(),
    "officer.ownership_dispute": _ownership(),
    "officer.dispute_paper": _ownership(number=1, question=True),
    "officer.decide_ownership": _ownership(),
    "officer.ask_dispute_papers": _ownership(),
    "officer.take_ownership_back": _ownership(),
    "officer.mailbox": _mailbox(),
    "officer.mailbox_paper": _mailbox(number=1),
    "officer.grant_mailbox": _mailbox(),
    "officer.refuse_mailbox": _mailbox(),
    "officer.take_mailbox_back": _mailbox(),
    "officer.obligation": _obligation(PROVINCE),
    "officer.decide_obligation_scope": _obligation(OWN),
    "officer.decide_obligation_cohort": _obligation(OWN),
    "officer.propose_obligation_scope": _obligation(PROVINCE),
    "officer.proposal": Sample(lambda spot: {"proposal_id": spot.proposal_id}),
    "officer.take_proposal_back": Sample(lambda spot: {"proposal_id": spot.proposal_id}),
    "officer.duplicate": _pair(),
    "officer.merge_duplicate": _pair(),
    "officer.keep_duplicate_apart": _pair(),
    "officer.take_back_duplicate": _pair(),
    "officer.violation": _violation(),
    "officer.correct_one_violation": _violation(),
    "officer.take_back_one_violation": _violation(),
    "officer.data_request": _request(),
    "officer.acknowledge_request": _request(),
    "officer.extend_request": _request(),
    "officer.decide_request": _request(),
    "officer.lift_restriction": _request(),
    "officer.hand_over_copy": _request(),
    "officer.tip": Sample(lambda spot: {"tip_id": spot.tip_id}),
    "officer.tip_picture": Sample(lambda spot: {"tip_id": spot.tip_id, "number": 1}),
    "officer.tip_confirm": Sample(lambda spot: {"tip_id": spot.tip_id}),
    "officer.tip_merge": Sample(lambda spot: {"tip_id": spot.tip_id}),
    "officer.tip_reject": Sample(lambda spot: {"tip_id": spot.tip_id}),
    "officer.tip_reopen": Sample(lambda spot: {"tip_id": spot.tip_id}),
    "officer.import_page": _import(),
    "officer.import_columns": _import(),
    "officer.import_sheet": _import(),
    "officer.import_report": _import(kind="csv"),
    "officer.import_commit": _import(),
    "officer.import_undo": _import(),
    "officer.import_cancel": _import(),
    "officer.import_hand_over": _import(),
    "officer.import_skip": _import(),
    "officer.import_clash": _import(number=2),
    "officer.remove_paper": Sample(lambda spot: {"reference": spot.reference}),
    "officer.assisted_draft": _draft(),
    "officer.fill_in": _draft(),
    "officer.print_draft": _draft(),
    "officer.send_phone_code": _draft(),
    "officer.sign_by_phone": _draft(),
    "officer.print_out": _draft(number=1),
    "officer.hand_in": _draft(),
    "officer.helped_pdf": _helped(),
    "officer.correct_helped": _helped(),
    "officer.file": _pledge(),
    "officer.back_to_file": _pledge(decision="tra-lai"),
    "officer.file_pdf": _pledge(),
    "officer.compare_file": Sample(lambda spot: {"reference": spot.reference}),  # posts a file, decides nothing
    "officer.earlier_pdf": _pledge(version=1),
    "officer.recommend": _pledge(),
    "officer.return_file": _pledge(),
    "officer.defer": _pledge(),
    "officer.resume": _pledge(),
    "officer.reject": _pledge(),
    "officer.approve": _pledge(),
    "officer.ask_to_revoke": _pledge(),
    "officer.keep": _pledge(),
    "officer.institution": _institution(),
    "officer.change_institution": _institution(),
    "officer.send_institution_link": _institution(),
    "officer.close_institution": _institution(),
    "officer.reopen_institution": _institution(),
    "officer.register_institution": _institution(),
    "officer.match_member": _institution(),
    "officer.institution_dossier": _institution(),
    "officer.confirm_revocation": _pledge(),
    "officer.coverage_of_province": _province(),
    "officer.coverage_of_agency": _figures(),
    "officer.coverage_members": _figures(),
    "officer.export_province_coverage": _province(),
    "officer.export_agency_coverage": _figures(),
    "officer.round": _round(),
    "officer.round_of_agency": _round("agency_code"),
    "officer.round_days": _round(),
    "officer.start_one_round": _round(),
    "officer.pause_one_round": _round(),
    "officer.resume_one_round": _round(),
    "officer.close_one_round": _round(),
    "officer.round_people": _round(),
    "officer.leave_people_out": _round(),
    "officer.bring_people_back": _round(),
    "officer.round_trial": _round(),
    "officer.round_asks": _round(),
    "officer.round_ask": _round("ask_id"),
    "officer.revoke_ask": _round("ask_id"),
    "officer.allow_ask": _round("ask_id"),
    "officer.renew_ask": _round("ask_id"),
    "officer.ask_only": _round("entity_id"),
    "officer.round_list": _round(),
    "officer.find_in_round_list": _round(),
    "officer.verify_round_list": _round(),
    "officer.take_round_list": _round(),
    "officer.round_files": _round(),
    "officer.round_file": _round("export_id"),
    "officer.take_round_file": _round("export_id"),
    "officer.make_round_file_again": _round("export_id"),
    "officer.letters": _round(),
    "officer.letter_batch": _letters(),
    "officer.letter_file": _letters(),
    "officer.make_letters_again": _letters(),
    "officer.letters_sent": _letters(),
    "officer.letters_not_sent": _letters(),
    "officer.calls": _round(),
    "officer.call_results": _round(),
    "officer.call_results_back": _letters(),
    "officer.call_file": _round(),
    "officer.agency_documents": _round(),
    "officer.agency_document": _round(entry_id="46-none"),
    "officer.agency_document_file": Sample(lambda spot: {"quarter": spot.quarter, "document_id": spot.ask_id}),
    "officer.report_period": _incoming(unit=False),
    "officer.report": _report(),
    "officer.report_version": _report(version=1),
    "officer.report_docx": _report_file(),
    "officer.report_pdf": _report_file(),
    "officer.draft_report": _report(),
    "officer.refresh_report": _report(),
    "officer.report_answers": _report(),
    "officer.report_signed_file": _report(),
    "officer.discard_report": _report(),
    "officer.send_report": _report(),
    "officer.nothing_to_report": _report(),
    "officer.sent_outside": _report(),
    "officer.correct_report": _report(),
    "officer.accept_report": _incoming(),
    "officer.return_report": _incoming(),
}

ALSO_INSIDE: dict[str, set[int]] = {
    # Its subject is no platform.
    "officer.bound_sellers": {404},
    "officer.new_sellers": {404},
    # Its address names the subject only behind the question mark.
    "officer.suspect_duplicate": {404},
    "officer.record_paper_of": {404},
    "officer.new_violation": {404},
    # Which session or factor of one's own stands in the form.
    "officer.end_one_session": {404},
    "officer.remove_own_factor": {404},
    # Nothing has been printed; not sealed yet.
    "officer.print_out": {404},
    "officer.helped_pdf": {404},
    # Which list stands in its address.
    "officer.doubt": {404},
    # The walk presses it more than once; and any agency proposes, but only its own does it take back.
    "officer.take_proposal_back": {404, 409},
    "officer.remove_channel_owner": {404},
    # Not sealed yet; never corrected.
    "officer.file_pdf": {404},
    "officer.earlier_pdf": {404},
    # Nobody was ticked.
    "officer.leave_people_out": {400},
    "officer.bring_people_back": {400},
    # Nothing was printed or recorded; the agency owes nobody a document.
    "officer.letter_file": {404},
    "officer.call_results": {400},
    "officer.call_results_back": {404},
    "officer.agency_document": {404},
    "officer.agency_document_file": {404},
    # Nothing was selected; a list in which this person has nothing to do with many files at once.
    "officer.confirm_batch": {400, 404},
}
"""What pages may also answer to somebody who may open them, because the walk brings less than they need."""
