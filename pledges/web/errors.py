"""Refusals and faults as pages that say what to do and carry the request id; for programs as problems in JSON."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from cryptography.exceptions import InvalidTag
from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from flask_wtf.csrf import CSRFError
from markupsafe import escape
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

from pledges.accounts.data_key import KeyLost
from pledges.accounts.permissions import NotPermitted, OutOfReach
from pledges.core.db import is_full, is_retriable
from pledges.core.errors import N_, DomainError
from pledges.web.degraded import AWAY, FULL, is_storage_fault, note_full
from pledges.web.i18n import error_text
from pledges.web.problems import for_programs, problem, refused

log = structlog.get_logger()

LOST_KEY_TITLE = N_("Máy chủ chưa mở được dữ liệu đã mã hóa")
LOST_KEY = N_(
    "Máy chủ không đọc được dữ liệu đã mã hóa, vì khóa dữ liệu của hệ thống đã bị thay hoặc bị mất. Lỗi này không phải "
    "do bạn. Hãy báo cho cơ quan quản lý hệ thống; khi khóa được đặt lại, trang này dùng được như trước."
)


@dataclass(frozen=True)
class ErrorPage:
    title: object
    advice: object


PAGES = {
    400: ErrorPage(
        lazy("Yêu cầu chưa đúng"),
        lazy("Hãy quay lại trang trước và thử lại. Nếu bạn mở một liên kết trong thư, hãy chép đủ cả liên kết."),
    ),
    403: ErrorPage(
        lazy("Bạn không mở được trang này"),
        lazy("Trang này dành cho người khác, hoặc yêu cầu được gửi từ một trang khác. Hãy bắt đầu lại từ trang chủ."),
    ),
    404: ErrorPage(
        lazy("Không tìm thấy trang này"),
        lazy("Hãy kiểm tra lại địa chỉ, hoặc bắt đầu lại từ trang chủ. Bản bạn đang viết vẫn được giữ."),
    ),
    405: ErrorPage(
        lazy("Trang này không nhận cách gửi đó"),
        lazy("Hãy quay lại trang trước và bấm nút trên trang."),
    ),
    409: ErrorPage(
        lazy("Việc này vừa được làm ở nơi khác"),
        lazy("Hãy mở lại trang để xem tình trạng hiện nay."),
    ),
    410: ErrorPage(
        lazy("Liên kết này không còn dùng được"),
        lazy("Liên kết đã hết hạn hoặc đã được dùng. Hãy yêu cầu gửi liên kết mới."),
    ),
    413: ErrorPage(
        lazy("Nội dung gửi lên quá lớn"),
        lazy("Hãy rút ngắn nội dung hoặc chọn tệp nhỏ hơn rồi gửi lại."),
    ),
    429: ErrorPage(
        lazy("Bạn đã thử quá nhiều lần"),
        lazy("Hãy đợi một lúc rồi thử lại. Những gì bạn đã viết vẫn được giữ."),
    ),
    500: ErrorPage(
        lazy("Hệ thống đang có lỗi"),
        lazy("Lỗi này không phải do bạn. Hãy thử lại sau vài phút; những gì bạn đã lưu vẫn được giữ."),
    ),
    503: ErrorPage(
        lazy("Hệ thống đang tạm bận"),
        lazy("Hãy thử lại sau vài phút; những gì bạn đã lưu vẫn được giữ."),
    ),
}


def error_page(status: int, message: str | None = None, title: str | None = None) -> Response:
    if for_programs():
        return problem(status, message)
    page = PAGES.get(status, PAGES[400 if status < 500 else 500])
    html = render_template(
        "errors/page.html", title=title or str(page.title), advice=message or str(page.advice), status=status
    )
    return make_response(html, status)


def _refused(error: DomainError) -> Response:
    if isinstance(error, NotPermitted | OutOfReach):
        current_app.extensions["note_refused_act"]()
    if for_programs():
        return refused(error)
    if isinstance(error, KeyLost):
        log.error("data_key.other")
        return error_page(error.status, error_text(error), _(LOST_KEY_TITLE))
    return error_page(error.status, error_text(error))


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None or status < 400:
        return make_response(error.get_response())
    if status not in PAGES:
        status = 400 if status < 500 else 500
    response = error_page(status, _how_much(status))
    if status == 405:
        response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    return response


def _how_much(status: int) -> str | None:
    """What may be sent to this address, where somebody sent more."""
    if status != 413 or request.max_content_length is None:
        return None
    most = request.max_content_length // 1024 // 1024
    return str(_("Hãy rút ngắn nội dung hoặc chọn tệp nhỏ hơn %(most)s MB rồi gửi lại.", most=most))


def _stale(_error: CSRFError) -> Response:
    return error_page(400, _("Phiên làm việc đã được làm mới. Hãy quay lại trang trước, tải lại trang rồi gửi lại."))


def _fault(error: Exception) -> Response:
    rule = request.url_rule.rule if request.url_rule else "-"
    log.error("request.fault", method=request.method, route=rule, exc_info=error)
    try:
        if is_full(error):
            note_full()
            return error_page(503, _(FULL))
        if isinstance(error, InvalidTag):
            return error_page(503, _(LOST_KEY), _(LOST_KEY_TITLE))
        if is_storage_fault(error):
            return error_page(503, _(AWAY))
        return error_page(503 if isinstance(error, DBAPIError) and is_retriable(error) else 500)
    except Exception as second:
        # The page itself may be what fails: then plain text still says what to do.
        log.error("error_page.fault", exc_info=second)
        request_id = escape(g.get("request_id", ""))
        return make_response(
            f"<!doctype html><html lang=vi><meta charset=utf-8><title>Hệ thống đang có lỗi</title>"
            f"<h1>Hệ thống đang có lỗi</h1><p>Hãy thử lại sau vài phút. Mã yêu cầu: {request_id}</p></html>",
            500,
        )


def set_up_error_pages(app: Flask) -> None:
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _fault)
