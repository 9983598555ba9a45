"""One line of the tables of coverage: figures in words, each with the list that it counts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import url_for
from flask_babel import gettext as _

from pledges.accounts.permissions import Action
from pledges.accounts.permissions import Place as Where
from pledges.plans.models import Instrument
from pledges.reporting.rollup import GROUPS
from pledges.rounds.figures import Figures
from pledges.rounds.list_models import Group
from pledges.web.i18n import date_text, number_text, percent_text
from pledges.web.officer.coverage_forms import Chosen
from pledges.web.officer.reach import reaches
from pledges.web.officer.round_list_forms import NOWHERE

Cell = dict[str, str]
"""`text`, and `href` where there is a list behind it."""


SILENT = "chua"
"""Stands in an address for both groups of those who have not pledged."""


class Links:
    """Addresses of the lists behind figures, for those who may read names there."""

    def __init__(self, chosen: Chosen, *, none: bool = False) -> None:
        """`none`: behind a sum that counts some twice there is no list."""
        place = chosen.place
        self.chosen = chosen
        where = Where(place.province_code, place.agency_code)
        self.open = not none and bool(place.agency_code) and reaches(Action.LIST_VIEW, where)
        self._kept = {"ngay": date_text(chosen.day)} if chosen.day is not None else {}
        # A page of a hundred communes has a thousand links: they differ only behind the question mark.
        self._page = (
            url_for("officer.coverage_members", province_code=place.province_code, agency_code=place.agency_code)
            if self.open
            else ""
        )

    def members(
        self,
        group: Group | str = "",
        *,
        entry: str = "",
        subject_type: str = "",
        commune: str | None = None,
        instrument: Instrument = Instrument.PLEDGE,
        came: bool = False,
    ) -> str:
        """`came`: only those that have come into scope since the end of the quarter before."""
        if not self.open:
            return ""
        args = {
            "phan": str(group),
            "muc": entry or self.chosen.entry_id,
            "nhom": subject_type,
            "xa": NOWHERE if commune == "" else commune or "",
            "loai": "van-ban" if instrument is Instrument.ACKNOWLEDGEMENT else "",
            "moi": "co" if came else "",
        }
        kept = self._kept | {name: value for name, value in args.items() if value}
        return f"{self._page}?{urlencode(kept, safe='/')}" if kept else self._page


# --- One line --------------------------------------------------------------------------------------------------------


def cell(number: int, href: str = "") -> Cell:
    return {"text": number_text(number), "href": href if number else ""}


def share_text(figures: Figures) -> str:
    found = figures.share
    # Nobody may read 100 % where somebody is missing.
    return percent_text(0.999 if found is not None and 0.999 < found < 1 else found)


def fraction(figures: Figures, href: str = "") -> Cell:
    if not figures.in_scope:
        return {"text": "–", "href": ""}
    text = f"{number_text(figures[Group.IN_FORCE])}/{number_text(figures.in_scope)}"
    return {"text": text, "href": href}


def line(label: str, figures: Figures, links: Links, *, href: str = "", more: str = "", **by: Any) -> dict[str, Any]:
    """A row of a table: in scope, in force, the share, and the other groups."""
    whole = cell(figures.in_scope, links.members(**by))
    parts = [cell(figures[group], links.members(group, **by)) for group in GROUPS]
    share = {"text": share_text(figures), "href": ""}
    return {"label": label, "href": href, "more": more, "cells": [whole, parts[0], share, *parts[1:]]}


def line_heads(first: str) -> list[str]:
    return [
        first,
        _("Thuộc diện ký"),
        _("Đang có hiệu lực"),
        _("Tỷ lệ"),
        _("Chờ cơ quan duyệt"),
        _("Đang chờ ký"),
        _("Chưa cam kết"),
        _("Chưa liên hệ được"),
        _("Chưa đến hạn"),
    ]
