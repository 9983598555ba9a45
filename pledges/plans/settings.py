"""What a province decides for itself, typed; empty values are decisions that are still to be taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from sqlalchemy.orm import Session

from pledges.plans.models import Province
from pledges.plans.retention import RETENTION

HIDEABLE = ("commune", "channels", "tax_code")
"""Of what signers agree to have published, what a province may leave out: without the rest a line says nothing."""

ConsentBasis = Literal["consent", "task"]


@dataclass(frozen=True)
class ProvinceSettings:
    retention: str = ""
    """How long personal data are kept, as a phrase for the notice; empty: not decided."""
    data_contact: str = ""
    """Who answers requests about personal data; empty: not named, the receiving agency is printed."""
    hotline: str = ""
    consent_basis: ConsentBasis = "consent"
    """`task`: processing for the statutory work of an authority, so the signer only confirms having read the notice."""
    consent_decided: bool = False
    days_to_answer: int = 10
    """Working days until the agency usually answers."""
    update_days: int = 10
    receipt_note: bool = True
    publish_coverage: bool = False
    """Whether everybody may read how many have pledged, in numbers."""
    days_off_in_lieu: frozenset[date] = field(default_factory=frozenset)
    hidden_fields: frozenset[str] = frozenset()
    """Of `HIDEABLE`: shown nowhere in public, although the signers agreed to it."""
    retention_days: Mapping[str, int] = field(default_factory=dict)
    """By kind of `plans.retention.RETENTION`: only what the province has decided; the rest has its default."""

    def days_kept(self, kind: str) -> int:
        return self.retention_days.get(kind, RETENTION[kind].days)


def province_settings(province: Province) -> ProvinceSettings:
    return settings_from(province.settings)


def retention_days(session: Session, province_code: str, kind: str) -> int:
    """How many days data of this kind are kept there; also of a province without a plan, which has the defaults."""
    province = session.get(Province, province_code)
    return RETENTION[kind].days if province is None else province_settings(province).days_kept(kind)


def settings_from(stored: dict[str, Any]) -> ProvinceSettings:
    """From the JSON column; what is not stored has its default."""
    values = dict(stored)
    values["hidden_fields"] = frozenset(values.get("hidden_fields", ()))
    values["days_off_in_lieu"] = frozenset(date.fromisoformat(day) for day in values.get("days_off_in_lieu", ()))
    return ProvinceSettings(**values)


def settings_to_json(settings: ProvinceSettings) -> dict[str, Any]:
    return {
        "retention": settings.retention,
        "data_contact": settings.data_contact,
        "hotline": settings.hotline,
        "consent_basis": settings.consent_basis,
        "consent_decided": settings.consent_decided,
        "days_to_answer": settings.days_to_answer,
        "update_days": settings.update_days,
        "receipt_note": settings.receipt_note,
        "publish_coverage": settings.publish_coverage,
        "days_off_in_lieu": sorted(day.isoformat() for day in settings.days_off_in_lieu),
        "hidden_fields": sorted(settings.hidden_fields),
        "retention_days": dict(settings.retention_days),
    }
