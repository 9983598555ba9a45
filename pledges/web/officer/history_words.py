"""The steps of a file as the history list shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from pledges.review.history import SIGNER, SYSTEM, HistoryStep, StepKind
from pledges.signing.rules import CORRECTABLE_LABELS, Correctable
from pledges.web.i18n import time_text, translate


def history_rows(steps: Sequence[HistoryStep]) -> list[dict[str, Any]]:
    people = {SIGNER: _("Người ký"), SYSTEM: _("Hệ thống")}
    return [
        {"title": step_title(step), "who": people.get(step.who, step.who), "time": time_text(step.time)}
        | {"texts": _texts(step)}
        for step in steps
    ]


def step_title(step: HistoryStep) -> str:
    titles = {
        StepKind.SIGNED: _("Đã ký"),
        StepKind.CORRECTED: _("Đã bổ sung và ký lại (bản ký lần %(number)s)", number=step.version),
        StepKind.RECOMMENDED: _("Đề nghị duyệt"),
        StepKind.RETURNED: _("Trả lại để bổ sung"),
        StepKind.DEFERRED: _("Tạm hoãn"),
        StepKind.RESUMED: _("Đưa trở lại hàng đợi"),
        StepKind.REJECTED: _("Từ chối tiếp nhận"),
        StepKind.APPROVED: _("Duyệt"),
        StepKind.COUNTERSIGNED: _("Bản PDF đã hoàn tất, bản cam kết có hiệu lực"),
        StepKind.REVOCATION_ASKED: _("Đề nghị thu hồi"),
        StepKind.REVOCATION_REFUSED: _("Không đồng ý thu hồi"),
        StepKind.REVOKED: _("Thu hồi"),
        StepKind.SUPERSEDED: _("Được thay bằng bản mới"),
        StepKind.WITHDRAWN: _("Người ký rút bản cam kết"),
        StepKind.RECORDED: _("Ghi nhận bản cam kết giấy"),
        StepKind.RECORD_REMOVED: _("Xóa ghi nhận bản cam kết giấy"),
        StepKind.PUBLICATION_ENDED: _("Người ký không đồng ý công khai nữa"),
        StepKind.PROCESSING_ENDED: _("Người ký rút đồng ý xử lý dữ liệu cá nhân"),
    }
    title = str(titles[step.kind])
    return str(_("%(what)s (trong một lượt nhiều hồ sơ)", what=title)) if step.batch_id is not None else title


def _texts(step: HistoryStep) -> list[dict[str, Any]]:
    texts: list[dict[str, Any]] = []
    if step.message:
        texts.append({"label": _("Gửi người ký:"), "lines": step.message.splitlines(), "inner": False})
    if step.asked:
        lines = [translate(CORRECTABLE_LABELS[Correctable(part)]) for part in step.asked]
        texts.append({"label": _("Được sửa:"), "lines": lines, "inner": False})
    if step.note:
        texts.append({"label": _("Nội bộ:"), "lines": step.note.splitlines(), "inner": True})
    return texts
