"""The part of `/api/v1/openapi.json` about the public log."""

from __future__ import annotations

from typing import Any

from pledges.transparency.publishing import CONSISTENCY, MOST_ENTRIES, PROOF
from pledges.web.api.schemas import Schema, answer, listed, number, parameter, problem, record, reference, text

_SIZE = parameter("size", "The size of an earlier checkpoint; the latest unless given.", {"type": "string"})
_NONE = problem("Nothing is signed yet, or not so much.")
_WRONG = problem("A parameter is no number, or a wrong one.")


def paths() -> dict[str, Any]:
    return {
        "/log/checkpoint": {"get": _checkpoint()},
        "/log/key": {"get": _key()},
        "/log/entries": {"get": _entries()},
        "/log/proof/{index}": {"get": _proof()},
        "/log/consistency": {"get": _consistency()},
    }


def schemas() -> dict[str, Schema]:
    always = {
        "log_key": text("The verifier key of the checkpoint. Compare it with what others have kept."),
        "checkpoint": text("A signed note (C2SP)."),
    }
    hashes = listed({"type": "string", "pattern": "^[0-9a-f]{64}$"}, "RFC 9162, 2.1.")
    entry = {
        "index": number("Its place in the log."),
        "body": text("Canonical JSON; its UTF-8 bytes are the leaf."),
        "proof": hashes,
    }
    old = {"size": number("How many entries."), "root": text("The root that the log had then, hexadecimal.")}
    return {
        "LogEntry": record(entry),
        "LogProof": record({"format": {"const": PROOF}, **always, "entries": listed(reference("LogEntry"))}),
        "LogConsistency": record({"format": {"const": CONSISTENCY}, **always, "old": record(old), "proof": hashes}),
    }


def _checkpoint() -> Schema:
    return {
        "operationId": "logCheckpoint",
        "summary": "How many entries the public log has and their common root, signed",
        "parameters": [_SIZE],
        "responses": {"200": _plain("A signed note: origin, size, root.", "text/plain"), "400": _WRONG, "404": _NONE},
    }


def _key() -> Schema:
    return {
        "operationId": "logKey",
        "summary": "The keys that have signed checkpoints, one on each line, the newest first",
        "responses": {"200": _plain("Verifier keys (C2SP).", "text/plain"), "404": _NONE},
    }


def _entries() -> Schema:
    numbers: Schema = {"type": "string"}
    return {
        "operationId": "logEntries",
        "summary": "Entries of the log, as they were hashed",
        "description": (
            "One JSON text on each line; the line without its end is the leaf. Nothing beyond the latest checkpoint. "
            "No entry is about a person: ids, states, days and hashes of files."
        ),
        "parameters": [
            parameter("start", "The first entry; 0 unless given.", numbers),
            parameter("count", f"How many, {MOST_ENTRIES} at most.", numbers),
        ],
        "responses": {"200": _plain("JSON lines.", "application/x-ndjson"), "400": _WRONG, "404": _NONE},
    }


def _proof() -> Schema:
    index = parameter("index", "Place of the entry.", {"type": "string"}, required=True, place="path")
    return {
        "operationId": "logProof",
        "summary": "Proof that an entry stands in the log",
        "description": "`/xac-minh/<code>/bang-chung.json` answers alike about all entries of one pledge.",
        "parameters": [index, _SIZE],
        "responses": {"200": answer("The entry, its proof, the checkpoint.", "LogProof"), "400": _WRONG, "404": _NONE},
    }


def _consistency() -> Schema:
    return {
        "operationId": "logConsistency",
        "summary": "Proof that the log has only grown since it had `old` entries",
        "parameters": [
            parameter("old", "A size, such as one that was printed or kept.", {"type": "string"}, required=True),
            parameter("new", "The size of a later checkpoint; the latest unless given.", {"type": "string"}),
        ],
        "responses": {"200": answer("The proof.", "LogConsistency"), "400": _WRONG, "404": _NONE},
    }


def _plain(about: str, kind: str) -> Schema:
    return {"description": about, "content": {kind: {"schema": {"type": "string"}}}}
