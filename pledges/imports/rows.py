"""One row of a list as a subject: what each column means, and what a row says once it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from pledges.core.errors import N_
from pledges.core.identity import ChannelAddress
from pledges.core.secrecy import Vault
from pledges.imports.cells import Unread
from pledges.registry.models import EntityKind, Location


class Field(StrEnum):
    """What a column can mean."""

    NAME = "name"
    SUBJECT_TYPE = "subject_type"
    TAX_CODE = "tax_code"
    PERSONAL_NUMBER = "personal_number"
    ADDRESS = "address"
    COMMUNE = "commune"
    PROVINCE = "province"
    PHONE = "phone"
    EMAIL = "email"
    CHANNEL = "channel"
    APPEARED_ON = "appeared_on"
    REPRESENTATIVE = "representative"
    LICENCE = "licence"
    NOTE = "note"
    SIGNED_ON = "signed_on"
    PAPER_NUMBER = "paper_number"
    SIGNER = "signer"
    IGNORE = "ignore"

    @property
    def label(self) -> str:
        """A message: what people choose from."""
        return _LABELS[self]


_LABELS = {
    Field.NAME: N_("Tên"),
    Field.SUBJECT_TYPE: N_("Nhóm đối tượng"),
    Field.TAX_CODE: N_("Mã số thuế"),
    Field.PERSONAL_NUMBER: N_("Số định danh cá nhân"),
    Field.ADDRESS: N_("Địa chỉ"),
    Field.COMMUNE: N_("Xã, phường, đặc khu"),
    Field.PROVINCE: N_("Tỉnh, thành phố"),
    Field.PHONE: N_("Điện thoại"),
    Field.EMAIL: N_("Thư điện tử"),
    Field.CHANNEL: N_("Kênh: trang web, gian hàng, tài khoản"),
    Field.APPEARED_ON: N_("Ngày bắt đầu hoạt động"),
    Field.REPRESENTATIVE: N_("Người đại diện"),
    Field.LICENCE: N_("Số giấy phép, giấy đăng ký"),
    Field.NOTE: N_("Ghi chú"),
    Field.SIGNED_ON: N_("Ngày ký"),
    Field.PAPER_NUMBER: N_("Số bản cam kết giấy"),
    Field.SIGNER: N_("Người ký"),
    Field.IGNORE: N_("Không dùng cột này"),
}


@dataclass(frozen=True)
class ParsedRow:
    kind: EntityKind
    name: str
    subject_types: tuple[str, ...]
    tax_code: str | None = None
    personal_number: str | None = None
    province_code: str | None = None
    """Where the address lies today; None: it cannot be told."""
    province_certain: bool = False
    commune_code: str | None = None
    location: Location = Location.LOCAL
    country: str = "VN"
    place_note: str = ""
    """A message: why province or commune are open."""
    address: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    channels: tuple[ChannelAddress, ...] = ()
    appeared_on: date | None = None
    signed_on: date | None = None
    paper_number: str = ""
    signer: str = ""
    representative: str = ""
    licence: str = ""
    note: str = ""
    unread: tuple[Unread, ...] = ()
    refusal: tuple[str, Mapping[str, Any]] | None = None
    """Why the row cannot be used at all: a message and its params."""

    def to_json(self, vault: Vault) -> dict[str, Any]:
        """For the database: the personal number encrypted, the rest plain."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, data: Mapping[str, Any], vault: Vault) -> ParsedRow:
        raise NotImplementedError


def parse_row(
    cells: Sequence[str], mapping: Mapping[int, Field], *, province_code: str, subject_type: str
) -> ParsedRow:
    """What a row says, in a list of `province_code` about `subject_type`; never raises.

    Several columns may mean the same field; columns count from 0.
    """
    raise NotImplementedError
