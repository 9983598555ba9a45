"""A hospital signs: the office invites, the focal person lists, a doctor signs through the link, one file comes out."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta

from python_calamine import CalamineWorkbook
from sqlalchemy import select

from pledges.accounts.models import Role
from pledges.institutions.models import Institution, InstitutionMember
from pledges.messaging.operations import secrets_of
from pledges.product import Product
from pledges.registry.models import Entity
from pledges.registry.recounting import recount
from pledges.signing.models import Pledge
from pledges.signing.rules import Page as Step
from tests.support.browsing import Browser
from tests.support.checked_pages import CheckedClient
from tests.support.clock import FixedClock
from tests.support.signing import HUE, doctor_pages
from tests.support.staff import add_person, app_around, sign_in
from tests.web.signer.steps import messages, path_of, seal_everything, sign

HOSPITAL = {
    "name": "Bệnh viện đa khoa Thử Nghiệm có tên rất dài, cơ sở hai tại phường Thuận Hóa",
    "subject_type": "doctor",
    "focal_name": "Phạm Thị Đầu Mối",
    "focal_email": "dau.moi@vidu.vn",
    "focal_phone": "",
}
LIST = "Lê Văn Thử 1; Khoa Nội\nNguyễn Thị Thử; Khoa Ngoại; thu2@vidu.vn\n; thiếu tên\n=CMD('x'); Khoa Dược"


def office(product: Product) -> Browser:
    add_person(product.database, "cv@vidu.vn", role=Role.OFFICER, province_code=HUE, agency_code="46-SYT")
    browser = Browser(app_around(product))
    sign_in(browser, "cv@vidu.vn")
    return browser


def focal_path(product: Product) -> str:
    message = messages(product, "institution_link")[-1]
    return re.sub(r"^https?://[^/]+", "", str(secrets_of(message, product.vault)["link"]))


def only(product: Product) -> Institution:
    with product.database.read() as session:
        return session.scalars(select(Institution)).one()


def sign_through(visitor: CheckedClient, product: Product, code: str, name: str) -> None:
    pages = doctor_pages(who__name=name)
    page = visitor.get(f"/ky-cam-ket/don-vi/{code.lower()}")
    assert HOSPITAL["name"] in page.response.text
    page = visitor.send(page, {"email": "rieng.toi@vidu.vn"})
    assert path_of(page) == "/ky-cam-ket/doi-tuong"
    assert f'value="{HOSPITAL["name"]}"' in page.response.text
    for step in (Step.WHO, Step.PLACE, Step.SIGNER):
        answers = {key: value for key, value in pages[step].items() if key != "workplace"}
        page = visitor.send(page, answers)
        assert page.problems == [], page.problems
    page = visitor.send(page)
    sign(visitor, product, page, name)


def test_a_hospital_signs_through_one_link(visitor: CheckedClient, small_product: Product) -> None:
    staff = office(small_product)
    staff.open("/can-bo/don-vi")
    assert "Chưa có đơn vị nào" in staff.text
    staff.open("/can-bo/don-vi/moi")
    staff.send("/can-bo/don-vi/moi", HOSPITAL | {"focal_email": "không đúng"})
    assert 'aria-invalid="true"' in staff.page
    staff.follow(staff.send("/can-bo/don-vi/moi", HOSPITAL))
    assert "Đã thêm đơn vị" in staff.text
    staff.open("/can-bo/don-vi/moi")
    staff.send("/can-bo/don-vi/moi", HOSPITAL)
    assert "Đơn vị này đã có trong danh sách" in staff.text

    focal = focal_path(small_product)
    page = visitor.send(visitor.get(focal), {"people": LIST})
    assert "Đã thêm vào danh sách: 3 người." in page.response.text
    assert "; thiếu tên" in page.response.text
    page = visitor.send(visitor.get(focal), {"people": "Lê Văn Thử 1; Khoa Nội"})
    assert "Đã có trong danh sách từ trước: 1 người." in visitor.get(focal).response.text or page

    found = only(small_product)
    home = f"/can-bo/don-vi/{found.id}"
    staff.open(home)
    staff.follow(staff.send(f"{home}/dua-vao-danh-sach"))
    assert "Đã đưa vào danh sách đối tượng: 3 người." in staff.text

    sign_through(visitor, small_product, found.join_code, "Lê Văn Thử 1")
    seal_everything(small_product)
    with small_product.database.read() as session:
        pledge = session.scalars(select(Pledge)).one()
        member = session.scalars(select(InstitutionMember).where(InstitutionMember.name_fold == "le van thu 1")).one()
        assert (pledge.institution_id, pledge.entity_id) == (found.id, member.entity_id)
        assert len(session.scalars(select(Entity)).all()) == 3
    assert small_product.database.run(lambda session: recount(session, repair=False)) == []

    staff.open(home)
    assert "Xem trước và đề nghị duyệt 1 hồ sơ" in staff.text
    assert pledge.reference in staff.page
    page = visitor.get(focal)
    assert "Đã ký: 1/3 người." in page.response.text
    assert pledge.reference not in page.response.text
    dossier = staff.client.get(f"{home}/ho-so.zip")
    with zipfile.ZipFile(io.BytesIO(dossier.data)) as archive:
        assert sorted(archive.namelist()) == sorted([f"{pledge.reference}.pdf", "danh-sach.xlsx"])
        assert archive.read(f"{pledge.reference}.pdf").startswith(b"%PDF-")
        rows = (
            CalamineWorkbook.from_filelike(io.BytesIO(archive.read("danh-sach.xlsx"))).get_sheet_by_index(0).to_python()
        )
    assert ["=CMD('x')", "Chưa ký"] in [[row[1], row[5]] for row in rows]


def test_a_link_of_the_focal_person_ends(small_product: Product, clock: FixedClock) -> None:
    staff = office(small_product)
    staff.open("/can-bo/don-vi/moi")
    staff.follow(staff.send("/can-bo/don-vi/moi", HOSPITAL))
    found, first = only(small_product), focal_path(small_product)
    home = f"/can-bo/don-vi/{found.id}"
    clock.advance(timedelta(minutes=1))
    staff.follow(staff.send(f"{home}/gui-lien-ket"))
    second = focal_path(small_product)
    client = staff.app.test_client()
    assert client.get(first).status_code == 410
    assert client.get(second).status_code == 200
    staff.follow(staff.send(f"{home}/dong"))
    assert client.get(second).status_code == 410
    assert client.get(f"/ky-cam-ket/don-vi/{found.join_code}").status_code == 404
    assert client.get("/don-vi/khong-co").status_code == 410
    staff.open(home)
    staff.follow(staff.send(f"{home}/mo-lai"))
    assert client.get(f"/ky-cam-ket/don-vi/{found.join_code}").status_code == 200


def test_a_file_with_the_list_is_read(small_product: Product) -> None:
    staff = office(small_product)
    staff.open("/can-bo/don-vi/moi")
    staff.follow(staff.send("/can-bo/don-vi/moi", HOSPITAL))
    focal, client = focal_path(small_product), staff.app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(focal).text)
    assert token is not None
    table = "STT,Họ và tên,Khoa\n1,Lê Văn Thử 1,Khoa Nội\n2,Trần Thử,Khoa Ngoại\n"
    for name, data, said in (
        ("ds.csv", table.encode(), "Trần Thử"),
        ("ds.xlsx", b"PK\x03\x04hong", "Không đọc được tệp này"),
    ):
        page = client.post(
            focal,
            data={"csrf_token": token[1], "people": "", "file": (io.BytesIO(data), name)},
            follow_redirects=True,
        )
        assert said in page.text
    with small_product.database.read() as session:
        assert len(session.scalars(select(InstitutionMember)).all()) == 2
