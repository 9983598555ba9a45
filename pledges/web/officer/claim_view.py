"""What two subjects say of themselves, one beside the other."""

from __future__ import annotations

from flask_babel import gettext as _

from pledges.plans.queries import get_commune
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.models import Entity
from pledges.registry.queries import channels_of, contacts_of, types_of
from pledges.signing.claims import named_channels
from pledges.web.current import reader
from pledges.web.i18n import date_text, translate
from pledges.web.officer.entity_search import shown_tax_code


def lines_of(one: Entity, other: Entity) -> list[tuple[str, str, str]]:
    """What the two say, one beside the other."""
    left, right = _said(one), _said(other)
    return [(key, value or "–", right[key] or "–") for key, value in left.items() if value or right[key]]


def _said(entity: Entity) -> dict[str, str]:
    commune = get_commune(reader(), entity.province_code, entity.commune_code) if entity.commune_code else None
    known = [channel.address for channel in channels_of(reader(), entity)]
    channels = known or [row.address for row in named_channels(reader(), entity)]
    contacts = [contact.value for contact in contacts_of(reader(), entity) if contact.ended_at is None]
    number = f"••••••••{entity.personal_number_last4}" if entity.personal_number_last4 else ""
    types = "; ".join(translate(SUBJECT_TYPES[code].label) for code in types_of(reader(), entity))
    return {
        str(_("Tên")): entity.name,
        str(_("Nhóm đối tượng")): types,
        str(_("Mã số thuế")): shown_tax_code(entity),
        str(_("Số định danh cá nhân")): number,
        str(_("Xã, phường, đặc khu")): commune.name if commune is not None else "",
        str(_("Địa chỉ")): entity.address,
        str(_("Các kênh")): "; ".join(channels),
        str(_("Liên hệ")): "; ".join(contacts),
        str(_("Có trong danh sách từ")): date_text(entity.added_at),
    }
