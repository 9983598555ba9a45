from __future__ import annotations

import dataclasses
import re
import uuid
from collections.abc import Iterator

import pytest
from flask import Blueprint, Flask, request
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.routing import Rule

from pledges.accounts.permissions import Action
from pledges.app import create_app
from pledges.core.errors import Conflict, DomainError, NotFound, TooMany
from pledges.product import Product
from pledges.web.components import PageForm
from pledges.web.security import HEADERS, audience, audience_of, declare_audience, may, public, refuse_undeclared_views
from tests.support.checked_pages import CheckedClient, Page


def address(rule: Rule) -> str:
    """Some address of a route; whatever it shows, it shows it with our headers."""
    path = re.sub(r"<uuid:\w+>", str(uuid.UUID(int=0)), rule.rule)
    return re.sub(r"<(?:\w+(?:\([^)]*\))?:)?\w+>", "0", path)


def routes(app: Flask, method: str) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()):
            yield rule, address(rule)


@pytest.fixture
def client(small_app: Flask) -> FlaskClient:
    return small_app.test_client()


def test_every_route_answers_with_every_header(small_app: Flask) -> None:
    for rule, path in [*routes(small_app, "GET"), *routes(small_app, "POST")]:
        for method in ("GET", "POST"):
            answer = small_app.test_client().open(path, method=method)
            assert answer.status_code < 500 or rule.rule == "/readyz", f"{method} {path}"
            for name, value in HEADERS.items():
                assert answer.headers[name] == value, f"{path} lacks {name}"
            assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-Id"])
            assert answer.headers["Cache-Control"]
            answer.close()


def test_the_policy_allows_nothing_but_our_own_files() -> None:
    policy = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert set(policy.values()) <= {"'self'", "'none'"}


def test_every_post_needs_a_token_or_a_form_that_checks_it(small_app: Flask) -> None:
    tried = 0
    for rule, path in routes(small_app, "POST"):
        view = small_app.view_functions[rule.endpoint]
        answer = small_app.test_client().post(path, data={"csrf_token": "made-up"})
        if getattr(view, "soft_csrf", False):
            assert answer.status_code < 500, path
            assert answer.status_code >= 300 or "<form" in answer.text, path
        else:
            assert answer.status_code == 400, path
            assert "làm mới" in answer.text, path
        tried += 1
    assert tried > 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
    ],
)
def test_posts_from_elsewhere_are_refused(small_app: Flask, headers: dict[str, str]) -> None:
    for _rule, path in routes(small_app, "POST"):
        answer = small_app.test_client().post(path, headers=headers)
        assert answer.status_code == 403, path


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://localhost"}, {}]
)
def test_posts_from_our_own_pages_pass(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.post("/_mau-giao-dien", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "evil.example:80", "127.0.0.1.evil.example"]
)
def test_a_foreign_host_name_is_refused_and_nowhere_repeated(client: FlaskClient, host: str) -> None:
    answer = client.get("/", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text
    assert "evil" not in str(answer.headers)
    assert "Content-Security-Policy" in answer.headers


def test_forwarded_headers_count_only_behind_a_proxy(small_product: Product) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}

    def seen(proxies: int) -> str:
        settings = dataclasses.replace(small_product.settings, trusted_proxies=proxies)
        app = create_app(product=dataclasses.replace(small_product, settings=settings))

        @app.get("/who")
        @public
        def who() -> str:
            return f"{request.remote_addr} {request.host} {request.scheme}"

        return app.test_client().get("/who", headers=forwarded).text

    assert seen(0) == "127.0.0.1 localhost http"
    assert seen(1) == "203.0.113.7 localhost https"


@pytest.mark.parametrize("path", ["/", "/tra-cuu", "/api/v1/openapi.json", "/api/v1/verify/none", "/can-bo/dang-nhap"])
def test_no_other_site_may_read_an_answer(client: FlaskClient, path: str) -> None:
    for method in ("GET", "OPTIONS"):
        asked = {"Origin": "https://khac.vidu.vn", "Access-Control-Request-Method": "GET"}
        answer = client.open(path, method=method, headers=asked)
        assert [name for name, _value in answer.headers if name.startswith("Access-Control-")] == []
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_session_cookie_over_https(small_product: Product) -> None:
    settings = dataclasses.replace(small_product.settings, public_url="https://camket.example.vn")
    app = create_app(product=dataclasses.replace(small_product, settings=settings))
    answer = app.test_client().get("/?lang=en", base_url="https://camket.example.vn")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_no_cookie_without_need(client: FlaskClient) -> None:
    assert "Set-Cookie" not in client.get("/").headers


def test_a_session_signed_with_another_key_is_none(small_app: Flask, small_product: Product) -> None:
    other = dataclasses.replace(
        small_product, settings=dataclasses.replace(small_product.settings, secret_key="x" * 40)
    )
    stranger = create_app(product=other).test_client()
    stranger.get("/?lang=en")
    cookie = stranger.get_cookie("session")
    assert cookie is not None
    client = small_app.test_client()
    client.set_cookie("session", cookie.value)
    assert '<html lang="vi">' in client.get("/").text


def test_pages_of_signers_and_staff_are_never_stored(small_app: Flask) -> None:
    for rule, path in routes(small_app, "GET"):
        if audience_of(small_app, rule.endpoint) in {"signer", "staff"}:
            assert small_app.test_client().get(path).headers["Cache-Control"] == "no-store", path


def test_static_files_are_kept_by_their_fingerprint(visitor: CheckedClient) -> None:
    for href in visitor.get("/").all("//link[@rel='stylesheet']/@href"):
        with visitor.client.get(href) as answer:
            assert answer.status_code == 200
            assert "immutable" in answer.headers["Cache-Control"]


def test_a_view_without_audience_stops_the_start(small_app: Flask) -> None:
    small_app.add_url_rule("/forgotten", "forgotten", lambda: "open to all")
    with pytest.raises(RuntimeError, match="forgotten"):
        refuse_undeclared_views(small_app)


def test_a_view_of_staff_without_an_action_stops_the_start(small_app: Flask) -> None:
    small_app.add_url_rule("/loose", "loose", audience("staff")(lambda: "open to all staff"))
    with pytest.raises(RuntimeError, match="loose"):
        refuse_undeclared_views(small_app)
    assert small_app.test_client().get("/loose").status_code == 403


def test_every_route_has_an_audience(small_app: Flask) -> None:
    refuse_undeclared_views(small_app)
    with pytest.raises(ValueError, match="unknown audience"):
        declare_audience(Blueprint("x", __name__), "everybody")


def test_staff_views_are_closed_without_a_gate(small_app: Flask) -> None:
    small_app.extensions.pop("staff_gate", None)

    @small_app.get("/behind")
    @may(Action.ACCOUNT_OWN)
    def behind() -> str:
        return "secret"

    answer = small_app.test_client().get("/behind")
    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_soft_views_check_with_a_form_of_ours(small_app: Flask) -> None:
    """A view that answers a stale token itself must be written with `PageForm`."""
    import inspect

    soft = [view for view in small_app.view_functions.values() if getattr(view, "soft_csrf", False)]
    assert soft
    for view in soft:
        source = inspect.getsource(inspect.getmodule(inspect.unwrap(view)))  # type: ignore[arg-type]
        checks = ("validate_on_submit", "form.validate", "return confirmed(", "return press(", "return step(")
        assert any(check in source for check in checks), view


REFUSALS = {
    "/refuse/400": DomainError("Không được: %(why)s", why="thử"),
    "/refuse/404": NotFound(),
    "/refuse/409": Conflict("Đã có người làm trước."),
    "/refuse/429": TooMany("Hãy thử lại sau %(minutes)s phút.", minutes=7),
}


@pytest.fixture
def faulty(small_app: Flask) -> CheckedClient:
    def refuse(code: str) -> str:
        raise REFUSALS[f"/refuse/{code}"]

    def fail() -> str:
        raise RuntimeError("Nguyễn Văn Bí Mật 0912345678")

    def wait() -> str:
        raise OperationalError("write gate", None, TimeoutError("database is locked"))

    def read() -> str:
        return PageForm().data or ""

    small_app.add_url_rule("/refuse/<code>", "refuse", public(refuse))
    small_app.add_url_rule("/fail", "fail", public(fail))
    small_app.add_url_rule("/locked", "locked", public(wait))
    small_app.add_url_rule("/large", "large", public(read), methods=["POST"])
    return CheckedClient(small_app)


@pytest.mark.parametrize("path", REFUSALS)
def test_a_refusal_of_the_domain_is_a_page(faulty: CheckedClient, path: str) -> None:
    status = int(path[-3:])
    page = faulty.get(path, status=status)
    assert str(REFUSALS[path]) in page.words
    assert page.response.headers["X-Request-Id"] in page.words


def test_a_fault_is_a_page_that_tells_nothing(faulty: CheckedClient) -> None:
    page = faulty.get("/fail", status=500)
    assert "Bí Mật" not in page.text
    assert "Hãy thử lại sau vài phút" in page.words
    assert page.response.headers["X-Request-Id"] in page.words
    assert page.response.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]


def test_a_database_that_is_locked_is_busy_and_not_broken(faulty: CheckedClient) -> None:
    assert "Hệ thống đang tạm bận" in faulty.get("/locked", status=503).words


def test_a_missing_page_says_what_to_do(faulty: CheckedClient) -> None:
    page = faulty.get("/khong-co?x=<script>", status=404)
    assert "Hãy kiểm tra lại địa chỉ" in page.words
    assert "khong-co" not in page.words


def test_a_wrong_method_is_named(faulty: CheckedClient) -> None:
    answer = faulty.client.delete("/tro-nang")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert "HTTP" not in Page(answer, faulty.app).words


def test_too_much_is_refused_with_a_page(faulty: CheckedClient) -> None:
    answer = faulty.client.post("/_mau-giao-dien", data={"note": "x" * 5_000_000})
    assert answer.status_code == 413
    assert "Hãy rút ngắn nội dung" in Page(answer, faulty.app).words
