"""What the system's seal and an agency's key must be, and the words in which each is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from pledges.core.errors import N_
from pledges.documents.errors import AgencyKeyUnavailable, SealUnavailable


class Flaw(Enum):
    """Everything for which a key is refused."""

    UNREADABLE = auto()
    WRONG_PASSWORD = auto()
    INCOMPLETE = auto()
    SHORT_RSA = auto()
    WRONG_KIND = auto()
    MISMATCH = auto()
    NO_ROOTS = auto()
    DAMAGED_ANSWER = auto()
    NOT_YET_VALID = auto()
    EXPIRED = auto()
    WRONG_USE = auto()
    WRONG_PURPOSE = auto()
    REVOKED = auto()
    NO_PATH = auto()
    ISSUER_NOT_VALID = auto()
    PATH_REFUSED = auto()
    NO_ANSWER = auto()
    STALE_ANSWER = auto()
    USELESS_ANSWER = auto()
    TRIAL_IN_PRODUCTION = auto()
    TRIAL_DAMAGED = auto()


@dataclass(frozen=True)
class KeyRules:
    """How strict the checks are for one kind of key; `refuse` makes the refusal in its words."""

    words: Mapping[Flaw, str]
    least_rsa_bits: int
    refusal: type[SealUnavailable]
    about: Mapping[str, Any] = field(default_factory=dict)
    """What every sentence may name besides its own values."""

    def refuse(self, flaw: Flaw, **params: Any) -> SealUnavailable:
        return self.refusal(self.words[flaw], **{**self.about, **params})


SEAL_WORDS = {
    Flaw.UNREADABLE: N_("Không đọc được tệp khóa niêm phong %(file)s: %(error)s."),
    Flaw.WRONG_PASSWORD: N_("Không mở được tệp khóa niêm phong %(file)s: sai mật khẩu hoặc không phải tệp PKCS#12."),
    Flaw.INCOMPLETE: N_("Tệp %(file)s thiếu khóa bí mật hoặc chứng thư niêm phong."),
    Flaw.SHORT_RSA: N_("Khóa niêm phong RSA chỉ dài %(bits)s bit; cần từ %(least)s bit hoặc khóa P-256."),
    Flaw.WRONG_KIND: N_("Loại khóa niêm phong này không dùng được; cần khóa P-256 hoặc RSA từ 3072 bit."),
    Flaw.MISMATCH: N_("Khóa và chứng thư trong tệp %(file)s không khớp nhau."),
    Flaw.NO_ROOTS: N_("Không đọc được chứng thư gốc tin cậy trong tệp %(file)s (cần tệp PEM)."),
    Flaw.DAMAGED_ANSWER: N_("Tệp %(file)s trong thư mục thu hồi không phải là CRL hoặc câu trả lời OCSP."),
    Flaw.NOT_YET_VALID: N_("Chứng thư niêm phong chưa có hiệu lực; có hiệu lực từ ngày %(day)s."),
    Flaw.EXPIRED: N_("Chứng thư niêm phong đã hết hạn ngày %(day)s. Hãy gia hạn hoặc thay chứng thư khác."),
    Flaw.WRONG_USE: N_("Chứng thư niêm phong không được cấp để ký (mục “sử dụng khóa” không cho phép)."),
    Flaw.WRONG_PURPOSE: N_("Chứng thư niêm phong được cấp cho mục đích khác, không dùng để ký văn bản."),
    Flaw.REVOKED: N_("Chứng thư niêm phong hoặc chứng thư cấp trên đã bị thu hồi. Hãy thay chứng thư khác."),
    Flaw.NO_PATH: N_("Chứng thư niêm phong không nối được tới chứng thư gốc tin cậy nào trong PLEDGES_SEAL_TRUST."),
    Flaw.ISSUER_NOT_VALID: N_("Một chứng thư cấp trên của chứng thư niêm phong không còn hoặc chưa có hiệu lực."),
    Flaw.PATH_REFUSED: N_("Chứng thư niêm phong không qua được kiểm tra chuỗi tin cậy: %(error)s"),
    Flaw.NO_ANSWER: N_(
        "Thiếu CRL hoặc câu trả lời OCSP cho chứng thư niêm phong trong thư mục PLEDGES_SEAL_REVOCATION."
    ),
    Flaw.STALE_ANSWER: N_(
        "CRL hoặc câu trả lời OCSP của chứng thư niêm phong đã quá hạn từ ngày %(day)s. Hãy tải bản mới."
    ),
    Flaw.USELESS_ANSWER: N_(
        "CRL hoặc câu trả lời OCSP hiện có không chứng minh được chứng thư niêm phong còn hiệu lực."
    ),
    Flaw.TRIAL_IN_PRODUCTION: N_("Khóa niêm phong là khóa THỬ NGHIỆM, không được dùng khi vận hành thật."),
    Flaw.TRIAL_DAMAGED: N_(
        "Thư mục khóa thử nghiệm %(folder)s bị hỏng. Hãy đổi tên hoặc xóa thư mục này; khóa mới sẽ tự được tạo."
    ),
}

AGENCY_WORDS = {
    Flaw.UNREADABLE: N_(
        "Không đọc được khóa ký số của %(agency)s (tệp %(file)s trong thư mục %(folder)s): %(error)s. Hãy đặt khóa của "
        "cơ quan vào thư mục này."
    ),
    Flaw.WRONG_PASSWORD: N_(
        "Không mở được khóa ký số của %(agency)s (tệp %(file)s trong thư mục %(folder)s): sai mật khẩu hoặc không phải "
        "tệp PKCS#12."
    ),
    Flaw.INCOMPLETE: N_(
        "Tệp %(file)s trong thư mục %(folder)s thiếu khóa bí mật hoặc chứng thư của khóa ký số của %(agency)s."
    ),
    Flaw.SHORT_RSA: N_("Khóa ký số của %(agency)s (RSA) chỉ dài %(bits)s bit; cần từ %(least)s bit hoặc khóa P-256."),
    Flaw.WRONG_KIND: N_(
        "Loại khóa ký số của %(agency)s không dùng được ở đây; cần khóa P-256 hoặc RSA từ 2048 bit trong tệp PKCS#12."
    ),
    Flaw.MISMATCH: N_("Khóa ký số của %(agency)s không khớp với chứng thư trong cùng tệp %(file)s (%(folder)s)."),
    Flaw.NO_ROOTS: N_(
        "Không đọc được chứng thư gốc cho khóa ký số của %(agency)s: cần tệp PEM %(file)s trong thư mục %(folder)s."
    ),
    Flaw.DAMAGED_ANSWER: N_(
        "Tệp %(file)s trong thư mục thu hồi của khóa ký số của %(agency)s (%(folder)s) không phải là CRL hoặc câu trả "
        "lời OCSP."
    ),
    Flaw.NOT_YET_VALID: N_("Khóa ký số của %(agency)s chưa có hiệu lực; chứng thư có hiệu lực từ ngày %(day)s."),
    Flaw.EXPIRED: N_(
        "Khóa ký số của %(agency)s đã hết hạn ngày %(day)s. Hãy gia hạn chứng thư và thay tệp trong thư mục %(folder)s."
    ),
    Flaw.WRONG_USE: N_(
        "Khóa ký số của %(agency)s có chứng thư không được cấp để ký (mục “sử dụng khóa” không cho phép)."
    ),
    Flaw.WRONG_PURPOSE: N_(
        "Khóa ký số của %(agency)s có chứng thư được cấp cho mục đích khác, không dùng để ký văn bản."
    ),
    Flaw.REVOKED: N_(
        "Khóa ký số của %(agency)s không dùng được nữa: chứng thư hoặc chứng thư cấp trên đã bị thu hồi. Hãy thay khóa "
        "khác."
    ),
    Flaw.NO_PATH: N_(
        "Khóa ký số của %(agency)s có chứng thư không nối được tới chứng thư gốc nào trong tệp trust.pem của thư mục "
        "%(folder)s."
    ),
    Flaw.ISSUER_NOT_VALID: N_(
        "Khóa ký số của %(agency)s không dùng được: một chứng thư cấp trên không còn hoặc chưa có hiệu lực."
    ),
    Flaw.PATH_REFUSED: N_("Khóa ký số của %(agency)s không qua được kiểm tra chuỗi tin cậy: %(error)s"),
    Flaw.NO_ANSWER: N_(
        "Thiếu CRL hoặc câu trả lời OCSP cho khóa ký số của %(agency)s trong thư mục %(folder)s/revocation."
    ),
    Flaw.STALE_ANSWER: N_(
        "CRL hoặc câu trả lời OCSP cho khóa ký số của %(agency)s đã quá hạn từ ngày %(day)s. Hãy tải bản mới vào thư "
        "mục %(folder)s/revocation."
    ),
    Flaw.USELESS_ANSWER: N_(
        "CRL hoặc câu trả lời OCSP hiện có không chứng minh được khóa ký số của %(agency)s còn hiệu lực."
    ),
    Flaw.TRIAL_IN_PRODUCTION: N_(
        "Khóa ký số của %(agency)s là khóa THỬ NGHIỆM, không được dùng khi vận hành thật. Hãy đặt khóa do tổ chức "
        "chứng thực cấp cho cơ quan vào thư mục %(folder)s."
    ),
    Flaw.TRIAL_DAMAGED: N_(
        "Khóa ký số thử nghiệm của %(agency)s trong thư mục %(folder)s bị hỏng. Hãy đổi tên hoặc xóa thư mục này; khóa "
        "mới sẽ tự được tạo."
    ),
}

SEAL_RULES = KeyRules(SEAL_WORDS, least_rsa_bits=3072, refusal=SealUnavailable)


def agency_rules(agency_name: str, folder: str) -> KeyRules:
    """Agencies' keys are accepted as their authorities issue them, which is often RSA with 2048 bits."""
    about = {"agency": agency_name, "folder": folder}
    return KeyRules(AGENCY_WORDS, least_rsa_bits=2048, refusal=AgencyKeyUnavailable, about=about)
