"""The forms of the signer's pages. What is right or wrong is decided by `signing.answers`; a field here only shows
what was typed and the refusal that belongs to it."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField

from pledges.core.errors import DomainError
from pledges.registry.models import EntityKind, Location
from pledges.signing.answers import (
    EXTRA_FIELDS,
    AnswerErrors,
    Group,
    channel_required,
    needs_personal_number,
    possible_kinds,
    tax_code_required,
)
from pledges.signing.rules import MOST_CHANNELS
from pledges.web.components import PageForm
from pledges.web.fields import (
    AgreeField,
    Choice,
    ChoiceField,
    ChoicesField,
    CodeField,
    EmailField,
    RowsField,
    SearchChoiceField,
    SelectField,
    TextField,
    lazy,
)


class DomainForm(PageForm):
    """A form whose answers the domain judges, so that a page, a resumed draft and the act of signing judge alike."""

    def validate(self, extra_validators: Any = None) -> bool:
        """Only the token is checked here; asking for one more row or for a search is no submission yet."""
        changed = [field.change_shape() for field in self if hasattr(field, "change_shape")]
        if any(changed):
            return False
        token = self._fields.get("csrf_token")
        return token is None or bool(token.validate(self))


class AnswerForm(DomainForm):
    """A page of the form; `draft` says which draft it belongs to, also after the session is gone."""

    draft = HiddenField()

    def close_all_but(self, names: frozenset[str]) -> None:
        """Take away the questions that may not be answered here: what is sent for them is not read."""
        for name in [*self._fields]:
            if name not in names and name not in {"draft", "csrf_token"}:
                del self[name]

    def has_all(self, errors: AnswerErrors) -> bool:
        """Whether there is a field for every refusal."""
        return all(name.partition("-")[0] in self for name in errors.errors)

    def show_errors(self, errors: AnswerErrors) -> None:
        for name, error in errors.errors.items():
            base, _, row = name.partition("-")
            field = self._fields.get(base)
            if isinstance(field, RowsField) and row.isdecimal():
                field.show_row_error(int(row), error)
            else:
                self.refuse(DomainError(error.message, field=base, **error.params))


class GroupForm(AnswerForm):
    start = HiddenField()
    province = HiddenField()
    email = EmailField(
        lazy("Thư điện tử của bạn"),
        hint=lazy("Chúng tôi gửi mã xác nhận và mã hồ sơ tới địa chỉ này. Không dùng để quảng cáo."),
    )
    subject_type = ChoiceField(lazy("Bạn ký với tư cách nào?"))

    def for_somebody_else(self) -> None:
        """Filled in beside a signer who may have no address."""
        self.email.label.text = lazy("Thư điện tử của người ký")
        self.email.hint = lazy("Đọc lại từng chữ cho người ký nghe; kết quả được gửi tới đây. Không có thì để trống.")
        self.email.required = False
        self.email.autocomplete = "off"
        self.subject_type.label.text = lazy("Người ký với tư cách nào?")


class MoreGroupsForm(AnswerForm):
    more_types = ChoicesField(lazy("Ký thêm cho nhóm nào?"))


class WhoForm(AnswerForm):
    kind = ChoiceField(lazy("Bạn ký cho ai?"))
    name = TextField(lazy("Tên"), autocomplete="off")
    stage_name = TextField(lazy("Nghệ danh hoặc tên kênh"), required=False, width="30")
    location = ChoiceField(
        lazy("Trụ sở hoặc nơi ở"),
        choices=(
            Choice(Location.LOCAL.value, lazy("Trong tỉnh, thành phố này")),
            Choice(Location.ELSEWHERE.value, lazy("Ở tỉnh, thành phố khác của Việt Nam")),
            Choice(Location.ABROAD.value, lazy("Ở nước ngoài")),
        ),
    )
    home_province = SelectField(lazy("Tỉnh, thành phố (nếu ở nơi khác)"))
    country = SelectField(lazy("Quốc gia (nếu ở nước ngoài)"))
    tax_code = TextField(
        lazy("Mã số thuế"),
        hint=lazy("10 số, hoặc 13 số với đơn vị phụ thuộc, ví dụ 0101234567-001."),
        required=False,
        width="20",
        inputmode="text",
    )
    personal_number = TextField(
        lazy("Số định danh cá nhân"),
        hint=lazy("12 chữ số trên thẻ căn cước. Được mã hóa; bản cam kết chỉ in bốn số cuối."),
        width="20",
        inputmode="numeric",
    )
    profession = TextField(lazy("Chức danh chuyên môn"), hint=lazy("Ví dụ: bác sĩ, dược sĩ, giảng viên."))
    workplace = TextField(lazy("Nơi công tác"))
    licence_number = TextField(
        lazy("Số giấy phép"),
        hint=lazy("Giấy phép hành nghề hoặc giấy phép hoạt động, nếu có."),
        required=False,
        width="30",
    )
    platform_name = TextField(lazy("Tên sàn, nền tảng hoặc mạng xã hội"))
    goods = TextField(lazy("Ngành hàng chính"), hint=lazy("Ví dụ: thực phẩm, mỹ phẩm, quần áo."))

    def fit(
        self, group: Group, *, extra_fields: tuple[str, ...], countries: dict[str, str], provinces: dict[str, str]
    ) -> None:
        """Keep only the questions that this group is asked."""
        kinds = possible_kinds(group)
        labels = {
            EntityKind.ORGANISATION: Choice("organisation", lazy("Tổ chức, doanh nghiệp hoặc hộ kinh doanh")),
            EntityKind.PERSON: Choice("person", lazy("Cá nhân tôi")),
        }
        self.kind.choices = tuple(labels[kind] for kind in kinds)
        self.home_province.choices = tuple(Choice(code, name) for code, name in provinces.items())
        self.country.choices = tuple(Choice(code, name) for code, name in countries.items())
        if kinds == (EntityKind.PERSON,):
            self.name.label.text = lazy("Họ và tên")
            self.name.autocomplete = "name"
        elif kinds == (EntityKind.ORGANISATION,):
            self.name.label.text = lazy("Tên đầy đủ của đơn vị")
            self.name.autocomplete = "organization"
        else:
            self.name.label.text = lazy("Tên đầy đủ của đơn vị, hoặc họ và tên của bạn")
        self.tax_code.required = all(tax_code_required(group, kind) for kind in kinds)
        if not self.tax_code.required and tax_code_required(group, EntityKind.ORGANISATION):
            self.tax_code.hint = lazy("Bắt buộc với tổ chức. 10 số, hoặc 13 số với đơn vị phụ thuộc.")
        dropped = set(EXTRA_FIELDS) - set(extra_fields)
        if len(kinds) == 1:
            dropped.add("kind")
        if needs_personal_number(group):
            self.tax_code.hint = lazy(
                "Điền mã số thuế hoặc mã số hộ kinh doanh; nếu chưa có, điền số định danh cá nhân ở dưới."
            )
            self.tax_code.required = self.personal_number.required = False
        else:
            dropped.add("personal_number")
        if kinds == (EntityKind.PERSON,):
            dropped.add("tax_code")
        for name in dropped:
            del self[name]


class PlaceForm(AnswerForm):
    commune = SearchChoiceField(
        lazy("Xã, phường hoặc đặc khu"),
        hint=lazy("Gõ tên hiện nay hoặc tên cũ, không dấu cũng được, rồi chọn trong danh sách."),
    )
    address = TextField(
        lazy("Địa chỉ liên hệ"),
        hint=lazy("Số nhà, đường, thôn. Không công khai."),
        required=False,
        autocomplete="street-address",
    )
    phone = TextField(
        lazy("Điện thoại"),
        hint=lazy("Không công khai."),
        required=False,
        width="20",
        inputmode="tel",
        autocomplete="tel",
    )
    channels = RowsField(
        lazy("Trang web, ứng dụng, gian hàng, tài khoản"),
        hint=lazy("Dán đường dẫn hoặc gõ tên miền, mỗi dòng một kênh. Ví dụ: tenshop.vn, facebook.com/tentrang."),
        row_label=lazy("Kênh"),
        most=MOST_CHANNELS,
        add_label=lazy("Thêm một kênh"),
        inputmode="url",
        required=False,
    )
    started_on = TextField(
        lazy("Hoạt động từ khi nào?"),
        hint=lazy("Ngày hoặc tháng bắt đầu bán hàng, đăng bài, ví dụ 15/04/2026 hoặc 04/2026."),
        required=False,
        width="20",
    )

    def fit(self, group: Group, *, local: bool) -> None:
        self.channels.required = channel_required(group)
        if not local:
            del self["commune"]
            self.address.required = True


class SignerForm(AnswerForm):
    name = TextField(lazy("Họ và tên người ký"), autocomplete="name")
    title = TextField(lazy("Chức vụ"), hint=lazy("Ví dụ: Giám đốc, Chủ hộ kinh doanh."))
    authority = AgreeField(lazy("Tôi có quyền đại diện cho đơn vị để ký bản cam kết này."))
    of_age = ChoiceField(
        lazy("Bạn đã đủ 18 tuổi chưa?"),
        choices=(Choice("yes", lazy("Đã đủ 18 tuổi")), Choice("no", lazy("Chưa đủ 18 tuổi"))),
    )
    representative_name = TextField(lazy("Họ và tên người đại diện"))
    representative_relation = TextField(
        lazy("Quan hệ với bạn"), hint=lazy("Ví dụ: mẹ, cha, người giám hộ."), width="20"
    )
    representative_email = EmailField(
        lazy("Thư điện tử của người đại diện"),
        hint=lazy("Người đại diện nhận mã riêng để cùng xác nhận."),
        autocomplete="off",
    )

    def fit(self, *, person: bool, by_hand: bool = False) -> None:
        self.representative_email.required = not by_hand
        dropped = (
            ("name", "title", "authority")
            if person
            else ("of_age", "representative_name", "representative_relation", "representative_email")
        )
        for name in dropped:
            del self[name]


class SignForm(AnswerForm):
    shown = HiddenField()
    consent_processing = AgreeField(lazy("Tôi đồng ý để cơ quan xử lý dữ liệu cá nhân của tôi"))
    consent_publication = AgreeField(lazy("Tôi đồng ý công khai"), required=False)
    typed_name = TextField(lazy("Gõ họ và tên của bạn để ký"), autocomplete="off")
    code = CodeField(lazy("Mã xác nhận trong thư gửi tới bạn"))
    representative_code = CodeField(lazy("Mã xác nhận trong thư gửi tới người đại diện"))

    def fit(self, consents: dict[str, str], *, under_age: bool) -> None:
        """`consents` are the sentences of the texts themselves, by field; nothing else is asked for."""
        for name in ("consent_processing", "consent_publication"):
            if name in consents:
                self[name].label.text = consents[name]
            else:
                del self[name]
        if not under_age:
            del self["representative_code"]


class ResumeForm(DomainForm):
    email = EmailField(lazy("Thư điện tử bạn đã khai"))
    resume_code = TextField(
        lazy("Mã tiếp tục"),
        hint=lazy("12 chữ và số hiện ở trang đầu, ví dụ 7KXA-3QEM-9DTW."),
        width="20",
        autocomplete="off",
    )


class ActForm(DomainForm):
    """A page with a button and nothing to fill in."""

    draft = HiddenField()


class ReferenceForm(DomainForm):
    reference = TextField(
        lazy("Mã hồ sơ"),
        hint=lazy("Có dạng CK-46-2026-7KXA3Q, in trên bản cam kết và trong thư của chúng tôi."),
        width="30",
        autocomplete="off",
    )


class ShortCodeForm(DomainForm):
    short_code = TextField(
        lazy("Mã mời"),
        hint=lazy("8 chữ và số in trong thư mời, ví dụ 7KXA-3QEM. Chữ hoa, chữ thường đều được."),
        width="20",
        autocomplete="off",
    )


class AskCodeForm(DomainForm):
    code = CodeField(lazy("Mã trong thư"))


class FileCodeForm(DomainForm):
    code = CodeField(lazy("Mã trong thư"))
