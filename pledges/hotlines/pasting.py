"""Lines of the directory that somebody pastes, one number a line, as from a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from pledges.core.errors import N_, DomainError
from pledges.core.text import fold
from pledges.hotlines.rules import Said, checked, same_line
from pledges.plans.queries import agencies_of, communes_of

MOST_LINES = 500
TOO_MANY = N_("Mỗi lần dán tối đa %(most)s dòng. Hãy dán phần còn lại lần sau.")


@dataclass(frozen=True)
class BadLine:
    number: int
    """As the field counts them, empty ones included."""
    typed: str
    refusal: DomainError


@dataclass(frozen=True)
class Places:
    """Codes of the agencies and communes of a province by their folded names."""

    agencies: Mapping[str, str]
    communes: Mapping[str, str]


def places_of(session: Session, province_code: str) -> Places:
    return Places(
        {fold(agency.name): agency.code for agency in agencies_of(session, province_code)},
        {fold(commune.name): commune.code for commune in communes_of(session, province_code)},
    )


def read_lines(
    text: str, places: Places, *, checked_on: date, source: str, today: date
) -> tuple[list[Said], list[BadLine]]:
    """`Name; phone; about; hours; commune`, separated by semicolons, tabs or bars; the last three may be missing."""
    good: list[Said] = []
    bad = []
    for number, typed in enumerate(text.splitlines(), start=1):
        if not typed.strip(" ;\t|"):
            continue
        try:
            if len(good) >= MOST_LINES:
                raise DomainError(
                    N_("Mỗi lần dán tối đa %(most)s dòng. Hãy dán phần còn lại lần sau."), most=MOST_LINES
                )
            line = checked(_read(typed, places, checked_on, source), today=today)
            if any(same_line(line, other) for other in good):
                raise DomainError(N_("Dòng này trùng với một dòng ở trên. Hãy bỏ một dòng."))
        except DomainError as refusal:
            bad.append(BadLine(number, typed.strip()[:200], refusal))
        else:
            good.append(line)
    return good, bad


def _read(typed: str, places: Places, checked_on: date, source: str) -> Said:
    parts = [part.strip() for part in typed.replace("\t", ";").replace("|", ";").split(";")]
    if len(parts) < 2 or not parts[1]:
        raise DomainError(
            N_("Dòng này chưa có số điện thoại. Hãy ghi tên, dấu chấm phẩy, rồi số điện thoại."), field="phone"
        )
    if any(parts[5:]):
        raise DomainError(N_("Dòng này có quá nhiều phần. Mỗi dòng có tối đa 5 phần, cách nhau bằng dấu chấm phẩy."))
    name, phone, about, hours, commune = [*parts, "", "", ""][:5]
    code = places.communes.get(fold(commune)) if commune else None
    if commune and code is None:
        raise DomainError(
            N_("Không có “%(name)s” trong tỉnh, thành phố này. Hãy ghi đúng tên hiện nay, ví dụ: xã Hoa Mai."),
            name=commune[:60],
        )
    return Said(
        name=name,
        phone=phone,
        checked_on=checked_on,
        about=about,
        hours=hours,
        commune_code=code,
        agency_code=places.agencies.get(fold(name)),
        source=source,
    )
