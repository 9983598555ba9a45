"""Refusing a tax code, a number or a channel that the register has as another's; the page leads there."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from pledges.core.errors import N_, DomainError
from pledges.core.identity import ChannelAddress
from pledges.core.secrecy import Vault
from pledges.registry.matching import survivor
from pledges.registry.models import Entity
from pledges.registry.queries import find_by_number_hash, find_by_tax_code, find_channel


class AlreadyRegistered(DomainError):
    """What was typed is in the register of this province already, as `entity`'s. Only for staff: it names the other."""

    def __init__(self, message: str, entity: Entity, *, field: str, **params: Any) -> None:
        super().__init__(message, field=field, name=entity.name, **params)
        self.entity = entity


def refuse_tax_code(session: Session, province_code: str, tax_code: str | None, *, own: Entity | None = None) -> None:
    found = find_by_tax_code(session, province_code, tax_code) if tax_code else None
    if found is not None and (own is None or found.id != own.id):
        raise AlreadyRegistered(
            N_("Mã số thuế %(code)s đã có trong danh sách, của “%(name)s”. Hãy mở đối tượng đó để bổ sung."),
            found,
            field="tax_code",
            code=tax_code,
        )


def refuse_personal_number(
    session: Session, province_code: str, number: str | None, vault: Vault, *, own: Entity | None = None
) -> None:
    if number:
        refuse_number_hash(session, province_code, vault.keyed_hash("personal_number", number), own=own)


def refuse_number_hash(session: Session, province_code: str, number_hash: str, *, own: Entity | None = None) -> None:
    found = find_by_number_hash(session, province_code, number_hash)
    if found is not None and (own is None or found.id != own.id):
        raise AlreadyRegistered(
            N_("Số định danh cá nhân này đã có trong danh sách, của “%(name)s”. Hãy mở đối tượng đó để bổ sung."),
            found,
            field="personal_number",
        )


def refuse_channel(session: Session, province_code: str, address: ChannelAddress, *, own: Entity | None = None) -> None:
    channel = find_channel(session, province_code, address.address)
    if channel is None or channel.entity_id is None:
        return
    found = survivor(session, session.get_one(Entity, (province_code, channel.entity_id)))
    if own is None or found.id != own.id:
        raise AlreadyRegistered(
            N_("Kênh %(address)s đã có trong danh sách, của “%(name)s”. Hãy mở đối tượng đó để bổ sung."),
            found,
            field="channels",
            address=address.display,
        )
