"""Who is in the pictures: an invented agency and invented shops, that signed on the days before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.accounts.queries import staff_by_email
from pledges.messaging.models import Message
from pledges.plans.models import Agency
from pledges.product import Product
from pledges.review.morning import MorningMail
from pledges.review.operations import recommend
from pledges.settings import read_settings
from pledges.signing.models import Pledge, PledgeState
from pledges.signing.queries import pledge_by_reference
from pledges.signing.rules import Page as Step
from tests.support.live_server import LiveServer
from tests.support.signing import COMMUNES, HUE, invented_tax_code, seller_pages, signed_by
from tests.support.staff import add_person

TRADE = "46-SCT"
OFFICER, APPROVER, ADMINISTRATOR = "chuyen.vien@vidu.vn", "lanh.dao@vidu.vn", "quan.tri@vidu.vn"
COMMUNE_OFFICER, COMMUNE = "can.bo.xa@vidu.vn", COMMUNES[HUE]

SHOPS = (
    ("Cửa hàng mỹ phẩm Thử Nghiệm Vỹ Dạ", "https://shopee.vn/mypham.thunghiem", 17),
    ("Công ty TNHH Thực phẩm sạch Thử Nghiệm", "https://www.facebook.com/thucphamsach.thunghiem", 4),
    ("Hộ kinh doanh Trà cung đình Thử Nghiệm", "https://www.facebook.com/tracungdinh.thunghiem", 3),
    ("Cửa hàng Áo dài Thử Nghiệm Kim Long", "https://shopee-thunghiem-vidu.vn", 3),
)
"""Name, channel, and how many days ago they signed."""


def shop_tax_code(place: int) -> str:
    return invented_tax_code((place + 2) * 1000)


CLOCKS: list[Callable[[], datetime]] = []
"""Of the product in the pictures: codes of two factors are reckoned by it."""


class Stage:
    """The running product's own data, reached beside its pages for what no picture is about."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.product = Product.from_settings(read_settings(server.environ))
        CLOCKS.append(self.product.clock)
        self.began = self.product.clock() - timedelta(hours=12)
        self.references: list[str] = []

    def employ(self) -> None:
        """Invented staff with a known password; the agency has a title, as if a province were at work already."""
        self._add(OFFICER, "Đỗ Văn Thử Nghiệm", Role.OFFICER, TRADE)
        self._add(APPROVER, "Phạm Thị Thử Nghiệm", Role.APPROVER, TRADE, "KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC")
        self._add(ADMINISTRATOR, "Lê Thị Thử Quản Trị", Role.ADMINISTRATOR)
        self._add(COMMUNE_OFFICER, "Nguyễn Thị Thử Cán Bộ", Role.COMMUNE_OFFICER, commune=COMMUNE)

        def prepare(session: Session) -> None:
            session.get_one(Agency, (HUE, TRADE)).signing_title = "GIÁM ĐỐC"

        self.product.database.run(prepare)

    def _add(
        self,
        email: str,
        name: str,
        role: Role,
        agency: str | None = None,
        title: str = "",
        *,
        commune: str | None = None,
    ) -> None:
        added = add_person(
            self.product.database, email, role=role, province_code=HUE, agency_code=agency, commune_code=commune
        )

        def name_them(session: Session) -> None:
            person = session.get_one(Staff, (added.province_code, added.id))
            person.name, person.signing_title = name, title

        self.product.database.run(name_them)

    def let_others_sign(self) -> None:
        for number, (name, channel, days) in enumerate(SHOPS, start=2):
            pages = seller_pages(number, HUE, who__name=name, who__tax_code=shop_tax_code(number - 2))
            pages[Step.PLACE]["channels"] = [channel]
            at = self.product.clock() - timedelta(days=days, hours=number % 3)
            outcome = signed_by(self.product.database, pages, now=at, vault=self.product.vault, publish=True)
            assert outcome.signed, outcome.refusal
            self.references.append(outcome.signed[0].reference)
        # Their letters would count as failed, because the codes in them ran out days ago.
        letters = delete(Message).where(Message.to_address.like("chu.shop.%"), Message.created_at < self.began)
        self.product.database.run(lambda session: session.execute(letters))

    def recommend(self, email: str, reference: str) -> None:
        """What an officer does with a file of which there is a picture already."""
        product = self.product
        with product.database.read() as session:
            person, pledge = staff_by_email(session, email), pledge_by_reference(session, reference)
            assert person is not None
            assert pledge is not None
            key, seen = (pledge.province_code, pledge.id), pledge.revision
        product.database.run(lambda session: recommend(session, key, staff=person, seen=seen, now=product.clock()))

    def send_morning_letters(self, *, hours_ago: int) -> None:
        """As if everything that waits for approval had been recommended so many hours ago."""
        product = self.product
        since = product.clock() - timedelta(hours=hours_ago)
        waiting = update(Pledge).where(Pledge.state == PledgeState.RECOMMENDED).values(state_since=since)
        product.database.run(lambda session: session.execute(waiting))
        MorningMail(product.database, product.clock, product.vault, product.settings.public_url).send()
