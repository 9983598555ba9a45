"""Who stands at the head and at the foot of an agency's papers (Nghị định 30/2020)."""

from __future__ import annotations

from pledges.plans.models import Agency, Province

NO_TITLE = "THỦ TRƯỞNG CƠ QUAN"


def superior_of(province: Province, name: str) -> str:
    """The people's committee of the province stands above everybody but a people's committee."""
    return "" if name.startswith("Ủy ban nhân dân") else f"UBND {province.name}"


def own_name(province: Province, name: str, superior: str) -> str:
    """The name without its province where the line above it says that."""
    return name.removesuffix(f" {province.name}") if superior else name


def signing_title_of(agency: Agency) -> tuple[str, ...]:
    """A line each: "KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"."""
    titles = tuple(part.strip() for part in agency.signing_title.replace("–", "\n").split("\n"))
    return tuple(filter(None, titles)) or (NO_TITLE,)
