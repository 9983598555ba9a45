"""The port to the child process that opens files from strangers, and the cheap checks before it."""

from __future__ import annotations

import json
import re
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pledges.core.children import ENVIRONMENT, ROOT, Places, command
from pledges.core.errors import N_, DomainError
from pledges.documents.validation import too_complex
from pledges.documents.verification import FoundSignature

CHILD = "pledges.documents.verification_child"
WALL_SECONDS = 5.5
PATIENT_SECONDS = 25.0
"""For files of staff: on a busy machine an honest one may take that long."""
LONGEST_WAIT_SECONDS = 2.0

_PRINTED_CODE = re.compile(r"/xac-minh/([0-9A-Z]{20,40})(?![0-9A-Za-z])")
_FIRST_BYTES = 1024
_MOST_CODES = 5


class CheckingBusy(DomainError):
    """All places for checking files are taken; nobody may fill the machine with uploads."""

    status = 503


_places = Places(
    lambda: CheckingBusy(N_("Đang có nhiều người kiểm tra tệp cùng lúc. Hãy thử lại sau một phút.")),
    wait_seconds=LONGEST_WAIT_SECONDS,
)


@dataclass(frozen=True)
class Inspection:
    """What can be said of a stranger's file without believing it."""

    is_pdf: bool
    readable: bool
    encrypted: bool = False
    codes: tuple[str, ...] = ()
    """Verification codes that the file carries, at most five."""
    signatures: tuple[FoundSignature, ...] = ()
    layered: bool = True
    """Not certain to look the same in every program."""
    intact: bool = False
    """A signature is there, and none of those found is broken."""


def inspect_upload(data: bytes, *, seconds: float = WALL_SECONDS) -> Inspection:
    """Look into a file that is not one of ours; takes no longer than about `seconds` whatever it is."""
    codes = printed_codes(data)
    if b"%PDF-" not in data[:_FIRST_BYTES]:
        return Inspection(is_pdf=False, readable=False, codes=codes)
    if too_complex(data):
        return Inspection(is_pdf=True, readable=False, codes=codes)
    answer = _ask_child(data, seconds)
    if not answer.get("readable"):
        return Inspection(is_pdf=True, readable=False, codes=codes)
    linked = _codes_in("\n".join(answer.get("links", ())))
    return Inspection(
        is_pdf=True,
        readable=True,
        encrypted=bool(answer["encrypted"]),
        codes=tuple(dict.fromkeys(codes + linked))[:_MOST_CODES],
        signatures=tuple(_found(each) for each in answer.get("signatures", ())),
        layered=bool(answer.get("layered", True)),
        intact=bool(answer.get("signatures")) and all(each["intact"] for each in answer["signatures"]),
    )


def printed_codes(data: bytes) -> tuple[str, ...]:
    """The codes in the bytes themselves: our files hold the address of the QR code uncompressed, as a link."""
    return _codes_in(data.decode("latin-1"))


def _codes_in(text: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for match in _PRINTED_CODE.finditer(text):
        found[match[1]] = None
        if len(found) == _MOST_CODES:
            break
    return tuple(found)


def _ask_child(data: bytes, seconds: float) -> dict[str, Any]:
    """One child per file. The time in line counts: nobody waits longer than was promised."""
    deadline = time.monotonic() + seconds
    with _places.one():
        try:
            done = subprocess.run(  # noqa: S603 - our own module, no shell
                command(CHILD),
                input=data,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                env=ENVIRONMENT,
                timeout=deadline - time.monotonic(),
                check=False,
            )
            answer = json.loads(done.stdout)
        except (subprocess.TimeoutExpired, ValueError):
            return {}
    return answer if isinstance(answer, dict) else {}


def _found(answer: dict[str, Any]) -> FoundSignature:
    when = answer["when"]
    return FoundSignature(
        field=answer["field"],
        kind="unknown",
        who=answer["who"],
        when=datetime.fromisoformat(when) if when else None,
        covers=answer["covers"],
        confirmed=False,
    )
