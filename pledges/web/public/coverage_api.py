"""`/api/v1/coverage`: the open data of the pages `/so-lieu` under the addresses of programs, byte for byte."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from pledges.reporting import open_data
from pledges.web.api.schemas import (
    Schema,
    answer,
    boolean,
    day,
    listed,
    maybe_text,
    number,
    one_of,
    parameter,
    perhaps,
    problem,
    record,
    reference,
    text,
)
from pledges.web.public import coverage_routes
from pledges.web.security import declare_audience

blueprint = declare_audience(Blueprint("coverage_api", __name__), "public")


@blueprint.get("/api/v1/coverage")
def everywhere() -> ResponseReturnValue:
    return coverage_routes.everywhere_json()


@blueprint.get("/api/v1/coverage/<province>")
def of_province(province: str) -> ResponseReturnValue:
    return coverage_routes.of_province_json(province)


# --- Description -----------------------------------------------------------------------------------------------------


def paths() -> dict[str, Any]:
    return {
        "/api/v1/coverage": {"get": _everywhere()},
        "/api/v1/coverage/{province}": {"get": _of_province()},
    }


def schemas() -> dict[str, Schema]:
    return {
        "PublicCoverage": record(_told()),
        "ProvinceCoverage": record({**_told(), **_more()}),
        "PublicCoverageRow": _row(),
    }


def _everywhere() -> Schema:
    return {
        "operationId": "coverageEverywhere",
        "summary": "How many have pledged, in the provinces and cities that publish it",
        "description": "Numbers only, of yesterday. Where fewer than three stand behind a number, none is told.",
        "responses": {"200": answer("One row per province and line.", "PublicCoverage")},
    }


def _of_province() -> Schema:
    code = {"type": "string", "pattern": "^[0-9]{2}$"}
    return {
        "operationId": "coverageOfProvince",
        "summary": "The same of one province or city, by group",
        "description": "Small groups are put together; nobody's name is in it.",
        "parameters": [parameter("province", "Two digits.", code, required=True, place="path")],
        "responses": {
            "200": answer("One row per group, and the sums.", "ProvinceCoverage"),
            "400": problem("The address holds what no address holds."),
            "404": problem("There is no such province, or it does not publish its figures."),
        },
    }


def _told() -> dict[str, Schema]:
    return {
        "title": text("What it is."),
        "schema_version": number("Grows when a column changes its meaning or goes."),
        "as_of": day("The day at whose end it stood so."),
        "source": text("Who publishes it."),
        "address": text("The page with the same figures."),
        "licence": text("What may be done with it."),
        "counted": text("What one obligation is."),
        "withheld": text("Which numbers are not told."),
        "columns": {"type": "object", "additionalProperties": {"type": "string"}, "description": "What columns mean."},
        "rows": listed(reference("PublicCoverageRow")),
    }


def _more() -> dict[str, Schema]:
    share = {"type": "number", "minimum": 0, "maximum": 1, "description": "As a part of 1."}
    quarter = record(
        {
            "quarter": text("`2026Q4`."),
            "as_of": perhaps("date", "Its last day, or the day that is shown."),
            "in_scope": number("Obligations in scope."),
            "in_force": number("Of these with a pledge in force."),
        }
    )
    return {
        "frozen": boolean("Figures of the last day of a quarter whose round was closed: never changed."),
        "target": record({"share": share, "clause": maybe_text("The clause of the plan that sets it.")}),
        "register_reviewed_on": perhaps("date", "When the register was last reviewed."),
        "quarters": listed(quarter, "The ends of the last quarters."),
    }


def _row() -> Schema:
    maybe_count: Schema = {"type": ["integer", "null"], "minimum": 0}
    share: Schema = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
    return record(
        {
            "as_of": day("As above."),
            "province": text("Its code."),
            "province_name": text("Its name."),
            "line": one_of(open_data.LINES, "`columns` says what each kind of row counts."),
            "group": text("Codes of groups, joined by `+` where small ones are put together."),
            "group_name": text("Their names."),
            "in_scope": {**maybe_count, "description": "Obligations in scope; null: not told, or none of this kind."},
            "in_force": {**maybe_count, "description": "Of these with a pledge in force; null: not told."},
            "share": {**share, "description": "`in_force` of `in_scope`."},
        }
    )
