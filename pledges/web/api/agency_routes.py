"""`/api/v1/agency`: whose key this is, and how far the agency is in figures."""

from __future__ import annotations

from flask import jsonify
from flask.typing import ResponseReturnValue

from pledges.reporting.rollup import day_of, rollup_data, rollup_of
from pledges.web.api.access import REQUESTS_AN_HOUR, holder
from pledges.web.api.blueprint import blueprint
from pledges.web.api.parameters import past_day_in, quarter_in, read_parameters
from pledges.web.current import now, reader


@blueprint.get("")
def agency() -> ResponseReturnValue:
    read_parameters()
    whose = holder()
    return jsonify(
        {
            "province": whose.province.code,
            "province_name": whose.province.name,
            "agency": whose.agency.code,
            "agency_name": whose.agency.name,
            "key": {
                "name": whose.key.name,
                "beginning": whose.key.beginning,
                "expires_on": whose.key.expires_on.isoformat(),
            },
            "requests_an_hour": REQUESTS_AN_HOUR,
        }
    )


@blueprint.get("/coverage")
def coverage() -> ResponseReturnValue:
    """The same rows as the command `reports rollup --json`."""
    given = read_parameters("as_of", "quarter")
    as_of, quarter = past_day_in(given), quarter_in(given)
    day = day_of(quarter, as_of, now())
    return jsonify(rollup_data([rollup_of(reader(), holder().place, day, now())], quarter))
