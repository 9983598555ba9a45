"""Addresses that a person should look at: names much like those of big platforms, throw-away mailboxes."""

from __future__ import annotations

from pledges.core.platform_rules import words
from pledges.core.platforms import find_platform

FAMOUS = ("facebook", "instagram", "lazada", "shopee", "tiktok", "youtube")
"""Names that false shops like to resemble; all have six letters or more, so that one slip is rarely another word."""

PROVIDERS = words(
    "email.com fpt.vn gmail.com googlemail.com hotmail.com icloud.com live.com mail.com me.com msn.com outlook.com"
    " outlook.com.vn proton.me protonmail.com vnn.vn yahoo.com yahoo.com.vn ymail.com zoho.com"
)
_OFTEN_MISSPELT = ("gmail.com", "hotmail.com", "icloud.com", "outlook.com", "yahoo.com", "yahoo.com.vn")

THROW_AWAY = words(
    "10minutemail.com 10minutemail.net 20minutemail.com burnermail.io discard.email dispostable.com dropmail.me"
    " emailondeck.com fakeinbox.com fakemail.net getairmail.com getnada.com grr.la guerrillamail.com"
    " guerrillamail.info guerrillamail.net guerrillamail.org inboxkitten.com mail-temp.com mail.tm mailcatch.com"
    " maildrop.cc mailinator.com mailnesia.com mailsac.com minuteinbox.com mintemail.com moakt.com mohmal.com"
    " mytemp.email sharklasers.com spamgourmet.com temp-mail.io temp-mail.org tempail.com tempinbox.com"
    " tempmail.com tempmail.dev tempmail.net tempmailo.com tempr.email throwawaymail.com trashmail.com"
    " trashmail.de trbvm.com yopmail.com yopmail.fr yopmail.net"
)
"""The best-known services that give anybody a mailbox for some minutes; not complete, and need not be."""

_LOOKS_LIKE = str.maketrans("0135", "oles")


def mail_domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def is_throw_away(domain: str) -> bool:
    return any(domain == known or domain.endswith(f".{known}") for known in THROW_AWAY)


def resembled_provider(domain: str) -> str | None:
    """The mail provider of which this domain may be a misspelling."""
    if domain in PROVIDERS:
        return None
    return next((known for known in _OFTEN_MISSPELT if one_slip_apart(domain, known)), None)


def resembled_platform(address: str) -> str | None:
    """The platform that a website's name resembles without being it."""
    host = address.partition("/")[0]
    if find_platform(host) is not None:
        return None
    label = host.partition(".")[0]
    for known in FAMOUS:
        if known in label.split("-") or label.translate(_LOOKS_LIKE) == known or one_slip_apart(label, known):
            return known
    return None


def is_home_page(address: str) -> bool:
    """Whether this is a platform's own front page: nobody's shop or account."""
    platform = find_platform(address.partition("/")[0])
    return platform is not None and platform.home == address


def one_slip_apart(typed: str, meant: str) -> bool:
    """Whether one letter is wrong, missing, too many, or two neighbours are swapped."""
    if typed == meant or abs(len(typed) - len(meant)) > 1:
        return False
    same = 0
    while same < min(len(typed), len(meant)) and typed[same] == meant[same]:
        same += 1
    rest, wanted = typed[same:], meant[same:]
    swapped = len(rest) > 1 and len(wanted) > 1 and (rest[1], rest[0], rest[2:]) == (wanted[0], wanted[1], wanted[2:])
    return swapped or rest[1:] == wanted[1:] or rest[1:] == wanted or rest == wanted[1:]
