"""The province that stands in an address of the administration, within the reach of who is signed in."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from pledges.accounts.permissions import Action, OutOfReach, Place, Reach
from pledges.core.errors import NotFound
from pledges.plans.models import Province
from pledges.plans.queries import provinces_in_use
from pledges.web.current import reader
from pledges.web.officer.reach import reaches, scope_of


def province_within(code: str, action: Action) -> Province:
    """A province in use within reach; any other one is answered like one that does not exist."""
    province = reader().get(Province, code)
    if province is None or not province.in_use:
        raise NotFound
    if not reaches(action, Place(code)):
        raise OutOfReach
    return province


def own_or_chosen(action: Action, endpoint: str, title: str) -> ResponseReturnValue:
    """The page of one's own province; who reaches all of them chooses one first."""
    scope = scope_of(action)
    if scope.reach is not Reach.WHOLE_SYSTEM:
        return redirect(url_for(endpoint, code=scope.province_code))
    provinces = provinces_in_use(reader())
    return render_template("admin/province_choice.html", title=title, endpoint=endpoint, provinces=provinces)
