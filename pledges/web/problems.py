"""Refusals for programs: under `/api/` and `/log/` every error is a JSON problem (RFC 9457) instead of a page."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, g, jsonify, request
from flask_babel import lazy_gettext as lazy

from pledges.core.errors import DomainError, TooMany
from pledges.web.i18n import error_text

PREFIXES = ("/api/", "/log/")
MEDIA_TYPE = "application/problem+json"
REALM = 'Bearer realm="api/v1"'


@dataclass(frozen=True)
class ProblemWords:
    title: object
    detail: object


WORDS = {
    400: ProblemWords(
        lazy("Yêu cầu chưa đúng"),
        lazy("Hãy kiểm tra các tham số theo mô tả ở /api/v1/openapi.json."),
    ),
    401: ProblemWords(
        lazy("Chưa có khóa dùng được"),
        lazy("Hãy gửi khóa của cơ quan trong dòng “Authorization: Bearer …”."),
    ),
    403: ProblemWords(lazy("Không được phép"), lazy("Khóa này không mở được địa chỉ này.")),
    404: ProblemWords(
        lazy("Không có gì ở địa chỉ này"),
        lazy("Các địa chỉ đang dùng được có ở /api/v1/openapi.json."),
    ),
    405: ProblemWords(lazy("Địa chỉ này chỉ để đọc"), lazy("Hãy dùng phương thức GET.")),
    429: ProblemWords(lazy("Đã hỏi quá nhiều lần"), lazy("Hãy thử lại sau.")),
    500: ProblemWords(lazy("Hệ thống đang có lỗi"), lazy("Hãy thử lại sau vài phút.")),
    503: ProblemWords(lazy("Hệ thống đang tạm bận"), lazy("Hãy thử lại sau vài phút.")),
}


def for_programs() -> bool:
    """Whether the answer goes to a program."""
    return request.path.startswith(PREFIXES)


def problem(status: int, detail: str | None = None, *, parameter: str | None = None) -> Response:
    words = WORDS.get(status, WORDS[400 if status < 500 else 500])
    said = {
        "type": "about:blank",
        "title": str(words.title),
        "status": status,
        "detail": detail or str(words.detail),
        "request_id": g.get("request_id", ""),
    }
    answer = jsonify(said | ({"parameter": parameter} if parameter else {}))
    answer.status_code = status
    answer.content_type = MEDIA_TYPE
    if status == 401:
        answer.headers["WWW-Authenticate"] = REALM
    return answer


def refused(error: DomainError) -> Response:
    answer = problem(error.status, error_text(error), parameter=error.field)
    if isinstance(error, TooMany):
        answer.headers["Retry-After"] = str(60 * int(error.params.get("minutes", 1)))
    return answer
