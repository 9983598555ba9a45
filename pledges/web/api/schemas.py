"""Small pieces of OpenAPI descriptions, shared by the modules that describe addresses."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
PROBLEM_TYPE = "application/problem+json"


def record(properties: dict[str, Schema], *, required: list[str] | None = None) -> Schema:
    """An object with these properties, all of them always there unless told otherwise."""
    needed = list(properties) if required is None else required
    return {"type": "object", "properties": properties, "required": needed, "additionalProperties": False}


def text(about: str) -> Schema:
    return {"type": "string", "description": about}


def maybe_text(about: str) -> Schema:
    return {"type": ["string", "null"], "description": about}


def boolean(about: str) -> Schema:
    return {"type": "boolean", "description": about}


def number(about: str) -> Schema:
    return {"type": "integer", "minimum": 0, "description": about}


def day(about: str) -> Schema:
    return {"type": "string", "format": "date", "description": about}


def perhaps(form: str, about: str) -> Schema:
    return {"type": ["string", "null"], "format": form, "description": about}


def one_of(values: Any, about: str = "") -> Schema:
    schema: Schema = {"type": "string", "enum": [str(value) for value in values]}
    return {**schema, "description": about} if about else schema


def maybe_one_of(values: Any, about: str) -> Schema:
    return {"enum": [*(str(value) for value in values), None], "description": about}


def listed(items: Schema, about: str = "") -> Schema:
    return {"type": "array", "items": items} | ({"description": about} if about else {})


def reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def answer(about: str, schema: str) -> Schema:
    return {"description": about, "content": {"application/json": {"schema": reference(schema)}}}


def problem(about: str, **headers: str) -> Schema:
    """A refusal; `headers` by name with what they say."""
    told: Schema = {"description": about, "content": {PROBLEM_TYPE: {"schema": reference("Problem")}}}
    described = {
        name.replace("_", "-"): {"description": says, "schema": {"type": "string"}} for name, says in headers.items()
    }
    return told | ({"headers": described} if described else {})


def parameter(name: str, about: str, schema: Schema, *, required: bool = False, place: str = "query") -> Schema:
    return {"name": name, "in": place, "required": required, "description": about, "schema": schema}
