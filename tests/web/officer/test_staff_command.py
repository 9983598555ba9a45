from __future__ import annotations

from click.testing import Result
from flask import Flask
from sqlalchemy import select

from pledges.accounts.models import Role
from pledges.accounts.queries import staff_by_email
from pledges.audit.models import Fact
from pledges.core.db import Database
from tests.support.browsing import Browser
from tests.support.staff import add_person, code_of, sign_in_by_hand


def add(app: Flask, *words: str) -> Result:
    given = ["staff", "add", "--email", "can-bo@vidu.vn", "--name", "Trần Thị Mẫu", *words]
    return app.test_cli_runner().invoke(args=given)


def test_the_agency_names_its_province(app: Flask, sqlite_database: Database) -> None:
    done = add(app, "--role", "officer", "--agency", "46-SCT", "--title", "KT. GIÁM ĐỐC")
    assert done.exit_code == 0, done.output
    assert "/can-bo/thiet-lap/" in done.output
    with sqlite_database.read() as session:
        staff = staff_by_email(session, "can-bo@vidu.vn")
    assert staff is not None
    assert (staff.province_code, staff.agency_code, staff.role) == ("46", "46-SCT", Role.OFFICER)
    assert staff.signing_title == "KT. GIÁM ĐỐC"


def test_an_agency_of_another_province_or_of_none_is_refused(app: Flask, sqlite_database: Database) -> None:
    for words in (("--agency", "99-XYZ"), ("--agency", "46-SCT", "--province", "20"), ("--province", "20"), ()):
        done = add(app, "--role", "officer", *words)
        assert done.exit_code == 1
        assert done.stderr.strip()
    with sqlite_database.read() as session:
        assert staff_by_email(session, "can-bo@vidu.vn") is None


def test_the_developer_link_is_fresh_until_it_was_used(app: Flask) -> None:
    runner = app.test_cli_runner()
    first, second = (runner.invoke(args=["staff", "first-link"]).output for _ in range(2))
    assert "quan-tri@vidu.vn" in first
    assert first != second
    path = second.split("http://localhost")[1].split()[0]
    assert app.test_client().get(path).status_code == 200
    assert app.test_client().get(first.split("http://localhost")[1].split()[0]).status_code == 410


def test_whoever_has_the_machine_helps_the_last_administrator(
    app: Flask, visitor: Browser, sqlite_database: Database
) -> None:
    """And a developer without a telephone sees what an application would show."""
    runner = app.test_cli_runner()
    add_person(sqlite_database)
    assert runner.invoke(args=["staff", "reset-factor", "quan-tri@vidu.vn"]).exit_code == 1, "there is none yet"
    key = sign_in_by_hand(visitor)
    assert runner.invoke(args=["staff", "code", key]).output.strip() == code_of(visitor, key)
    assert runner.invoke(args=["staff", "code", "không phải"]).exit_code == 1
    assert runner.invoke(args=["staff", "reset-factor", "khong-co@vidu.vn"]).exit_code == 1
    assert runner.invoke(args=["staff", "reset-factor", "quan-tri@vidu.vn"]).exit_code == 0
    assert visitor.open("/can-bo").status_code == 303
    sign_in_by_hand(visitor)
    with sqlite_database.read() as session:
        fact = session.scalars(select(Fact).where(Fact.kind == "staff.factors_reset")).one()
    assert fact.actor_kind == "command"
