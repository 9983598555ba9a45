"""What stands on the poster of a province, or of one body in it. Posters hang in Vietnam, so they speak Vietnamese."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pledges.documents.poster import Line, Poster
from pledges.hotlines.models import Hotline
from pledges.hotlines.rules import body_of

TITLE = "ĐƯỜNG DÂY NÓNG"
ABOUT = "Báo tin về buôn lậu, gian lận thương mại,\nhàng giả, quảng cáo sai sự thật"
MORE = "Còn những số khác: hãy quét mã hoặc mở địa chỉ dưới đây."
INVITATION = "Quét mã để xem danh bạ mới nhất"


def poster_of(owner: str, hotlines: Sequence[Hotline], *, link: str, today: date) -> Poster:
    """`hotlines` in the order of the directory; where they are of one body its name stands at the top only."""
    alone = len({body_of(hotline) for hotline in hotlines}) == 1
    days = [hotline.checked_on for hotline in hotlines]
    return Poster(
        owner=owner,
        title=TITLE,
        about=ABOUT,
        lines=tuple(_line(hotline, owner if alone else "") for hotline in hotlines),
        more=MORE,
        link=link,
        invitation=INVITATION,
        notes=(f"Lần kiểm tra gần nhất: {_days(min(days), max(days))}. In từ danh bạ ngày {today:%d/%m/%Y}.",),
    )


def _line(hotline: Hotline, owner: str) -> Line:
    details = [part for part in (hotline.about, hotline.hours) if part]
    if hotline.name == owner and details:
        return Line(details[0], hotline.phone, "; ".join(details[1:]))
    return Line(hotline.name, hotline.phone, "; ".join(details))


def _days(first: date, last: date) -> str:
    return f"{last:%d/%m/%Y}" if first == last else f"từ {first:%d/%m/%Y} đến {last:%d/%m/%Y}"
