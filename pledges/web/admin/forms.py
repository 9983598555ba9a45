"""Forms of the readiness page: what a province decides itself."""

from __future__ import annotations

from pledges.core.text import clean_block, clean_line
from pledges.plans.decisions import NAMED_APPROVER, OWN_KEY
from pledges.plans.wording_approval import LONGEST_ANSWER
from pledges.web.components import PageForm
from pledges.web.fields import AgreeField, Choice, ChoiceField, DateField, LongTextField, TextField, lazy

CONSENT, TASK, UNDECIDED = "consent", "task", "undecided"
PUBLIC, KEPT = "public", "kept"


class ProvinceForm(PageForm):
    retention = TextField(
        lazy("Thời hạn lưu dữ liệu cá nhân"),
        hint=lazy("Viết như sẽ in trong bản cam kết, ví dụ: 05 năm kể từ ngày ký."),
        required=False,
        clean=lambda raw: clean_line(raw, most=300),
    )
    data_contact = TextField(
        lazy("Đầu mối về dữ liệu cá nhân"),
        hint=lazy("Tên bộ phận và cách liên hệ, ví dụ: Văn phòng Sở, điện thoại 0205 3000 000."),
        required=False,
        clean=lambda raw: clean_line(raw, most=300),
    )
    hotline = TextField(
        lazy("Đường dây nóng báo hàng giả"),
        hint=lazy("In trong mẫu dành cho doanh nghiệp, hộ kinh doanh."),
        required=False,
        inputmode="tel",
        width="20",
        clean=lambda raw: clean_line(raw, most=60),
    )
    consent_basis = ChoiceField(
        lazy("Căn cứ xử lý dữ liệu cá nhân"),
        choices=(
            Choice(
                UNDECIDED,
                lazy("Cơ quan chủ trì chưa xác nhận"),
                lazy("Trong lúc chờ, bản cam kết vẫn hỏi sự đồng ý của người ký."),
            ),
            Choice(CONSENT, lazy("Sự đồng ý của người ký"), lazy("Người ký đánh dấu đồng ý trước khi ký.")),
            Choice(
                TASK,
                lazy("Nhiệm vụ của cơ quan nhà nước theo luật"),
                lazy("Người ký chỉ xác nhận đã đọc thông báo."),
            ),
        ),
    )


class PlanForm(PageForm):
    number = TextField(
        lazy("Số của kế hoạch"),
        hint=lazy("Đủ số và ký hiệu, ví dụ: 25/KH-UBND."),
        required=False,
        width="20",
        clean=lambda raw: clean_line(raw, most=60),
    )
    issued_on = DateField(lazy("Ngày ban hành"), hint=lazy("Ngày/tháng/năm, ví dụ: 09/02/2026."), required=False)


class AgencyForm(PageForm):
    signing_title = TextField(
        lazy("Chức danh người ký của cơ quan"),
        hint=lazy("Viết như trên con dấu chức danh, ví dụ: KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC."),
        required=False,
        clean=lambda raw: clean_line(raw, most=200),
    )
    signature_method = ChoiceField(
        lazy("Cách ký duyệt"),
        choices=(
            Choice(
                OWN_KEY,
                lazy("Ký số bằng khóa của cơ quan"),
                lazy("Cần khóa và chứng thư do tổ chức chứng thực cấp cho cơ quan, cài trên máy chủ."),
            ),
            Choice(
                NAMED_APPROVER,
                lazy("Niêm phong của hệ thống, ghi tên người duyệt"),
                lazy("Bản cam kết ghi rõ ai duyệt, chức danh và lúc nào; không phải chữ ký số của cơ quan."),
            ),
        ),
    )


class PublicationForm(PageForm):
    publish = ChoiceField(
        lazy("Công khai số liệu ký cam kết của tỉnh, thành phố này?"),
        choices=(
            Choice(PUBLIC, lazy("Công khai"), lazy("Trang và tệp có ngay, với số liệu đến hết ngày hôm trước.")),
            Choice(KEPT, lazy("Không công khai"), lazy("Chỉ cán bộ đã đăng nhập xem được số liệu.")),
        ),
    )


class ProposalForm(PageForm):
    read = AgreeField(
        lazy("Tôi đã đọc toàn bộ mẫu và đề nghị duyệt mẫu này cho tỉnh, thành phố."),
        required=lazy("Hãy đọc mẫu và đánh dấu ô này trước khi đề nghị."),
    )


class SendBackForm(PageForm):
    answer = LongTextField(
        lazy("Vì sao chưa duyệt?"),
        hint=lazy("Người đề nghị đọc được câu này. Không ghi thông tin cá nhân."),
        rows=3,
        clean=lambda raw: clean_block(raw, most=LONGEST_ANSWER),
    )


class ApprovalForm(PageForm):
    read = AgreeField(
        lazy("Tôi đã đọc toàn bộ mẫu và được giao duyệt mẫu này cho tỉnh, thành phố."),
        required=lazy("Hãy đọc mẫu và đánh dấu ô này trước khi duyệt."),
    )
