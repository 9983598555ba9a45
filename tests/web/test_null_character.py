"""NUL, which PostgreSQL takes in no text: wherever a machine puts it, the answer is a refusal and never a fault."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.support.checked_pages import CheckedClient
from tests.support.signing import seller_pages
from tests.web.signer.steps import Step, path_of, walk

ADDRESSES = (
    "/ky-cam-ket/xa-phuong?tinh=%00&q=hoa",
    "/ky-cam-ket/xa-phuong?tinh=46&q=%00hoa",
    "/ky-cam-ket/xa-phuong?tinh=46&q=hoa&chosen=%00",
    "/ky-cam-ket?tinh=%00",
    "/ky-cam-ket/tiep-tuc/%00",
    "/ho-so/%00",
    "/xac-minh/%00",
    "/can-bo/dang-nhap?next=%00",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_in_an_address(app: Flask, address: str) -> None:
    assert app.test_client().get(address).status_code in {400, 404, 410}


def _with_null(value: Any) -> Any:
    return [f"{each}\x00" for each in value] if isinstance(value, list) else f"{value}\x00"


def test_in_every_field_of_the_form(app: Flask) -> None:
    visitor, pages = CheckedClient(app), seller_pages()
    for step in (Step.GROUP, Step.WHO, Step.PLACE, Step.SIGNER):
        page = walk(visitor, pages, step)
        tokens = {name: typed[0] for name, typed in page.fields().items() if name in {"csrf_token", "draft", "start"}}
        for name in (*pages[step], *tokens, "more_types"):
            answers = tokens | pages[step]
            sent = answers | {name: _with_null(answers.get(name, ""))}
            assert visitor.client.post(path_of(page), data=sent).status_code in {200, 302}, (step, name)
        visitor = CheckedClient(app)


def test_at_the_sign_in_of_staff(app: Flask) -> None:
    visitor = CheckedClient(app)
    token = visitor.get("/can-bo/dang-nhap").fields()["csrf_token"][0]
    typed = {"csrf_token": token, "email": "a\x00@vidu.vn", "password": "không có ai như vậy"}
    assert visitor.client.post("/can-bo/dang-nhap", data=typed).status_code == 400
