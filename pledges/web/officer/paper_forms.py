"""Forms for pledges signed on paper."""

from __future__ import annotations

from wtforms import HiddenField

from pledges.core.identity import canonical_channel, clean_line, parse_tax_code
from pledges.core.tokens import Tokens
from pledges.documents.storage import Storage
from pledges.registry.models import EntityKind
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
from pledges.web.officer.decision_forms import SeenField
from pledges.web.picture_fields import PicturesField, keep_pictures, kept_pictures, seal_pictures

MOST_PICTURES = 5


class PictureForm(PageForm):
    """A form with pictures of a signed paper, which survive every mistake in the rest of it."""

    kept = HiddenField()
    pictures = PicturesField(
        lazy("Ảnh bản giấy"),
        hint=lazy("Mỗi trang một ảnh, chụp thẳng và rõ chữ ký; nhiều nhất 5 ảnh, mỗi ảnh không quá 10 MB."),
        most=MOST_PICTURES,
        required=False,
    )

    def keep(self, tokens: Tokens, storage: Storage) -> tuple[str, ...]:
        """The pictures that are there now: those of earlier tries and the good ones of this one."""
        before = kept_pictures(tokens, self.kept.data)
        found = keep_pictures(self.pictures, before, storage) if self.pictures.sent else before
        self.kept.data = seal_pictures(tokens, found)
        return found

    def number_kept(self, tokens: Tokens) -> int:
        return len(kept_pictures(tokens, self.kept.data))


class PaperForm(PictureForm):
    entry = ChoiceField(lazy("Bản giấy thực hiện nghĩa vụ nào"))
    subject_type = SelectField(lazy("Đối tượng ký với tư cách"))
    number = TextField(
        lazy("Số bản cam kết giấy"),
        hint=lazy("Đúng như trên giấy, ví dụ 12/CK. Để trống nếu giấy không ghi số."),
        required=False,
        clean=lambda typed: clean_line(typed, most=60),
        width="20",
    )
    signed_on = DateField(lazy("Ngày ký trên giấy"))
    signer_name = TextField(
        lazy("Người ký"),
        hint=lazy("Họ và tên dưới chữ ký."),
        clean=lambda typed: clean_line(typed, most=120),
        autocomplete="off",
    )
    channels = ChoicesField(
        lazy("Kênh ghi trên giấy"),
        hint=lazy("Không đánh dấu kênh nào thì bản giấy tính cho mọi kênh đang biết."),
        required=False,
    )
    confirmed = AgreeField(lazy("Tôi đã đối chiếu với bản giấy và xác nhận điều trên là đúng"), required=False)


class NewSubjectForm(PageForm):
    kind = ChoiceField(
        lazy("Loại"),
        choices=(
            Choice(EntityKind.ORGANISATION.value, lazy("Tổ chức, hộ kinh doanh")),
            Choice(EntityKind.PERSON.value, lazy("Cá nhân")),
        ),
    )
    name = TextField(lazy("Tên đầy đủ"), clean=lambda typed: clean_line(typed, most=200), autocomplete="off")
    subject_type = SelectField(lazy("Nhóm đối tượng"))
    tax_code = TextField(lazy("Mã số thuế"), clean=parse_tax_code, required=False, width="20")
    commune = SearchChoiceField(lazy("Xã, phường, đặc khu"), required=False)
    address = TextField(
        lazy("Địa chỉ"), clean=lambda typed: clean_line(typed, most=300), required=False, autocomplete="off"
    )
    channels = RowsField(
        lazy("Trang web, gian hàng, tài khoản"),
        hint=lazy("Như ghi trên bản giấy, mỗi dòng một kênh."),
        row_label=lazy("Kênh"),
        clean=canonical_channel,
        show=lambda channel: channel if isinstance(channel, str) else channel.display,
        required=False,
        inputmode="url",
    )


class RemoveForm(PageForm):
    seen = SeenField()
    reason = LongTextField(
        lazy("Vì sao xóa ghi nhận"),
        hint=lazy("Ví dụ: ghi nhầm đối tượng. Chỉ cán bộ trong cơ quan đọc được."),
        required=lazy("Hãy ghi vì sao xóa ghi nhận, để người sau hiểu."),
        rows=3,
    )
