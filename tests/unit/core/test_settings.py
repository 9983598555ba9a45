"""Wrong settings stop the start with a sentence; production accepts no blank and no development default."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pledges.settings import SettingsError, read_settings


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """A complete production environment; the named files exist."""
    (tmp_path / "seal.p12").write_bytes(b"")
    (tmp_path / "roots.pem").write_bytes(b"")
    (tmp_path / "log.pem").write_bytes(b"")
    (tmp_path / "crl").mkdir()
    return {
        "PLEDGES_ENV": "production",
        "PLEDGES_SECRET_KEY": "s" * 40,
        "PLEDGES_DATA_KEY": "d" * 40,
        "PLEDGES_DATABASE_URL": "postgresql://pledges@db.example.vn/pledges",
        "PLEDGES_STORAGE": str(tmp_path / "storage"),
        "PLEDGES_SMTP_URL": "smtp+starttls://u:p@mail.example.vn:587",
        "PLEDGES_MAIL_FROM": "Cam kết <cam-ket@example.vn>",
        "PLEDGES_PUBLIC_URL": "https://camket.example.vn",
        "PLEDGES_SEAL_KEY": str(tmp_path / "seal.p12"),
        "PLEDGES_SEAL_TRUST": str(tmp_path / "roots.pem"),
        "PLEDGES_SEAL_REVOCATION": str(tmp_path / "crl"),
        "PLEDGES_LOG_KEY": str(tmp_path / "log.pem"),
        "PLEDGES_OWNER_NAME": "Sở thử nghiệm",
        "PLEDGES_OWNER_CONTACT": "lien-he@example.vn",
        "PLEDGES_RESPONSIBLE_PERSON": "Người thử nghiệm",
        "PLEDGES_ADMIN_EMAIL": "quan-tri@example.vn",
    }


NEEDED = [
    "PLEDGES_SECRET_KEY",
    "PLEDGES_DATA_KEY",
    "PLEDGES_DATABASE_URL",
    "PLEDGES_STORAGE",
    "PLEDGES_SMTP_URL",
    "PLEDGES_MAIL_FROM",
    "PLEDGES_PUBLIC_URL",
    "PLEDGES_SEAL_KEY",
    "PLEDGES_SEAL_TRUST",
    "PLEDGES_SEAL_REVOCATION",
    "PLEDGES_LOG_KEY",
    "PLEDGES_OWNER_NAME",
    "PLEDGES_OWNER_CONTACT",
    "PLEDGES_RESPONSIBLE_PERSON",
    "PLEDGES_ADMIN_EMAIL",
]


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        read_settings(environ)
    assert refused.value.code == 2
    assert all(problem in str(refused.value) for problem in refused.value.problems)
    return refused.value.problems


def test_a_complete_production_environment_is_read(production: dict[str, str]) -> None:
    settings = read_settings(production)
    assert settings.production
    assert settings.secure_cookies
    assert settings.public_host == "camket.example.vn"
    assert settings.clock_start is None
    assert settings.agency_keys is None, "agencies may approve by name alone, which needs no key of theirs"


def test_an_empty_production_environment_names_everything_that_is_needed(production: dict[str, str]) -> None:
    assert sorted([*NEEDED, "PLEDGES_ENV"]) == sorted(production)
    found = problems({"PLEDGES_ENV": "production"})
    assert [problem.split()[0] for problem in found] == NEEDED


@pytest.mark.parametrize("blank", ["", "   "])
@pytest.mark.parametrize("name", NEEDED)
def test_production_refuses_each_blank(production: dict[str, str], name: str, blank: str) -> None:
    found = problems(production | {name: blank})
    assert len(found) == 1
    assert found[0].startswith(f"{name} is missing")


@pytest.mark.parametrize("name", ["PLEDGES_SECRET_KEY", "PLEDGES_DATA_KEY"])
@pytest.mark.parametrize("key", ["development-only-secret", "development-only" * 4, "k" * 31])
def test_production_refuses_development_and_short_keys(production: dict[str, str], name: str, key: str) -> None:
    assert [problem.split()[0] for problem in problems(production | {name: key})] == [name]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"PLEDGES_SECRET_KEY": "d" * 40}, "PLEDGES_SECRET_KEY"),
        ({"PLEDGES_PUBLIC_URL": "http://camket.example.vn"}, "PLEDGES_PUBLIC_URL"),
        ({"PLEDGES_CLOCK": "2026-03-31T23:59:00+07:00"}, "PLEDGES_CLOCK"),
        ({"PLEDGES_SEAL_KEY": "/nowhere/seal.p12"}, "PLEDGES_SEAL_KEY"),
        ({"PLEDGES_LOG_KEY": "/nowhere/log.pem"}, "PLEDGES_LOG_KEY"),
        ({"PLEDGES_SEAL_TRUST": "/nowhere/roots.pem"}, "PLEDGES_SEAL_TRUST"),
        ({"PLEDGES_SEAL_REVOCATION": "/nowhere/crl"}, "PLEDGES_SEAL_REVOCATION"),
    ],
)
def test_production_refuses_what_would_not_be_safe(
    production: dict[str, str], changes: dict[str, str], name: str
) -> None:
    assert [problem.split()[0] for problem in problems(production | changes)] == [name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PLEDGES_ENV", "staging"),
        ("PLEDGES_PUBLIC_URL", "camket.example.vn"),
        ("PLEDGES_PUBLIC_URL", "https://camket.example.vn/app"),
        ("PLEDGES_PUBLIC_URL", "https://camket.example.vn?x=1"),
        ("PLEDGES_PUBLIC_URL", "https://name:word@camket.example.vn"),
        ("PLEDGES_PUBLIC_URL", "https://camket.example.vn:port"),
        ("PLEDGES_PUBLIC_URL", "https://[::1"),
        ("PLEDGES_DATABASE_URL", "mysql://localhost/pledges"),
        ("PLEDGES_STORAGE", "s3://bucket"),
        ("PLEDGES_SMTP_URL", "mail.example.vn"),
        ("PLEDGES_SMTP_URL", "http://mail.example.vn"),
        ("PLEDGES_SMTP_URL", "smtp://mail.example.vn:port"),
        ("PLEDGES_SMTP_URL", "smtp://:25"),
        ("PLEDGES_MAIL_FROM", "Cam kết"),
        ("PLEDGES_MAIL_FROM", "Cam kết <a@example.vn>\r\nBcc: b@example.vn"),
        ("PLEDGES_ADMIN_EMAIL", "quan-tri"),
        ("PLEDGES_ADMIN_EMAIL", "a@example.vn, b@example.vn"),
        ("PLEDGES_LOG_WITNESS_EMAIL", "thanh-tra"),
        ("PLEDGES_LOG_WITNESS_EMAIL", "quan-tri@localhost"),
        ("PLEDGES_MAIL_PER_MINUTE", "0"),
        ("PLEDGES_MAIL_PER_DOMAIN_PER_MINUTE", "many"),
        ("PLEDGES_BOUNCES", "/nowhere/mail/tra-lai"),
        ("PLEDGES_BOUNCE_ADDRESS", "tra-lai"),
        ("PLEDGES_BOUNCE_ADDRESS", "tra+lai@example.vn"),
        ("PLEDGES_BOUNCE_ADDRESS", "x" * 32 + "@example.vn"),
        ("PLEDGES_CLOCK", "yesterday"),
        ("PLEDGES_CLOCK", "2026-03-31T23:59:00"),
        ("PLEDGES_TRUSTED_PROXIES", "-1"),
        ("PLEDGES_TRUSTED_PROXIES", "one"),
        ("PLEDGES_PDF_FONTS", "/nowhere/fonts"),
        ("PLEDGES_AGENCY_KEYS", "/nowhere/agencies"),
        ("PLEDGES_AGENCY_KEYS", __file__),
    ],
)
def test_each_wrong_value_is_named(name: str, value: str) -> None:
    assert [problem.split()[0] for problem in problems({name: value})] == [name]


def test_several_problems_are_told_at_once() -> None:
    assert len(problems({"PLEDGES_ENV": "x", "PLEDGES_CLOCK": "y", "PLEDGES_TRUSTED_PROXIES": "z"})) == 3


def test_development_needs_nothing(tmp_path: Path) -> None:
    settings = read_settings({"PLEDGES_VAR": str(tmp_path), "PORT": "8123"})
    assert not settings.production
    assert settings.public_url == "http://127.0.0.1:8123"
    assert (settings.mail_per_minute, settings.mail_per_domain_per_minute) == (600, 300)
    assert (settings.bounces, settings.bounce_address) == (None, "")
    assert settings.database_url == f"sqlite:///{tmp_path / 'pledges.sqlite'}"
    assert settings.mail_folder == tmp_path / "mail"
    assert not settings.secure_cookies
    assert list(tmp_path.iterdir()) == []


def test_the_clock_may_start_elsewhere_in_development() -> None:
    settings = read_settings({"PLEDGES_CLOCK": "2026-03-31T23:59:00+07:00"})
    assert settings.clock_start is not None
    assert settings.clock_start.utcoffset() == timedelta(hours=7)


def test_secrets_may_come_as_files_of_systemd(tmp_path: Path) -> None:
    (tmp_path / "shared_PLEDGES_DATABASE_URL").write_text("postgresql://pledges:mot@127.0.0.1/pledges\n")
    (tmp_path / "migrate_PLEDGES_DATABASE_URL").write_text("postgresql://pledges_owner:hai@127.0.0.1/pledges\n")
    (tmp_path / "worker_PLEDGES_SEAL_PASSWORD").write_text("mật khẩu thử nghiệm\n")
    (tmp_path / "README").write_text("not a setting")
    given = {
        "CREDENTIALS_DIRECTORY": str(tmp_path),
        "PLEDGES_DATABASE_URL": "sqlite:///x",
        "PLEDGES_VAR": str(tmp_path),
    }
    settings = read_settings(given)
    assert settings.database_url.startswith("postgresql://pledges_owner:hai@"), "its own before the shared one"
    assert settings.seal_password == "mật khẩu thử nghiệm"
    assert read_settings({**given, "CREDENTIALS_DIRECTORY": str(tmp_path / "none")}).database_url == "sqlite:///x"
