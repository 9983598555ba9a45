"""Everything under the blueprint of the staff."""

from flask import Flask

from pledges.accounts.permissions import Action
from pledges.web.officer import (
    assist_routes,
    batch_routes,
    claim_routes,
    compare_routes,
    coverage_routes,
    decision_routes,
    delegation_routes,
    dispute_routes,
    duplicate_routes,
    enrolment_routes,
    entity_change_routes,
    entity_channel_routes,
    entity_routes,
    factor_routes,
    file_routes,
    import_clash_routes,
    import_page_routes,
    import_routes,
    institution_routes,
    integrity_routes,
    landing_routes,
    mailbox_routes,
    obligation_routes,
    paper_list_routes,
    paper_routes,
    queue_routes,
    register_routes,
    report_file_routes,
    report_receive_routes,
    report_routes,
    report_write_routes,
    rights_routes,
    round_ask_routes,
    round_call_routes,
    round_document_routes,
    round_file_routes,
    round_letter_routes,
    round_list_routes,
    round_people_routes,
    round_routes,
    round_state_routes,
    seller_routes,
    session_routes,
    set_up_routes,
    sign_in_routes,
    tip_routes,
    violation_routes,
)
from pledges.web.officer.authentication import set_up_authentication
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.confirming import set_up_confirming
from pledges.web.officer.menu import menu
from pledges.web.officer.reach import has_right
from pledges.web.officer.rights_view import is_restricted_now

__all__ = [
    "assist_routes",
    "batch_routes",
    "blueprint",
    "claim_routes",
    "compare_routes",
    "coverage_routes",
    "decision_routes",
    "delegation_routes",
    "dispute_routes",
    "duplicate_routes",
    "enrolment_routes",
    "entity_change_routes",
    "entity_channel_routes",
    "entity_routes",
    "factor_routes",
    "file_routes",
    "import_clash_routes",
    "import_page_routes",
    "import_routes",
    "institution_routes",
    "integrity_routes",
    "landing_routes",
    "mailbox_routes",
    "obligation_routes",
    "paper_list_routes",
    "paper_routes",
    "queue_routes",
    "register_routes",
    "report_file_routes",
    "report_receive_routes",
    "report_routes",
    "report_write_routes",
    "rights_routes",
    "round_ask_routes",
    "round_call_routes",
    "round_document_routes",
    "round_file_routes",
    "round_letter_routes",
    "round_list_routes",
    "round_people_routes",
    "round_routes",
    "round_state_routes",
    "seller_routes",
    "session_routes",
    "set_up",
    "set_up_routes",
    "sign_in_routes",
    "tip_routes",
    "violation_routes",
]


def set_up(app: Flask) -> None:
    set_up_authentication(app)
    set_up_confirming(app)
    app.jinja_env.globals["staff_menu"] = menu
    app.jinja_env.globals["bound_by"] = seller_routes.bound_by
    app.jinja_env.globals["sellers_address"] = seller_routes.sellers_address
    app.jinja_env.globals["has_right_to_add"] = lambda: has_right(Action.ENTITY_EDIT)
    app.jinja_env.globals["takes_requests"] = lambda: has_right(Action.RIGHTS_HANDLE)
    app.jinja_env.globals["is_restricted_now"] = is_restricted_now
    app.jinja_env.globals["sees_queue"] = lambda: has_right(Action.QUEUE_VIEW)
