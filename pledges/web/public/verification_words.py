"""Verdicts in words that a shopkeeper understands: what was found, what it means, what to do."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from pledges.signing.models import PledgeState, SignatureKind
from pledges.signing.verification import Finding, PublicPledge, Verdict
from pledges.web.i18n import translate


@dataclass(frozen=True)
class Words:
    """`kind` is the kind of the banner: success, info, warning, wrong."""

    kind: str
    label: str
    text: str


def title_of(verdict: Verdict, *, uploaded: bool) -> str:
    """The heading: the answer itself."""
    if verdict.authentic or verdict.finding is Finding.NOT_SEALED_YET:
        return _authentic_title(verdict, uploaded=uploaded)
    titles = {
        Finding.ALTERED: _("Tệp này đã bị sửa"),
        Finding.NOT_OURS: _("Tệp này không phải của hệ thống"),
        Finding.NOT_PDF: _("Tệp này không phải PDF"),
        Finding.ENCRYPTED: _("Tệp này có mật khẩu"),
        Finding.UNREADABLE: _("Không đọc được tệp này"),
        Finding.TOO_LARGE: _("Tệp này quá lớn"),
        Finding.UNKNOWN_CODE: _("Không tìm thấy mã này"),
        Finding.DAMAGED: _("Chưa thể xác nhận lúc này"),
    }
    return str(titles[verdict.finding])


def _authentic_title(verdict: Verdict, *, uploaded: bool) -> str:
    if verdict.state in {PledgeState.SUPERSEDED, PledgeState.REVOKED, PledgeState.WITHDRAWN, PledgeState.REJECTED}:
        if uploaded:
            return str(_("Tệp này là thật, nhưng bản cam kết không có giá trị"))
        return str(_("Mã này có thật, nhưng bản cam kết không có giá trị"))
    if uploaded:
        return str(_("Tệp này là thật, không bị sửa"))
    return str(_("Mã này thuộc một bản cam kết có thật"))


def state_words(pledge: PublicPledge) -> Words:
    """The state as outsiders read it; receiving a pledge is no permit, and nobody is told how the agency works."""
    waiting = Words(
        "info",
        _("Đã ký, đang chờ cơ quan duyệt"),
        _("Người ký đã xác nhận bản cam kết. %(agency)s đang xem xét và chưa tiếp nhận.", agency=pledge.agency_name),
    )
    words = {
        PledgeState.APPROVED: Words(
            "success",
            _("Cơ quan đã tiếp nhận"),
            _("%(agency)s đã tiếp nhận bản cam kết. Bản cam kết đang có giá trị.", agency=pledge.agency_name),
        ),
        PledgeState.REJECTED: Words(
            "warning",
            _("Không tiếp nhận"),
            _("%(agency)s đã xem xét và không tiếp nhận bản cam kết này.", agency=pledge.agency_name),
        ),
        PledgeState.SUPERSEDED: Words(
            "warning",
            _("Đã được thay bằng bản mới"),
            _("Người ký đã ký một bản cam kết mới hơn. Hãy hỏi người ký bản mới và xác minh mã của bản đó."),
        ),
        PledgeState.REVOKED: Words(
            "wrong",
            _("Đã thu hồi"),
            _("%(agency)s đã thu hồi bản cam kết này. Đừng dựa vào bản này nữa.", agency=pledge.agency_name),
        ),
        PledgeState.WITHDRAWN: Words(
            "warning",
            _("Người ký đã rút"),
            _("Người ký đã rút bản cam kết này; bản này không còn ràng buộc người ký nữa."),
        ),
    }
    return words.get(pledge.state, waiting)


def problem_words(verdict: Verdict) -> Words:
    """What is wrong with a file or a code, and what to do now."""
    advice = {
        Finding.ALTERED: _("Đừng dựa vào tệp này. Hãy xem bản thật theo mã bên dưới và xin người gửi tệp gốc."),
        Finding.NOT_OURS: _(
            "Tệp không mang niêm phong và mã của chúng tôi. Có thể đây là bản scan, bản in lại hoặc tệp của nơi khác. "
            "Nếu trên giấy có mã xác minh, hãy nhập mã đó."
        ),
        Finding.NOT_PDF: _("Hãy chọn đúng tệp PDF đã nhận từ hệ thống, hoặc nhập mã xác minh in trên giấy."),
        Finding.ENCRYPTED: _("Hãy xin người gửi tệp gốc không có mật khẩu, hoặc nhập mã xác minh in trên giấy."),
        Finding.UNREADABLE: _("Tệp có thể bị hỏng khi gửi. Hãy tải lại hoặc xin người gửi tệp gốc rồi thử lần nữa."),
        Finding.TOO_LARGE: _("Hãy chọn đúng tệp PDF đã nhận từ hệ thống, hoặc nhập mã xác minh in trên giấy."),
        Finding.UNKNOWN_CODE: _(
            "Hãy kiểm tra lại từng chữ, hoặc quét lại mã QR trên giấy. Nếu vẫn không tìm thấy, "
            "tờ giấy đó không phải bản cam kết do hệ thống này phát hành."
        ),
        Finding.DAMAGED: _("Đây là lỗi của hệ thống, không phải của bạn hay của người ký. Hãy thử lại sau."),
    }
    kinds = {Finding.ALTERED: "wrong", Finding.DAMAGED: "info"}
    return Words(kinds.get(verdict.finding, "warning"), translate(verdict.reason), str(advice[verdict.finding]))


def confirmation_lines(pledge: PublicPledge) -> list[str]:
    """How the signers confirmed, said honestly: a code by e-mail is not a digital signature of a person."""
    words = {
        SignatureKind.OTP_CONFIRM: _(
            "Người ký nhập mã dùng một lần gửi tới thư điện tử của mình. "
            "Đây là xác nhận điện tử, không phải chữ ký số của cá nhân."
        ),
        SignatureKind.PUBLIC_DIGITAL_SIGNATURE: _("Người ký dùng chữ ký số công cộng của mình."),
        SignatureKind.SCANNED_PAPER: _("Người ký đã ký trên giấy; cơ quan giữ bản giấy và nhập vào hệ thống."),
    }
    return [str(words[kind]) for kind in dict.fromkeys(pledge.confirmations)]


def signature_kind(kind: str) -> str:
    kinds = {"system_seal": _("Niêm phong của hệ thống"), "agency_signature": _("Chữ ký của cơ quan")}
    return str(kinds.get(kind, _("Chữ ký khác")))


def coverage(covers: str) -> str:
    whole = {"whole_file": _("Toàn bộ tệp"), "earlier_revision": _("Toàn bộ tệp tại lúc ký")}
    return str(whole.get(covers, _("Không rõ")))
