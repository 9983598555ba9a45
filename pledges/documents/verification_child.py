"""The child process that opens files from strangers: capped before it reads anything, it answers one JSON object.

`python -E -s -B -m pledges.documents.verification_child < FILE`. It gets no settings, no secrets and no database, and
its answer is never taken as proof of anything: only bytes that we stored are authentic.
"""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import Any

from pledges.core.child_limits import cap

CPU_SECONDS = 5
MOST_MEMORY = 512 * 1024 * 1024
MOST_READ = 10 * 1024 * 1024 + 1
MOST_PAGES, MOST_DEPTH, MOST_LINKS, MOST_FIELDS, MOST_SIGNATURES = 30, 20, 200, 100, 5


def look_at(data: bytes) -> dict[str, Any]:
    """What an honest reader sees: whether it is a PDF, the links on its pages, the signatures in it."""
    from io import BytesIO

    from pyhanko.pdf_utils.reader import PdfFileReader

    reader = PdfFileReader(BytesIO(data), strict=False)
    if reader.encrypted:
        return {"readable": True, "encrypted": True}
    answer: dict[str, Any] = {"readable": bool(reader.root["/Pages"]), "encrypted": False}
    answer["links"] = _links(reader.root["/Pages"], [])
    answer["signatures"] = _signatures(reader, len(data))
    answer["layered"] = _is_layered(reader)
    return answer


def _links(node: Any, found: list[str], depth: int = 0) -> list[str]:
    """The addresses behind the links of the first pages, which is where our QR code stands."""
    kids = _entry(node, "/Kids") if depth < MOST_DEPTH else ()
    for kid in list(kids)[:MOST_PAGES]:
        _links(kid.get_object(), found, depth + 1)
    for annotation in list(_entry(node, "/Annots"))[:MOST_LINKS]:
        address = _entry(_entry(annotation.get_object(), "/A"), "/URI")
        if address and len(found) < MOST_LINKS:
            found.append(_plain(address))
    return found


def _is_layered(reader: Any) -> bool:
    """Whether programs may show the pages in several ways: layers to switch, fields that each program draws itself."""
    form = _entry(reader.root, "/AcroForm")
    return "/OCProperties" in reader.root or "/XFA" in form or bool(_entry(form, "/NeedAppearances"))


def _entry(node: Any, name: str) -> Any:
    """What stands under a name, wherever in the file it lies; nothing where it is missing."""
    return node[name] if name in node else ()  # noqa: SIM401 - `get` would not follow references


def _signatures(reader: Any, size: int) -> list[dict[str, Any]]:
    if len(_entry(_entry(reader.root, "/AcroForm"), "/Fields")) > MOST_FIELDS:
        return []
    return [_signature(each, size) for each in list(reader.embedded_regular_signatures)[:MOST_SIGNATURES]]


def _signature(signature: Any, size: int) -> dict[str, Any]:
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    coverage = signature.evaluate_signature_coverage()
    covers = {
        SignatureCoverageLevel.ENTIRE_FILE: "whole_file",
        SignatureCoverageLevel.ENTIRE_REVISION: "earlier_revision",
    }
    when = signature.self_reported_timestamp
    return {
        "field": _plain(signature.field_name),
        "who": _plain(signature.signer_cert.subject.native.get("common_name", "")),
        "when": when.isoformat() if when is not None and when.tzinfo is not None else None,
        "covers": covers.get(coverage, "unclear"),
        "intact": _is_intact(signature),
    }


def _is_intact(signature: Any) -> bool:
    """Whether the signed bytes are unchanged; says nothing about who signed them."""
    import asyncio

    from pyhanko.sign.validation import async_validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    context = ValidationContext(trust_roots=[], allow_fetching=False)
    status = asyncio.run(async_validate_pdf_signature(signature, context, skip_diff=True))
    return bool(status.intact and status.valid)


def _plain(text: Any) -> str:
    """Short and without signs that steer a terminal or the reading direction."""
    return "".join(letter for letter in str(text)[:300] if letter.isprintable())


class _NoNetwork(ModuleType):
    """Stands in for aiohttp, which pyhanko imports for clients of time stamps: a third of the start of this process."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def main() -> None:
    cap(cpu_seconds=CPU_SECONDS, memory=MOST_MEMORY)
    sys.modules["aiohttp"] = _NoNetwork("aiohttp")
    try:
        answer = look_at(sys.stdin.buffer.read(MOST_READ))
    except (Exception, RecursionError, MemoryError):
        # Whatever a stranger's file does to a parser, the answer is that we could not read it.
        answer = {"readable": False}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
