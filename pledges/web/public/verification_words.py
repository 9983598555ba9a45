"""Verdicts in words that a shopkeeper understands: what was found, what it means, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from pledges.plans.decisions import NAMED_APPROVER, OWN_KEY
from pledges.plans.rules import SUBJECT_TYPES
from pledges.signing.models import Origin, PledgeState, SignatureKind
from pledges.signing.public_pledges import PublicPledge
from pledges.signing.verification import Earlier, Verdict
from pledges.signing.verification_sentences import Finding, Sentence, doubt_sentence, standing_sentence
from pledges.web.i18n import date_text, translate

__all__ = ["Words", "doubt_sentence", "said", "words_of"]

S = PledgeState
ENDED = {S.REJECTED, S.SUPERSEDED, S.REVOKED, S.WITHDRAWN}


@dataclass(frozen=True)
class Words:
    """`kind` is the kind of the banner: success, info, warning, wrong."""

    kind: str
    label: str
    text: str


def words_of(verdict: Verdict) -> Words:
    """The banner of a verdict: the state of a good file, or what is wrong with this one."""
    if verdict.pledge is not None and verdict.finding is not Finding.DAMAGED:
        return state_words(verdict.pledge)
    return problem_words(verdict)


def said(sentence: Sentence) -> str:
    return translate(sentence.text, **sentence.params)


def reason(verdict: Verdict) -> str:
    """All sentences of a verdict, as the command and the public address say them."""
    return " ".join(said(sentence) for sentence in verdict.sentences)


# --- The heading ---------------------------------------------------------------------------------------------------


def title_of(verdict: Verdict, *, uploaded: bool) -> str:
    """The heading: the answer itself."""
    if verdict.authentic or verdict.finding is Finding.NOT_SEALED_YET:
        return _title_of_a_file(verdict) if uploaded else _title_of_a_code(verdict)
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


def _title_of_a_file(verdict: Verdict) -> str:
    ended = {
        S.REJECTED: _("Tệp này là thật, nhưng bản cam kết không được tiếp nhận"),
        S.SUPERSEDED: _("Tệp này là thật, nhưng đã có bản cam kết mới thay thế"),
        S.REVOKED: _("Tệp này là thật, nhưng bản cam kết đã bị thu hồi"),
        S.WITHDRAWN: _("Tệp này là thật, nhưng người ký đã rút bản cam kết"),
    }
    if _is_removed_record(verdict):
        return str(_("Tệp này là thật, nhưng cơ quan đã xóa ghi nhận"))
    if verdict.state in ended:
        return str(ended[verdict.state])
    earlier = {
        Earlier.BEFORE_APPROVAL: _("Tệp này là thật, nhưng là bản trước khi tiếp nhận"),
        Earlier.BEFORE_CORRECTION: _("Tệp này là thật, nhưng là bản cũ, trước khi người ký sửa"),
    }
    if verdict.earlier is not None:
        return str(earlier[verdict.earlier])
    return str(_("Tệp này là thật, không bị sửa"))


def _title_of_a_code(verdict: Verdict) -> str:
    ended = {
        S.REJECTED: _("Mã này có thật, nhưng bản cam kết không được tiếp nhận"),
        S.SUPERSEDED: _("Mã này có thật, nhưng đã có bản cam kết mới thay thế"),
        S.REVOKED: _("Mã này có thật, nhưng bản cam kết đã bị thu hồi"),
        S.WITHDRAWN: _("Mã này có thật, nhưng người ký đã rút bản cam kết"),
    }
    if _is_removed_record(verdict):
        return str(_("Mã này có thật, nhưng cơ quan đã xóa ghi nhận"))
    return str(ended[verdict.state] if verdict.state in ended else _("Mã này thuộc một bản cam kết có thật"))


def _is_removed_record(verdict: Verdict) -> bool:
    """Recorded of a paper by mistake, and taken back by the agency."""
    return verdict.pledge is not None and _is_record(verdict.pledge) and verdict.state is S.WITHDRAWN


def _is_record(pledge: PublicPledge) -> bool:
    return pledge.origin is Origin.PAPER_RECORD


# --- States and problems -------------------------------------------------------------------------------------------


def state_words(pledge: PublicPledge) -> Words:
    """The state as outsiders read it; receiving a pledge is no permit, and nobody is told how the agency works."""
    labels = {
        S.APPROVED: ("success", _("Đã tiếp nhận")),
        S.REJECTED: ("warning", _("Không tiếp nhận")),
        S.SUPERSEDED: ("warning", _("Đã được thay bằng bản mới")),
        S.REVOKED: ("wrong", _("Đã thu hồi")),
        S.WITHDRAWN: ("warning", _("Người ký đã rút")),
    }
    if _is_record(pledge):
        labels |= {
            S.APPROVED: ("success", _("Đã ghi nhận bản giấy")),
            S.WITHDRAWN: ("warning", _("Cơ quan đã xóa ghi nhận")),
        }
    kind, label = labels.get(pledge.state, ("info", _("Đã ký, đang chờ cơ quan duyệt")))
    return Words(kind, str(label), said(standing_sentence(pledge)))


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
    return Words(kinds.get(verdict.finding, "warning"), said(verdict.said), str(advice[verdict.finding]))


# --- Who and when --------------------------------------------------------------------------------------------------


def summary_rows(pledge: PublicPledge) -> list[dict[str, Any]]:
    """By whom and when, as far as anybody may know it."""
    rows: list[dict[str, Any]] = [{"key": _("Người cam kết"), "value": _who(pledge)}]
    rows += [{"key": _("Mã số thuế"), "value": pledge.tax_code}] if pledge.tax_code else []
    groups = [translate(SUBJECT_TYPES[code].label) for code in pledge.subject_types]
    rows.append({"key": _("Nhóm đối tượng"), "value": groups})
    rows += [{"key": _("Xã, phường, đặc khu"), "value": pledge.commune}] if pledge.commune else []
    rows += [{"key": _("Kênh bán hàng, quảng cáo"), "value": pledge.channels}] if pledge.channels else []
    rows.append({"key": _("Ngày ký"), "value": date_text(pledge.signed_on)})
    rows += _agency_rows(pledge)
    rows.append({"key": _("Tỉnh, thành phố"), "value": pledge.province_name})
    rows.append({"key": _("Mã xác minh"), "value": pledge.code})
    return rows


def _who(pledge: PublicPledge) -> str:
    if pledge.published:
        return str(pledge.name or "")
    if _is_record(pledge):
        return str(_("Không công khai: bản giấy không ghi việc đồng ý công khai"))
    if pledge.state is S.WITHDRAWN:
        return str(_("Không còn công khai"))
    return str(_("Người ký không đồng ý công khai"))


def _agency_rows(pledge: PublicPledge) -> list[dict[str, Any]]:
    on_day = [pledge.agency_name, _("ngày %(day)s", day=date_text(pledge.ended_on))]
    rows: list[dict[str, Any]] = []
    if pledge.received_on is None and pledge.state is not S.REJECTED:
        rows.append({"key": _("Cơ quan tiếp nhận"), "value": pledge.agency_name})
    elif pledge.received_on is not None:
        received = [pledge.agency_name, _("ngày %(day)s", day=date_text(pledge.received_on))]
        rows.append({"key": _("Đã ghi nhận") if _is_record(pledge) else _("Đã tiếp nhận"), "value": received})
        rows += [{"key": _("Cách ký tiếp nhận"), "value": receipt(pledge.received_by)}] if pledge.received_by else []
    ended = {
        S.REJECTED: {"key": _("Không tiếp nhận"), "value": on_day},
        S.REVOKED: {"key": _("Đã thu hồi"), "value": on_day},
        S.SUPERSEDED: {"key": _("Ngày được thay"), "value": date_text(pledge.ended_on)},
        S.WITHDRAWN: {
            "key": _("Ngày xóa ghi nhận") if _is_record(pledge) else _("Ngày người ký rút"),
            "value": date_text(pledge.ended_on),
        },
    }
    return [*rows, ended[pledge.state]] if pledge.state in ended else rows


def receipt(method: str | None) -> str:
    """How the agency signed, said honestly: the system's seal is no digital signature of the agency."""
    if method == OWN_KEY:
        return str(_("Cơ quan ký số bằng khóa của chính cơ quan."))
    return str(_("Hệ thống niêm phong và ghi tên người duyệt trên giấy. Đây không phải chữ ký số của cơ quan."))


def confirmation_lines(pledge: PublicPledge) -> list[str]:
    """How the signers confirmed, said honestly: a code by e-mail is not a digital signature of a person."""
    words = {
        SignatureKind.OTP_CONFIRM: _by_phone()
        if pledge.origin is Origin.ASSISTED
        else _(
            "Người ký nhập mã dùng một lần gửi tới thư điện tử của mình. "
            "Đây là xác nhận điện tử, không phải chữ ký số của cá nhân."
        ),
        SignatureKind.PUBLIC_DIGITAL_SIGNATURE: _("Người ký dùng chữ ký số công cộng của mình."),
        SignatureKind.SCANNED_PAPER: _by_hand(pledge),
    }
    return [str(words[kind]) for kind in dict.fromkeys(pledge.confirmations)]


def _by_phone() -> str:
    said = _("Người ký, có cán bộ giúp điền, nhập mã dùng một lần gửi tới số điện thoại của mình.")
    return f"{said} {_('Đây không phải chữ ký số.')}"


def _by_hand(pledge: PublicPledge) -> str:
    if _is_record(pledge):
        return str(_("Người cam kết ký tay trên giấy, ngoài hệ thống; cơ quan giữ bản giấy và lập phiếu này."))
    seen = _("Người ký đã ký tay trên bản in, có cán bộ chứng kiến; ảnh bản ký tay nằm trong tệp PDF.")
    return f"{seen} {_('Đây không phải chữ ký số.')}"


def signature_kind(kind: str) -> str:
    kinds = {
        "system_seal": _("Niêm phong của hệ thống"),
        "agency_signature": _("Chữ ký số của cơ quan"),
        NAMED_APPROVER: _("Niêm phong của hệ thống, ghi tên người duyệt"),
    }
    return str(kinds.get(kind, _("Chữ ký khác")))


def coverage(covers: str) -> str:
    whole = {"whole_file": _("Toàn bộ tệp"), "earlier_revision": _("Toàn bộ tệp tại lúc ký")}
    return str(whole.get(covers, _("Không rõ")))
