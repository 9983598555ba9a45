"""Forms about several obligations at once, and about claims."""

from __future__ import annotations

from pledges.core.text import clean_line
from pledges.registry.claims import Verdict
from pledges.registry.models import Cohort
from pledges.registry.scope_words import COHORT_LABELS, COHORT_REASON_LABELS, CohortReason
from pledges.web.components import PageForm
from pledges.web.fields import Choice, ChoiceField, ChoicesField, LongTextField, SelectField, TextField, lazy
from pledges.web.officer.obligation_forms import ScopeForm


class ManyCohortsForm(PageForm):
    chosen = ChoicesField(lazy("Đối tượng"), required=lazy("Hãy chọn ít nhất một đối tượng."))
    cohort = ChoiceField(
        lazy("Có từ khi nào"),
        choices=[Choice(cohort.value, lazy(COHORT_LABELS[cohort])) for cohort in (Cohort.INITIAL, Cohort.NEWCOMER)],
    )
    reason = SelectField(
        lazy("Căn cứ là gì"),
        choices=[Choice(reason.value, lazy(COHORT_REASON_LABELS[reason])) for reason in CohortReason],
    )
    evidence = TextField(
        lazy("Căn cứ"),
        hint=lazy("Đường dẫn, số và ngày văn bản; dùng chung cho mọi đối tượng đã chọn."),
        clean=lambda typed: clean_line(typed, most=500),
        required=False,
        autocomplete="off",
    )
    note = LongTextField(lazy("Ghi chú"), required=False, rows=3)


class ManyScopesForm(ScopeForm):
    chosen = ChoicesField(lazy("Đối tượng"), required=lazy("Hãy chọn ít nhất một đối tượng."))


class ClaimForm(PageForm):
    verdict = ChoiceField(
        lazy("Hai bên là"),
        choices=(
            Choice(
                Verdict.SAME.value,
                lazy("Cùng một đối tượng"),
                lazy("Bản tự kê khai gộp vào đối tượng đã có; hồ sơ đã ký được tính cho đối tượng đó."),
            ),
            Choice(
                Verdict.OTHER.value,
                lazy("Hai đối tượng khác nhau, phần trùng giữ ở đối tượng đã có"),
                lazy("Bản tự kê khai thành đối tượng riêng, có nghĩa vụ riêng."),
            ),
            Choice(
                Verdict.OTHER_TAKES.value,
                lazy("Hai đối tượng khác nhau, phần trùng là của người tự kê khai"),
                lazy("Mã số và kênh trùng chuyển sang đối tượng mới."),
            ),
            Choice(
                Verdict.REJECTED.value,
                lazy("Không chấp nhận bản tự kê khai"),
                lazy("Không tính vào đâu cả. Hồ sơ đã ký thì từ chối ở hàng đợi, để người ký biết."),
            ),
        ),
    )
    note = LongTextField(
        lazy("Căn cứ của quyết định"),
        hint=lazy("Ví dụ: đã gọi số điện thoại trong danh sách và được xác nhận. Cán bộ trong tỉnh đọc được."),
        required=lazy("Hãy ghi căn cứ của quyết định, để đồng nghiệp xem lại được."),
        rows=4,
    )


class DisputeForm(PageForm):
    note = LongTextField(
        lazy("Căn cứ của quyết định"),
        hint=lazy("Vì sao để hai bên như đang ghi. Nếu là một đối tượng thì gộp ở trang Trùng lặp trước."),
        required=lazy("Hãy ghi căn cứ của quyết định, để đồng nghiệp xem lại được."),
        rows=4,
    )
