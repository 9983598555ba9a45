"""Forms about one entity: each on a page of its own, so that what was typed stays whatever was wrong."""

from __future__ import annotations

from typing import Any

from pledges.core.channels import LONGEST_TYPED
from pledges.core.identity import (
    ChannelAddress,
    canonical_channel,
    parse_email,
    parse_personal_number,
    parse_phone,
    parse_tax_code,
)
from pledges.core.text import clean_line
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.models import EntityKind, Location
from pledges.web.components import PageForm
from pledges.web.fields import (
    AgreeField,
    Choice,
    ChoiceField,
    ChoicesField,
    DateField,
    LongTextField,
    RowsField,
    SearchChoiceField,
    SelectField,
    TextField,
    lazy,
)

KINDS = (
    Choice(EntityKind.ORGANISATION.value, lazy("Tổ chức, hộ kinh doanh")),
    Choice(EntityKind.PERSON.value, lazy("Cá nhân")),
)
LOCATIONS = (
    Choice(Location.LOCAL.value, lazy("Trong tỉnh, thành phố này, hoặc chưa rõ")),
    Choice(Location.ELSEWHERE.value, lazy("Ở tỉnh, thành phố khác")),
    Choice(Location.ABROAD.value, lazy("Ở nước ngoài")),
)


def type_choices() -> list[Choice]:
    """Every subject type under the heading of its group."""
    choices, heading = [], ""
    for info in SUBJECT_TYPES.values():
        choices.append(Choice(info.code, lazy(info.label), group=lazy(info.group) if info.group != heading else ""))
        heading = info.group
    return choices


def _name(typed: str) -> str:
    return clean_line(typed, most=200)


def _address(typed: str) -> str:
    return clean_line(typed, most=300)


def _link(typed: str) -> str:
    return clean_line(typed, most=LONGEST_TYPED)


def channel(typed: str) -> ChannelAddress:
    return canonical_channel(clean_line(typed, most=LONGEST_TYPED))


def _shown(address: Any) -> str:
    return address if isinstance(address, str) else str(address.display)


class NameForm(PageForm):
    name = TextField(
        lazy("Tên đầy đủ"),
        hint=lazy("Tên cũ vẫn được giữ để tìm lại."),
        clean=_name,
        autocomplete="off",
    )


class TypesForm(PageForm):
    types = ChoicesField(
        lazy("Nhóm đối tượng"),
        hint=lazy("Nghĩa vụ được tính lại theo nhóm; điều đã có người quyết định thì giữ nguyên."),
        required=lazy("Hãy đánh dấu ít nhất một nhóm đối tượng."),
    )

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.types.choices = type_choices()


class IdentifiersForm(PageForm):
    kind = ChoiceField(lazy("Loại"), choices=KINDS)
    tax_code = TextField(lazy("Mã số thuế"), clean=parse_tax_code, required=False, width="20", autocomplete="off")
    personal_number = TextField(
        lazy("Số định danh cá nhân"),
        hint=lazy("12 chữ số. Để trống thì giữ số đang lưu; không ai xem lại được số này."),
        clean=parse_personal_number,
        required=False,
        width="20",
        inputmode="numeric",
        autocomplete="off",
    )
    forget = AgreeField(lazy("Xóa số định danh đang lưu"), required=False)


class PlaceForm(PageForm):
    location = ChoiceField(lazy("Trụ sở hoặc nơi ở"), choices=LOCATIONS)
    commune = SearchChoiceField(
        lazy("Xã, phường, đặc khu"), hint=lazy("Tìm theo tên hiện nay hoặc tên cũ."), required=False
    )
    address = TextField(lazy("Địa chỉ"), clean=_address, required=False, autocomplete="off")


class ContactForm(PageForm):
    kind = ChoiceField(
        lazy("Loại liên hệ"),
        choices=(Choice("phone", lazy("Điện thoại")), Choice("email", lazy("Thư điện tử"))),
    )
    value = TextField(lazy("Số điện thoại hoặc địa chỉ thư"), autocomplete="off", inputmode="email")
    formal = AgreeField(lazy("Công văn, giấy mời gửi tới đây"), required=False)
    holder = TextField(
        lazy("Của ai"), hint=lazy("Ví dụ: kế toán, chủ cửa hàng."), clean=_name, required=False, autocomplete="off"
    )

    def parsed(self) -> str:
        """Raises `DomainError` where it is no such thing."""
        parse = parse_email if self.kind.data == "email" else parse_phone
        return parse(self.value.data, field="value")


class OneContactForm(PageForm):
    formal = AgreeField(lazy("Công văn, giấy mời gửi tới đây"), required=False)
    holder = TextField(lazy("Của ai"), clean=_name, required=False, autocomplete="off")


class ChannelForm(PageForm):
    channels = TextField(
        lazy("Địa chỉ kênh"),
        hint=lazy("Trang web, ứng dụng, gian hàng hoặc tài khoản, ví dụ vidu.vn hoặc facebook.com/tentrang."),
        clean=channel,
        show=_shown,
        inputmode="url",
        autocomplete="off",
    )
    appeared_on = DateField(
        lazy("Có từ ngày"),
        hint=lazy("Ngày thông báo website, ngày đăng ký tên miền; chưa rõ thì bỏ trống."),
        required=False,
    )
    link = TextField(lazy("Đường dẫn làm căn cứ"), clean=_link, required=False, inputmode="url", autocomplete="off")


class CorrectChannelForm(PageForm):
    channel = TextField(lazy("Địa chỉ đúng"), clean=channel, show=_shown, inputmode="url", autocomplete="off")


class DeadChannelForm(PageForm):
    dead_since = DateField(
        lazy("Không mở được từ ngày"),
        hint=lazy("Để trống nếu kênh mở được. Việc này chưa đưa đối tượng ra ngoài diện ký."),
        required=False,
    )


class SightingForm(PageForm):
    about = SelectField(lazy("Về"), empty=lazy("Cả đối tượng"), required=False)
    seen_on = DateField(lazy("Ngày thấy"))
    appeared_on = DateField(
        lazy("Bắt đầu hoạt động từ ngày"),
        hint=lazy(
            "Khi có căn cứ: giấy phép, thông báo, ngày đăng ký tên miền. "
            "Ngày này quyết định là hoạt động từ trước hay mới phát sinh."
        ),
        required=False,
    )
    source_name = TextField(
        lazy("Theo nguồn nào"),
        hint=lazy("Tên danh sách, văn bản hoặc người cho biết."),
        clean=_name,
        required=False,
        autocomplete="off",
    )
    link = TextField(lazy("Đường dẫn"), clean=_link, required=False, inputmode="url", autocomplete="off")
    note = LongTextField(lazy("Ghi chú"), required=False, rows=3)


class NewEntityForm(PageForm):
    kind = ChoiceField(lazy("Loại"), choices=KINDS)
    name = TextField(lazy("Tên đầy đủ"), clean=_name, autocomplete="off")
    types = ChoicesField(lazy("Nhóm đối tượng"), required=lazy("Hãy đánh dấu ít nhất một nhóm đối tượng."))
    tax_code = TextField(lazy("Mã số thuế"), clean=parse_tax_code, required=False, width="20", autocomplete="off")
    personal_number = TextField(
        lazy("Số định danh cá nhân"),
        hint=lazy("12 chữ số, chỉ khi cần để phân biệt. Được mã hóa, không hiện lại."),
        clean=parse_personal_number,
        required=False,
        width="20",
        inputmode="numeric",
        autocomplete="off",
    )
    location = ChoiceField(lazy("Trụ sở hoặc nơi ở"), choices=LOCATIONS)
    commune = SearchChoiceField(
        lazy("Xã, phường, đặc khu"), hint=lazy("Tìm theo tên hiện nay hoặc tên cũ."), required=False
    )
    address = TextField(lazy("Địa chỉ"), clean=_address, required=False, autocomplete="off")
    channels = RowsField(
        lazy("Trang web, gian hàng, tài khoản"),
        row_label=lazy("Kênh"),
        clean=channel,
        show=_shown,
        required=False,
        inputmode="url",
    )
    phone = TextField(lazy("Điện thoại"), clean=parse_phone, required=False, width="20", autocomplete="off")
    email = TextField(lazy("Thư điện tử"), clean=parse_email, required=False, inputmode="email", autocomplete="off")
    seen_on = DateField(lazy("Ngày thấy"), hint=lazy("Ngày biết đến đối tượng này, ví dụ hôm nay."))
    appeared_on = DateField(
        lazy("Bắt đầu hoạt động từ ngày"),
        hint=lazy("Khi có căn cứ: giấy phép, thông báo, ngày đăng ký tên miền. Chưa rõ thì bỏ trống."),
        required=False,
    )
    source_name = TextField(
        lazy("Theo nguồn nào"),
        hint=lazy("Tên danh sách, văn bản hoặc người cho biết."),
        clean=_name,
        required=False,
        autocomplete="off",
    )
    link = TextField(lazy("Đường dẫn làm căn cứ"), clean=_link, required=False, inputmode="url", autocomplete="off")

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.types.choices = type_choices()


class PlainForm(PageForm):
    """Nothing but a press."""
