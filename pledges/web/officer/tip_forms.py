"""Forms of the decisions about one report. Several stand on one page, so their controls have ids of their own."""

from __future__ import annotations

import uuid

from wtforms import HiddenField

from pledges.core.channels import LONGEST_TYPED
from pledges.core.identity import ChannelAddress, canonical_channel
from pledges.core.text import clean_block, clean_line
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.models import EntityKind, Location
from pledges.tips.deciding import Finding, Page
from pledges.tips.models import Tip, TipSource
from pledges.tips.queries import MOST_TOGETHER
from pledges.tips.rules import LONGEST_PLACE, LONGEST_REASON
from pledges.web.fields import Choice, ChoiceField, ChoicesField, LongTextField, SearchChoiceField, TextField, lazy
from pledges.web.officer.decision_forms import DecisionForm


def _channel(typed: str) -> ChannelAddress:
    return canonical_channel(clean_line(typed, most=LONGEST_TYPED))


class TipDecisionForm(DecisionForm):
    """`together`: the other reports about the same address that stood on the page."""

    together = HiddenField()

    def page(self) -> Page:
        ids = []
        for each in (self.together.data or "").split(",")[:MOST_TOGETHER]:
            try:
                ids.append(uuid.UUID(each))
            except ValueError:
                continue
        return Page(self.seen.data, tuple(ids))


class ConfirmForm(TipDecisionForm):
    name = TextField(
        lazy("Tên đối tượng"),
        hint=lazy("Tên của chủ trang, cửa hàng, công ty hoặc người đó. Trang web chưa rõ chủ thì bỏ trống."),
        required=False,
        clean=clean_line,
        autocomplete="off",
        id="confirm-name",
    )
    kind = ChoiceField(
        lazy("Đối tượng là"),
        choices=[
            Choice(EntityKind.ORGANISATION.value, lazy("Tổ chức, hộ kinh doanh")),
            Choice(EntityKind.PERSON.value, lazy("Cá nhân")),
        ],
        id="confirm-kind",
    )
    types = ChoicesField(
        lazy("Nhóm đối tượng"),
        required=False,
        choices=[Choice(info.code, lazy(info.label)) for info in SUBJECT_TYPES.values()],
        id="confirm-types",
    )
    channels = TextField(
        lazy("Kênh"),
        hint=lazy("Địa chỉ trang chính của kênh. Nếu tin báo ghi chưa đúng, hãy sửa ở đây."),
        required=False,
        clean=_channel,
        show=lambda channel: channel.display,
        inputmode="url",
        autocomplete="off",
        id="confirm-channels",
    )
    location = ChoiceField(
        lazy("Trụ sở hoặc nơi ở"),
        choices=[
            Choice(Location.LOCAL.value, lazy("Ở tỉnh, thành phố này, hoặc chưa rõ")),
            Choice(Location.ELSEWHERE.value, lazy("Ở tỉnh, thành phố khác")),
            Choice(Location.ABROAD.value, lazy("Ở nước ngoài")),
        ],
        id="confirm-location",
    )
    commune = SearchChoiceField(lazy("Xã, phường, đặc khu"), required=False, id="confirm-commune")
    address = TextField(
        lazy("Địa chỉ"),
        required=False,
        clean=lambda typed: clean_line(typed, most=LONGEST_PLACE),
        autocomplete="off",
        id="confirm-address",
    )

    def suggest(self, tip: Tip) -> None:
        """What the report says, to be corrected."""
        info = SUBJECT_TYPES.get(tip.subject_type)
        person = info is not None and info.person_or_organisation == "person"
        self.name.data = tip.name
        self.kind.data = (EntityKind.PERSON if person else EntityKind.ORGANISATION).value
        self.types.data = [tip.subject_type] if info is not None else []
        self.channels.data = tip.typed
        self.location.data = Location.LOCAL.value
        self.commune.data = tip.commune_code
        # Staff of a commune write down where somebody is to be found; a citizen, where something was seen.
        self.address.data = tip.place if tip.source is TipSource.COMMUNE else ""

    def finding(self) -> Finding:
        return Finding(
            name=self.name.data or "",
            kind=EntityKind(self.kind.data),
            subject_types=tuple(self.types.data or ()),
            channel=self.channels.data or None,
            location=Location(self.location.data),
            commune_code=self.commune.data or None,
            address=self.address.data or "",
        )


class MergeForm(TipDecisionForm):
    entity = SearchChoiceField(
        lazy("Đối tượng trong danh sách"),
        hint=lazy("Tìm theo tên, mã số thuế hoặc địa chỉ kênh."),
        required=lazy("Hãy tìm rồi chọn đối tượng mà tin báo nói đến."),
        id="merge-entity",
    )


class RejectTipForm(TipDecisionForm):
    reason = LongTextField(
        lazy("Lý do từ chối"),
        hint=lazy("Người báo tin đọc được nguyên văn bằng mã theo dõi. Đừng ghi thông tin riêng của ai."),
        required=lazy("Hãy viết lý do từ chối; người báo tin đọc được lý do này."),
        rows=3,
        clean=lambda typed: clean_block(typed, most=LONGEST_REASON),
        id="reject-reason",
    )


class ReopenForm(DecisionForm):
    """For what needs nothing but a press."""
