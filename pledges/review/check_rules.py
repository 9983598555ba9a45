"""What the program checks by itself about one file, in sentences for the officer; `checks` finds what they need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from pledges.core.calendar import local_day
from pledges.core.errors import N_, DomainError
from pledges.core.identity import fold, parse_tax_code
from pledges.core.secrecy import sha256_hex
from pledges.documents.models import Document, DocumentKind
from pledges.plans.models import PledgeText
from pledges.registry.models import Entity, EntityKind, Location, Standing
from pledges.registry.rules import WEBSITE_KINDS
from pledges.review.doubtful import (
    is_home_page,
    is_throw_away,
    mail_domain,
    resembled_platform,
    resembled_provider,
)
from pledges.signing.answers import Group, channel_required, needs_personal_number, tax_code_required
from pledges.signing.least_kinds import is_too_weak
from pledges.signing.models import Origin, Pledge, PledgeChannel, PledgeState, Signature, SignatureKind
from pledges.signing.rules import OPEN_STATES

_OWN_SITE_NEEDED = frozenset({"ecommerce_website", "ecommerce_platform", "social_network"})
_PLATFORMS = frozenset({"ecommerce_platform", "social_network"})


class CheckOutcome(StrEnum):
    OK = "ok"
    NOTE = "note"
    """Worth knowing, and in a trial the same for every file: it holds up nothing."""
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Check:
    """One finding. `text` is a Vietnamese sentence of the catalogue with `%(name)s` places for `params`."""

    code: str
    outcome: CheckOutcome
    text: str
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text % self.params if self.params else self.text


@dataclass(frozen=True)
class Elsewhere:
    """A channel that also stands in the living pledge of another subject."""

    address: str
    name: str
    reference: str
    """Empty where another agency has that file: its number is not for these eyes."""


@dataclass(frozen=True)
class Findings:
    """Everything about one pledge that its checks look at."""

    pledge: Pledge
    entity: Entity
    channels: tuple[PledgeChannel, ...] = ()
    signatures: tuple[Signature, ...] = ()
    """Of the version that is looked at."""
    text: PledgeText | None = None
    document: Document | None = None
    known_otherwise: bool = False
    """Somebody else than the subject itself has seen it."""
    claimed: Entity | None = None
    same_code: Entity | None = None
    same_name: Entity | None = None
    owners: dict[str, Entity] = field(default_factory=dict)
    """By address: who else is registered as its owner."""
    elsewhere: tuple[Elsewhere, ...] = ()
    least_kind: SignatureKind = SignatureKind.SCANNED_PAPER
    """The weakest kind of signature that the province accepts here."""
    lookalikes: frozenset[str] = frozenset()
    revoked: Pledge | None = None
    """The last pledge of the subject that the same agency has revoked."""

    def answer(self, name: str) -> str:
        value = self.pledge.answers.get(name)
        return value if isinstance(value, str) else ""

    @property
    def by_hand(self) -> bool:
        """Signed with a pen: no code has confirmed a name or an address."""
        return any(signature.kind is SignatureKind.SCANNED_PAPER for signature in self.signatures)

    @property
    def group(self) -> Group:
        pledge = self.pledge
        return Group(pledge.contact_email, pledge.province_code, tuple(pledge.subject_types))


def judge(findings: Findings) -> tuple[Check, ...]:
    """All checks of one pledge, each code at least once, in the order in which an officer reads them."""
    judged = (
        _tax_code,
        _register,
        _revoked,
        _duplicate,
        _channels,
        _text,
        _wording,
        _seal,
        _addresses,
        _email,
        _place,
        _signer,
    )
    return tuple(check for rule in judged for check in rule(findings))


def passes_all(checks: Iterable[Check]) -> bool:
    """Whether nothing failed and nothing needs a look: what a recommendation in bulk asks for."""
    return all(check.outcome in {CheckOutcome.OK, CheckOutcome.NOTE} for check in checks)


def _ok(code: str, text: str, /, **params: Any) -> Check:
    return Check(code, CheckOutcome.OK, text, params)


def _note(code: str, text: str, /, **params: Any) -> Check:
    return Check(code, CheckOutcome.NOTE, text, params)


def _warning(code: str, text: str, /, **params: Any) -> Check:
    return Check(code, CheckOutcome.WARNING, text, params)


def _failed(code: str, text: str, /, **params: Any) -> Check:
    return Check(code, CheckOutcome.FAILED, text, params)


def _tax_code(findings: Findings) -> Iterator[Check]:
    name, code = "tax_code", findings.answer("tax_code")
    if not code:
        yield _missing_tax_code(findings, name)
        return
    if not _is_tax_code(code):
        yield _failed(name, N_("Mã số thuế %(code)s không đúng. Hãy đối chiếu với giấy đăng ký."), code=code)
        return
    known = findings.entity.tax_code
    if findings.same_code is not None:
        yield _failed(
            name,
            N_("Mã số thuế %(code)s đã được đăng ký cho %(name)s."),
            code=code,
            name=findings.same_code.name,
        )
    elif known is not None and known != code:
        yield _warning(
            name, N_("Mã số thuế trong hồ sơ (%(code)s) khác với danh sách (%(known)s)."), code=code, known=known
        )
    else:
        yield _ok(name, N_("Mã số thuế %(code)s đúng chữ số kiểm tra và không trùng với đối tượng khác."), code=code)


@lru_cache(maxsize=10_000)
def _is_tax_code(code: str) -> bool:
    """Kept, because the same files stand on one page after another."""
    try:
        return parse_tax_code(code) == code
    except DomainError:
        return False


def _missing_tax_code(findings: Findings, name: str) -> Check:
    if findings.answer("location") == Location.ABROAD.value:
        return _ok(name, N_("Đối tượng ở nước ngoài không có mã số thuế Việt Nam."))
    if findings.pledge.origin is Origin.PAPER_RECORD:
        # Nobody can be asked to complete what was signed long ago.
        return _note(name, N_("Bản giấy được ghi nhận không có mã số thuế."))
    if needs_personal_number(findings.group):
        if findings.entity.personal_number_hash is None:
            return _failed(name, N_("Thiếu cả mã số thuế và số định danh cá nhân của chủ hộ."))
        return _ok(name, N_("Số định danh cá nhân của chủ hộ thay cho mã số thuế."))
    if tax_code_required(findings.group, EntityKind(findings.answer("kind") or findings.entity.kind.value)):
        return _failed(name, N_("Thiếu mã số thuế; nhóm này bắt buộc phải có."))
    return _ok(name, N_("Nhóm này không bắt buộc có mã số thuế."))


def _register(findings: Findings) -> Iterator[Check]:
    if findings.entity.standing is Standing.CLAIMED:
        yield _failed(
            "register",
            N_("Mã số hoặc kênh khai trong hồ sơ đã được đăng ký cho %(name)s: cần người xem trước khi quyết định."),
            name=findings.claimed.name if findings.claimed is not None else findings.entity.name,
        )
    elif findings.known_otherwise:
        yield _ok("register", N_("Đối tượng có trong danh sách và còn được biết từ nguồn khác."))
    else:
        yield _ok("register", N_("Đối tượng có trong danh sách; mới chỉ biết từ lời tự kê khai."))


def _revoked(findings: Findings) -> Iterator[Check]:
    """Whoever was shut out comes back by a person's decision, and never among many others."""
    revoked = findings.revoked
    if revoked is not None and findings.pledge.state in OPEN_STATES:
        yield _warning(
            "revoked",
            N_("Cơ quan đã thu hồi bản cam kết %(reference)s của đối tượng này ngày %(day)s. Hãy xem lý do trước."),
            reference=revoked.reference,
            day=f"{local_day(revoked.state_since):%d/%m/%Y}",
        )


def _duplicate(findings: Findings) -> Iterator[Check]:
    if findings.same_name is not None:
        yield _warning(
            "duplicate",
            N_("Danh sách đã có %(name)s cùng tên, cùng xã, phường: có thể là một."),
            name=findings.same_name.name,
        )
    elif findings.entity.commune_code is not None:
        yield _ok("duplicate", N_("Cùng xã, phường không có đối tượng nào khác cùng tên."))


def _channels(findings: Findings) -> Iterator[Check]:
    for address, owner in sorted(findings.owners.items()):
        yield _failed(
            "channels",
            N_("Kênh %(address)s đã được đăng ký cho %(name)s."),
            address=address,
            name=owner.name,
        )
    for other in findings.elsewhere:
        if other.reference:
            text = N_("Kênh %(address)s cũng có trong hồ sơ %(reference)s của %(name)s.")
            yield _warning("channels", text, address=other.address, reference=other.reference, name=other.name)
        else:
            text = N_("Kênh %(address)s cũng có trong bản cam kết của %(name)s ở cơ quan khác.")
            yield _warning("channels", text, address=other.address, name=other.name)
    if findings.owners or findings.elsewhere:
        return
    if findings.channels:
        yield _ok("channels", N_("Không kênh nào trùng với đối tượng khác."))
    elif findings.pledge.origin is Origin.PAPER_RECORD:
        yield _note("channels", N_("Bản giấy không nêu kênh nào, nên tính cho mọi kênh đã biết khi ghi nhận."))
    elif channel_required(findings.group):
        yield _failed("channels", N_("Nhóm này cần ít nhất một kênh nhưng hồ sơ không ghi kênh nào."))
    else:
        yield _ok("channels", N_("Hồ sơ không ghi kênh nào; nhóm này không bắt buộc."))


def _text(findings: Findings) -> Iterator[Check]:
    pledge = findings.pledge
    if sha256_hex(pledge.rendered_text.encode()) != pledge.rendered_hash:
        yield _failed(
            "text",
            N_("Nội dung đã lưu không còn khớp mã băm lúc ký. Đừng xử lý tiếp; hãy báo ngay người quản trị."),
        )
    elif not findings.signatures:
        yield _failed("text", N_("Không có xác nhận nào của người ký cho bản này. Hãy báo ngay người quản trị."))
    elif any(signature.rendered_hash != pledge.rendered_hash for signature in findings.signatures):
        yield _failed(
            "text", N_("Nội dung mà người ký xác nhận khác với nội dung đã lưu. Hãy báo ngay người quản trị.")
        )
    elif findings.text is None or findings.text.template_hash != pledge.template_hash:
        yield _failed("text", N_("Không còn đúng mẫu cam kết mà hồ sơ này đã ký. Hãy báo ngay người quản trị."))
    else:
        yield _ok("text", N_("Nội dung khớp mã băm mà người ký đã xác nhận."))


def _wording(findings: Findings) -> Iterator[Check]:
    if findings.pledge.wording_approved:
        yield _ok("wording", N_("Mẫu cam kết đã được duyệt khi ký."))
    else:
        yield _note("wording", N_("Ký trên mẫu DỰ THẢO: khi ký, mẫu này chưa được duyệt."))


def _seal(findings: Findings) -> Iterator[Check]:
    document = findings.document
    countersigned = findings.pledge.approved_at is not None and findings.pledge.origin is not Origin.PAPER_RECORD
    if document is None:
        yield _failed("seal", N_("Bản PDF còn chờ niêm phong. Hãy mở lại hồ sơ sau ít phút."))
        return
    expected = DocumentKind.COUNTERSIGNED if countersigned else DocumentKind.SEALED
    if document.kind is not expected and findings.pledge.state is not PledgeState.COUNTERSIGNING:
        yield _failed("seal", N_("Tệp PDF đã lưu không phải là tệp của bước này. Hãy báo ngay người quản trị."))
    else:
        yield _ok("seal", N_("Bản PDF đã niêm phong."))
    if document.trial:
        yield _note("trial", N_("Niêm phong bằng khóa thử nghiệm: bản này không có giá trị ngoài việc dùng thử."))


def _addresses(findings: Findings) -> Iterator[Check]:
    doubts = list(_doubtful_channels(findings))
    types = set(findings.pledge.subject_types)
    if (
        findings.channels
        and types & _OWN_SITE_NEEDED
        and not any(channel.kind in WEBSITE_KINDS for channel in findings.channels)
    ):
        doubts.append(
            _warning("address", N_("Nhóm này cần trang web hoặc ứng dụng, nhưng hồ sơ chỉ ghi gian hàng, tài khoản."))
        )
    yield from doubts
    if findings.channels and not doubts:
        yield _ok("address", N_("Địa chỉ các kênh không có gì đáng ngờ."))


def _doubtful_channels(findings: Findings) -> Iterator[Check]:
    runs_platform = bool(_PLATFORMS & set(findings.pledge.subject_types))
    for channel in findings.channels:
        address = channel.address
        if address in findings.lookalikes or not address.isascii() or "xn--" in address:
            text = N_("Địa chỉ %(address)s có chữ dễ nhầm với tên khác. Hãy mở ra xem trước khi quyết định.")
            yield _warning("address", text, address=address)
        elif not runs_platform and is_home_page(address):
            text = N_("%(address)s là trang chung của một nền tảng, không phải kênh riêng của ai.")
            yield _warning("address", text, address=address)
        elif channel.kind in WEBSITE_KINDS and (known := resembled_platform(address)) is not None:
            text = N_("Địa chỉ %(address)s gần giống tên %(name)s. Hãy mở ra xem trước khi quyết định.")
            yield _warning("address", text, address=address, name=known)


def _email(findings: Findings) -> Iterator[Check]:
    if not findings.pledge.contact_email:
        yield _ok("email", N_("Ký trên giấy, không có thư điện tử; kết quả được báo qua cán bộ."))
        return
    domain = mail_domain(findings.pledge.contact_email)
    if is_throw_away(domain):
        yield _warning("email", N_("Thư điện tử thuộc dịch vụ hộp thư dùng tạm (%(domain)s)."), domain=domain)
    elif (known := resembled_provider(domain)) is not None:
        text = N_("Tên miền thư %(domain)s gần giống %(name)s.")
        yield _warning("email", text, domain=domain, name=known)
    elif findings.by_hand:
        yield _note("email", N_("Thư điện tử do cán bộ ghi giúp, chưa được xác nhận bằng mã."))
    else:
        yield _ok("email", N_("Thư điện tử đã được xác nhận bằng mã, tên miền không có gì đáng ngờ."))


def _place(findings: Findings) -> Iterator[Check]:
    if findings.answer("location") == Location.LOCAL.value and not findings.answer("commune"):
        yield _warning("place", N_("Đối tượng ở trong tỉnh, thành phố nhưng hồ sơ chưa ghi xã, phường."))
    else:
        yield _ok("place", N_("Địa bàn đã được ghi."))


def _signer(findings: Findings) -> Iterator[Check]:
    by_role = {signature.role: signature for signature in findings.signatures}
    own, other = by_role.get("signer"), by_role.get("representative")
    under_age = bool(findings.pledge.answers.get("under_age"))
    too_weak = is_too_weak([each.kind for each in findings.signatures], findings.least_kind)
    if too_weak and findings.pledge.state in OPEN_STATES:
        yield _failed(
            "signer", N_("Tỉnh, thành phố không nhận bản ký tay cho điều khoản này: hãy trả lại để ký bằng mã.")
        )
        return
    if findings.by_hand:
        yield _by_hand(findings)
        return
    if own is not None and not _same_name(own.typed_name, findings.answer("signer_name")):
        yield _failed("signer", N_("Họ tên gõ khi ký khác với tên người ký trong hồ sơ."))
    elif under_age and other is None:
        yield _failed("signer", N_("Người ký chưa đủ 18 tuổi nhưng thiếu xác nhận của người đại diện."))
    elif under_age and own is not None and other is not None and own.address_hash == other.address_hash:
        yield _failed("signer", N_("Người ký và người đại diện đã xác nhận bằng cùng một địa chỉ thư."))
    elif findings.answer("kind") == EntityKind.ORGANISATION.value and not findings.answer("signer_title"):
        yield _warning("signer", N_("Hồ sơ của tổ chức nhưng chưa ghi chức vụ của người ký."))
    elif under_age:
        yield _ok("signer", N_("Người ký chưa đủ 18 tuổi; người đại diện đã xác nhận bằng mã riêng."))
    else:
        yield _ok("signer", N_("Người ký đã gõ họ tên và xác nhận bằng mã."))


def _by_hand(findings: Findings) -> Check:
    """What only eyes can compare: the pictures, the names under them and the text."""
    if findings.pledge.origin is Origin.PAPER_RECORD:
        return _ok("signer", N_("Người cam kết đã ký tay trên bản giấy mà cơ quan lưu giữ."))
    return _warning(
        "signer",
        N_("Ký tay trên bản in, cán bộ gửi ảnh. Hãy xem ảnh trong bản PDF: đủ trang, đúng tên và có chữ ký."),
    )


def _same_name(typed: str, declared: str) -> bool:
    return typed == declared or fold(typed) == fold(declared)
