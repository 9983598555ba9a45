"""Reasons of decisions about scope and cohort, in the words of the department."""

from __future__ import annotations

from enum import StrEnum

from pledges.core.errors import N_
from pledges.registry.models import Cohort
from pledges.registry.upkeep_models import ScopeReason


class CohortReason(StrEnum):
    """From what somebody knows since when a subject has been there."""

    LICENCE = "licence"
    DOMAIN = "domain"
    STATEMENT = "statement"
    TRACES = "traces"
    OTHER = "other"


IN_REASONS = (ScopeReason.CONFIRMED, ScopeReason.OTHER)
OUT_REASONS = (
    ScopeReason.CLOSED,
    ScopeReason.MOVED,
    ScopeReason.NOT_IN_TRADE,
    ScopeReason.FOREIGN,
    ScopeReason.DUPLICATE,
    ScopeReason.OTHER,
)

REASON_LABELS: dict[ScopeReason, str] = {
    ScopeReason.CONFIRMED: N_("Đúng đối tượng của điều khoản"),
    ScopeReason.CLOSED: N_("Đã ngừng hoạt động"),
    ScopeReason.MOVED: N_("Đã chuyển sang tỉnh, thành phố khác"),
    ScopeReason.NOT_IN_TRADE: N_("Không hoạt động trong lĩnh vực này"),
    ScopeReason.FOREIGN: N_("Ở nước ngoài, không thuộc điều khoản"),
    ScopeReason.DUPLICATE: N_("Trùng với đối tượng khác"),
    ScopeReason.OTHER: N_("Lý do khác"),
}

COHORT_LABELS: dict[Cohort, str] = {
    Cohort.INITIAL: N_("Hoạt động từ trước (đợt đầu)"),
    Cohort.NEWCOMER: N_("Mới phát sinh"),
    Cohort.UNKNOWN: N_("Chưa rõ"),
}

COHORT_REASON_LABELS: dict[CohortReason, str] = {
    CohortReason.LICENCE: N_("Giấy đăng ký, giấy phép hoặc thông báo website"),
    CohortReason.DOMAIN: N_("Ngày đăng ký tên miền"),
    CohortReason.STATEMENT: N_("Lời khai của chủ thể, đã xác nhận"),
    CohortReason.TRACES: N_("Bài đăng, quảng cáo hoặc ảnh còn lưu"),
    CohortReason.OTHER: N_("Căn cứ khác"),
}
