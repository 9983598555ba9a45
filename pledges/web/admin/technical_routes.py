"""Technical logs for who watches over the product: `/quan-tri/nhat-ky/ky-thuat`. Nothing here can be changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.permissions import Action
from pledges.audit.catalogue import FACT_KINDS
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.audit.queries import FactFilter, newest_facts
from pledges.jobs.queries import FailedTask, failed_tasks
from pledges.messaging.models import Message, MessageState
from pledges.messaging.queries import troubled_messages
from pledges.web.admin.audit_routes import log_places, log_province
from pledges.web.admin.audit_view import lines_of
from pledges.web.admin.blueprint import blueprint
from pledges.web.current import reader
from pledges.web.security import may

SHOWN = 100
LOOKED_AT = 1_000
JOBS, MAIL, SIGN_IN, EXPORTS = "cong-viec", "thu", "dang-nhap", "tai-ve"
PARTS = (JOBS, MAIL, SIGN_IN, EXPORTS)

_NO_SIGN_IN = frozenset({"staff.added", "staff.changed"})


def sign_in_kinds() -> tuple[str, ...]:
    """Whatever concerns getting in: passwords, factors, sessions, locks."""
    return tuple(kind for kind in FACT_KINDS if kind.startswith("staff.") and kind not in _NO_SIGN_IN)


def export_kinds() -> tuple[str, ...]:
    return tuple(kind for kind in FACT_KINDS if kind.endswith(".exported"))


@blueprint.get("/nhat-ky/ky-thuat")
@may(Action.AUDIT_VIEW)
def technical_log() -> ResponseReturnValue:
    province_code = log_province()
    part = request.args.get("phan", JOBS)
    part = part if part in PARTS else JOBS
    kinds = {SIGN_IN: sign_in_kinds(), EXPORTS: export_kinds()}.get(part)
    facts = newest_facts(reader(), FactFilter(province_code, kinds=kinds), SHOWN) if kinds else []
    return render_template(
        "admin/technical.html",
        part=part,
        parts=_parts(province_code, part),
        places=log_places(province_code, lambda args: _url(args | {"phan": part})),
        lines=lines_of(facts),
        tasks=_tasks(province_code) if part == JOBS else [],
        letters=_letters(province_code) if part == MAIL else [],
        shown=SHOWN,
    )


def _url(args: Mapping[str, str]) -> str:
    return url_for("admin.technical_log", **args)  # type: ignore[arg-type]


def _parts(province_code: str, chosen: str) -> list[dict[str, Any]]:
    titles = {
        JOBS: _("Việc nền thất bại"),
        MAIL: _("Thư không gửi được"),
        SIGN_IN: _("Đăng nhập, tài khoản"),
        EXPORTS: _("Tải tệp về máy"),
    }
    return [
        {"text": title, "href": _url({"tinh": province_code, "phan": part}), "current": part == chosen}
        for part, title in titles.items()
    ]


def _tasks(province_code: str) -> list[dict[str, Any]]:
    """Of a province those that name it first; of an error only its kind, because its words may name somebody."""
    found = failed_tasks(reader(), LOOKED_AT)
    return [
        {"at": task.failed_at, "name": task.task, "error": _kind(task.error), "about": " ".join(task.args)}
        for task in found
        if province_code == WHOLE_SYSTEM or _concerns(task, province_code)
    ][:SHOWN]


def _concerns(task: FailedTask, province_code: str) -> bool:
    return bool(task.args) and task.args[0] == province_code


def _letters(province_code: str) -> list[dict[str, Any]]:
    """Neither address nor text: what was sent to whom stands in the file of the subject."""
    return [
        {"at": message.created_at, "kind": message.kind, "state": _state(message), "error": _kind(message.last_error)}
        for message in troubled_messages(reader(), province_code, SHOWN)
    ]


def _state(message: Message) -> str:
    return str(_("Không gửi được") if message.state is MessageState.FAILED else _("Không rõ đã gửi hay chưa"))


def _kind(error: str) -> str:
    return error.partition(":")[0].strip()
