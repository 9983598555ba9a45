"""What each part of the machine room says about itself in Vietnamese, and what the officer of IT does about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy

from pledges.core.errors import DomainError
from pledges.readiness import Part
from pledges.web.i18n import error_text, time_text

GOOD, SOON, BAD = "success", "warning", "wrong"
Figures = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """One line of the page; `kind` names the colour of its tag."""

    name: str
    title: str
    kind: str
    word: str
    said: str
    to_do: str


TITLES = {
    "database": lazy("Cơ sở dữ liệu"),
    "writing": lazy("Ghi vào cơ sở dữ liệu"),
    "data_key": lazy("Khóa dữ liệu (PLEDGES_DATA_KEY)"),
    "plans": lazy("Kế hoạch đã nạp"),
    "mail": lazy("Thư điện tử"),
    "jobs": lazy("Việc đang chờ"),
    "worker": lazy("Tiến trình nền"),
    "clock": lazy("Đồng hồ máy chủ"),
    "backup": lazy("Sao lưu"),
    "drill": lazy("Diễn tập khôi phục"),
    "log": lazy("Nhật ký công khai"),
    "audit": lazy("Đối chiếu nhật ký công khai"),
    "storage": lazy("Kho tệp"),
    "disk": lazy("Chỗ trống trên ổ đĩa"),
    "seal": lazy("Khóa niêm phong"),
}
ORDER = (
    "database",
    "writing",
    "disk",
    "storage",
    "data_key",
    "worker",
    "jobs",
    "mail",
    "seal",
    "clock",
    "backup",
    "drill",
    "log",
    "audit",
    "plans",
)
"""What stops everything comes first."""


def line_of(part: Part) -> Line:
    kind = BAD if not part.ok else SOON if part.warning else GOOD
    word = {GOOD: _("Tốt"), SOON: _("Cần để ý"), BAD: _("Cần xử lý ngay")}[kind]
    if part.state == "unreadable":
        said, to_do = _unreadable()
    else:
        said, to_do = _SAID[part.name](part.state, part.figures)
    return Line(part.name, str(TITLES[part.name]), kind, word, said, "" if kind == GOOD else to_do)


def _unreadable() -> tuple[str, str]:
    return _("Không đọc được từ cơ sở dữ liệu."), _("Xem dòng Cơ sở dữ liệu; nếu dòng đó tốt, chạy pledges ops ready.")


def _time(moment: datetime | None) -> str:
    return time_text(moment) if moment is not None else _("chưa rõ")


def _database(state: str, _figures: Figures) -> tuple[str, str]:
    if state == "migrations":
        return (
            _("Cấu trúc dữ liệu chưa khớp với phiên bản chương trình."),
            _("Chạy pledges db upgrade rồi khởi động lại dịch vụ."),
        )
    if state == "silent":
        return (
            _("Cơ sở dữ liệu không trả lời."),
            _("Kiểm tra dịch vụ PostgreSQL: systemctl status postgresql. Khi nó chạy lại, hệ thống tự nối lại."),
        )
    return _("Trả lời, đúng cấu trúc."), ""


def _writing(state: str, _figures: Figures) -> tuple[str, str]:
    if state == "refused":
        return (
            _("Không ghi được: người dân và cán bộ chỉ xem được."),
            _("Xem chỗ trống của ổ đĩa chứa cơ sở dữ liệu trước tiên. Khi có chỗ, hệ thống tự nhận lại."),
        )
    return _("Vừa ghi thử một dòng và xóa đi."), ""


def _data_key(state: str, _figures: Figures) -> tuple[str, str]:
    if state == "other":
        return (
            _(
                "Khóa trong cấu hình không phải là khóa đã mã hóa cơ sở dữ liệu này. Cán bộ không đăng nhập được bằng "
                "mã xác thực hoặc mã dự phòng; số định danh cá nhân và bản đang viết không đọc được."
            ),
            _(
                "Đặt lại đúng PLEDGES_DATA_KEY từ bản sao cất riêng cho cả web và tiến trình nền rồi khởi động lại. "
                "Nếu khóa đã mất hẳn: pledges ops accept-data-key, rồi pledges staff reset-factor cho từng cán bộ."
            ),
        )
    return _("Mở được dữ liệu đã mã hóa."), ""


def _plans(state: str, figures: Figures) -> tuple[str, str]:
    if state == "missing":
        return _("Chưa nạp kế hoạch nào nên chưa ai ký được."), _("Chạy pledges plans load.")
    return _("%(count)s tỉnh, thành phố đang dùng.", count=figures.get("provinces", 0)), ""


def _mail(state: str, figures: Figures) -> tuple[str, str]:
    said = _("Máy chủ thư nhận lần cuối: %(time)s.", time=_time(figures.get("accepted")))
    relay = _(
        "Kiểm tra máy chủ thư: địa chỉ, mật khẩu trong PLEDGES_SMTP_URL, tường lửa. Thư được gửi lại trong 48 giờ."
    )
    if state == "late":
        late = _("Thư bị dừng từ %(time)s.", time=_time(figures["since"]))
        return f"{late} {said}", _("Xem dòng Tiến trình nền trước: nó gửi thư.") + " " + relay
    if state == "put_off":
        late = _(
            "Máy chủ thư chưa nhận %(count)s thư, lâu nhất từ %(time)s.",
            count=figures["count"],
            time=_time(figures["since"]),
        )
        return f"{late} {said}", relay
    return said, ""


def _jobs(_state: str, figures: Figures) -> tuple[str, str]:
    said = []
    if figures.get("overdue"):
        said.append(_("Việc lâu nhất đã trễ %(minutes)s phút.", minutes=figures["overdue"]))
    if figures.get("given_up"):
        said.append(_("%(count)s việc bị bỏ dở trong 24 giờ qua.", count=figures["given_up"]))
    if figures.get("unsealed"):
        said.append(_("%(count)s bản cam kết chờ niêm phong quá 10 phút.", count=figures["unsealed"]))
    if figures.get("unsigned"):
        said.append(_("%(count)s bản cam kết chờ cơ quan ký số quá 10 phút.", count=figures["unsigned"]))
    to_do = _(
        "Việc trễ: xem dòng Tiến trình nền. Chờ niêm phong, ký số: xem dòng Khóa niêm phong và khóa của cơ quan. "
        "Khi nguyên nhân đã hết: pledges jobs retry."
    )
    return " ".join(said) or _("Không có việc nào trễ."), to_do


def _worker(state: str, figures: Figures) -> tuple[str, str]:
    beat = _("Có tín hiệu lần cuối: %(time)s.", time=_time(figures.get("beat")))
    if state == "hanging":
        hung = _(
            "Một việc chạy đã %(minutes)s phút chưa xong: %(task)s.", minutes=figures["minutes"], task=figures["task"]
        )
        return (
            f"{hung} {beat}",
            _("Chạy systemctl restart pledges-worker; việc dở được làm lại từ đầu, không làm hai lần."),
        )
    if state == "silent":
        return (
            beat,
            _("Thư không đi và không bản nào được niêm phong. Chạy systemctl status pledges-worker rồi khởi động lại."),
        )
    return beat, ""


def _clock(state: str, figures: Figures) -> tuple[str, str]:
    if state == "back":
        return (
            _(
                "Đồng hồ bị lùi: chậm hơn bản ghi mới nhất (%(time)s) %(minutes)s phút.",
                time=_time(figures["newest"]),
                minutes=figures["minutes"],
            ),
            _("Bật đồng bộ giờ: timedatectl set-ntp true, rồi xem timedatectl. Không sửa dữ liệu bằng tay."),
        )
    if state == "apart":
        return (
            _("Giờ của máy này và của máy chủ cơ sở dữ liệu lệch %(seconds)s giây.", seconds=figures["seconds"]),
            _("Bật đồng bộ giờ trên cả hai máy: timedatectl set-ntp true."),
        )
    return _("Không chậm hơn bản ghi nào."), ""


def _backup(state: str, figures: Figures) -> tuple[str, str]:
    to_do = _("Xem lịch sao lưu: systemctl list-timers, rồi chạy pledges ops backup --to THƯ-MỤC.")
    if state == "never":
        return _("Chưa có bản sao lưu nào."), to_do
    said = _("Bản mới nhất: %(time)s, cách đây %(hours)s giờ.", time=_time(figures["at"]), hours=figures["hours"])
    return said, to_do


def _drill(state: str, figures: Figures) -> tuple[str, str]:
    if state == "never":
        return _("Chưa diễn tập lần nào."), _(
            "Mỗi tháng một lần: pledges ops drill --from THƯ-MỤC --keys-from THƯ-MỤC."
        )
    when = _(
        "Lần cuối: %(time)s, khôi phục và kiểm tra mất %(seconds)s giây.",
        time=_time(figures["at"]),
        seconds=figures["seconds"],
    )
    if state == "failed":
        return (
            when + " " + _("Có %(count)s chỗ sai.", count=figures["faults"]),
            _("Bản sao lưu chưa dùng được. Chạy lại pledges ops drill, đọc từng câu, sửa rồi sao lưu lại."),
        )
    return when, _("Chạy pledges ops drill trong tuần này.")


def _log(state: str, figures: Figures) -> tuple[str, str]:
    if state == "shorter":
        return (
            _("Nhật ký ngắn hơn điểm chốt đã ký: có mục bị xóa, hoặc bản sao cũ đã được đưa vào dùng."),
            _("Không sửa gì. Chạy pledges ops audit, giữ lại kết quả, báo người phụ trách an toàn thông tin."),
        )
    if state == "unsigned":
        return (
            _(
                "Có mục chờ điểm chốt đã %(minutes)s phút, từ %(time)s.",
                minutes=figures["minutes"],
                time=_time(figures["since"]),
            ),
            _("Xem tiến trình nền có chạy không, tệp PLEDGES_LOG_KEY có đọc được không, đồng hồ có bị lùi không."),
        )
    if figures["at"] is None:
        return _("Chưa có mục nào."), ""
    entries, at = figures["entries"], _time(figures["at"])
    return _("Số mục: %(count)s. Điểm chốt mới nhất: %(time)s.", count=entries, time=at), ""


def _audit(state: str, figures: Figures) -> tuple[str, str]:
    if state == "never":
        return _("Chưa đối chiếu lần nào."), _("Tiến trình nền tự đối chiếu mỗi đêm. Chạy ngay: pledges ops audit.")
    said = _("Lần cuối: %(time)s. Số mục đã đối chiếu: %(count)s.", time=_time(figures["at"]), count=figures["entries"])
    if state == "failed":
        return (
            said + " " + _("Có %(count)s chỗ sai.", count=figures["faults"]),
            _("Dữ liệu đã bị sửa ngoài hệ thống. Chạy pledges ops audit để biết từng chỗ; không sửa dữ liệu bằng tay."),
        )
    return said, _("Xem tiến trình nền có chạy không, rồi chạy pledges ops audit.")


def _storage(state: str, _figures: Figures) -> tuple[str, str]:
    if state == "refused":
        return (
            _("Không ghi được tệp, hoặc ổ đĩa còn trống dưới 10%."),
            _("Kiểm tra ổ đĩa đã gắn chưa, quyền ghi, chỗ trống. Bản đã ký chờ niêm phong và tự chạy tiếp."),
        )
    return _("Vừa ghi thử một tệp."), ""


def _disk(state: str, figures: Figures) -> tuple[str, str]:
    names = {"storage": _("kho tệp"), "database": _("cơ sở dữ liệu"), "var": _("thư mục làm việc")}
    said = "; ".join(
        _("%(what)s: còn %(percent)s%%", what=names[disk.what], percent=disk.percent) for disk in figures["disks"]
    )
    if state == "full":
        return (
            said,
            _("Đã ngừng nhận nội dung mới. Dọn hoặc mở rộng ổ đĩa ngay; có chỗ là hệ thống tự nhận lại."),
        )
    return said, _("Dọn tệp nhật ký, bản sao lưu cũ trên ổ đĩa này, hoặc mở rộng ổ đĩa.")


def _seal(state: str, figures: Figures) -> tuple[str, str]:
    if state == "refused":
        why = figures["why"]
        said = error_text(why) if isinstance(why, DomainError) else ""
        return said, _(
            "Người dân vẫn ký được; bản đã ký chờ niêm phong. Làm theo câu trên, hệ thống tự niêm phong tiếp."
        )
    if state == "trial":
        return _("Khóa THỬ NGHIỆM, không có giá trị pháp lý."), ""
    said = _("Dùng được đến %(day)s, còn %(days)s ngày.", day=figures["until"], days=figures["days"])
    return said, _("Xin chứng thư mới ngay; cách thay khóa ở tài liệu vận hành.")


_SAID: dict[str, Callable[[str, Figures], tuple[str, str]]] = {
    "database": _database,
    "writing": _writing,
    "data_key": _data_key,
    "plans": _plans,
    "mail": _mail,
    "jobs": _jobs,
    "worker": _worker,
    "clock": _clock,
    "backup": _backup,
    "drill": _drill,
    "log": _log,
    "audit": _audit,
    "storage": _storage,
    "disk": _disk,
    "seal": _seal,
}
