from __future__ import annotations

from datetime import timedelta

import pytest

from pledges.accounts.models import Role, StaffSession
from pledges.accounts.rules import ABSOLUTE, IDLE, ROLES, check_post, is_alive
from pledges.core.errors import DomainError
from tests.support.clock import START


def test_every_role_has_a_label_and_a_place() -> None:
    assert set(ROLES) == set(Role)
    assert all(info.label for info in ROLES.values())
    assert [role for role, info in ROLES.items() if info.whole_system] == [Role.ADMINISTRATOR, Role.AUDITOR]


@pytest.mark.parametrize(
    ("role", "province", "agency", "commune"),
    [
        (Role.OFFICER, "20", "SCT", None),
        (Role.APPROVER, "20", "SCT", None),
        (Role.REPORTING_UNIT, "20", "SCT", None),
        (Role.ADMINISTRATOR, "00", None, None),
        (Role.ADMINISTRATOR, "20", None, None),
        (Role.PROVINCE_VIEWER, "20", None, None),
        (Role.COMMUNE_OFFICER, "20", None, "05983"),
    ],
)
def test_places_that_make_sense(role: Role, province: str, agency: str | None, commune: str | None) -> None:
    check_post(role, province_code=province, agency_code=agency, commune_code=commune)


def test_people_of_reporting_units_belong_to_one_unit() -> None:
    check_post(Role.REPORTING_UNIT, province_code="20", agency_code=None, commune_code=None, unit_code="20-BAO")
    for role, agency, unit in (
        (Role.REPORTING_UNIT, None, None),
        (Role.REPORTING_UNIT, "20-SCT", "20-BAO"),
        (Role.OFFICER, "20-SCT", "20-BAO"),
    ):
        with pytest.raises(DomainError) as refused:
            check_post(role, province_code="20", agency_code=agency, commune_code=None, unit_code=unit)
        assert refused.value.field == "unit"


@pytest.mark.parametrize(
    ("role", "province", "agency", "commune", "field"),
    [
        (Role.OFFICER, "00", "SCT", None, "province"),
        (Role.PROVINCE_VIEWER, "00", None, None, "province"),
        (Role.OFFICER, "20", None, None, "agency"),
        (Role.APPROVER, "20", "", None, "agency"),
        (Role.ADMINISTRATOR, "20", "SCT", None, "agency"),
        (Role.PROVINCE_VIEWER, "20", "SCT", None, "agency"),
        (Role.COMMUNE_OFFICER, "20", None, None, "commune"),
        (Role.OFFICER, "20", "SCT", "05983", "commune"),
    ],
)
def test_places_without_meaning(role: Role, province: str, agency: str | None, commune: str | None, field: str) -> None:
    with pytest.raises(DomainError) as refused:
        check_post(role, province_code=province, agency_code=agency, commune_code=commune)
    assert refused.value.field == field


def row(**changes: object) -> StaffSession:
    values: dict[str, object] = {"created_at": START, "last_seen_at": START, "ended_at": None}
    return StaffSession(**(values | changes))


def test_a_session_dies_of_idleness_of_age_and_of_sign_out() -> None:
    just_before = timedelta(seconds=-1)
    assert is_alive(row(), START + IDLE + just_before)
    assert not is_alive(row(), START + IDLE)
    assert is_alive(row(last_seen_at=START + ABSOLUTE + just_before), START + ABSOLUTE + just_before)
    assert not is_alive(row(last_seen_at=START + ABSOLUTE + just_before), START + ABSOLUTE)
    assert not is_alive(row(ended_at=START), START)
