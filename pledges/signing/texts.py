"""Which texts a draft leads to, filled in with its answers; and the answers of a draft, checked as a whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.calendar import Quarter
from pledges.core.countries import countries
from pledges.core.errors import DomainError
from pledges.core.identity import national_phone
from pledges.core.secrecy import Vault
from pledges.documents.paper import PledgePaper
from pledges.plans.models import Agency, Commune, Instrument, ObligationEntry, PledgeText, Province
from pledges.plans.queries import (
    Duty,
    current_text,
    duties_by_type,
    get_commune,
    get_province,
    is_approved,
    plan_citation,
    provinces_in_use,
)
from pledges.plans.rules import SUBJECT_TYPES
from pledges.plans.settings import province_settings
from pledges.plans.wordings import (
    PLACEHOLDER,
    Consents,
    Details,
    NamedChannel,
    Party,
    RenderedText,
    WordingContext,
    render_wording,
)
from pledges.registry.models import EntityKind, Location
from pledges.registry.rules import DeclaredSubject
from pledges.signing.answers import (
    AnswerErrors,
    Group,
    Place,
    Signer,
    Who,
    check_group,
    check_place,
    check_signer,
    check_who,
)
from pledges.signing.drafts import typed_answers
from pledges.signing.models import Draft, Pledge
from pledges.signing.rules import Page

_FIELD_OF_PLACEHOLDER = {
    "nghe_danh": "stage_name",
    "chuc_danh_chuyen_mon": "profession",
    "don_vi": "workplace",
    "so_gphn": "licence_number",
    "so_giay_phep": "licence_number",
    "ten_nen_tang": "platform_name",
    "nganh_hang": "goods",
}


class DraftIncomplete(DomainError):
    """The draft cannot be signed yet; `page` is the first one that is not right."""

    def __init__(self, page: Page, errors: AnswerErrors | None) -> None:
        super().__init__(errors.message if errors is not None else "")
        self.page = page
        self.errors = errors


@dataclass(frozen=True)
class DraftAnswers:
    """A complete, checked draft."""

    group: Group
    who: Who
    place: Place
    signer: Signer
    province: Province
    again: Pledge | None = None
    """The pledge that is corrected or amended: then its text is the only one to sign."""
    assisted: bool = False
    """Filled in beside somebody of the staff."""
    by_phone: bool = False
    """Confirmed by a code to the phone."""

    def frozen(self) -> dict[str, Any]:
        """The answers as they are kept with the pledge: for the file and for a later amendment.

        The personal number stays out; the register holds it encrypted.
        """
        return {
            "email": self.group.email,
            "subject_types": list(self.group.subject_types),
            "kind": self.who.kind.value,
            "name": self.who.name,
            "tax_code": self.who.tax_code,
            "has_personal_number": self.who.personal_number is not None,
            "location": self.who.location.value,
            "home_province": self.who.home_province,
            "country": self.who.country,
            "extra": dict(self.who.extra),
            "commune": self.place.commune_code,
            "address": self.place.address,
            "phone": self.place.phone,
            "channels": [channel.address for channel in self.place.channels],
            "started_on": self.place.started_on.isoformat() if self.place.started_on else None,
            "signer_name": self.signer.name,
            "signer_title": self.signer.title,
            "under_age": self.signer.under_age,
            "representative_name": self.signer.representative_name,
            "representative_relation": self.signer.representative_relation,
            "representative_email": self.signer.representative_email,
        }


@dataclass(frozen=True)
class Progress:
    """How far a draft is: the pages that are right, and what is wrong on the others."""

    province: Province | None = None
    group: Group | None = None
    who: Who | None = None
    place: Place | None = None
    signer: Signer | None = None
    errors: dict[Page, AnswerErrors] = field(default_factory=dict)
    again: Pledge | None = None
    assisted: bool = False

    @property
    def first_open(self) -> Page:
        """The first page that is missing or wrong; `SIGN` when nothing is left to answer."""
        for page, checked in (
            (Page.GROUP, self.group),
            (Page.WHO, self.who),
            (Page.PLACE, self.place),
            (Page.SIGNER, self.signer),
        ):
            if checked is None:
                return page
        return Page.SIGN

    def complete(self) -> DraftAnswers:
        """All answers, or `DraftIncomplete`."""
        if self.province is None or self.group is None or self.who is None or self.place is None or self.signer is None:
            page = self.first_open
            raise DraftIncomplete(page, self.errors.get(page))
        return DraftAnswers(
            self.group, self.who, self.place, self.signer, self.province, self.again, assisted=self.assisted
        )

    def fits(self, subject_type: str) -> bool:
        """Whether the one who signs can belong to this group as well."""
        kind = self.who.kind.value if self.who is not None else ""
        return SUBJECT_TYPES[subject_type].person_or_organisation in {"either", kind}


def read_progress(session: Session, draft: Draft, *, vault: Vault, today: date) -> Progress:
    """Check every page of the draft in order; a page whose predecessors are wrong is not judged yet."""
    errors: dict[Page, AnswerErrors] = {}
    province = group = who = place = signer = None
    by_hand = draft.assisted_by is not None
    try:
        page = Page.GROUP
        codes = tuple(known.code for known in provinces_in_use(session))
        group = check_group(typed_answers(draft, page, vault), codes, by_hand=by_hand)
        province = get_province(session, group.province_code)
        page = Page.WHO
        if page.value in draft.answers:
            extra = extra_fields_of(session, group)
            raw = typed_answers(draft, page, vault)
            homes = frozenset(session.scalars(select(Province.code))) - {group.province_code}
            who = check_who(raw, group, extra_fields=extra, countries=frozenset(countries()), provinces=homes)
        page = Page.PLACE
        if who is not None and page.value in draft.answers:
            raw = typed_answers(draft, page, vault)
            place = check_place(raw, group, who, commune=_commune(session, group, raw), today=today)
        page = Page.SIGNER
        if who is not None and page.value in draft.answers:
            signer = check_signer(typed_answers(draft, page, vault), group, who, by_hand=by_hand)
    except AnswerErrors as wrong:
        errors[page] = wrong
    again = pledge_of_draft(session, draft)
    return Progress(province, group, who, place, signer, errors, again, assisted=by_hand)


def pledge_of_draft(session: Session, draft: Draft) -> Pledge | None:
    """The pledge that this draft corrects or amends; None for a new one."""
    if draft.pledge_province is None or draft.pledge_id is None:
        return None
    return session.get(Pledge, (draft.pledge_province, draft.pledge_id))


def _commune(session: Session, group: Group, raw: dict[str, Any]) -> Commune | None:
    code = raw.get("commune")
    return get_commune(session, group.province_code, code) if isinstance(code, str) and code else None


def read_answers(session: Session, draft: Draft, *, vault: Vault, today: date) -> DraftAnswers:
    """The complete answers of a draft, or `DraftIncomplete`."""
    return read_progress(session, draft, vault=vault, today=today).complete()


def signable_duties(duties: Iterable[Duty]) -> list[Duty]:
    """What somebody can sign today: what the plan asks, else the voluntary pledge.

    An acknowledgement can be signed once the agency has issued its document.
    """
    known = list(duties)
    asked = [duty for duty in known if duty.asked and duty.signable]
    return asked or [duty for duty in known if duty.instrument is Instrument.VOLUNTARY]


def duties_of_group(session: Session, group: Group) -> list[Duty]:
    """Everything that the plan says of the chosen groups, signable or not, each entry once."""
    found: dict[tuple[str, str], Duty] = {}
    for duties in duties_by_type(session, group.province_code, group.subject_types).values():
        for duty in duties:
            found.setdefault((duty.entry.id if duty.entry else "", duty.text_id), duty)
    return list(found.values())


def _texts_of(session: Session, group: Group) -> dict[tuple[str, str], list[tuple[str, Duty]]]:
    """Per wording and agency: the groups and duties that it serves."""
    found: dict[tuple[str, str], list[tuple[str, Duty]]] = {}
    for subject_type, duties in duties_by_type(session, group.province_code, group.subject_types).items():
        for duty in signable_duties(duties):
            found.setdefault((duty.text_id, duty.agency.code), []).append((subject_type, duty))
    return found


def extra_fields_of(session: Session, group: Group) -> tuple[str, ...]:
    """The questions that only these wordings need, read off their placeholders."""
    fields: dict[str, None] = {}
    for text_id, _agency in _texts_of(session, group):
        content = current_text(session, text_id).content
        own = json.dumps([content.get(part) for part in ("basis", "opening", "commitments")], ensure_ascii=False)
        for name in re.findall(PLACEHOLDER, own):
            if name in _FIELD_OF_PLACEHOLDER:
                fields[_FIELD_OF_PLACEHOLDER[name]] = None
    return tuple(fields)


@dataclass(frozen=True)
class TextToSign:
    """One wording for one agency, filled in."""

    pledge_text: PledgeText
    rendered: RenderedText
    instrument: Instrument
    agency: Agency
    entries: tuple[ObligationEntry, ...]
    subject_types: tuple[str, ...]
    approved: bool
    today: date
    context: WordingContext

    @property
    def notice_hash(self) -> str:
        return self.rendered.notice_sha256

    def with_consents(self, consents: Consents) -> TextToSign:
        """The same text with other boxes ticked."""
        context = replace(self.context, consents=replace(consents, processing=True))
        return replace(self, context=context, rendered=render_wording(self.pledge_text.content, context))

    def period_of(self, entry: ObligationEntry) -> str:
        """Empty, or the quarter for an entry that makes everybody sign again (`model.md` 6)."""
        return str(Quarter.of(self.today)) if entry.resign else ""

    def paper(self, answers: DraftAnswers, **signed: Any) -> PledgePaper:
        """The paper of this text; `signed` gives reference, address, signature lines, place and date."""
        return PledgePaper(
            language="vi",
            blocks=self.rendered.blocks,
            signer_title=answers.signer.title or "Người cam kết",
            signer_name=answers.signer.name,
            agency_name=self.agency.name,
            template_hash=self.pledge_text.template_hash,
            rendered_hash=self.rendered.sha256,
            text_version=f"{self.pledge_text.text_id} v{self.pledge_text.version}",
            draft_wording=not self.approved,
            **signed,
        )


def texts_to_sign(session: Session, answers: DraftAnswers, consents: Consents, *, today: date) -> list[TextToSign]:
    """Every text of this draft, in the order of the chosen groups; of a pledge that is signed again only its own."""
    texts = []
    for (text_id, agency_code), served in _texts_of(session, answers.group).items():
        if answers.again is not None and (text_id, agency_code) != (answers.again.text_id, answers.again.agency_code):
            continue
        pledge_text = current_text(session, text_id)
        duties = [duty for _subject_type, duty in served]
        subject_types = tuple(dict.fromkeys(subject_type for subject_type, _duty in served))
        context = _context(session, answers, duties[0], subject_types, consents)
        texts.append(
            TextToSign(
                pledge_text=pledge_text,
                rendered=render_wording(pledge_text.content, context),
                instrument=duties[0].instrument,
                agency=duties[0].agency,
                entries=tuple({duty.entry.id: duty.entry for duty in duties if duty.entry is not None}.values()),
                subject_types=subject_types,
                approved=is_approved(session, answers.group.province_code, pledge_text.id),
                today=today,
                context=context,
            )
        )
    return texts


def _context(
    session: Session, answers: DraftAnswers, duty: Duty, subject_types: tuple[str, ...], consents: Consents
) -> WordingContext:
    group, who, place, signer = answers.group, answers.who, answers.place, answers.signer
    organisation = who.kind is EntityKind.ORGANISATION
    extra = who.extra
    health = bool({SUBJECT_TYPES[code].text_id for code in subject_types} & {"health"})
    licence = extra.get("licence_number", "")
    where = place_text(session, answers)
    return WordingContext(
        province_code=group.province_code,
        province_name=answers.province.name,
        agency_name=duty.agency.name,
        plan_citation=plan_citation(session, group.province_code),
        entity_kind="organisation" if organisation else "person",
        subject_types=subject_types,
        party=Party(
            name=who.name,
            tax_code=who.tax_code or "",
            personal_number_last4=(who.personal_number or "")[-4:],
            signer_name=signer.name if organisation else "",
            signer_title=signer.title,
            guardian=f"{signer.representative_name} ({signer.representative_relation})" if signer.under_age else "",
            place=where,
            address=place.address,
            phone=national_phone(place.phone) if place.phone else "",
            email=group.email,
        ),
        settings=province_settings(answers.province),
        channels=tuple(NamedChannel(channel.kind, channel.display) for channel in place.channels),
        details=Details(
            stage_name=extra.get("stage_name", ""),
            professional_title=extra.get("profession", ""),
            workplace=extra.get("workplace", ""),
            practice_licence=licence if health else "",
            licence_number="" if health else licence,
            platform_name=extra.get("platform_name", ""),
            goods=extra.get("goods", ""),
            business_place=", ".join(part for part in (place.address, where) if part),
        ),
        consents=Consents(processing=True, publication=consents.publication),
        document_number=duty.entry.document_number if duty.entry else "",
        document_date=duty.entry.document_date if duty.entry else None,
    )


def place_text(session: Session, answers: DraftAnswers) -> str:
    """ "phường Thuận Hóa, thành phố Huế"; another province or the country for somebody from elsewhere."""
    who = answers.who
    if who.location is Location.LOCAL:
        return ", ".join(part for part in (answers.place.commune_name, answers.province.name) if part)
    if who.location is Location.ABROAD:
        return countries()[who.country]
    home = session.get(Province, who.home_province) if who.home_province else None
    return home.name if home is not None else ""


def declared_subject(answers: DraftAnswers) -> DeclaredSubject:
    """What the register is told."""
    return DeclaredSubject(
        kind=answers.who.kind,
        name=answers.who.name,
        email=answers.group.email,
        subject_types=answers.group.subject_types,
        tax_code=answers.who.tax_code,
        personal_number=answers.who.personal_number,
        location=answers.who.location,
        country=answers.who.country,
        commune_code=answers.place.commune_code,
        address=answers.place.address,
        phone=answers.place.phone,
        channels=answers.place.channels,
        appeared_on=answers.place.started_on,
        vouched=answers.assisted,
        phone_confirmed=answers.by_phone,
    )
