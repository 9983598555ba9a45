"""The form by which a key for programs of an agency is made."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

from flask import request
from wtforms import HiddenField

from pledges.accounts.agency_keys import NewKey
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.core.text import clean_line
from pledges.plans.models import Agency
from pledges.web.components import PageForm
from pledges.web.current import now
from pledges.web.fields import Choice, DateField, SelectField, TextField, lazy

USUAL_LIFE = timedelta(days=365)


class NewKeyForm(PageForm):
    request_id = HiddenField(name="request")
    """Becomes the id of the key, so that a form that is sent twice makes one key."""
    agency = SelectField(
        lazy("Cơ quan"),
        hint=lazy("Khóa chỉ đọc được những gì của cơ quan này."),
        empty=lazy("Chọn cơ quan"),
    )
    name = TextField(
        lazy("Chương trình nào dùng khóa"),
        hint=lazy("Ví dụ: Kho dữ liệu của sở. Không ghi tên người."),
        clean=lambda raw: clean_line(raw, most=100),
        autocomplete="off",
    )
    expires_on = DateField(
        lazy("Dùng được đến hết ngày"),
        hint=lazy("Nhiều nhất hai năm, ví dụ 31/12/2027. Sau ngày đó hãy tạo khóa mới."),
        autocomplete="off",
    )

    def fit(self, agencies: Sequence[Agency]) -> None:
        self.agency.choices = [Choice(agency.code, agency.name) for agency in agencies]
        if request.method != "POST":
            self.expires_on.data = local_day(now()) + USUAL_LIFE
        self.request_id.data = str(self.key_id)

    def begin_anew(self) -> None:
        """What was refused is sent again as another key."""
        self.request_id.data = str(new_id())

    @property
    def key_id(self) -> uuid.UUID:
        try:
            return uuid.UUID(self.request_id.data or "")
        except ValueError:
            return new_id()

    def new_key(self, province_code: str) -> NewKey:
        return NewKey(province_code, self.agency.data, self.name.data, self.expires_on.data, self.key_id)
