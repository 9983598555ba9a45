"""Papers that an agency has asked one of two claimants for: `/ho-so/giay-to/<token>`, opened by the link in a mail."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import HiddenField

from pledges.core.errors import DomainError
from pledges.core.text import clean_block
from pledges.plans.queries import get_agency
from pledges.signing.dispute_evidence import answer_question, question_of_link
from pledges.signing.dispute_models import Dispute, DisputeQuestion
from pledges.signing.dispute_rules import LONGEST_ANSWER, MOST_PAPERS, OPEN
from pledges.signing.links import LinkDead
from pledges.web.components import PageForm
from pledges.web.current import now, reader, write
from pledges.web.errors import error_page
from pledges.web.evidence_field import EvidenceField, kept_evidence
from pledges.web.fields import AgreeField, LongTextField, lazy
from pledges.web.picture_fields import LARGEST_POST
from pledges.web.security import soft_csrf
from pledges.web.signer.access import tokens
from pledges.web.signer.journey import blueprint
from pledges.web.signer.sent_papers import keep_papers


class PapersForm(PageForm):
    answer = LongTextField(
        lazy("Bạn muốn nói gì với cơ quan"),
        hint=lazy("Ví dụ: kênh do chi nhánh nào quản lý, từ khi nào."),
        required=lazy("Hãy viết vài dòng trả lời."),
        rows=5,
        clean=lambda typed: clean_block(typed, most=LONGEST_ANSWER),
    )
    papers = EvidenceField(
        lazy("Giấy tờ"),
        hint=lazy("Nhiều nhất 3 ảnh hoặc tệp PDF, mỗi tệp không quá 10 MB. Không cần gửi ảnh thẻ căn cước."),
        most=MOST_PAPERS,
        required=False,
    )
    drop = AgreeField(lazy("Bỏ các tệp đã gửi"), required=False)
    kept = HiddenField()


def _question(token: str) -> DisputeQuestion:
    return question_of_link(reader(), tokens(), token, now())


@blueprint.get("/ho-so/giay-to/<token>")
def dispute_papers(token: str) -> ResponseReturnValue:
    try:
        question = _question(token)
    except LinkDead:
        return _dead_link()
    return _page(question, PapersForm(formdata=None))


@blueprint.post("/ho-so/giay-to/<token>")
@soft_csrf
def send_dispute_papers(token: str) -> ResponseReturnValue:
    request.max_content_length = LARGEST_POST
    try:
        question = _question(token)
        form = PapersForm()
    except LinkDead:
        return _dead_link()
    except RequestEntityTooLarge:
        return error_page(413, _("Các tệp quá lớn. Hãy quay lại trang trước và chọn ít tệp hơn hoặc tệp nhỏ hơn."))
    valid = form.validate_on_submit()
    if form.stale:
        return _page(question, form)
    try:
        keep_papers(form)
        if not valid or form.problems:
            return _page(question, form, 400)
        key, said, at = (question.province_code, question.id), form.answer.data, now()
        papers = kept_evidence(tokens(), form.kept.data)
        answered = write(lambda db: answer_question(db, key, answer=said, papers=papers, now=at))
    except DomainError as refusal:
        form.refuse(refusal)
        return _page(question, form, refusal.status)
    return _page(answered, form)


def _page(question: DisputeQuestion, form: PapersForm, status: int = 200) -> ResponseReturnValue:
    dispute = reader().get_one(Dispute, (question.province_code, question.dispute_id))
    page = render_template(
        "signer/dispute_papers.html",
        form=form,
        question=question,
        open=dispute.state in OPEN,
        agency=get_agency(reader(), dispute.province_code, dispute.agency_code),
        papers_kept=len(kept_evidence(tokens(), form.kept.data)),
    )
    return page, status


def _dead_link() -> ResponseReturnValue:
    return error_page(410, _("Liên kết này không còn dùng được vì đã quá 30 ngày. Hãy liên hệ cơ quan đã gửi thư."))
