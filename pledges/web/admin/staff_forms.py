"""Forms of the administration of people."""

from __future__ import annotations

from typing import Any

from pledges.accounts.administration import Post
from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import NewStaff
from pledges.accounts.rules import ROLES
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.core.text import clean_line
from pledges.plans.models import Agency, ReportingUnit
from pledges.web.communes import let_search
from pledges.web.components import PageForm
from pledges.web.fields import Choice, ChoiceField, EmailField, SearchChoiceField, SelectField, TextField, lazy

ROLE_HINTS: dict[Role, Any] = {
    Role.OFFICER: lazy(
        "Xem hồ sơ của cơ quan mình, đề nghị duyệt, trả lại, tạm hoãn, từ chối; lập và chăm sóc danh sách đối tượng."
    ),
    Role.APPROVER: lazy("Duyệt hồ sơ mà người khác đã đề nghị, quyết định thu hồi, ủy quyền duyệt."),
    Role.ADMINISTRATOR: lazy("Quản lý tài khoản và thông tin của tỉnh, thành phố; không mở được hồ sơ."),
    Role.PROVINCE_VIEWER: lazy("Xem danh sách đối tượng và tình trạng ký của cả tỉnh, thành phố."),
    Role.COMMUNE_OFFICER: lazy(
        "Báo trang web, tài khoản, người mới thấy ở địa bàn; giúp người dân ký; xem danh sách đối tượng."
    ),
    Role.REPORTING_UNIT: lazy(
        "Lập và gửi báo cáo của một sở, cơ quan báo chí, chi cục; xem danh sách đối tượng và tình trạng ký."
    ),
    Role.AUDITOR: lazy("Chỉ xem nhật ký và nhật ký kỹ thuật: ai đã làm gì, lúc nào. Không thay đổi được gì."),
}


class PostForm(PageForm):
    """Name, role and place of a person. Whatever else is posted is no field and changes nothing."""

    name = TextField(
        lazy("Họ và tên"),
        hint=lazy("Tên của người duyệt được in trên bản cam kết, hãy viết đủ dấu."),
        clean=lambda raw: clean_line(raw, most=100),
    )
    role = ChoiceField(
        lazy("Vai trò"), choices=[Choice(role.value, lazy(ROLES[role].label), ROLE_HINTS[role]) for role in Role]
    )
    agency = SelectField(
        lazy("Cơ quan"),
        hint=lazy("Cần cho chuyên viên, lãnh đạo duyệt; vai trò khác bỏ qua mục này."),
        required=False,
        empty=lazy("Không thuộc cơ quan nào"),
    )
    commune = SearchChoiceField(
        lazy("Xã, phường, đặc khu"),
        hint=lazy("Chỉ cần cho cán bộ xã, phường, đặc khu; vai trò khác bỏ qua mục này."),
        search_label=lazy("Tìm theo tên mới hoặc tên cũ"),
        required=False,
    )
    unit = SelectField(
        lazy("Đơn vị báo cáo"),
        hint=lazy("Chỉ cần cho vai trò đơn vị báo cáo; người của xã, phường, đặc khu chọn vai trò cán bộ xã."),
        required=False,
        empty=lazy("Không thuộc đơn vị nào"),
    )
    signing_title = TextField(
        lazy("Chức danh khi ký duyệt"),
        hint=lazy(
            "Chỉ dùng cho lãnh đạo duyệt, ví dụ: KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC. Bỏ trống thì in chức danh của cơ quan."
        ),
        required=False,
        clean=lambda raw: clean_line(raw, most=200),
    )

    def fit(self, province_code: str, agencies: list[Agency], units: list[ReportingUnit]) -> None:
        """Leave only what has a meaning at this place: few roles reach the whole system, and none has a post there."""
        if province_code == WHOLE_SYSTEM:
            self.role.choices = [each for each in self.role.choices if ROLES[Role(each.value)].whole_system]
            del self.agency, self.commune, self.unit, self.signing_title
            return
        self.agency.choices = [Choice(agency.code, agency.name) for agency in agencies]
        self.unit.choices = [Choice(unit.code, unit.name) for unit in units]
        let_search(self.commune, province_code)

    def post(self) -> Post:
        """What was filled in; a place that the chosen role does not take is left out."""
        role = Role(self.role.data)
        if "agency" not in self:
            return Post(self.name.data, role)
        return Post(
            name=self.name.data,
            role=role,
            agency_code=(self.agency.data or None) if ROLES[role].agency else None,
            commune_code=(self.commune.data or None) if ROLES[role].commune else None,
            unit_code=(self.unit.data or None) if ROLES[role].unit else None,
            signing_title=self.signing_title.data or "",
        )


class NewStaffForm(PostForm):
    email = EmailField(
        lazy("Thư điện tử"),
        autocomplete="off",
        hint=lazy("Dùng để đăng nhập và nhận thư mời. Sau này không đổi được; mỗi địa chỉ chỉ có một tài khoản."),
    )

    def new_staff(self, province_code: str) -> NewStaff:
        post = self.post()
        return NewStaff(
            email=self.email.data,
            name=post.name,
            role=post.role,
            province_code=province_code,
            agency_code=post.agency_code,
            commune_code=post.commune_code,
            unit_code=post.unit_code,
            signing_title=post.signing_title,
        )


def as_typed(staff: Staff) -> dict[str, Any]:
    """The values of a person as the form shows them."""
    return {
        "name": staff.name,
        "role": staff.role.value,
        "agency": staff.agency_code or "",
        "commune": staff.commune_code or "",
        "unit": staff.unit_code or (staff.agency_code if ROLES[staff.role].unit else "") or "",
        "signing_title": staff.signing_title,
    }
