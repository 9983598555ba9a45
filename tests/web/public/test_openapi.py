"""The description of the public API: nothing in it that does not exist, and every answer as it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask

from pledges.product import Product
from pledges.signing.models import PledgeState
from tests.support.checked_pages import CheckedClient
from tests.support.clock import FixedClock
from tests.support.issuing import IssuingOffice
from tests.support.signing import doctor_pages, signed_by

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
}
READ = {"date": date.fromisoformat, "date-time": datetime.fromisoformat}
KNOWN = {
    "type", "enum", "const", "format", "pattern", "properties", "required", "additionalProperties", "items",
    "description", "$ref", "minimum",
}  # fmt: skip


def faults(value: Any, schema: dict[str, Any], whole: dict[str, Any], at: str = "$") -> Iterator[str]:
    """Where a value is not as the schema says, for the part of JSON Schema that the description uses."""
    assert set(schema) <= KNOWN, f"{at}: this check does not know {set(schema) - KNOWN}"
    if "$ref" in schema:
        yield from faults(value, _resolved(schema["$ref"], whole), whole, at)
        return
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, TYPES[kind]) for kind in kinds):
        yield f"{at}: {value!r} is not {kinds}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not one of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{at}: {value!r} is not {schema['const']!r}"
    if isinstance(value, int) and value < schema.get("minimum", value):
        yield f"{at}: {value!r} is too small"
    if isinstance(value, str):
        yield from _faults_of_text(value, schema, at)
    if isinstance(value, dict):
        for name in set(schema.get("required", [])) - set(value):
            yield f"{at}: {name} is missing"
        for name, part in value.items():
            if name in schema.get("properties", {}):
                yield from faults(part, schema["properties"][name], whole, f"{at}.{name}")
            elif schema.get("additionalProperties") is False:
                yield f"{at}: {name} is not described"
    if isinstance(value, list) and "items" in schema:
        for place, part in enumerate(value):
            yield from faults(part, schema["items"], whole, f"{at}[{place}]")


def _faults_of_text(value: str, schema: dict[str, Any], at: str) -> Iterator[str]:
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} does not look like {schema['pattern']}"
    if "format" in schema:
        try:
            READ[schema["format"]](value)
        except ValueError:
            yield f"{at}: {value!r} is no {schema['format']}"


def _resolved(reference: str, whole: dict[str, Any]) -> dict[str, Any]:
    found: Any = whole
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    assert isinstance(found, dict)
    return found


@pytest.fixture
def described(visitor: CheckedClient) -> dict[str, Any]:
    answer = visitor.client.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    whole: dict[str, Any] = answer.json
    return whole


def checked(visitor: CheckedClient, described: dict[str, Any], code: str) -> dict[str, Any]:
    """The answer about a code, which is as its status is described."""
    answer = visitor.client.get(f"/api/v1/verify/{code}")
    said = described["paths"]["/api/v1/verify/{code}"]["get"]["responses"][str(answer.status_code)]
    report: dict[str, Any] = answer.json
    assert list(faults(report, said["content"]["application/json"]["schema"], described)) == []
    return report


def test_it_is_an_openapi_document_about_addresses_that_exist(
    described: dict[str, Any], small_app: Flask, small_product: Product
) -> None:
    assert described["openapi"] == "3.1.0"
    assert {"title", "version"} <= set(described["info"])
    assert described["servers"] == [{"url": small_product.settings.public_url}]
    rules = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule): rule for rule in small_app.url_map.iter_rules()}
    of_api = {path for path in rules if path.startswith(("/api/v1/", "/log/"))}
    assert set(described["paths"]) == of_api, "everything that exists is described, and nothing else"
    names = []
    for path, operations in described["paths"].items():
        assert set(operations) == {"get"}
        assert "GET" in rules[path].methods
        operation = operations["get"]
        names.append(operation["operationId"])
        parameters = operation.get("parameters", [])
        assert {each["name"] for each in parameters if each["in"] == "path"} == set(re.findall(r"{(\w+)}", path))
        assert all(each["required"] for each in parameters if each["in"] == "path")
        assert all(answer["description"] and answer["content"] for answer in operation["responses"].values())
    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    def references(part: Any) -> Iterator[str]:
        for value in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            yield from references(value)
        if isinstance(part, dict) and "$ref" in part:
            yield part["$ref"]

    found = set(references(described))
    assert {_resolved(each, described)["type"] for each in found} == {"object"}
    assert {each.rpartition("/")[2] for each in found} == set(described["components"]["schemas"])


def test_answers_are_as_described(
    described: dict[str, Any], small_product: Product, visitor: CheckedClient, clock: FixedClock
) -> None:
    office = IssuingOffice(small_product, clock, publish=True)
    waiting = checked(visitor, described, office.code)
    assert (waiting["state"], waiting["name"]) == ("submitted", "Công ty TNHH Thử Nghiệm 1")
    office.approve()
    approved = checked(visitor, described, office.code)
    assert (approved["state"], approved["received_by"], len(approved["signatures"])) == ("approved", "key", 2)
    old = office.code
    office.amend(place__channels=["https://www.facebook.com/cuahang.thu.moi"])
    office.approve()
    assert checked(visitor, described, old)["replaced_by"] == office.code
    office.revoke()
    assert checked(visitor, described, office.code)["ended_on"] is not None
    [unsealed] = signed_by(small_product.database, doctor_pages(), now=clock(), vault=small_product.vault).signed
    assert checked(visitor, described, unsealed.verification_code)["finding"] == "not_sealed_yet"
    assert checked(visitor, described, "khong-co-ma-nay")["found"] is False


def test_the_check_itself_finds_what_is_wrong(described: dict[str, Any]) -> None:
    signature = {"who": "x", "when": "hôm qua", "kind": "stamp", "covers": None, "field": "x", "more": 1}
    wrong = list(faults(signature, described["components"]["schemas"]["FoundSignature"], described))
    assert len(wrong) == 5
    states = described["components"]["schemas"]["Verdict"]["properties"]["state"]["enum"]
    assert "countersigning" not in states
    assert set(states) <= {state.value for state in PledgeState}
