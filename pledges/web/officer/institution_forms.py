"""Forms about institutions: who they are, and their list of people."""

from __future__ import annotations

from pledges.core.text import clean_line
from pledges.institutions.models import Institution
from pledges.institutions.operations import NewInstitution
from pledges.plans.rules import SUBJECT_TYPES
from pledges.web.communes import let_search
from pledges.web.components import PageForm
from pledges.web.fields import Choice, ChoiceField, EmailField, PhoneField, SearchChoiceField, TextField, lazy
from pledges.web.i18n import translate


class InstitutionForm(PageForm):
    name = TextField(
        lazy("Tên đơn vị"),
        hint=lazy("Bệnh viện, tòa soạn, đoàn nghệ thuật, ban quản lý chợ, ví dụ: Bệnh viện đa khoa Ví Dụ."),
        clean=lambda raw: clean_line(raw, most=200),
        autocomplete="off",
    )
    subject_type = ChoiceField(lazy("Người của đơn vị ký với tư cách nào?"))
    commune = SearchChoiceField(
        lazy("Xã, phường, đặc khu"), search_label=lazy("Tìm theo tên mới hoặc tên cũ"), required=False
    )
    focal_name = TextField(
        lazy("Họ và tên đầu mối"),
        hint=lazy("Người của đơn vị lập danh sách và nhắc mọi người ký."),
        clean=lambda raw: clean_line(raw, most=120),
        autocomplete="off",
    )
    focal_email = EmailField(
        lazy("Thư điện tử của đầu mối"),
        hint=lazy("Chúng tôi gửi tới đây liên kết riêng để lập danh sách. Ai có liên kết thì mở được danh sách."),
        autocomplete="off",
    )
    focal_phone = PhoneField(lazy("Điện thoại của đầu mối"), required=False, autocomplete="off")

    def fit(self, province_code: str, codes: list[str]) -> None:
        self.subject_type.choices = [Choice(code, translate(SUBJECT_TYPES[code].label)) for code in codes]
        let_search(self.commune, province_code)

    def show(self, institution: Institution) -> None:
        for name in ("name", "subject_type", "focal_name", "focal_email", "focal_phone"):
            self[name].data = getattr(institution, name)
        self.commune.data = institution.commune_code

    def new(self) -> NewInstitution:
        return NewInstitution(
            name=self.name.data,
            subject_type=self.subject_type.data,
            focal_name=self.focal_name.data,
            focal_email=self.focal_email.data,
            focal_phone=self.focal_phone.data or "",
            commune_code=self.commune.data or None,
        )
