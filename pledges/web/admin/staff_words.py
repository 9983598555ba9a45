"""What the pages say about members of staff: role, place, state of the account."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.rules import ROLES
from pledges.plans.models import Agency, Commune, Province, ReportingUnit
from pledges.web.i18n import translate


class StaffWords:
    """The names of the places of some people, read at once."""

    def __init__(self, session: Session, people: Sequence[Staff]) -> None:
        provinces = {person.province_code for person in people}
        self._provinces = {
            province.code: province.name
            for province in session.scalars(select(Province).where(Province.code.in_(provinces)))
        }
        self._agencies = {
            (agency.province_code, agency.code): agency.name
            for agency in session.scalars(select(Agency).where(Agency.province_code.in_(provinces)))
        }
        communes = {person.commune_code for person in people if person.commune_code}
        self._communes = {
            (commune.province_code, commune.code): commune.name
            for commune in session.scalars(
                select(Commune).where(Commune.province_code.in_(provinces), Commune.code.in_(communes))
            )
        }

        units = {person.unit_code for person in people if person.unit_code}
        self._units = {
            (unit.province_code, unit.code): unit.name
            for unit in session.scalars(
                select(ReportingUnit).where(ReportingUnit.province_code.in_(provinces), ReportingUnit.code.in_(units))
            )
        }

    def role(self, person: Staff) -> str:
        return translate(ROLES[person.role].label)

    def province(self, person: Staff) -> str:
        return self._provinces.get(person.province_code) or _("Toàn hệ thống")

    def agency(self, person: Staff) -> str:
        return self._agencies.get((person.province_code, person.agency_code or ""), "")

    def commune(self, person: Staff) -> str:
        return self._communes.get((person.province_code, person.commune_code or ""), "")

    def unit(self, person: Staff) -> str:
        return self._units.get((person.province_code, person.unit_code or ""), "")

    def place(self, person: Staff) -> str:
        """The agency, commune or reporting unit, else the province."""
        return self.agency(person) or self.commune(person) or self.unit(person) or self.province(person)

    def state(self, person: Staff) -> tuple[str, str]:
        """The words and the kind of their tag."""
        if not person.active:
            return _("Đã khóa"), "wrong"
        return (_("Hoạt động"), "success") if person.password else (_("Chưa đặt mật khẩu"), "warning")
