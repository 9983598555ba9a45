"""Adding an institution, its focal person's link and list, and putting the list into the register."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.audit.operations import Actor, record
from pledges.core import throttle
from pledges.core.db import new_id
from pledges.core.errors import N_, DomainError, NotFound
from pledges.core.identity import clean_line, fold, parse_email
from pledges.core.secrecy import Vault, random_code, sha256_hex
from pledges.core.tokens import Tokens
from pledges.institutions.models import Institution, InstitutionMember
from pledges.institutions.queries import members_of
from pledges.institutions.rules import LINK_LIFETIME, LONGEST_NAME, MOST_MEMBERS, Person
from pledges.messaging.operations import queue_message
from pledges.plans.queries import duties_by_type, get_agency, get_commune
from pledges.plans.rules import SUBJECT_TYPES
from pledges.signing.models import Pledge

FOCAL_LINK = "institution-focal"
LINKS_A_DAY = 10


@dataclass(frozen=True)
class NewInstitution:
    name: str
    subject_type: str
    focal_name: str
    focal_email: str
    focal_phone: str = ""
    commune_code: str | None = None


def subject_types_for(session: Session, province_code: str, agency_code: str) -> list[str]:
    """The groups of persons whose pledges this agency receives in its province."""
    persons = [code for code, kind in SUBJECT_TYPES.items() if kind.person_or_organisation != "organisation"]
    duties = duties_by_type(session, province_code, persons)
    return [code for code in persons if any(duty.agency.code == agency_code for duty in duties[code])]


def add_institution(
    session: Session,
    new: NewInstitution,
    *,
    staff: Staff,
    now: datetime,
    vault: Vault,
    tokens: Tokens,
    public_url: str,
) -> Institution:
    """Add it and send its focal person the link to the list."""
    if staff.agency_code is None:
        raise NotFound
    institution = Institution(
        province_code=staff.province_code,
        id=new_id(),
        agency_code=staff.agency_code,
        join_code=_new_join_code(session),
        added_by=staff.id,
        added_at=now,
        **_checked(session, staff, new),
    )
    same = session.scalars(
        select(Institution.id).where(
            Institution.province_code == institution.province_code,
            Institution.agency_code == institution.agency_code,
            Institution.name_fold == institution.name_fold,
            Institution.subject_type == institution.subject_type,
            Institution.closed_at.is_(None),
        )
    ).first()
    if same is not None:
        raise DomainError(
            N_("Đơn vị này đã có trong danh sách, với cùng nhóm người ký. Hãy mở đơn vị đó."), field="name"
        )
    session.add(institution)
    session.flush()
    _record(session, "institution.added", institution, _by(staff), now, types=[institution.subject_type])
    send_focal_link(session, institution, staff=staff, now=now, vault=vault, tokens=tokens, public_url=public_url)
    return institution


def change_institution(
    session: Session, institution: Institution, new: NewInstitution, *, staff: Staff, now: datetime
) -> bool:
    """Correct what is known of it; True where the focal person's address changed, so that a new link is needed."""
    before = institution.focal_email
    values = _checked(session, staff, new)
    changed = sorted(name for name, value in values.items() if getattr(institution, name) != value)
    for name, value in values.items():
        setattr(institution, name, value)
    moved = before != institution.focal_email
    if moved:
        institution.focal_token_sha256 = None
    if changed:
        _record(session, "institution.changed", institution, _by(staff), now, fields=changed)
    return moved


def _checked(session: Session, staff: Staff, new: NewInstitution) -> dict[str, str | None]:
    allowed = subject_types_for(session, staff.province_code, staff.agency_code or "")
    if new.subject_type not in allowed:
        raise DomainError(N_("Hãy chọn nhóm người ký mà cơ quan của bạn nhận cam kết."), field="subject_type")
    if new.commune_code and get_commune(session, staff.province_code, new.commune_code) is None:
        raise DomainError(N_("Hãy tìm và chọn lại xã, phường trong danh sách."), field="commune")
    name = clean_line(new.name, most=200, field="name")
    if not name:
        raise DomainError(N_("Hãy nhập tên đơn vị."), field="name")
    return {
        "name": name,
        "name_fold": fold(name),
        "subject_type": new.subject_type,
        "commune_code": new.commune_code or None,
        "focal_name": clean_line(new.focal_name, most=LONGEST_NAME, field="focal_name"),
        "focal_email": parse_email(new.focal_email, field="focal_email"),
        "focal_phone": new.focal_phone,
    }


def _new_join_code(session: Session) -> str:
    code = random_code(8)
    while session.scalar(select(Institution.id).where(Institution.join_code == code)) is not None:
        code = random_code(8)
    return code


def send_focal_link(
    session: Session,
    institution: Institution,
    *,
    staff: Staff,
    now: datetime,
    vault: Vault,
    tokens: Tokens,
    public_url: str,
) -> None:
    """Mail a fresh link to the focal person; the one before stops working."""
    _refuse_closed(institution)
    throttle.use(session, "institution.link", str(institution.id), most=LINKS_A_DAY, per=timedelta(days=1), now=now)
    token = tokens.make(FOCAL_LINK, secrets.token_urlsafe(18))
    institution.focal_token_sha256 = sha256_hex(token.encode())
    institution.focal_token_at = now
    session.flush()
    queue_message(
        session,
        province_code=institution.province_code,
        kind="institution_link",
        to_address=institution.focal_email,
        dedupe_key=f"institution_link:{institution.id}:{token[-12:]}",
        params={
            "institution_name": institution.name,
            "agency_name": get_agency(session, institution.province_code, institution.agency_code).name,
            "days": LINK_LIFETIME.days,
        },
        secret_params={"link": f"{public_url}/don-vi/{token}"},
        language="vi",
        now=now,
        vault=vault,
        expires_at=now + LINK_LIFETIME,
    )
    _record(session, "institution.link_sent", institution, _by(staff), now)


def close_institution(session: Session, institution: Institution, *, staff: Staff, now: datetime) -> None:
    """No link works any more; the list and what was signed stay."""
    _refuse_closed(institution)
    institution.closed_at = now
    institution.focal_token_sha256 = None
    _record(session, "institution.closed", institution, _by(staff), now)


def reopen_institution(session: Session, institution: Institution, *, staff: Staff, now: datetime) -> None:
    if institution.closed_at is None:
        return
    institution.closed_at = None
    _record(session, "institution.reopened", institution, _by(staff), now)


def _refuse_closed(institution: Institution) -> None:
    if institution.closed_at is not None:
        raise DomainError(N_("Đơn vị này đã đóng. Hãy mở lại trước."))


@dataclass(frozen=True)
class Added:
    added: int
    known: int


def add_members(
    session: Session, institution: Institution, people: Sequence[Person], *, actor: Actor, now: datetime
) -> Added:
    """Add who is not in the list yet; somebody taken off it before comes back."""
    _refuse_closed(institution)
    lock_institution(session, institution)
    known = {
        (member.name_fold, member.detail_fold): member for member in members_of(session, institution, removed=True)
    }
    wanted = [person for person in people if (found := known.get(person.key)) is None or found.removed_at is not None]
    standing = sum(1 for member in known.values() if member.removed_at is None)
    if standing + len(wanted) > MOST_MEMBERS:
        raise DomainError(
            N_("Một danh sách có tối đa %(most)s người. Hãy chia đơn vị thành nhiều khoa, phòng."), most=MOST_MEMBERS
        )
    for person in wanted:
        member = known.get(person.key)
        if member is None:
            session.add(_new_member(institution, person, now))
        else:
            member.removed_at = None
            member.email = person.email or member.email
    for person in people:
        member = known.get(person.key)
        if member is not None and person.email and not member.email:
            member.email = person.email
    session.flush()
    if wanted:
        _record(session, "institution.listed", institution, actor, now, added=len(wanted))
    return Added(len(wanted), len(people) - len(wanted))


def _new_member(institution: Institution, person: Person, now: datetime) -> InstitutionMember:
    name_fold, detail_fold = person.key
    return InstitutionMember(
        province_code=institution.province_code,
        id=new_id(),
        institution_id=institution.id,
        name=person.name,
        name_fold=name_fold,
        detail=person.detail,
        detail_fold=detail_fold,
        email=person.email,
        added_at=now,
    )


def remove_member(
    session: Session, institution: Institution, member_id: uuid.UUID, *, actor: Actor, now: datetime
) -> InstitutionMember:
    """Take somebody off the list; the row stays, so that it can be taken back and nothing signed is lost."""
    member = _member(session, institution, member_id)
    if member.removed_at is None:
        member.removed_at = now
        _record(session, "institution.unlisted", institution, actor, now, removed=1)
    return member


def take_back(
    session: Session, institution: Institution, member_id: uuid.UUID, *, actor: Actor, now: datetime
) -> InstitutionMember:
    member = _member(session, institution, member_id)
    if member.removed_at is not None:
        member.removed_at = None
        _record(session, "institution.listed", institution, actor, now, added=1)
    return member


def _member(session: Session, institution: Institution, member_id: uuid.UUID) -> InstitutionMember:
    member = session.get(InstitutionMember, (institution.province_code, member_id))
    if member is None or member.institution_id != institution.id:
        raise NotFound
    return member


def lock_institution(session: Session, institution: Institution) -> None:
    """One list is changed by one person at a time."""
    session.get(Institution, (institution.province_code, institution.id), with_for_update=True, populate_existing=True)


def _by(staff: Staff) -> Actor:
    return Actor("staff", str(staff.id))


def _record(session: Session, kind: str, institution: Institution, actor: Actor, now: datetime, **data: object) -> None:
    record(
        session,
        kind,
        province_code=institution.province_code,
        object_id=institution.id,
        actor=actor,
        now=now,
        data=dict(data),
    )


NOBODY = N_("Hãy ghi ít nhất một người, hoặc chọn tệp danh sách.")
CHOOSE_MEMBER = N_("Hãy chọn một người trong danh sách của đơn vị cho hồ sơ này.")


def match_member(
    session: Session,
    institution: Institution,
    member: InstitutionMember,
    pledge: Pledge,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Say that a pledge signed through the link is this member's."""
    if member.institution_id != institution.id or member.removed_at is not None:
        raise DomainError(CHOOSE_MEMBER)
    member.pledge_id = pledge.id
    _record(session, "institution.matched", institution, actor, now, pledge=str(pledge.id))
