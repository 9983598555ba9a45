"""Pages for development only: the gallery of components and the mailbox of the mail folder."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from pledges.core.chart_figures import Chart, CoverageBars, CoverageByQuarter, Funnel, GroupCounts, Share, StackedGroups
from pledges.core.errors import N_, DomainError
from pledges.messaging.folder import FolderMail, read_mail_folder
from pledges.web.charts import chart_figure
from pledges.web.components import PageForm
from pledges.web.current import product
from pledges.web.fields import (
    AgreeField,
    Choice,
    ChoiceField,
    ChoicesField,
    CodeField,
    DateField,
    EmailField,
    HoneypotField,
    LongTextField,
    RowsField,
    SearchChoiceField,
    SelectField,
    TextField,
    UploadField,
    YesNoField,
)
from pledges.web.security import declare_audience, soft_csrf

blueprint = declare_audience(Blueprint("development", __name__), "public")


COMMUNES = (
    Choice("19753", "phường Thuận Hóa (ví dụ)", "trước đây: phường Vĩnh Ninh, phường Phú Hội"),
    Choice("19774", "phường Phú Xuân (ví dụ)", "trước đây: phường Đông Ba, phường Thuận Lộc"),
)

LONG_NAME = "Doanh nghiệp, hộ kinh doanh bán hàng trên sàn thương mại điện tử và mạng xã hội (ví dụ)"
CHARTS: dict[str, Chart] = {
    "duong-di": Funnel.of_round("Từ lời mời đến tiếp nhận (ví dụ)", (2000, 1893, 1402, 1010, 702, 650)),
    "ty-le": CoverageBars(
        "Tỷ lệ có cam kết theo nhóm (ví dụ)",
        (Share("Bác sĩ, dược sĩ", 1448, 2000), Share(LONG_NAME, 123_456, 1_234_567), Share("Cơ quan báo chí", 0, 0)),
    ),
    "theo-quy": CoverageByQuarter(
        "Tỷ lệ có cam kết theo quý (ví dụ)",
        (
            Share("Quý I/2026", 9, 200),
            Share("Quý II/2026", 0, 0),
            Share("Quý III/2026", 1448, 2000),
            Share("Quý IV/2026", 2000, 2000),
        ),
    ),
    "sau-nhom": StackedGroups(
        "Nghĩa vụ theo sáu nhóm (ví dụ)",
        (GroupCounts("Bác sĩ, dược sĩ", 1448, 120, 230, 150, 40, 12), GroupCounts(LONG_NAME, 0, 0, 0, 0, 100, 212)),
    ),
}


def _refuse_mail(raw: str) -> str:
    if "@" in raw:
        raise DomainError(N_("Đây là địa chỉ thư điện tử, không phải địa chỉ trang web. Ví dụ đúng: cuahang.vn."))
    return raw


class GalleryForm(PageForm):
    """Every field class once."""

    group = ChoiceField(
        "Bạn là ai?",
        hint="Nếu thuộc nhiều nhóm, hãy chọn nhóm chính; có thể ký thêm cho nhóm khác ở cuối.",
        choices=(
            Choice("website", "Chủ trang web bán hàng", "Trang web, ứng dụng của chính bạn", "Thương mại điện tử"),
            Choice("shop", "Người bán trên sàn hoặc mạng xã hội", "Gian hàng, trang, kênh phát trực tiếp"),
            Choice("doctor", "Bác sĩ, dược sĩ, nhà khoa học", "", "Người có ảnh hưởng"),
        ),
    )
    adult = YesNoField("Bạn đã đủ 18 tuổi chưa?")
    name = TextField("Họ và tên", autocomplete="name", hint="Viết như trên giấy tờ.")
    email = EmailField("Thư điện tử", hint="Mã xác nhận được gửi đến địa chỉ này.")
    tax_code = TextField("Mã số thuế", width="20", required=False, inputmode="numeric")
    day = DateField("Ngày bắt đầu bán hàng", hint="Ví dụ 02/09/2026")
    country = SelectField("Quốc gia", choices=(Choice("VN", "Việt Nam"), Choice("LA", "Lào")))
    commune = SearchChoiceField("Xã, phường, đặc khu", hint="Tìm theo tên hiện nay hoặc tên cũ.")
    channels = RowsField("Kênh bán hàng", row_label="Kênh", clean=_refuse_mail, add_label="Thêm kênh")
    interests = ChoicesField("Bạn dùng kênh nào?", choices=(Choice("web", "Trang web"), Choice("app", "Ứng dụng")))
    note = LongTextField("Ghi chú", required=False, rows=3)
    code = CodeField("Mã xác nhận", hint="6 chữ số trong thư vừa gửi; mã có hiệu lực 10 phút.")
    file = UploadField("Bản đã ký", required=False, hint="Tệp PDF, tối đa 3 MB.", accept=".pdf")
    agree = AgreeField("Tôi đồng ý để dữ liệu cá nhân của mình được xử lý như thông báo nêu trên.")
    website = HoneypotField()


@blueprint.route("/_mau-giao-dien", methods=["GET", "POST"])
@soft_csrf
def gallery() -> ResponseReturnValue:
    form = GalleryForm()
    form.commune.search = lambda query: COMMUNES if query else ()
    form.commune.name_of = {choice.value: choice for choice in COMMUNES}.get
    sent = form.validate_on_submit()
    charts = [chart_figure(key, chart) for key, chart in CHARTS.items()]
    return render_template("public/gallery.html", form=form, sent=sent, charts=charts, address="?trang={}".format)


@blueprint.get("/hom-thu")
def mailbox() -> ResponseReturnValue:
    return render_template("public/mailbox.html", letters=_letters())


def _letters() -> list[FolderMail]:
    settings = product().settings
    if settings.smtp_url is not None:
        abort(404)
    return read_mail_folder(settings.mail_folder)
