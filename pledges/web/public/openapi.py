"""`/api/v1/openapi.json`: the public, read-only API described for programs (OpenAPI 3.1). Only what exists is here."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from pledges.plans.decisions import NAMED_APPROVER, OWN_KEY
from pledges.plans.rules import SUBJECT_TYPES
from pledges.signing.models import PledgeState, SignatureKind
from pledges.signing.rules import OPEN_STATES
from pledges.signing.verification_sentences import Finding
from pledges.web.current import product
from pledges.web.security import declare_audience

blueprint = declare_audience(Blueprint("openapi", __name__), "public")

Schema = dict[str, Any]

OF_A_CODE = (Finding.AUTHENTIC, Finding.NOT_SEALED_YET, Finding.DAMAGED)
"""What can be found about a code that exists; the other findings are about uploaded files."""


@blueprint.get("/api/v1/openapi.json")
def openapi() -> ResponseReturnValue:
    return jsonify(description(product().settings.public_url))


def description(server: str) -> Schema:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Commitment pledges: public API",
            "version": "1",
            "description": (
                "Public and read only. Whoever holds the verification code of a pledge, as it stands in its QR code, "
                "learns what the page /xac-minh/<code> says. A pledge that was received is a promise of its signer: "
                "it is no permit and certifies no quality."
            ),
        },
        "servers": [{"url": server}],
        "paths": {"/api/v1/verify/{code}": {"get": _verify()}, "/api/v1/openapi.json": {"get": _itself()}},
        "components": {
            "schemas": {"Verdict": _verdict(), "UnknownCode": _unknown(), "FoundSignature": _signature()},
        },
    }


def _verify() -> Schema:
    return {
        "operationId": "verifyCode",
        "summary": "What a verification code stands for, and what the pledge is worth at this moment",
        "description": (
            "Read it anew each time: a pledge that is revoked or withdrawn says so from the next request on. "
            "Uploaded files are judged on the page /xac-minh."
        ),
        "parameters": [
            {
                "name": "code",
                "in": "path",
                "required": True,
                "description": "29 letters and digits; lower case, blanks and dashes do no harm.",
                "schema": {"type": "string"},
            },
            {
                "name": "lang",
                "in": "query",
                "required": False,
                "description": "The language of `reason`; Vietnamese unless given.",
                "schema": {"type": "string", "enum": ["vi", "en"]},
            },
        ],
        "responses": {
            "200": _answer("The pledge of this code.", "Verdict"),
            "404": _answer("No pledge has this code.", "UnknownCode"),
        },
    }


def _itself() -> Schema:
    return {
        "operationId": "describe",
        "summary": "This description",
        "responses": {
            "200": {
                "description": "An OpenAPI 3.1 document.",
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        },
    }


def _answer(text: str, schema: str) -> Schema:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": text, "content": content}


def _verdict() -> Schema:
    states = [PledgeState.SUBMITTED, *(state for state in PledgeState if state not in OPEN_STATES)]
    always: dict[str, Schema] = {
        "found": {"const": True},
        "authentic": _boolean("The newest PDF is kept, unchanged, and all signatures in it are valid."),
        "finding": _one_of(OF_A_CODE, "`not_sealed_yet`: signed, and its PDF is still being made."),
        "reason": _text("The finding and the state as sentences for people."),
        "code": _text("The verification code."),
        "state": _one_of(states, "`submitted` also stands for everything that the agency is still working on."),
        "province": _text("Name of the province or city."),
        "agency": _text("Name of the agency that receives this pledge."),
        "signed_on": {"type": "string", "format": "date", "description": "Days are days in Vietnam."},
        "received_on": _perhaps("date", "When the agency received the pledge; it may have ended since."),
        "received_by": {
            "enum": [OWN_KEY, NAMED_APPROVER, None],
            "description": (
                "`key`: signed with the agency's own key. `named_approver`: sealed by the system, naming who approved "
                "on the paper; this is no digital signature of the agency."
            ),
        },
        "ended_on": _perhaps("date", "When it was rejected, replaced, revoked or withdrawn."),
        "replaced_by": {"type": ["string", "null"], "description": "The code of the pledge that took its place."},
        "groups": {"type": "array", "items": _one_of(SUBJECT_TYPES), "description": "Groups of who signed."},
        "confirmed_by": {
            "type": "array",
            "items": _one_of(SignatureKind),
            "description": "How each person signed. `otp_confirm`, a code by e-mail, is no digital signature.",
        },
        "wording_approved": _boolean("False: signed on a wording that the agency had not approved."),
        "trial": _boolean("Sealed with a trial key, without legal value."),
        "sha256": {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$", "description": "Of the newest PDF."},
        "signatures": {"type": "array", "items": {"$ref": "#/components/schemas/FoundSignature"}},
        "published": _boolean("Whether the signer agreed to publication; the fields below are only there if so."),
    }
    published: dict[str, Schema] = {
        "name": {"type": ["string", "null"]},
        "commune": {"type": ["string", "null"]},
        "channels": {"type": "array", "items": {"type": "string"}},
        "tax_code": _text("Of enterprises only."),
    }
    return _object({**always, **published}, required=list(always))


def _unknown() -> Schema:
    properties: dict[str, Schema] = {
        "found": {"const": False},
        "authentic": {"const": False},
        "finding": {"const": Finding.UNKNOWN_CODE.value},
        "reason": {"type": "string"},
    }
    return _object(properties, required=list(properties))


def _signature() -> Schema:
    properties: dict[str, Schema] = {
        "who": _text("Common name of the certificate."),
        "when": _perhaps("date-time", "The time in the signature."),
        "kind": _one_of(("system_seal", "agency_signature", NAMED_APPROVER, "unknown")),
        "covers": _one_of(("whole_file", "earlier_revision"), "`earlier_revision`: signatures follow."),
        "field": _text("Name of the field in the PDF."),
        "confirmed": _boolean("Valid, and made with the certificate that was recorded."),
    }
    return _object(properties, required=list(properties))


def _object(properties: dict[str, Schema], *, required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _text(about: str) -> Schema:
    return {"type": "string", "description": about}


def _boolean(about: str) -> Schema:
    return {"type": "boolean", "description": about}


def _perhaps(form: str, about: str) -> Schema:
    return {"type": ["string", "null"], "format": form, "description": about}


def _one_of(values: Any, about: str = "") -> Schema:
    schema: Schema = {"type": "string", "enum": [str(value) for value in values]}
    return {**schema, "description": about} if about else schema
