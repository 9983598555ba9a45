"""The addresses of `/api/v1/agency` as OpenAPI describes them; `pledges.web.public.openapi` puts the whole together."""

from __future__ import annotations

from typing import Any

from pledges.duties.calendar import Standing
from pledges.duties.models import ReportState
from pledges.plans.duty_reading import FOLLOWED_CADENCES
from pledges.plans.models import Instrument, ReportForm
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.models import Cohort
from pledges.registry.rules import COUNTED_INSTRUMENTS
from pledges.reporting.rollup import GROUPS
from pledges.rounds.export_requests import LONGEST_REASON, SHORTEST_REASON
from pledges.rounds.list_models import ListKind
from pledges.rounds.list_rows import PARTS, Unreached
from pledges.rounds.models import Way
from pledges.web.api import parameters
from pledges.web.api.access import REQUESTS_AN_HOUR
from pledges.web.api.obligation_routes import LARGEST_PAGE, NOWHERE, PAGE_SIZE
from pledges.web.api.schemas import (
    Schema,
    answer,
    boolean,
    day,
    listed,
    maybe_one_of,
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

SCHEME = "agencyKey"
SECURITY: dict[str, Schema] = {
    SCHEME: {
        "type": "http",
        "scheme": "bearer",
        "description": "A key that an administrator has made for one agency. It opens what is that agency's.",
    }
}
AS_OF = parameter(
    "as_of",
    "A day that is over: as it stood at its end. Without it: now.",
    {"type": "string", "pattern": parameters.DAY},
)
PLEDGED = ", ".join(f"`{group.value}`" for group in PARTS[ListKind.PLEDGED])


def paths() -> dict[str, Any]:
    return {
        "/api/v1/agency": {
            "get": _operation(
                "describeAgency", "Whose key this is", "The agency, the key and how often it may ask.", "Agency", []
            )
        },
        "/api/v1/agency/coverage": {"get": _coverage()},
        "/api/v1/agency/obligations": {"get": _obligations()},
        "/api/v1/agency/reports": {
            "get": _operation(
                "listReports",
                "What the agency has to report",
                "Everything that was due until today, and the next period of each duty; by the day it is due.",
                "AgencyReports",
                [],
            )
        },
    }


def schemas() -> dict[str, Schema]:
    return {
        "Agency": _agency(),
        "AgencyCoverage": _agency_coverage(),
        "CoverageRow": _coverage_row(),
        "Obligations": _obligations_page(),
        "Obligation": _obligation(),
        "AgencyReports": record({"items": listed(reference("OwedReport"))}),
        "OwedReport": _owed_report(),
        "SentReport": _sent_report(),
        "Problem": _problem(),
    }


# --- Operations ------------------------------------------------------------------------------------------------------


def _operation(name: str, summary: str, about: str, schema: str, given: list[Schema]) -> Schema:
    language = parameter("lang", "The language of what is for people; Vietnamese unless given.", one_of(("vi", "en")))
    return {
        "operationId": name,
        "summary": summary,
        "description": about,
        "security": [{SCHEME: []}],
        "parameters": [*given, language],
        "responses": {
            "200": answer(summary, schema),
            "400": problem("A parameter is unknown, wrong or there twice; `parameter` names it."),
            "401": problem(
                "No key, or one that is unknown, has expired or was ended.", WWW_Authenticate="The scheme: Bearer."
            ),
            "403": problem("The province or city of this key does not use the system any more."),
            "429": problem(f"More than {REQUESTS_AN_HOUR} requests in an hour.", Retry_After="In how many seconds."),
        },
    }


def _coverage() -> Schema:
    quarter = parameter(
        "quarter",
        "Of one that is over the figures of its last day, frozen if its round was closed.",
        {"type": "string", "pattern": parameters.QUARTER},
    )
    about = (
        "The rows of the command `reports rollup`: per obligation entry, group and commune; in each row and total "
        "`in_scope` is the sum of the six groups. Who belongs to two groups of one entry stands in two rows and once "
        "in the totals."
    )
    return _operation("agencyCoverage", "How far the agency is, in figures", about, "AgencyCoverage", [AS_OF, quarter])


def _obligations() -> Schema:
    given = [
        parameter("group", "One of the six groups; without it all of them.", one_of(group.value for group in GROUPS)),
        parameter("entry", "An obligation entry of the agency.", {"type": "string", "minLength": 1, "maxLength": 40}),
        parameter(
            "instrument",
            "What has to be done; pledges unless given, or what the entry asks.",
            one_of(each.value for each in COUNTED_INSTRUMENTS),
        ),
        parameter("subject_type", "A group of who signs.", one_of(SUBJECT_TYPES)),
        parameter(
            "commune",
            f"Code of a commune, or `{NOWHERE}`: subjects without one or outside the province.",
            {"type": "string", "pattern": f"^([0-9]{{5}}|{NOWHERE})$"},
        ),
        AS_OF,
        parameter(
            "reason",
            f"Why the list is read. Required unless `group` is one of {PLEDGED}. It is kept in the log.",
            {"type": "string", "minLength": SHORTEST_REASON, "maxLength": LONGEST_REASON},
        ),
        parameter("cursor", "`next` of the page before, with the other parameters unchanged.", {"type": "string"}),
        parameter(
            "limit",
            f"Rows on a page; {PAGE_SIZE} unless given.",
            {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE},
        ),
    ]
    about = (
        "As the lists of the agency's staff show them: no phones, no e-mail addresses, no private addresses. Each page "
        "that is read is logged with the key, the filters and the reason. `caution` says what such a list is for."
    )
    return _operation("listObligations", "Who has pledged and who has not", about, "Obligations", given)


# --- What is told ----------------------------------------------------------------------------------------------------


def _agency() -> Schema:
    key = record(
        {
            "name": text("What uses it, in the words of who made it."),
            "beginning": text("Its first characters."),
            "expires_on": day("The last day on which it opens anything."),
        }
    )
    return record(
        {
            "province": text("Code of the province or city."),
            "province_name": text("Its name."),
            "agency": text("Code of the agency."),
            "agency_name": text("Its name."),
            "key": key,
            "requests_an_hour": number("The limit of this key."),
        }
    )


def _agency_coverage() -> Schema:
    rows = listed(reference("CoverageRow"))
    return record(
        {
            "as_of": perhaps("date", "The day at whose end it stood so; null: now."),
            "quarter": maybe_text("As asked."),
            "frozen": listed({"type": "string"}, "The agency, where these figures were frozen with their quarter."),
            "rows": rows,
            "totals": {**rows, "description": "One per entry: every subject counted once."},
        }
    )


def _coverage_row() -> Schema:
    return record(
        {
            "agency": text("Code of the agency."),
            "obligation": text("The obligation entry."),
            "instrument": one_of(each.value for each in Instrument),
            "subject_type": text("A group of who signs; empty in totals."),
            "commune": text("Code; empty outside the province, without one, and in totals."),
            "in_scope": number("The sum of the six groups."),
            **{group.value: number("How many of them.") for group in GROUPS},
            "coverage": {
                "type": ["number", "null"],
                "minimum": 0,
                "maximum": 1,
                "description": "`in_force` of `in_scope`; null where nothing is in scope.",
            },
        }
    )


def _obligations_page() -> Schema:
    return record(
        {
            "as_of": perhaps("date", "The day at whose end it stood so; null: now."),
            "total": {"type": ["integer", "null"], "minimum": 0, "description": "Rows on all pages."},
            "caution": listed({"type": "string"}, "What a list of those who have not pledged may be used for."),
            "items": listed(reference("Obligation")),
            "next": maybe_text("The cursor of the next page; null on the last one."),
        }
    )


def _obligation() -> Schema:
    way = record({"way": one_of(each.value for each in Way), "on": day("When.")})
    return record(
        {
            "obligation": text("Identifies this row for ever."),
            "entity": maybe_text("The subject; null for a website whose owner is not known."),
            "entry": text("The obligation entry."),
            "clause": maybe_text("The clause of the plan."),
            "group": one_of(group.value for group in GROUPS),
            "state": text("The group in words."),
            "name": maybe_text("Null where none is known or kept."),
            "tax_code": maybe_text("Of enterprises."),
            "channel": maybe_text("The website, where the entry counts websites."),
            "commune": maybe_text("Code."),
            "commune_name": maybe_text("Its name."),
            "subject_types": listed({"type": "string"}),
            "cohort": maybe_one_of((each.value for each in Cohort), "Since when it is known."),
            "first_seen_on": perhaps("date", "When it was first seen."),
            "asked_on": perhaps("date", "When it was asked to pledge."),
            "turns_on": perhaps("date", "Until when one waits for an answer."),
            "ways": listed(way, "How it was tried to reach them."),
            "unreached_reason": maybe_one_of((each.value for each in Unreached), "Why nobody was reached."),
        }
    )


def _owed_report() -> Schema:
    return record(
        {
            "duty": text("The reporting duty of the plan."),
            "title": text("What is reported."),
            "clause": maybe_text("The clause of the plan."),
            "form": one_of(each.value for each in ReportForm),
            "cadence": one_of(FOLLOWED_CADENCES),
            "period": text("`2026`, `2026Q4` or `2026-10`."),
            "first_day": day("The first day that it is about."),
            "final_day": day("The last day that it is about."),
            "before": day("As printed: late from this day on."),
            "last_day": day("The last day that is surely in time."),
            "recipients": listed({"type": "string"}, "Codes of the units that receive it."),
            "via": maybe_text("The unit that collects it for them."),
            "standing": one_of(each.value for each in Standing),
            "sent_late": boolean("It was sent after `last_day`."),
            "report": {"anyOf": [reference("SentReport"), {"type": "null"}]},
        }
    )


def _sent_report() -> Schema:
    return record(
        {
            "version": number("Grows with each correction."),
            "state": one_of(each.value for each in ReportState),
            "nothing_to_report": boolean("Sent with nothing to report."),
            "sent_outside": boolean("Sent another way, and recorded here."),
            "document_number": maybe_text("Of the signed document."),
            "document_date": perhaps("date", "Of the signed document."),
            "sent_at": perhaps("date-time", "When it was sent."),
        }
    )


def _problem() -> Schema:
    properties = {
        "type": text("Always `about:blank`: the status says what kind it is."),
        "title": text("The kind, for people."),
        "status": {"type": "integer"},
        "detail": text("What is wrong and what to do, for people."),
        "request_id": text("Names this request when you ask for help."),
        "parameter": text("The parameter that is wrong."),
    }
    return record(properties, required=[name for name in properties if name != "parameter"])
