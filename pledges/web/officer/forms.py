"""Forms for signing in, for choosing a password and for second factors."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from pledges.web.components import PageForm
from pledges.web.field_base import BaseField, MacroWidget
from pledges.web.fields import CodeField, TextField, lazy


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


class AnswerField(BaseField):
    """What a browser answers for a passkey; only a script fills it in."""

    widget = MacroWidget("hidden_field")

    def __init__(self, label: Any = "", **options: Any) -> None:
        super().__init__(label or lazy("Khóa truy cập"), required=False, **options)

    def _value(self) -> str:
        return ""

    def as_typed(self) -> str:
        return ""


class AppCodeField(CodeField):
    """Six digits of an authenticator application; they are never written back into a page."""

    needed = lazy("Hãy nhập mã gồm 6 chữ số trong ứng dụng xác thực.")

    def _value(self) -> str:
        return ""

    def as_typed(self) -> str:
        return ""


class RecoveryCodeField(PasswordField):
    input_type = "text"
    needed = lazy("Hãy nhập một mã dự phòng chưa dùng.")


class CodeForm(PageForm):
    code = AppCodeField(lazy("Mã 6 chữ số trong ứng dụng xác thực"))


class RecoveryForm(PageForm):
    recovery_code = RecoveryCodeField(lazy("Mã dự phòng"), hint=lazy("Ví dụ A4KMX-97TQR."), autocomplete="off")


class PasskeyForm(PageForm):
    """`name`: only where a passkey is added."""

    credential = AnswerField()
    name = TextField(
        lazy("Tên gọi khóa truy cập"),
        hint=lazy("Để bạn nhận ra, ví dụ: điện thoại của tôi."),
        required=False,
        autocomplete="off",
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """Without an answer there is no control to point at: the message stands above the form."""
        valid = super().validate(extra_validators)
        if valid and not self.credential.data:
            self.form_errors.append(
                _("Trình duyệt chưa gửi khóa truy cập. Hãy bật JavaScript, thử lại, hoặc dùng cách khác.")
            )
            return False
        return valid


class ConfirmForm(PageForm):
    """One of the three; the names begin apart from those of any form that is being carried along."""

    confirm_password = PasswordField(lazy("Mật khẩu"), required=False, autocomplete="current-password")
    confirm_code = AppCodeField(lazy("Mã 6 chữ số trong ứng dụng xác thực"), required=False)
    confirm_credential = AnswerField()


def _new_password() -> PasswordField:
    return PasswordField(
        lazy("Mật khẩu mới"),
        hint=lazy("Ít nhất 12 ký tự. Một câu ngắn, dễ nhớ với bạn và khó đoán với người khác, là tốt nhất."),
        autocomplete="new-password",
    )


def _new_password_again() -> PasswordField:
    return PasswordField(
        lazy("Nhập lại mật khẩu mới"),
        required=lazy("Hãy nhập lại mật khẩu mới."),
        autocomplete="new-password",
    )


class ChangePasswordForm(PageForm):
    old_password = PasswordField(
        lazy("Mật khẩu đang dùng"),
        required=lazy("Hãy nhập mật khẩu đang dùng."),
        autocomplete="current-password",
    )
    password = _new_password()
    password_again = _new_password_again()


class SetUpForm(PageForm):
    password = _new_password()
    password_again = _new_password_again()
