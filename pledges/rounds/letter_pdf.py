"""What stands in the letters of a round: from asks to plain data that `documents.letter` prints."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.calendar import Quarter
from pledges.core.secrecy import Vault
from pledges.documents.letter import Letter
from pledges.documents.letter_list import Bundle, Group, Line
from pledges.plans.letterhead import own_name, signing_title_of, superior_of
from pledges.plans.models import Agency, Commune, EntrySubjectType, Instrument, ObligationEntry, Province
from pledges.plans.queries import current_text, get_agency, get_province, plan_citation
from pledges.plans.rules import SUBJECT_TYPES
from pledges.plans.settings import province_settings
from pledges.registry.models import Channel, Entity, EntityKind, EntityType, Location, Obligation
from pledges.rounds.links import TYPED_CODE, link_of
from pledges.rounds.models import Ask, AskedObligation, Round

"""Where the agency has not said under which title it signs; pages say so before anybody prints."""
NO_ADDRESS = "(chưa có địa chỉ)"
AT_ONCE = 500


@dataclass(frozen=True)
class Recipient:
    """One ask with all that its letter says."""

    ask: Ask
    entity: Entity
    commune: Commune | None
    pledges: tuple[str, ...]
    """Labels of the groups whose pledge is asked, with the websites it is about."""
    documents: tuple[str, ...]
    """Documents whose receipt is to be acknowledged, in full."""


@dataclass(frozen=True)
class Sender:
    """What all letters of one round have in common."""

    province: Province
    agency: Agency
    round: Round
    plan: str
    public_url: str
    vault: Vault = field(repr=False)

    @cached_property
    def short_name(self) -> str:
        """The agency without its province, which stands in the line above it."""
        return own_name(self.province, self.agency.name, self.superior)

    @cached_property
    def superior(self) -> str:
        """The people's committee of the province stands above everybody but itself."""
        return superior_of(self.province, self.agency.name)

    @property
    def signing_title(self) -> tuple[str, ...]:
        return signing_title_of(self.agency)

    @property
    def quarter(self) -> Quarter:
        return Quarter.parse(self.round.quarter)


def sender_of(session: Session, of_round: Round, *, vault: Vault, public_url: str) -> Sender:
    return Sender(
        province=get_province(session, of_round.province_code),
        agency=get_agency(session, of_round.province_code, of_round.agency_code),
        round=of_round,
        plan=plan_citation(session, of_round.province_code),
        public_url=public_url,
        vault=vault,
    )


# --- Reading -------------------------------------------------------------------------------------------------------


def recipients_of(session: Session, province_code: str, ask_ids: Sequence[uuid.UUID]) -> list[Recipient]:
    """In the given order. What is asked was frozen with the ask; names and addresses are those of today."""
    rows = session.execute(
        select(Ask, Entity, Commune)
        .join(Entity, (Entity.province_code == Ask.province_code) & (Entity.id == Ask.entity_id))
        .outerjoin(Commune, (Commune.province_code == Entity.province_code) & (Commune.code == Entity.commune_code))
        .where(Ask.province_code == province_code, Ask.id.in_(ask_ids))
    ).all()
    found = {ask.id: (ask, entity, commune) for ask, entity, commune in rows}
    asked = _asked(session, province_code, ask_ids)
    types = _types(session, province_code, [entity.id for _ask, entity, _commune in rows])
    words = _EntryWords(session, province_code)
    recipients = []
    for ask_id in ask_ids:
        ask, entity, commune = found[ask_id]
        pledges, documents = words.say(asked[ask_id], types[entity.id])
        recipients.append(Recipient(ask, entity, commune, pledges, documents))
    return recipients


def _asked(
    session: Session, province_code: str, ask_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, list[tuple[str, str | None]]]:
    """Per ask its entries, each with the website that it is about."""
    found: dict[uuid.UUID, list[tuple[str, str | None]]] = defaultdict(list)
    rows = session.execute(
        select(AskedObligation.ask_id, Obligation.entry_id, Channel.address)
        .join(
            Obligation,
            (Obligation.province_code == AskedObligation.province_code)
            & (Obligation.id == AskedObligation.obligation_id),
        )
        .outerjoin(Channel, (Channel.province_code == Obligation.province_code) & (Channel.id == Obligation.channel_id))
        .where(AskedObligation.province_code == province_code, AskedObligation.ask_id.in_(ask_ids))
        .order_by(Obligation.entry_id, Channel.address)
    )
    for ask_id, entry_id, address in rows:
        found[ask_id].append((entry_id, address))
    return found


def _types(session: Session, province_code: str, entity_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, set[str]]:
    found: dict[uuid.UUID, set[str]] = defaultdict(set)
    rows = session.execute(
        select(EntityType.entity_id, EntityType.subject_type).where(
            EntityType.province_code == province_code, EntityType.entity_id.in_(entity_ids)
        )
    )
    for entity_id, subject_type in rows:
        found[entity_id].add(subject_type)
    return found


class _EntryWords:
    """What is to be signed, entry by entry, in the words of a letter."""

    MOST_WEBSITES = 5

    def __init__(self, session: Session, province_code: str) -> None:
        entries = session.scalars(select(ObligationEntry).where(ObligationEntry.province_code == province_code))
        self._entries = {entry.id: entry for entry in entries}
        self._types: dict[str, set[str]] = defaultdict(set)
        rows = session.execute(
            select(EntrySubjectType.entry_id, EntrySubjectType.subject_type).where(
                EntrySubjectType.province_code == province_code
            )
        )
        for entry_id, subject_type in rows:
            self._types[entry_id].add(subject_type)
        self._session = session

    def say(self, asked: Sequence[tuple[str, str | None]], types: set[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Groups whose pledge is asked, and documents whose receipt is."""
        pledges, documents = [], []
        for entry_id, group in groupby(asked, key=lambda pair: pair[0]):
            entry = self._entries[entry_id]
            if entry.instrument is Instrument.ACKNOWLEDGEMENT:
                documents.append(self._document(entry))
                continue
            websites = [address for _entry, address in group if address]
            pledges += [self._group(code, websites) for code in self._groups(entry_id, types)]
        return tuple(dict.fromkeys(pledges)), tuple(dict.fromkeys(documents))

    def _groups(self, entry_id: str, types: set[str]) -> list[str]:
        own = self._types[entry_id]
        return [code for code in SUBJECT_TYPES if code in (own & types or own)]

    def _group(self, code: str, websites: Sequence[str]) -> str:
        label = SUBJECT_TYPES[code].label
        shown = ", ".join(websites[: self.MOST_WEBSITES])
        more = len(websites) - self.MOST_WEBSITES
        if more > 0:
            shown += f" và {more} địa chỉ khác"
        return f"{label} ({shown})" if shown else label

    def _document(self, entry: ObligationEntry) -> str:
        day = f" ngày {entry.document_date:%d/%m/%Y}" if entry.document_date else ""
        title = current_text(self._session, entry.text_id).title
        kind = "văn bản định hướng" if "ĐỊNH HƯỚNG" in title else "văn bản quán triệt"
        return f"{kind} số {entry.document_number}{day}"


# --- Writing -------------------------------------------------------------------------------------------------------


def letter_to(recipient: Recipient, sender: Sender, number: int, total: int) -> Letter:
    ask, entity = recipient.ask, recipient.entity
    you = _you(entity)
    hotline = province_settings(sender.province).hotline
    call = f", điện thoại {hotline}" if hotline else ""
    host = urlsplit(sender.public_url).netloc + TYPED_CODE
    last_day = f"{sender.quarter.last_day:%d/%m/%Y}"
    return Letter(
        superior=sender.superior,
        agency=sender.short_name,
        about=_about(recipient, sender),
        place=sender.province.short_name,
        year=sender.quarter.year,
        addressee=_addressee(entity),
        address=_address_lines(recipient, sender.province),
        paragraphs=tuple(_opening(recipient, sender, you)),
        code_title="Cách thực hiện",
        code_steps=(f"1. Quét mã bên cạnh bằng điện thoại, hoặc mở địa chỉ {host} rồi nhập mã mời:",),
        short_code=ask.short_code,
        link=link_of(sender.public_url, sender.vault, ask),
        after_code=(
            "2. Đọc, điền thông tin và xác nhận bằng mã gửi đến thư điện tử. Việc này mất khoảng 5 phút, miễn phí.",
            f"Không có Internet hoặc thư điện tử: mang thư này đến {_helper(recipient, sender)}; "
            "cán bộ giúp điền và in ra để ký tay.",
        ),
        closing=(
            f"Mã mời chỉ dành cho {you} và hết hiệu lực sau ngày {last_day}. Cơ quan không yêu cầu mật khẩu, "
            "thông tin ngân hàng, chuyển tiền hoặc cài ứng dụng.",
            f"Trường hợp đã thực hiện, đã ngừng hoạt động hoặc không thuộc nhóm nêu trên, đề nghị {you} báo "
            f"{sender.short_name}{call} để cập nhật danh sách.",
            f"Trân trọng cảm ơn sự phối hợp của {you}./.",
        ),
        copies=_copies(recipient),
        signing_title=sender.signing_title,
        mark=f"Đợt vận động {sender.quarter.vietnamese} · Thư {number}/{total}",
    )


def _about(recipient: Recipient, sender: Sender) -> str:
    if not recipient.pledges:
        return f"V/v xác nhận đã nhận văn bản, {sender.quarter.vietnamese}"
    return f"V/v mời ký cam kết không kinh doanh, không quảng cáo hàng giả, {sender.quarter.vietnamese}"


def _opening(recipient: Recipient, sender: Sender, you: str) -> list[str]:
    agency = sender.agency.name
    items = []
    if recipient.pledges:
        groups = "; ".join(recipient.pledges)
        items.append(f"- Ký bản cam kết không kinh doanh, không quảng cáo hàng giả, với tư cách: {groups};")
    items += [f"- Xác nhận đã nhận {document} của {sender.short_name};" for document in recipient.documents]
    items[-1] = items[-1].removesuffix(";") + "."
    return [
        f"Thực hiện {sender.plan}, {agency} trân trọng mời {you}:",
        *items,
        f"Đề nghị {you} hoàn thành chậm nhất ngày {recipient.ask.shown_day:%d/%m/%Y}.",
    ]


def _you(entity: Entity) -> str:
    return "Ông/Bà" if entity.kind is EntityKind.PERSON else "quý đơn vị"


def _addressee(entity: Entity) -> str:
    # A household business is registered under its owner and still bears a name of its own.
    is_person = entity.kind is EntityKind.PERSON and not entity.name_fold.startswith(("ho kinh doanh", "hkd "))
    return f"Ông/Bà {entity.name}" if is_person else entity.name


def _place(recipient: Recipient, province: Province) -> str:
    if recipient.commune is None or recipient.entity.location is not Location.LOCAL:
        return ""
    name = recipient.commune.name
    return f"{name[:1].upper()}{name[1:]}, {province.name}"


def _address_lines(recipient: Recipient, province: Province) -> tuple[str, ...]:
    return tuple(filter(None, (recipient.entity.address, _place(recipient, province))))


def _helper(recipient: Recipient, sender: Sender) -> str:
    """Who helps to sign by hand: the commune, or for those elsewhere the agency itself."""
    if recipient.commune is None or recipient.entity.location is not Location.LOCAL:
        return sender.agency.name
    return f"UBND {recipient.commune.name}"


def _copies(recipient: Recipient) -> tuple[str, ...]:
    local = recipient.commune is not None and recipient.entity.location is Location.LOCAL
    commune = (f"UBND {recipient.commune.name} (để phối hợp)",) if local and recipient.commune else ()
    return ("Như trên", *commune, "Lưu: VT")


def bundle_of(session: Session, sender: Sender, ask_ids: Sequence[uuid.UUID]) -> Bundle:
    """The list before the letters. Only names and places are read, so that thousands need little room."""
    found = {
        row.id: row
        for start in range(0, len(ask_ids), AT_ONCE)
        for row in session.execute(
            select(Ask.id, Entity.name, Entity.address, Entity.location, Commune.name.label("commune"))
            .join(Entity, (Entity.province_code == Ask.province_code) & (Entity.id == Ask.entity_id))
            .outerjoin(Commune, (Commune.province_code == Entity.province_code) & (Commune.code == Entity.commune_code))
            .where(Ask.province_code == sender.round.province_code, Ask.id.in_(ask_ids[start : start + AT_ONCE]))
        )
    }
    groups = []
    number = 0
    for place, ids in groupby(ask_ids, key=lambda ask_id: _heading(found[ask_id])):
        lines = []
        for ask_id in ids:
            number += 1
            lines.append(Line(number, found[ask_id].name, found[ask_id].address or NO_ADDRESS))
        groups.append(Group(f"{place}: {len(lines)} thư", tuple(lines)))
    return Bundle(
        agency=sender.agency.name,
        title="PHIẾU GỬI THƯ MỜI KÝ CAM KẾT",
        subtitle=f"Đợt vận động {sender.quarter.vietnamese} · {number} thư",
        notes=("In một mặt. Thư xếp theo đúng thứ tự của phiếu này; số của thư in nhỏ ở cuối trang.",),
        groups=tuple(groups),
    )


def _heading(row: object) -> str:
    name: str | None = getattr(row, "commune", None)
    if name is None or getattr(row, "location", None) is not Location.LOCAL:
        return "Ngoài tỉnh, thành phố hoặc chưa rõ địa bàn"
    return f"{name[:1].upper()}{name[1:]}"
