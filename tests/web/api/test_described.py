"""The description against the program: requests made up from it, right and wrong ones, and the answers held against it.

What is right by the description may still be refused (a day to come, a cursor of nobody), so that is not checked here.
"""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.checks import not_a_server_error as no_fault
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi import checks

from pledges.audit.operations import SYSTEM
from pledges.plans.decisions import PROVINCE, decide
from tests.support.signing import HUE
from tests.unit.rounds.quarter import QuarterOffice
from tests.web.api.reading import REASON, Program, Programs, problem_of

EXAMPLES = 4
HELD = [
    no_fault,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
patient = settings(
    max_examples=EXAMPLES,
    database=None,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def program(office: QuarterOffice, programs: Programs) -> Program:
    office.database.run(
        lambda session: decide(
            session, HUE, PROVINCE, "", {"publish_coverage": True}, actor=SYSTEM, now=programs.clock()
        )
    )
    return programs.of()


@pytest.fixture
def described(program: Program) -> Any:
    load_all_checks()
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", program.app)


def operations(described: Any) -> list[Any]:
    return [each.ok() for each in described.get_all_operations()]


def statuses(operation: Any, mode: GenerationMode, program: Program) -> set[int]:
    """How a program answers what is made up; every answer is held against the description."""
    by_key = bool(operation.definition.raw.get("security"))
    seen = set[int]()

    @patient
    @given(case=operation.as_strategy(generation_mode=mode))
    def hold(case: Any) -> None:
        held = [*HELD, checks.ignored_auth] if by_key else HELD
        if by_key and case.meta.is_negative_at(ParameterLocation.QUERY):
            # The public register is lenient: it is a page of people, too.
            held = [*held, checks.negative_data_rejection]
        seen.add(case.call_and_validate(headers=program.header, checks=held).status_code)

    hold()
    return seen


def test_every_answer_is_as_it_is_described(described: Any, program: Program) -> None:
    seen: dict[str, set[int]] = {}
    for operation in operations(described):
        seen[operation.path] = statuses(operation, GenerationMode.POSITIVE, program)
        if operation.definition.raw.get("parameters"):
            seen[operation.path] |= statuses(operation, GenerationMode.NEGATIVE, program)
    of_keys = [found for path, found in seen.items() if path.startswith("/api/v1/agency")]
    assert [found for found in of_keys if not {400} <= found] == []
    assert {200, 400, 404} <= set().union(*seen.values())


def test_every_kind_of_answer_that_a_list_gives(described: Any, program: Program, programs: Programs) -> None:
    """Made up reasons and days hardly ever fit: the answers that matter are asked for."""
    asked: dict[str, list[dict[str, Any]]] = {
        "/api/v1/agency": [{}],
        "/api/v1/agency/coverage": [{}, {"as_of": "2026-10-01"}, {"quarter": "2026Q3"}, {"quarter": "2026Q9"}],
        "/api/v1/agency/obligations": [
            {"reason": REASON},
            {"group": "in_force", "limit": 1},
            {"reason": REASON, "as_of": "2026-10-01", "commune": "none"},
            {"cursor": "x"},
        ],
        "/api/v1/agency/reports": [{}],
        "/api/v1/coverage": [{}],
        "/api/v1/register": [{}, {"q": "0912345678"}],
    }
    for operation in operations(described):
        for query in asked.pop(operation.path, []):
            case = operation.Case(query=query)
            case.call_and_validate(headers=program.header, checks=HELD)
        if "/{" in operation.path:
            for value in (HUE, "99"):
                operation.Case(path_parameters={operation.path.rpartition("{")[2][:-1]: value}).call_and_validate(
                    checks=HELD
                )
        elif operation.definition.raw.get("security"):
            operation.Case().call_and_validate(headers={"Authorization": "Bearer x"}, checks=HELD)
    assert asked == {}


def test_public_figures_are_those_of_the_page(program: Program) -> None:
    client = program.app.test_client()
    for path, file in (("/api/v1/coverage", "/so-lieu.json"), (f"/api/v1/coverage/{HUE}", f"/so-lieu/{HUE}.json")):
        answer = client.get(path)
        assert (answer.status_code, answer.data) == (200, client.get(file).data)
        assert client.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    for code in ("20", "99", "%F0%9F%90%9F"):
        problem_of(client.get(f"/api/v1/coverage/{code}"), 404)
