"""The one home of identifiers: numbers, phones and e-mail here; names and channels re-exported from beside it."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from stdnum.exceptions import InvalidChecksum, InvalidComponent, ValidationError
from stdnum.vn import mst

from pledges.core.channels import ChannelAddress, ChannelKind, canonical_channel, has_public_suffix
from pledges.core.errors import N_, DomainError
from pledges.core.text import clean_block, clean_line, fold, name_key

__all__ = [
    "ChannelAddress",
    "ChannelKind",
    "canonical_channel",
    "clean_block",
    "clean_line",
    "fold",
    "mask_email",
    "mask_personal_number",
    "mask_phone",
    "name_key",
    "national_phone",
    "parse_email",
    "parse_personal_number",
    "parse_phone",
    "parse_tax_code",
]

LONGEST_EMAIL = 254

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−－/／"), "-")


def _plain_digits(text: str) -> str:
    """Digits of any script as 0-9, every dash as "-", blanks and dots gone."""
    text = unicodedata.normalize("NFKC", text).translate(_DASHES)
    text = "".join(str(int(letter)) if letter.isdecimal() else letter for letter in text)
    return re.sub(r"[\s.]", "", text)


def parse_tax_code(raw: str, *, field: str | None = "tax_code") -> str:
    """A Vietnamese tax code: `0123456789`, or `0123456789-001` for a dependent unit."""
    typed = clean_line(raw, field=field)
    code = _plain_digits(typed).upper().removeprefix("MST").lstrip(":")
    if not code:
        raise DomainError(N_("Hãy ghi mã số thuế gồm 10 hoặc 13 chữ số."), field=field)
    try:
        return str(mst.format(mst.validate(code)))
    except InvalidChecksum:
        raise DomainError(
            N_(
                "Mã số thuế %(code)s có chữ số kiểm tra không khớp, thường là do gõ nhầm một chữ số. "
                "Hãy đối chiếu với giấy đăng ký."
            ),
            field=field,
            code=code,
        ) from None
    except InvalidComponent:
        if len(code.replace("-", "")) == 13:
            message = N_("Ba chữ số cuối của mã số thuế 13 số phải từ 001 đến 999. Hãy kiểm tra lại.")
        else:
            message = N_("Không có mã số thuế nào như vậy. Hãy đối chiếu với giấy đăng ký.")
        raise DomainError(message, field=field) from None
    except ValidationError:
        raise _tax_code_of_wrong_shape(code, field) from None


def _tax_code_of_wrong_shape(code: str, field: str | None) -> DomainError:
    digits = code.replace("-", "")
    if re.fullmatch(r"\d{2}[A-Z]\d{7}", digits):
        message = N_(
            "Đây là số đăng ký hộ kinh doanh kiểu cũ, không phải mã số thuế. Hãy ghi mã số thuế gồm 10 hoặc 13 chữ số."
        )
        return DomainError(message, field=field)
    if not digits.isdecimal():
        return DomainError(
            N_("Mã số thuế chỉ gồm chữ số (10 số, hoặc 10 số và 3 số sau dấu gạch ngang). Hãy kiểm tra lại."),
            field=field,
        )
    if len(digits) == 12:
        return DomainError(
            N_(
                "Số có 12 chữ số là số định danh cá nhân (căn cước), không phải mã số thuế 10 hoặc 13 số. "
                "Không ghi số định danh cá nhân vào ô này."
            ),
            field=field,
        )
    if len(digits) == 9 and mst.is_valid("0" + digits):
        return DomainError(
            N_("Mã số thuế thiếu số 0 ở đầu? Nếu đúng, hãy ghi %(code)s."), field=field, code="0" + digits
        )
    return DomainError(
        N_("Mã số thuế gồm 10 hoặc 13 chữ số; bạn đã ghi %(length)s chữ số. Hãy kiểm tra lại."),
        field=field,
        length=len(digits),
    )


def parse_personal_number(raw: str, *, field: str | None = "personal_number") -> str:
    """A 12-digit personal number. It has no check digit; only its structure can be checked.

    The message never repeats the number: messages end up in logs and on screens that others see.
    """
    number = _plain_digits(clean_line(raw, field=field)).replace("-", "")
    if not number:
        raise DomainError(N_("Hãy ghi số định danh cá nhân gồm 12 chữ số."), field=field)
    if not (number.isascii() and number.isdecimal()):
        raise DomainError(N_("Số định danh cá nhân chỉ gồm 12 chữ số. Hãy xóa các ký tự khác."), field=field)
    if len(number) == 9:
        raise DomainError(
            N_(
                "Số có 9 chữ số là số chứng minh nhân dân cũ. Hãy ghi số định danh cá nhân 12 chữ số trên thẻ căn cước."
            ),
            field=field,
        )
    if len(number) != 12:
        raise DomainError(
            N_("Số định danh cá nhân gồm đúng 12 chữ số; bạn đã ghi %(length)s chữ số. Hãy kiểm tra lại."),
            field=field,
            length=len(number),
        )
    # Three digits: 001-096 are the provinces of old, from 101 on countries. Then sex and century: 0-3 until 2099.
    place = int(number[:3])
    if place == 0 or 96 < place <= 100 or number[3] not in "0123":
        raise DomainError(
            N_("Số định danh cá nhân này không đúng cấu trúc, thường là do gõ nhầm. Hãy đối chiếu với thẻ căn cước."),
            field=field,
        )
    return number


def mask_personal_number(number: str) -> str:
    return "•" * 8 + number[-4:]


def parse_phone(raw: str, *, field: str | None = "phone") -> str:
    """A phone number in E.164 (`+84912345678`); without a country code it is Vietnamese."""
    typed = clean_line(raw, field=field)
    if not typed:
        raise DomainError(N_("Hãy ghi số điện thoại, ví dụ 0912 345 678."), field=field)
    if "@" in typed:
        raise DomainError(N_("Đây là địa chỉ thư điện tử. Ô này cần số điện thoại, ví dụ 0912 345 678."), field=field)
    if re.search(r"\d[\s.]*[/,;&][\s.]*\+?\d", typed) or re.search(r"\d\s+(?:và|hoặc|-)\s+0\d", typed):
        raise DomainError(N_("Mỗi ô chỉ ghi một số điện thoại. Hãy bỏ bớt số thứ hai."), field=field)
    try:
        number = phonenumbers.parse(typed, "VN")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise DomainError(
            N_(
                "Số điện thoại này chưa đúng. Di động có 10 số, bắt đầu bằng 03, 05, 07, 08 hoặc 09; "
                "máy bàn có 11 số, bắt đầu bằng 02; số nước ngoài bắt đầu bằng dấu +."
            ),
            field=field,
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def national_phone(number: str) -> str:
    """`+842343812345` → `0234 3812 345`, as people here write it; a foreign number keeps its country code."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    shape = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(parsed, shape.NATIONAL if parsed.country_code == 84 else shape.INTERNATIONAL)


def mask_phone(number: str) -> str:
    """`+84912345678` → `09•••••678`: enough to recognise one's own number, too little to call it."""
    digits = "0" + number[3:] if number.startswith("+84") else number
    shown = 2 if number.startswith("+84") else 3
    return digits[:shown] + "•" * max(3, len(digits) - shown - 3) + digits[-3:]


def parse_email(raw: str, *, field: str | None = "email") -> str:
    """An e-mail address, NFC and in lower case: nobody's mail system tells `An@` from `an@`, and limits must not."""
    typed = unicodedata.normalize("NFKC", clean_line(raw, most=LONGEST_EMAIL, field=field))
    typed = typed.removeprefix("mailto:").rstrip(",;")
    if not typed:
        raise DomainError(N_("Hãy ghi địa chỉ thư điện tử, ví dụ nguyenan@vidu.vn."), field=field)
    if "@" not in typed or "/" in typed:
        raise _not_an_email(typed, field)
    if typed.count("@") > 1 and re.search(r"[\s,;/]", typed):
        raise DomainError(N_("Mỗi ô chỉ ghi một địa chỉ thư điện tử. Hãy bỏ bớt địa chỉ thứ hai."), field=field)
    if " " in typed:
        raise DomainError(N_("Địa chỉ thư điện tử không có dấu cách. Hãy xóa dấu cách."), field=field)
    mailbox, _, domain = typed.rpartition("@")
    if not mailbox.isascii():
        raise DomainError(
            N_("Phần trước dấu @ của địa chỉ thư không được có dấu tiếng Việt. Hãy kiểm tra bộ gõ rồi gõ lại."),
            field=field,
        )
    try:
        found = validate_email(typed, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise DomainError(
            N_("Địa chỉ thư “%(typed)s” không đúng. Địa chỉ đúng có dạng nguyenan@vidu.vn."),
            field=field,
            typed=_shortened(typed),
        ) from None
    if not has_public_suffix(found.ascii_domain):
        raise DomainError(
            N_("Không có tên miền thư nào là “%(domain)s”. Hãy kiểm tra phần sau dấu @."),
            field=field,
            domain=_shortened(domain),
        )
    return found.normalized.lower()


def _not_an_email(typed: str, field: str | None) -> DomainError:
    looks_like_web = "://" in typed or typed.lower().startswith("www.") or "/" in typed
    if looks_like_web or re.fullmatch(r"[^\s@]+\.[a-zA-Z]{2,}", typed):
        return DomainError(
            N_("Đây là địa chỉ trang web. Ô này cần địa chỉ thư điện tử, ví dụ nguyenan@vidu.vn."), field=field
        )
    if re.fullmatch(r"[+()\d\s.-]{8,}", typed):
        return DomainError(
            N_("Đây là số điện thoại. Ô này cần địa chỉ thư điện tử, ví dụ nguyenan@vidu.vn."), field=field
        )
    return DomainError(
        N_("Địa chỉ thư thiếu dấu @. Địa chỉ đúng có dạng nguyenan@vidu.vn."),
        field=field,
    )


def mask_email(address: str) -> str:
    """`nguyenan@vidu.vn` → `n•••n@vidu.vn`."""
    mailbox, _, domain = address.rpartition("@")
    last = mailbox[-1] if len(mailbox) > 2 else ""
    return f"{mailbox[:1]}•••{last}@{domain}"


def _shortened(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
