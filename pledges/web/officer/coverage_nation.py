"""All provinces beside each other, for the administrators of the whole system."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.core.calendar import local_day
from pledges.core.chart_figures import CoverageBars
from pledges.plans.models import Instrument
from pledges.plans.queries import provinces_in_use
from pledges.reporting import pictures
from pledges.reporting.nation import subjects_counted
from pledges.reporting.standing import Place, Standing, standing_of
from pledges.rounds.figures import Figures, together
from pledges.web.charts import chart_figure
from pledges.web.current import now, reader
from pledges.web.i18n import date_text, time_text, translate
from pledges.web.officer.coverage_forms import Chosen, CoverageForm
from pledges.web.officer.coverage_lines import Links, fraction, line, line_heads


def nation_page() -> ResponseReturnValue:
    form = CoverageForm(request.args)
    form.fit({}, local_day(now()))
    day = form.read_day()
    chosen = Chosen(Place(), day)
    standing = standing_of(reader(), Place(), day, now())
    provinces = {province.code: province.name for province in provinces_in_use(reader())}
    page = render_template(
        "officer/coverage_nation.html",
        form=form,
        chosen=chosen,
        here=Chosen(Place(), None).url(),
        when=date_text(day) if day is not None else "",
        at=time_text(now()),
        heads=line_heads,
        rows=_lines(standing, provinces, chosen),
        subjects=subjects_counted(reader()),
        province_chart=chart_figure("theo-tinh", _bars(standing, provinces)),
    )
    return page, 400 if form.problems else 200


def _known(standing: Standing, instrument: Instrument = Instrument.PLEDGE) -> dict[str, Figures]:
    return {found.key["province_code"]: found for found in standing.lines("province_code", instrument=instrument)}


def _lines(standing: Standing, provinces: dict[str, str], chosen: Chosen) -> list[dict[str, Any]]:
    pledged, received = _known(standing), _known(standing, Instrument.ACKNOWLEDGEMENT)
    rows = []
    for code, name in provinces.items():
        href = chosen.at(place=Place(code)).url()
        row = line(name, pledged.get(code) or together([]), Links(chosen), href=href)
        row["cells"].append(fraction(received.get(code) or together([])))
        rows.append(row)
    whole = line(_("Cộng"), standing.total(), Links(chosen))
    whole["cells"].append(fraction(standing.total(Instrument.ACKNOWLEDGEMENT)))
    return [*rows, whole]


def _bars(standing: Standing, provinces: dict[str, str]) -> CoverageBars:
    known = _known(standing)
    shares = tuple(pictures.share_of(name, known.get(code) or together([])) for code, name in provinces.items())
    return CoverageBars(translate(pictures.BY_PROVINCE), shares, target=1.0, row_head=pictures.PROVINCE)
