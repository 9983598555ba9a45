"""Canonical addresses. All shops and accounts are invented; only the platforms are real."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pledges.core.errors import DomainError
from pledges.core.identity import ChannelKind, canonical_channel

WEBSITE, APP, SHOP, SOCIAL = ChannelKind

READ = [
    # Websites: the registrable domain.
    ("tenshop.vn", WEBSITE, "tenshop.vn"),
    ("  TenShop.VN  ", WEBSITE, "tenshop.vn"),
    ("https://tenshop.vn/", WEBSITE, "tenshop.vn"),
    ("http://www.tenshop.vn", WEBSITE, "tenshop.vn"),
    ("https://m.tenshop.vn/danh-muc?trang=2#dau", WEBSITE, "tenshop.vn"),
    ("tenshop.vn:8443/gio-hang", WEBSITE, "tenshop.vn"),
    ("tenshop.vn.", WEBSITE, "tenshop.vn"),
    ("tenshop.vn./", WEBSITE, "tenshop.vn"),
    ("tenshop.vn,", WEBSITE, "tenshop.vn"),
    ("(tenshop.vn)", WEBSITE, "tenshop.vn"),
    ("“tenshop.vn”", WEBSITE, "tenshop.vn"),
    ("//tenshop.vn", WEBSITE, "tenshop.vn"),
    ("http:tenshop.vn", WEBSITE, "tenshop.vn"),
    ("http:/tenshop.vn", WEBSITE, "tenshop.vn"),
    ("https://https://tenshop.vn", WEBSITE, "tenshop.vn"),
    ("http:\\\\tenshop.vn\\ban", WEBSITE, "tenshop.vn"),
    ("ｔｅｎｓｈｏｐ．ｖｎ", WEBSITE, "tenshop.vn"),
    ("tenshop。vn", WEBSITE, "tenshop.vn"),
    ("ten\u200bshop.vn", WEBSITE, "tenshop.vn"),
    ("tenshop.vn?utm_source=zalo&fbclid=abc", WEBSITE, "tenshop.vn"),
    ("https://tenshop.vn/%E0%A4%A", WEBSITE, "tenshop.vn"),
    ("blog.tenshop.vn", WEBSITE, "tenshop.vn"),
    ("shop.ten.com.vn", WEBSITE, "ten.com.vn"),
    ("a.b.ten.langson.vn", WEBSITE, "ten.langson.vn"),
    ("ten.hanoi.vn", WEBSITE, "ten.hanoi.vn"),
    ("ten-shop.id.vn", WEBSITE, "ten-shop.id.vn"),
    ("ten.io.vn", WEBSITE, "ten.io.vn"),
    ("tenshop.com", WEBSITE, "tenshop.com"),
    ("tenshop.store", WEBSITE, "tenshop.store"),
    ("123shop.net", WEBSITE, "123shop.net"),
    # Site builders: the shop's own subdomain.
    ("tenshop.myharavan.com", WEBSITE, "tenshop.myharavan.com"),
    ("https://www.tenshop.myharavan.com/pages/about", WEBSITE, "tenshop.myharavan.com"),
    ("tenshop.bizwebvietnam.net", WEBSITE, "tenshop.bizwebvietnam.net"),
    ("tenshop.mysapo.net", WEBSITE, "tenshop.mysapo.net"),
    ("tenshop.myshopify.com/products/a", WEBSITE, "tenshop.myshopify.com"),
    ("tenshop.blogspot.com", WEBSITE, "tenshop.blogspot.com"),
    ("m.tenshop.blogspot.com", WEBSITE, "tenshop.blogspot.com"),
    ("tenshop.wordpress.com", WEBSITE, "tenshop.wordpress.com"),
    ("tenshop.github.io/shop", WEBSITE, "tenshop.github.io"),
    ("tenshop.wixsite.com/ten", WEBSITE, "tenshop.wixsite.com"),
    ("sites.google.com/view/tenshop", WEBSITE, "sites.google.com/view/tenshop"),
    # Apps.
    (
        "https://play.google.com/store/apps/details?id=vn.ten.App&hl=vi",
        APP,
        "play.google.com/store/apps/details?id=vn.ten.App",
    ),
    ("play.google.com/store/apps/details?hl=vi&id=vn.ten.App", APP, "play.google.com/store/apps/details?id=vn.ten.App"),
    ("market://details?id=vn.ten.App", APP, "play.google.com/store/apps/details?id=vn.ten.App"),
    ("https://apps.apple.com/vn/app/ten-shop/id1234567890?l=vi", APP, "apps.apple.com/app/id1234567890"),
    ("itunes.apple.com/us/app/id1234567890", APP, "apps.apple.com/app/id1234567890"),
    ("https://appgallery.huawei.com/app/C101234567", APP, "appgallery.huawei.com/app/C101234567"),
    # Shops on platforms.
    ("shopee.vn/tenshop", SHOP, "shopee.vn/tenshop"),
    ("https://SHOPEE.vn/TenShop?smtt=0.0.9#product_list", SHOP, "shopee.vn/tenshop"),
    ("m.shopee.vn/ten_shop.vn", SHOP, "shopee.vn/ten_shop.vn"),
    ("https://shopee.vn/shop/123456789/", SHOP, "shopee.vn/shop/123456789"),
    ("https://shopee.vn/Ao-dai-tay-i.123456789.987654321", SHOP, "shopee.vn/shop/123456789"),
    ("https://shopee.vn/product/123456789/987654321", SHOP, "shopee.vn/shop/123456789"),
    ("shopee.sg/tenshop", SHOP, "shopee.sg/tenshop"),
    ("shopee.com.my/tenshop", SHOP, "shopee.com.my/tenshop"),
    ("https://www.lazada.vn/shop/Ten-Shop/?path=index.htm", SHOP, "lazada.vn/shop/ten-shop"),
    ("lazada.vn/ten-hang", SHOP, "lazada.vn/ten-hang"),
    ("https://tiki.vn/cua-hang/ten-shop", SHOP, "tiki.vn/cua-hang/ten-shop"),
    ("https://www.sendo.vn/shop/ten-shop/san-pham", SHOP, "sendo.vn/shop/ten-shop"),
    (
        "https://www.tiktok.com/shop/store/ten-shop/7494012345678901234",
        SHOP,
        "tiktok.com/shop/store/7494012345678901234",
    ),
    (
        "https://www.tiktok.com/shop/vn/store/ten-moi/7494012345678901234?x=1",
        SHOP,
        "tiktok.com/shop/store/7494012345678901234",
    ),
    ("https://www.tiktok.com/view/shop/7494012345678901234", SHOP, "tiktok.com/shop/store/7494012345678901234"),
    ("https://voso.vn/gian-hang/Ten-Shop", SHOP, "voso.vn/gian-hang/Ten-Shop"),
    ("https://shop123.taobao.com/", SHOP, "shop123.taobao.com"),
    # Social accounts.
    ("facebook.com/tenpage", SOCIAL, "facebook.com/tenpage"),
    ("https://www.facebook.com/Ten.Page/?ref=bookmarks", SOCIAL, "facebook.com/tenpage"),
    ("https://m.facebook.com/tenpage/posts/pfbid0abc", SOCIAL, "facebook.com/tenpage"),
    ("fb.com/tenpage", SOCIAL, "facebook.com/tenpage"),
    ("m.me/tenpage", SOCIAL, "facebook.com/tenpage"),
    ("https://www.facebook.com/pg/tenpage/about", SOCIAL, "facebook.com/tenpage"),
    ("https://www.facebook.com/profile.php?id=100012345678901&mibextid=abc", SOCIAL, "facebook.com/100012345678901"),
    ("https://www.facebook.com/people/Ten-Nguoi/100012345678901/", SOCIAL, "facebook.com/100012345678901"),
    ("https://www.facebook.com/pages/Tên-Trang/100012345678901", SOCIAL, "facebook.com/100012345678901"),
    ("https://www.facebook.com/pages/category/Shop/Ten-100012345678901", SOCIAL, "facebook.com/100012345678901"),
    ("https://www.facebook.com/p/T%C3%AAn-Trang-100012345678901/", SOCIAL, "facebook.com/100012345678901"),
    ("https://www.facebook.com/Ten-Trang-100012345678901/", SOCIAL, "facebook.com/100012345678901"),
    ("https://www.facebook.com/marketplace/profile/100012345678901/", SOCIAL, "facebook.com/100012345678901"),
    ("https://www.facebook.com/groups/chovidu", SOCIAL, "facebook.com/groups/chovidu"),
    ("https://www.facebook.com/groups/123456789/permalink/9876/", SOCIAL, "facebook.com/groups/123456789"),
    ("https://www.facebook.com/groups/chovidu/user/100012345678901/", SOCIAL, "facebook.com/100012345678901"),
    ("https://www.tiktok.com/@Ten.Shop?lang=vi-VN", SOCIAL, "tiktok.com/@ten.shop"),
    ("tiktok.com/@ten_shop/video/7123456789", SOCIAL, "tiktok.com/@ten_shop"),
    ("youtube.com/@TenKenh", SOCIAL, "youtube.com/@tenkenh"),
    ("https://m.youtube.com/@tenkenh/videos", SOCIAL, "youtube.com/@tenkenh"),
    (
        "https://www.youtube.com/channel/UCaBcDeFgHiJkLmNoPqRsTuV",
        SOCIAL,
        "youtube.com/channel/UCaBcDeFgHiJkLmNoPqRsTuV",
    ),
    ("youtube.com/c/TenKenh", SOCIAL, "youtube.com/c/tenkenh"),
    ("youtube.com/user/tenkenh", SOCIAL, "youtube.com/user/tenkenh"),
    ("youtube.com/@K%C3%AAnhV%C3%ADD%E1%BB%A5", SOCIAL, "youtube.com/@kênhvídụ"),
    ("https://www.instagram.com/Ten.Shop_1/?igsh=abc", SOCIAL, "instagram.com/ten.shop_1"),
    ("instagram.com/stories/tenshop/123", SOCIAL, "instagram.com/tenshop"),
    ("zalo.me/0912345678", SOCIAL, "zalo.me/0912345678"),
    ("https://zalo.me/84912345678", SOCIAL, "zalo.me/0912345678"),
    ("zalo.me/1234567890123456789", SOCIAL, "zalo.me/1234567890123456789"),
    ("zalo.me/g/abcdef123", SOCIAL, "zalo.me/g/abcdef123"),
    ("https://twitter.com/TenShop/status/123", SOCIAL, "x.com/tenshop"),
    ("x.com/tenshop", SOCIAL, "x.com/tenshop"),
    ("x.com/i/user/123456", SOCIAL, "x.com/i/user/123456"),
    ("https://www.threads.net/@tenshop", SOCIAL, "threads.com/@tenshop"),
    ("threads.com/@tenshop/post/abc", SOCIAL, "threads.com/@tenshop"),
    ("t.me/tenshop", SOCIAL, "t.me/tenshop"),
    ("linktr.ee/tenshop", SOCIAL, "linktr.ee/tenshop"),
]

REFUSED = [
    ("", "Hãy dán địa chỉ"),
    ("   ", "Hãy dán địa chỉ"),
    ("https://", "Hãy dán địa chỉ"),
    ("tenshop", "chưa phải là địa chỉ đầy đủ"),
    ("ten shop.vn", "không có dấu cách"),
    ("tenshop.vn và tenshop.com", "không có dấu cách"),
    ("an@vidu.vn", "thư điện tử"),
    ("mailto:an@vidu.vn", "thư điện tử"),
    ("@tenshop", "tên mạng xã hội"),
    ("0912 345 678", "số điện thoại"),
    ("Zalo: 0912.345.678", "số điện thoại"),
    ("tel:0912345678", "số điện thoại"),
    ("javascript:alert(1)", "“javascript:”"),
    ("JaVaScRiPt://tenshop.vn/%0aalert(1)", "“javascript:”"),
    ("data:text/html,chào", "“data:”"),
    ("file:///etc/passwd", "“file:”"),
    ("ftp://tenshop.vn", "“ftp:”"),
    ("vbscript:x", "“vbscript:”"),
    ("http://127.0.0.1/", "địa chỉ số (IP)"),
    ("192.168.1.10:8000", "địa chỉ số (IP)"),
    ("http://2130706433/", "địa chỉ số (IP)"),
    ("http://0x7f.1/", "địa chỉ số (IP)"),
    ("http://[::1]/", "địa chỉ số (IP)"),
    ("[2001:db8::1]", "địa chỉ số (IP)"),
    ("localhost", "“localhost”"),
    ("http://localhost:8000/ky", "“localhost”"),
    ("ten.localhost", "“localhost”"),
    ("tenshop.vnn", "“.vnn”"),
    ("tenshop.test", "“.test”"),
    ("tenshop.local", "“.local”"),
    ("com.vn", "phần đuôi tên miền"),
    ("http://an:matkhau@tenshop.vn", "trước dấu @"),
    ("https://facebook.com@tenshop.vn/", "trước dấu @"),
    ("tenshop.vn:abc", "sau dấu hai chấm"),
    ("ten_shop.vn", "không đúng"),
    ("-tenshop.vn", "không đúng"),
    ("ten..vn", "không đúng"),
    ("a" * 64 + ".vn", "không đúng"),
    ("xn--a.vn", "không đúng"),
    ("❤.vn", "không đúng"),
    ("tenshop.vn/" + "a" * 3000, "tối đa 2000"),
    ("t.me/" + "a" * 400, "quá dài"),
    ("<script>tenshop.vn", "< hoặc >"),
    ("tenshop\u202e.vn", "đổi chiều"),
    ("myharavan.com", "trang chung của myharavan.com"),
    ("www.wordpress.com", "trang chung của wordpress.com"),
    ("blogspot.com", "trang chung của blogspot.com"),
    ("shopee.vn", "trang chung của Shopee"),
    ("https://www.facebook.com/", "trang chung của Facebook"),
    ("lazada.vn", "trang chung của Lazada"),
    ("tiki.vn", "trang chung của Tiki"),
    ("sendo.vn/", "trang chung của Sendo"),
    ("tiktok.com", "trang chung của TikTok"),
    ("youtube.com", "trang chung của YouTube"),
    ("instagram.com", "trang chung của Instagram"),
    ("zalo.me", "trang chung của Zalo"),
    ("x.com", "trang chung của X"),
    ("threads.net", "trang chung của Threads"),
    ("taobao.com", "trang chung của Taobao"),
    ("shopee.vn/search?keyword=ao", "không phải trang chính"),
    ("https://shopee.vn/Thoi-Trang-Nam-cat.11035567", "không phải trang chính"),
    ("tiki.vn/ao-dai-p12345.html", "không phải trang chính"),
    ("lazada.vn/products/ao-i123-s456.html", "không phải trang chính"),
    ("sendo.vn/ao-dai-12345.html", "không phải trang chính"),
    ("facebook.com/watch/?v=1", "không phải trang chính"),
    ("facebook.com/share/p/abc", "không phải trang chính"),
    ("facebook.com/profile.php", "không phải trang chính"),
    ("facebook.com/marketplace/item/123456", "không phải trang chính"),
    ("facebook.com/groups/", "không phải trang chính"),
    ("tiktok.com/tag/ao", "không phải trang chính"),
    ("tiktok.com/@", "không phải trang chính"),
    ("youtube.com/watch?v=abc", "không phải trang chính"),
    ("instagram.com/p/abc", "không phải trang chính"),
    ("threads.net/tenshop", "không phải trang chính"),
    ("play.google.com/store/apps/developer?id=Ten", "không phải trang chính"),
    ("apps.apple.com/vn/developer/ten/id123456789", "không phải trang chính"),
    ("vt.tiktok.com/ZSabc", "rút gọn"),
    ("bit.ly/abc", "rút gọn"),
    ("s.shopee.vn/abc", "rút gọn"),
    ("youtu.be/abc", "rút gọn"),
    ("https://www.google.com/search?q=ten", "không phải kênh bán hàng"),
    ("facebook.com/%ff", "Không đọc được đường dẫn"),
    ("t.me/%2e%2e/ten", "Không đọc được đường dẫn"),
    ("t.me/a%2fb", "Không đọc được đường dẫn"),
]


@pytest.mark.parametrize(("typed", "kind", "address"), READ)
def test_addresses_are_read(typed: str, kind: ChannelKind, address: str) -> None:
    found = canonical_channel(typed)
    assert (found.kind, found.address) == (kind, address)
    assert canonical_channel(address) == found
    assert found.as_typed


@pytest.mark.parametrize(("typed", "said"), REFUSED)
def test_what_is_no_address_says_what_to_do(typed: str, said: str) -> None:
    with pytest.raises(DomainError) as caught:
        canonical_channel(typed, field="channels-1")
    assert said in str(caught.value)
    assert caught.value.field == "channels-1"


@pytest.mark.parametrize(
    ("typed", "address", "display"),
    [
        ("shọp.vn", "xn--shp-ulz.vn", "shọp.vn (xn--shp-ulz.vn)"),
        ("https://www.SHỌP.vn/a", "xn--shp-ulz.vn", "shọp.vn (xn--shp-ulz.vn)"),
        ("xn--shp-ulz.vn", "xn--shp-ulz.vn", "shọp.vn (xn--shp-ulz.vn)"),
        # Latin with a Cyrillic "а".
        ("c\u0430mket.vn", "xn--cmket-4ve.vn", "c\u0430mket.vn (xn--cmket-4ve.vn)"),
        ("tênmiền.vn", "xn--tnmin-hsa0954c.vn", "tênmiền.vn (xn--tnmin-hsa0954c.vn)"),
    ],
)
def test_names_that_may_deceive_are_kept_flagged_and_shown_in_both_forms(
    typed: str, address: str, display: str
) -> None:
    found = canonical_channel(typed)
    assert (found.address, found.display, found.lookalike) == (address, display, True)
    decomposed = canonical_channel(unicodedata.normalize("NFD", typed))
    assert decomposed == found


def test_plain_names_are_not_flagged() -> None:
    assert not canonical_channel("tenshop.vn").lookalike
    assert canonical_channel("youtube.com/@kênhvídụ").lookalike


@pytest.mark.parametrize("home", ["shopee.vn", "https://www.facebook.com/", "tiki.vn", "zalo.me"])
def test_a_platform_may_name_its_own_home_page(home: str) -> None:
    found = canonical_channel(home, platform_itself=True)
    assert found.kind is ChannelKind.WEBSITE
    assert found.address in home


def test_a_platform_that_we_have_no_rule_for_is_a_website() -> None:
    assert canonical_channel("sanvidu.vn", platform_itself=True) == canonical_channel("sanvidu.vn")


NAMES = st.from_regex(r"[a-z][a-z0-9]{4,18}", fullmatch=True)
PLACES = [
    "{}.vn",
    "{}.com.vn",
    "{}.myharavan.com",
    "{}.bizwebvietnam.net",
    "{}.blogspot.com",
    "shopee.vn/{}",
    "lazada.vn/shop/{}",
    "tiki.vn/cua-hang/{}",
    "sendo.vn/shop/{}",
    "facebook.com/{}",
    "facebook.com/groups/{}",
    "tiktok.com/@{}",
    "youtube.com/@{}",
    "youtube.com/c/{}",
    "youtube.com/user/{}",
    "instagram.com/{}",
    "threads.com/@{}",
    "t.me/{}",
    "taobao.com/{}",
    "sites.google.com/view/{}",
    "play.google.com/store/apps/details?id=vn.{}",
]


def read_or_skip(typed: str) -> str:
    try:
        return canonical_channel(typed).address
    except DomainError:
        assume(False)
        raise


@given(NAMES, NAMES, st.sampled_from(PLACES))
def test_two_shops_of_one_place_are_never_one(one: str, other: str, place: str) -> None:
    assume(one != other)
    assert read_or_skip(place.format(one)) != read_or_skip(place.format(other))


@given(NAMES, st.sampled_from(PLACES), st.sampled_from(PLACES))
def test_one_name_in_two_places_is_two(name: str, one: str, other: str) -> None:
    assume(one != other)
    assert read_or_skip(one.format(name)) != read_or_skip(other.format(name))


@given(
    NAMES,
    st.sampled_from(PLACES),
    st.sampled_from(["", "http://", "https://", "HTTPS://", "//"]),
    st.sampled_from(["", "www."]),
    st.sampled_from(["", "utm_source=zalo", "fbclid=IwAR0&mibextid=x"]),
    st.sampled_from(["", "#", "#binh-luan"]),
    st.sampled_from(["", " ", "\u200b"]),
)
def test_dropped_parts_change_nothing(
    name: str, place: str, scheme: str, www: str, query: str, fragment: str, blank: str
) -> None:
    plain = place.format(name)
    expected = read_or_skip(plain)
    joint = ("&" if "?" in plain else "/?") if query else ""
    assert canonical_channel(f"{blank}{scheme}{www}{plain}{joint}{query}{fragment}{blank}").address == expected


@given(NAMES, st.integers(1, 65535), st.sampled_from([".", ""]))
def test_port_and_trailing_dot_change_nothing(name: str, port: int, dot: str) -> None:
    assert canonical_channel(f"{name}.vn{dot}:{port}/a").address == f"{name}.vn"


PIECES = """http https :// : / // ? # & = @ . .. % %2f %00 [ ] \\ www. m. vn com.vn myharavan.com facebook.com groups
profile.php?id= tiktok.com/@ shopee.vn youtube.com zalo.me x.com 0912345678 javascript: data: xn-- localhost 127.0.0.1
-i.1.2 play.google.com/store/apps/details?id= apps.apple.com sites.google.com t.me stories user channel"""
ADDRESS_LIKE = st.lists(
    st.one_of(st.sampled_from(PIECES.split()), st.text(st.characters(), max_size=8)), max_size=10
).map("".join)


@given(st.one_of(ADDRESS_LIKE, st.text(st.characters(), max_size=100)))
def test_any_text_is_read_or_refused_kindly_and_reading_twice_changes_nothing(typed: str) -> None:
    for itself in (False, True):
        try:
            found = canonical_channel(typed, platform_itself=itself)
        except DomainError:
            continue
        assert canonical_channel(found.address, platform_itself=itself) == found
        assert len(found.address) <= 250
        assert found.address.isprintable()
