"""Everything that the environment decides, typed and checked before anything starts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

DEVELOPMENT_KEY = "development-only"


class SettingsError(SystemExit):
    """The start stops with one sentence for each wrong setting; the exit status is 2."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(2)

    def __str__(self) -> str:
        return "Cannot start:\n" + "\n".join(f"  - {problem}" for problem in self.problems)


@dataclass(frozen=True)
class Settings:
    env: str
    """PLEDGES_ENV: `development`, where everything has a default, or `production`, where nothing important has."""
    secret_key: str
    """PLEDGES_SECRET_KEY signs links, forms and sessions; when it changes, links end and staff sign in again."""
    data_key: str
    """PLEDGES_DATA_KEY encrypts personal numbers and waiting codes; without it nobody can read or match them again."""
    database_url: str
    """PLEDGES_DATABASE_URL: `sqlite:///` with a path, or `postgresql://user:password@host/name`."""
    storage: Path
    """PLEDGES_STORAGE: the folder of the sealed files, which web and worker share."""
    var: Path
    """PLEDGES_VAR: the folder for what has no other place: trial keys, kept mail and the database of development."""
    smtp_url: str | None
    """PLEDGES_SMTP_URL: the mail relay, such as `smtp+starttls://user:password@host:587`; None: a folder."""
    sms_url: str | None
    """PLEDGES_SMS_URL: the HTTP gateway for text messages; None: codes go by mail only."""
    sms_token: str
    """PLEDGES_SMS_TOKEN: what the gateway wants to see as `Authorization: Bearer`; empty where it wants nothing."""
    mail_from: str
    """PLEDGES_MAIL_FROM: name and address of the sender of all mail."""
    mail_per_minute: int
    """PLEDGES_MAIL_PER_MINUTE: how much of the mail to many leaves in a minute."""
    mail_per_domain_per_minute: int
    """PLEDGES_MAIL_PER_DOMAIN_PER_MINUTE: how much of that goes to one and the same domain."""
    bounces: Path | None
    """PLEDGES_BOUNCES: the mbox file or Maildir folder in which returned mail arrives; None: nobody reads it."""
    bounce_address: str
    """PLEDGES_BOUNCE_ADDRESS: where mail to many is returned to, marked with `+` and the message; empty: the sender."""
    public_url: str
    """PLEDGES_PUBLIC_URL: scheme and host of this site as they stand in links and QR codes, without a path."""
    seal_key: Path | None
    """PLEDGES_SEAL_KEY: the PKCS#12 file that seals the pledges; None: a trial key that is made at first use."""
    seal_password: str
    """PLEDGES_SEAL_PASSWORD opens the PKCS#12 file; empty for a file without password."""
    seal_trust: Path | None
    """PLEDGES_SEAL_TRUST: PEM file of the root certificates that the seal must chain to."""
    seal_revocation: Path | None
    """PLEDGES_SEAL_REVOCATION: folder of the CRLs and OCSP answers that prove the seal's certificate is not revoked."""
    log_key: Path | None
    """PLEDGES_LOG_KEY: the Ed25519 key (PEM) that signs checkpoints of the log; None: a trial key made at first use."""
    agency_keys: Path | None
    """PLEDGES_AGENCY_KEYS: folder with one subfolder per agency that signs with its own key; None: trial keys."""
    pdf_fonts: Path | None
    """PLEDGES_PDF_FONTS: folder with Regular, Bold and Italic of one TTF family for the paper; None: IBM Plex Serif."""
    clock_start: datetime | None
    """PLEDGES_CLOCK: the time at which the product's clock starts, to try out due days; in development only."""
    owner_name: str
    """PLEDGES_OWNER_NAME: the owner of the site, in the footer of every page and letter."""
    owner_contact: str
    """PLEDGES_OWNER_CONTACT: how to reach the owner, in the footer and wherever a page offers help."""
    responsible_person: str
    """PLEDGES_RESPONSIBLE_PERSON: who answers for the content of the site, in the footer."""
    administrator_email: str
    """PLEDGES_ADMIN_EMAIL: who is written to when pledges cannot be sealed."""
    log_witness_email: str
    """PLEDGES_LOG_WITNESS_EMAIL: an agency that does not run this system gets each day's checkpoint; empty: nobody."""
    trusted_proxies: int
    """PLEDGES_TRUSTED_PROXIES: how many proxies stand in front, whose X-Forwarded-For and -Proto are believed."""
    worker_alive_seconds: float
    """PLEDGES_WORKER_ALIVE_SECONDS: a worker silent for so long is taken for dead, and its tasks are run again."""

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def mail_folder(self) -> Path:
        return self.var / "mail"

    @property
    def public_host(self) -> str:
        return urlsplit(self.public_url).netloc

    @property
    def secure_cookies(self) -> bool:
        return self.public_url.startswith("https://")


def _split(url: str, *, with_user: bool = False) -> SplitResult | None:
    """The parts of an address with a host and, if any, a port that can be; None where it is none."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable and (with_user or "@" not in parts.netloc) else None


def _is_address(given: str) -> bool:
    """Only the shape: a machine for development may send from and to `localhost`."""
    return re.fullmatch(r"[^\s@<>,;]+@[^\s@<>,;]+", given) is not None


def _with_credentials(values: Mapping[str, str]) -> Mapping[str, str]:
    """Secrets may come as files of systemd (LoadCredential=): children and dumps see the environment, not these.

    The name of a file ends with the name of the setting; one of `shared` gives way to one of this process alone.
    """
    folder = values.get("CREDENTIALS_DIRECTORY", "")
    if not folder or not Path(folder).is_dir():
        return values
    found = dict(values)
    for path in sorted(Path(folder).iterdir(), key=lambda each: (not each.name.startswith("shared_"), each.name)):
        if name := re.search(r"PLEDGES_[A-Z_]+$", path.name):
            found[name[0]] = path.read_text().strip()
    return found


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings or stop with every problem named (`SettingsError`)."""
    values = _with_credentials(os.environ if environ is None else environ)
    problems: list[str] = []

    def text(name: str, default: str = "") -> str:
        return values.get(name, "").strip() or default

    env = text("PLEDGES_ENV", "development")
    if env not in {"development", "production"}:
        problems.append(f"PLEDGES_ENV must be development or production, not {env!r}.")
    production = env == "production"
    var = Path(text("PLEDGES_VAR", "var")).absolute()
    port = text("PORT", "8000")

    public_url = text("PLEDGES_PUBLIC_URL", f"http://127.0.0.1:{port}").rstrip("/")
    parts = _split(public_url)
    if parts is None or parts.scheme not in {"http", "https"} or public_url != f"{parts.scheme}://{parts.netloc}":
        problems.append(f"PLEDGES_PUBLIC_URL must look like https://camket.example.vn, not {public_url!r}.")

    database_url = text("PLEDGES_DATABASE_URL", f"sqlite:///{var / 'pledges.sqlite'}")
    if not database_url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        problems.append("PLEDGES_DATABASE_URL must begin with sqlite:/// or postgresql://.")

    storage = text("PLEDGES_STORAGE", str(var / "storage"))
    if "://" in storage:
        problems.append("PLEDGES_STORAGE must be a folder; other stores are not supported yet.")

    smtp_url = text("PLEDGES_SMTP_URL") or None
    if smtp_url is not None:
        smtp = _split(smtp_url, with_user=True)
        if smtp is None or smtp.scheme not in {"smtp", "smtps", "smtp+starttls"}:
            problems.append("PLEDGES_SMTP_URL must look like smtp+starttls://user:password@mail.example.vn:587.")

    sms_url = text("PLEDGES_SMS_URL") or None
    if sms_url is not None:
        gateway = _split(sms_url)
        if gateway is None or gateway.scheme not in {"http", "https"}:
            problems.append("PLEDGES_SMS_URL must look like https://sms.example.vn/messages.")
        elif production and gateway.scheme != "https":
            problems.append("PLEDGES_SMS_URL must begin with https:// in production: the codes are in it.")

    mail_from = text("PLEDGES_MAIL_FROM", "Cam kết <khong-tra-loi@localhost>")
    if not _is_address(parseaddr(mail_from)[1]) or not mail_from.isprintable():
        problems.append("PLEDGES_MAIL_FROM must look like Cam kết <khong-tra-loi@example.vn>.")
    administrator_email = text("PLEDGES_ADMIN_EMAIL", "quan-tri@localhost")
    if not _is_address(administrator_email):
        problems.append("PLEDGES_ADMIN_EMAIL must be one mail address.")
    log_witness_email = text("PLEDGES_LOG_WITNESS_EMAIL")
    if log_witness_email and not _is_address(log_witness_email):
        problems.append("PLEDGES_LOG_WITNESS_EMAIL must be one mail address, or left out.")
    elif log_witness_email.lower() == administrator_email.lower():
        problems.append(
            "PLEDGES_LOG_WITNESS_EMAIL must be of others than PLEDGES_ADMIN_EMAIL: they watch who runs this."
        )

    paces = {"PLEDGES_MAIL_PER_MINUTE": 600, "PLEDGES_MAIL_PER_DOMAIN_PER_MINUTE": 300}
    for name in paces:
        given = text(name, str(paces[name]))
        if given.isdecimal() and len(given) < 7 and int(given) > 0:
            paces[name] = int(given)
        else:
            problems.append(f"{name} must be a number of mails, 1 or more.")
    bounces = Path(text("PLEDGES_BOUNCES")).absolute() if text("PLEDGES_BOUNCES") else None
    if bounces is not None and not bounces.parent.is_dir():
        problems.append(f"PLEDGES_BOUNCES lies in {str(bounces.parent)!r}, which is no folder.")
    bounce_address = text("PLEDGES_BOUNCE_ADDRESS")
    # With `+` and 32 digits the part before the @ may have 64 characters.
    if bounce_address and (not re.fullmatch(r"[A-Za-z0-9._-]{1,31}@[A-Za-z0-9.-]+", bounce_address)):
        problems.append(
            "PLEDGES_BOUNCE_ADDRESS must look like tra-lai@example.vn, without a + and with 31 letters at most."
        )

    clock_start = None
    if clock := text("PLEDGES_CLOCK"):
        try:
            clock_start = datetime.fromisoformat(clock)
            if clock_start.tzinfo is None:
                raise ValueError
        except ValueError:
            problems.append("PLEDGES_CLOCK must be an ISO time with time zone, such as 2026-03-31T23:59:00+07:00.")

    proxies = text("PLEDGES_TRUSTED_PROXIES", "0")
    if not proxies.isdecimal():
        problems.append("PLEDGES_TRUSTED_PROXIES must be the number of proxies in front of the product.")
        proxies = "0"

    alive = text("PLEDGES_WORKER_ALIVE_SECONDS", "30")
    if not alive.replace(".", "", 1).isdecimal() or float(alive) <= 0:
        problems.append("PLEDGES_WORKER_ALIVE_SECONDS must be a number of seconds above 0.")
        alive = "30"

    def path(name: str) -> Path | None:
        given = text(name)
        if given and not Path(given).exists():
            problems.append(f"{name} names {given!r}, which does not exist.")
        return Path(given) if given else None

    seal_key, seal_trust = path("PLEDGES_SEAL_KEY"), path("PLEDGES_SEAL_TRUST")
    seal_revocation, pdf_fonts = path("PLEDGES_SEAL_REVOCATION"), path("PLEDGES_PDF_FONTS")
    agency_keys, log_key = path("PLEDGES_AGENCY_KEYS"), path("PLEDGES_LOG_KEY")
    if agency_keys is not None and agency_keys.is_file():
        problems.append("PLEDGES_AGENCY_KEYS must be a folder, with one subfolder per agency.")

    if production:
        needed = (
            ("PLEDGES_SECRET_KEY", "the key that signs links and sessions, 32 characters or more"),
            ("PLEDGES_DATA_KEY", "the key that encrypts personal numbers, 32 characters or more"),
            ("PLEDGES_DATABASE_URL", "the database"),
            ("PLEDGES_STORAGE", "the folder of the signed files"),
            ("PLEDGES_SMTP_URL", "the mail relay"),
            ("PLEDGES_MAIL_FROM", "the sender of all mail"),
            ("PLEDGES_PUBLIC_URL", "the address that stands in links and QR codes"),
            ("PLEDGES_SEAL_KEY", "the PKCS#12 file that seals the pledges"),
            ("PLEDGES_SEAL_TRUST", "the root certificates that the seal chains to"),
            ("PLEDGES_SEAL_REVOCATION", "the folder of CRLs and OCSP answers for the seal"),
            ("PLEDGES_LOG_KEY", "the Ed25519 key that signs checkpoints of the log"),
            ("PLEDGES_OWNER_NAME", "the owner of the site, shown in the footer"),
            ("PLEDGES_OWNER_CONTACT", "the contact shown in the footer"),
            ("PLEDGES_RESPONSIBLE_PERSON", "the responsible person shown in the footer"),
            ("PLEDGES_ADMIN_EMAIL", "who is told when something needs an administrator"),
        )
        problems += [f"{name} is missing: {what}." for name, what in needed if not text(name)]
        for name in ("PLEDGES_SECRET_KEY", "PLEDGES_DATA_KEY"):
            given = text(name)
            if given and (len(given) < 32 or DEVELOPMENT_KEY in given):
                problems.append(f"{name} is too short or the development default; use 32 random characters or more.")
        if text("PLEDGES_SECRET_KEY") and text("PLEDGES_SECRET_KEY") == text("PLEDGES_DATA_KEY"):
            problems.append("PLEDGES_SECRET_KEY and PLEDGES_DATA_KEY must differ.")
        if text("PLEDGES_PUBLIC_URL") and parts is not None and parts.scheme != "https":
            problems.append("PLEDGES_PUBLIC_URL must begin with https:// in production.")
        if text("PLEDGES_CLOCK"):
            problems.append("PLEDGES_CLOCK is for development only.")

    if problems:
        raise SettingsError(problems)
    return Settings(
        env=env,
        secret_key=text("PLEDGES_SECRET_KEY", DEVELOPMENT_KEY + "-secret"),
        data_key=text("PLEDGES_DATA_KEY", DEVELOPMENT_KEY + "-data"),
        database_url=database_url,
        storage=Path(storage).absolute(),
        var=var,
        smtp_url=smtp_url,
        sms_url=sms_url,
        sms_token=text("PLEDGES_SMS_TOKEN"),
        mail_from=mail_from,
        mail_per_minute=paces["PLEDGES_MAIL_PER_MINUTE"],
        mail_per_domain_per_minute=paces["PLEDGES_MAIL_PER_DOMAIN_PER_MINUTE"],
        bounces=bounces,
        bounce_address=bounce_address,
        public_url=public_url,
        seal_key=seal_key,
        seal_password=text("PLEDGES_SEAL_PASSWORD"),
        seal_trust=seal_trust,
        seal_revocation=seal_revocation,
        log_key=log_key,
        agency_keys=agency_keys,
        pdf_fonts=pdf_fonts,
        clock_start=clock_start,
        owner_name=text("PLEDGES_OWNER_NAME", "Bản thử nghiệm trên máy phát triển"),
        owner_contact=text("PLEDGES_OWNER_CONTACT", "lien-he@localhost"),
        responsible_person=text("PLEDGES_RESPONSIBLE_PERSON", "Người vận hành máy phát triển"),
        administrator_email=administrator_email,
        log_witness_email=log_witness_email,
        trusted_proxies=int(proxies),
        worker_alive_seconds=float(alive),
    )
