"""Everything under the signer's blueprint."""

from pledges.web.signer import (
    ask_routes,
    check_routes,
    consent_routes,
    file_routes,
    form_routes,
    group_routes,
    institution_routes,
    mailbox_routes,
    papers_routes,
    resume_routes,
    rights_routes,
    sign_routes,
    withdrawal_routes,
)
from pledges.web.signer.journey import blueprint

__all__ = [
    "ask_routes",
    "blueprint",
    "check_routes",
    "consent_routes",
    "file_routes",
    "form_routes",
    "group_routes",
    "institution_routes",
    "mailbox_routes",
    "papers_routes",
    "resume_routes",
    "rights_routes",
    "sign_routes",
    "withdrawal_routes",
]
