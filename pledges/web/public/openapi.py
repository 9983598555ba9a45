"""`/api/v1/openapi.json`: the read-only API described for programs (OpenAPI 3.1). Only what exists is here."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from pledges.plans.decisions import NAMED_APPROVER, OWN_KEY
from pledges.plans.rules import SUBJECT_TYPES
from pledges.signing.models import PledgeState, SignatureKind
from pledges.signing.published import LARGEST_PAGE, PAGE_SIZE
from pledges.signing.rules import OPEN_STATES
from pledges.signing.verification_sentences import Finding
from pledges.web.api import description as of_agencies
from pledges.web.api.schemas import Schema, answer, boolean, one_of, perhaps, problem, record, text
from pledges.web.current import product
from pledges.web.public import coverage_api, log_description
from pledges.web.security import declare_audience

blueprint = declare_audience(Blueprint("openapi", __name__), "public")

OF_A_CODE = (Finding.AUTHENTIC, Finding.NOT_SEALED_YET, Finding.DAMAGED)
"""What can be found about a code that exists; the other findings are about uploaded files."""


@blueprint.get("/api/v1/openapi.json")
def openapi() -> ResponseReturnValue:
    return jsonify(description(product().settings.public_url))


def description(server: str) -> Schema:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Commitment pledges",
            "version": "1",
            "description": (
                "Read only. Public: the register, the figures of provinces that publish them, and whoever holds the "
                "verification code of a pledge, as it stands in its QR code, learns what the page /xac-minh/<code> "
                "says. With the key of an agency: what is that agency's. A pledge that was received is a promise of "
                "its signer: it is no permit and certifies no quality."
            ),
        },
        "servers": [{"url": server}],
        "paths": {
            "/api/v1/register": {"get": _register()},
            "/api/v1/verify/{code}": {"get": _verify()},
            **coverage_api.paths(),
            **log_description.paths(),
            **of_agencies.paths(),
            "/api/v1/openapi.json": {"get": _itself()},
        },
        "components": {
            "securitySchemes": of_agencies.SECURITY,
            "schemas": {
                "Verdict": _verdict(),
                "UnknownCode": _unknown(),
                "FoundSignature": _signature(),
                "RegisterPage": _register_page(),
                "ListedPledge": _listed_pledge(),
                "Refusal": record({"error": text("What to do, as a sentence for people.")}),
                **coverage_api.schemas(),
                **log_description.schemas(),
                **of_agencies.schemas(),
            },
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
            "200": answer("The pledge of this code.", "Verdict"),
            "400": problem("The address holds what no code holds."),
            "404": answer("No pledge has this code.", "UnknownCode"),
        },
    }


def _register() -> Schema:
    parameters = {
        "q": "Words of a name (marks do not matter, the last word may be begun), a domain or channel or a part of one, "
        "or the tax code of an enterprise. Numbers and addresses of people are refused.",
        "province": "Code of a province or city, two digits.",
        "commune": "Code of a commune of that province, five digits.",
        "group": "A group of who signs.",
        "kind": "`enterprise` leaves out persons and household businesses.",
        "cursor": "`next` of the page before.",
        "limit": f"Pledges on a page: {PAGE_SIZE} unless given, {LARGEST_PAGE} at most.",
    }
    return {
        "operationId": "listPledges",
        "summary": "Who has pledged, was accepted by the agency and agrees to be listed",
        "description": (
            "The newest first; for a text the best hits first. Whoever is not listed may have signed without agreeing "
            "to be listed. Who takes that consent back is gone from the next request on, so keep no copies."
        ),
        "parameters": [
            {"name": name, "in": "query", "required": False, "description": about, "schema": {"type": "string"}}
            for name, about in parameters.items()
        ],
        "responses": {
            "200": answer("One page of the list.", "RegisterPage"),
            "400": _either("Nobody is looked up by this, or there is no such place or group."),
            "503": answer("The search was too broad to be answered in a second.", "Refusal"),
        },
    }


def _either(about: str) -> Schema:
    """Refused by the register itself, or before it was asked."""
    told, refused = problem(about), answer(about, "Refusal")
    return {**told, "content": {**refused["content"], **told["content"]}}


def _register_page() -> Schema:
    properties: dict[str, Schema] = {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/ListedPledge"}},
        "next": {"type": ["string", "null"], "description": "The cursor of the next page; null on the last one."},
    }
    return record(properties)


def _listed_pledge() -> Schema:
    always: dict[str, Schema] = {
        "code": text("The verification code."),
        "url": text("The page that says what this pledge is worth now."),
        "name": text("As it was signed."),
        "province": text("Code of the province or city."),
        "province_name": text("Its name."),
        "commune": {"type": ["string", "null"]},
        "groups": {"type": "array", "items": one_of(SUBJECT_TYPES)},
        "channels": {"type": "array", "items": {"type": "string"}},
        "signed_on": {"type": "string", "format": "date", "description": "Days are days in Vietnam."},
        "state": one_of([PledgeState.APPROVED]),
        "voluntary": boolean("Signed although no plan asks it of this group."),
    }
    return record({**always, "tax_code": text("Of enterprises only.")}, required=list(always))


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


def _verdict() -> Schema:
    states = [PledgeState.SUBMITTED, *(state for state in PledgeState if state not in OPEN_STATES)]
    always: dict[str, Schema] = {
        "found": {"const": True},
        "authentic": boolean("The newest PDF is kept, unchanged, and all signatures in it are valid."),
        "finding": one_of(OF_A_CODE, "`not_sealed_yet`: signed, and its PDF is still being made."),
        "reason": text("The finding and the state as sentences for people."),
        "code": text("The verification code."),
        "state": one_of(states, "`submitted` also stands for everything that the agency is still working on."),
        "province": text("Name of the province or city."),
        "agency": text("Name of the agency that receives this pledge."),
        "signed_on": {"type": "string", "format": "date", "description": "Days are days in Vietnam."},
        "received_on": perhaps("date", "When the agency received the pledge; it may have ended since."),
        "received_by": {
            "enum": [OWN_KEY, NAMED_APPROVER, None],
            "description": (
                "`key`: signed with the agency's own key. `named_approver`: sealed by the system, naming who approved "
                "on the paper; this is no digital signature of the agency."
            ),
        },
        "ended_on": perhaps("date", "When it was rejected, replaced, revoked or withdrawn."),
        "replaced_by": {"type": ["string", "null"], "description": "The code of the pledge that took its place."},
        "groups": {"type": "array", "items": one_of(SUBJECT_TYPES), "description": "Groups of who signed."},
        "confirmed_by": {
            "type": "array",
            "items": one_of(SignatureKind),
            "description": "How each person signed. `otp_confirm`, a code by e-mail, is no digital signature.",
        },
        "wording_approved": boolean("False: signed on a wording that the agency had not approved."),
        "trial": boolean("Sealed with a trial key, without legal value."),
        "sha256": {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$", "description": "Of the newest PDF."},
        "signatures": {"type": "array", "items": {"$ref": "#/components/schemas/FoundSignature"}},
        "published": boolean("Whether the signer agreed to publication; the fields below are only there if so."),
    }
    published: dict[str, Schema] = {
        "name": {"type": ["string", "null"]},
        "commune": {"type": ["string", "null"]},
        "channels": {"type": "array", "items": {"type": "string"}},
        "tax_code": text("Of enterprises only."),
    }
    return record({**always, **published}, required=list(always))


def _unknown() -> Schema:
    properties: dict[str, Schema] = {
        "found": {"const": False},
        "authentic": {"const": False},
        "finding": {"const": Finding.UNKNOWN_CODE.value},
        "reason": {"type": "string"},
    }
    return record(properties)


def _signature() -> Schema:
    properties: dict[str, Schema] = {
        "who": text("Common name of the certificate."),
        "when": perhaps("date-time", "The time in the signature."),
        "kind": one_of(("system_seal", "agency_signature", NAMED_APPROVER, "unknown")),
        "covers": one_of(("whole_file", "earlier_revision"), "`earlier_revision`: signatures follow."),
        "field": text("Name of the field in the PDF."),
        "confirmed": boolean("Valid, and made with the certificate that was recorded."),
    }
    return record(properties)
