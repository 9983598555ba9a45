"""The form of a report, for citizens and for communes, and what is done with it before anything is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from wtforms import HiddenField

from pledges.core.calendar import local_day
from pledges.core.channels import LONGEST_TYPED
from pledges.core.text import clean_block, clean_line
from pledges.core.tokens import Tokens
from pledges.tips import rules
from pledges.tips.proof import Stamp, new_stamp, read_stamp, seal_stamp
from pledges.tips.rules import SUBJECTS, Report, check_report
from pledges.web.communes import let_search
from pledges.web.components import PageForm
from pledges.web.current import now, product
from pledges.web.fields import (
    AgreeField,
    Choice,
    ChoiceField,
    DateField,
    HoneypotField,
    LongTextField,
    SearchChoiceField,
    TextField,
    lazy,
)
from pledges.web.picture_fields import PicturesField, keep_pictures, kept_pictures, seal_pictures


def _line(most: int) -> Callable[[str], str]:
    return lambda typed: clean_line(typed, most=most)


class TipForm(PageForm):
    what = ChoiceField(
        lazy("Bạn muốn báo về điều gì?"),
        required=lazy("Hãy chọn bạn muốn báo về điều gì; nếu không chắc, hãy chọn “Không rõ”."),
        choices=[Choice(each.code, lazy(each.label), lazy(each.hint) if each.hint else "") for each in SUBJECTS],
    )
    address = TextField(
        lazy("Địa chỉ trang, tài khoản hoặc gian hàng"),
        hint=lazy("Dán đường dẫn bạn thấy, ví dụ facebook.com/tenpage. Chưa đúng dạng cũng không sao."),
        required=False,
        clean=_line(LONGEST_TYPED),
        inputmode="url",
        autocomplete="off",
    )
    name = TextField(
        lazy("Tên cửa hàng, công ty hoặc người đó"),
        hint=lazy("Như bạn thấy trên trang, trên biển hiệu."),
        required=False,
        clean=clean_line,
        autocomplete="off",
    )
    commune = SearchChoiceField(
        lazy("Ở xã, phường, đặc khu nào"),
        hint=lazy("Gõ tên hiện nay hoặc tên cũ, viết không dấu cũng được. Không rõ thì bỏ trống."),
        required=False,
    )
    place = TextField(
        lazy("Nơi nhìn thấy"),
        hint=lazy("Ví dụ tên đường, tên chợ, hoặc phát trực tiếp lúc 20 giờ."),
        required=False,
        clean=_line(rules.LONGEST_PLACE),
        autocomplete="off",
    )
    seen_on = DateField(lazy("Ngày nhìn thấy"))
    link = TextField(
        lazy("Đường dẫn tới bài đăng, quảng cáo"),
        required=False,
        clean=rules.check_link,
        inputmode="url",
        autocomplete="off",
    )
    note = LongTextField(
        lazy("Bạn thấy gì"),
        hint=lazy("Viết ngắn gọn điều bạn thấy: bán gì, quảng cáo thế nào."),
        required=False,
        rows=4,
        clean=lambda typed: clean_block(typed, most=rules.LONGEST_NOTE),
    )
    pictures = PicturesField(
        lazy("Ảnh chụp"),
        hint=lazy("Nhiều nhất 3 ảnh JPEG, PNG hoặc WebP, mỗi ảnh không quá 10 MB. Nơi chụp ghi trong ảnh bị xóa."),
        most=rules.MOST_PICTURES,
        required=False,
    )
    drop = AgreeField(lazy("Bỏ các ảnh đã gửi"), required=False)
    kept = HiddenField()
    stamp = HiddenField()

    def begin(self, province_code: str, commune_code: str | None = None) -> None:
        """Tie the form to a province; a fresh one gets today and its stamp."""
        let_search(self.commune, province_code)
        if not self.is_submitted():
            self.seen_on.data = local_day(now())
            self.commune.data = commune_code
            self.renew()

    @property
    def tokens(self) -> Tokens:
        return Tokens(product().settings.secret_key)

    @property
    def pictures_kept(self) -> Sequence[str]:
        return kept_pictures(self.tokens, self.kept.data)

    @property
    def own_stamp(self) -> Stamp | None:
        return read_stamp(self.tokens, self.stamp.data or "")

    def renew(self) -> None:
        """Make the form good for one report more."""
        self.stamp.data = seal_stamp(self.tokens, new_stamp(now()))

    def keep_pictures(self) -> None:
        """Store what was uploaded at once, so that it is still there when another field is wrong."""
        before = () if self.drop.data else self.pictures_kept
        self.drop.data = False
        kept = keep_pictures(self.pictures, before, product().storage) if self.pictures.sent else before
        self.kept.data = seal_pictures(self.tokens, kept)

    def report(self, province_code: str) -> Report:
        """What the valid form says; raises the refusals of the rules."""
        given: dict[str, Any] = {name: self[name].data or "" for name in ("address", "name", "place", "link", "note")}
        return check_report(
            province_code=province_code,
            subject=self.what.data,
            commune_code=self.commune.data or None,
            seen_on=self.seen_on.data,
            pictures=tuple(self.pictures_kept),
            today=local_day(now()),
            **given,
        )


class CitizenTipForm(TipForm):
    """With what slows machines down."""

    note = LongTextField(
        lazy("Bạn thấy gì"),
        hint=lazy("Viết ngắn gọn. Đừng ghi tên, số điện thoại hay thông tin riêng của bạn."),
        required=False,
        rows=4,
        clean=lambda typed: clean_block(typed, most=rules.LONGEST_NOTE),
    )
    work = HiddenField()
    website = HoneypotField()

    def renew(self) -> None:
        super().renew()
        self.work.data = ""
