"""Forms for signing in and for choosing a password."""

from __future__ import annotations

from typing import Any

from pledges.web.components import PageForm
from pledges.web.fields import TextField, lazy


class PasswordField(TextField):
    """Kept exactly as typed or pasted, and never written back into a page."""

    input_type = "password"
    needed = lazy("Hãy nhập mật khẩu.")

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = str(valuelist[0]) if valuelist else ""

    def clean(self, data: str) -> str:
        return data

    def as_typed(self) -> str:
        return ""

    def _value(self) -> str:
        return ""


class AddressField(TextField):
    """The address of an account; its form is not judged, so that every wrong one gets the same answer."""

    input_type = "email"
    inputmode = "email"
    needed = lazy("Hãy nhập thư điện tử của tài khoản.")

    def clean(self, data: str) -> str:
        return data.replace("\x00", "")[:254]


class SignInForm(PageForm):
    email = AddressField(lazy("Thư điện tử"), autocomplete="username")
    password = PasswordField(lazy("Mật khẩu"), autocomplete="current-password")


class SetUpForm(PageForm):
    password = PasswordField(
        lazy("Mật khẩu mới"),
        hint=lazy("Ít nhất 12 ký tự. Một câu ngắn, dễ nhớ với bạn và khó đoán với người khác, là tốt nhất."),
        autocomplete="new-password",
    )
    password_again = PasswordField(
        lazy("Nhập lại mật khẩu mới"),
        required=lazy("Hãy nhập lại mật khẩu mới."),
        autocomplete="new-password",
    )
