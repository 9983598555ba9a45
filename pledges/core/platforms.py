"""The hosts that many share: site builders, platforms, link shorteners; two shops of one are never taken for one.

Where a platform's own rule is not known the whole path is kept: rather one shop twice than two shops as one.
"""

from __future__ import annotations

from dataclasses import dataclass

from pledges.core.platform_rules import (
    Reader,
    not_a_channel,
    read_app_store,
    read_facebook,
    read_google_play,
    read_instagram,
    read_lazada,
    read_messenger,
    read_sendo,
    read_shopee,
    read_shortener,
    read_threads,
    read_tiki,
    read_tiktok,
    read_x,
    read_youtube,
    read_zalo,
    whole_path,
    words,
)

# Site builders outside the private part of the Public Suffix List: the subdomain is the shop's own site.
HOSTED = words(
    "bizwebvietnam.com bizwebvietnam.net business.site gianhangvn.com google.site haravan.site ldp.page mysapo.net"
    " mysapo.vn mysapogo.com myharavan.com site123.me strikingly.com tumblr.com webnode.com webnode.vn weebly.com"
    " wordpress.com zozo.vn"
)

_SHORTENERS = words(
    "amzn.to bit.ly bom.so by.com.vn cutt.ly fb.watch forms.gle goo.gl goo.su is.gd l.facebook.com l.instagram.com"
    " link.zalo.me lnkd.in maps.app.goo.gl me2.do ow.ly page.link pin.it qr.page rb.gy rebrand.ly s.id s.lazada.vn"
    " s.shopee.vn shope.ee shorten.asia shorturl.at shp.ee t.co t.ly ti.ki tiki.link tiny.cc tinyurl.com"
    " v.gd vm.tiktok.com vt.tiktok.com"
)


@dataclass(frozen=True)
class Platform:
    title: str
    read: Reader
    home: str = ""
    """The platform's own site, where the platform itself signs; empty for hosts that nobody signs for."""


def find_platform(host: str) -> Platform | None:
    """The rule of the longest listed domain that `host` is or lies below."""
    while "." in host:
        if host in _PLATFORMS:
            return _PLATFORMS[host]
        host = host.partition(".")[2]
    return None


_KEPT = (
    ("Google Sites", "website", "sites.google.com"),
    ("Google Maps", "social", "g.page"),
    ("AppGallery", "app", "appgallery.huawei.com"),
    ("LinkedIn", "social", "linkedin.com"),
    ("Pinterest", "social", "pinterest.com"),
    ("Telegram", "social", "t.me"),
    ("WhatsApp", "social", "wa.me"),
    ("Viber", "social", "viber.com"),
    ("Lemon8", "social", "lemon8-app.com"),
    ("Twitch", "social", "twitch.tv"),
    ("Reddit", "social", "reddit.com"),
    ("Discord", "social", "discord.com"),
    ("Gapo", "social", "gapo.vn"),
    ("Hahalolo", "social", "hahalolo.com"),
    ("Locket", "social", "locket.cam"),
    ("Linktree", "social", "linktr.ee"),
    ("Beacons", "social", "beacons.ai"),
    ("Chợ Tốt", "platform_shop", "chotot.com"),
    ("ShopeeFood", "platform_shop", "shopeefood.vn"),
    ("Foody", "platform_shop", "foody.vn"),
    ("GrabFood", "platform_shop", "food.grab.com"),
    ("beFood", "platform_shop", "food.be.com.vn"),
    ("Vỏ Sò", "platform_shop", "voso.vn"),
    ("Postmart", "platform_shop", "postmart.vn"),
    ("Nông sản Bưu điện", "platform_shop", "nongsan.buudien.vn"),
    ("Vật Giá", "platform_shop", "vatgia.com"),
    ("Én Bạc", "platform_shop", "enbac.com"),
    ("Temu", "platform_shop", "temu.com"),
    ("Taobao", "platform_shop", "taobao.com"),
    ("Alibaba", "platform_shop", "alibaba.com"),
    ("Amazon", "platform_shop", "amazon.com"),
    ("Etsy", "platform_shop", "etsy.com"),
    ("eBay", "platform_shop", "ebay.com"),
)


def _listed() -> dict[str, Platform]:
    facebook = Platform("Facebook", read_facebook, "facebook.com")
    youtube = Platform("YouTube", read_youtube, "youtube.com")
    threads = Platform("Threads", read_threads, "threads.com")
    x = Platform("X", read_x, "x.com")
    app_store = Platform("App Store", read_app_store)
    lazada = Platform("Lazada", read_lazada, "lazada.vn")
    table = {name: Platform("", read_shortener) for name in _SHORTENERS}
    table |= {base: Platform(title, whole_path(title, kind, base), base) for title, kind, base in _KEPT}
    table |= {
        f"shopee.{end}": Platform("Shopee", read_shopee, f"shopee.{end}")
        for end in ("vn", "sg", "ph", "com.my", "co.th", "co.id")
    }
    return table | {
        "facebook.com": facebook,
        "fb.com": facebook,
        "fb.me": Platform("Facebook", read_shortener),
        "m.me": Platform("Messenger", read_messenger),
        "tiktok.com": Platform("TikTok", read_tiktok, "tiktok.com"),
        "youtube.com": youtube,
        "youtu.be": Platform("YouTube", read_shortener),
        "instagram.com": Platform("Instagram", read_instagram, "instagram.com"),
        "instagr.am": Platform("Instagram", read_instagram),
        "threads.com": threads,
        "threads.net": threads,
        "x.com": x,
        "twitter.com": x,
        "zalo.me": Platform("Zalo", read_zalo, "zalo.me"),
        "lazada.vn": lazada,
        "lazada.com": lazada,
        "tiki.vn": Platform("Tiki", read_tiki, "tiki.vn"),
        "sendo.vn": Platform("Sendo", read_sendo, "sendo.vn"),
        "play.google.com": Platform("Google Play", read_google_play),
        "apps.apple.com": app_store,
        "itunes.apple.com": app_store,
        "google.com": Platform("Google", not_a_channel("Google")),
        "google.com.vn": Platform("Google", not_a_channel("Google")),
    }


_PLATFORMS = _listed()
