"""What proves later that a seal was good when it was made: chain, roots, CRLs and OCSP answers.

The container is JSON in UTF-8 with sorted keys and no blanks: `format` (1) and four lists of DER values in Base64:
`chain` (from the seal's certificate upwards, without root), `roots`, `crls`, `ocsps`.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Self

FORMAT = 1


@dataclass(frozen=True)
class SealEvidence:
    """DER values, each as one `bytes`."""

    chain: tuple[bytes, ...]
    roots: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    ocsps: tuple[bytes, ...]

    def pack(self) -> bytes:
        lists = {
            name: [base64.b64encode(der).decode() for der in getattr(self, name)]
            for name in ("chain", "roots", "crls", "ocsps")
        }
        return json.dumps({"format": FORMAT, **lists}, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """Raises `ValueError` for anything that `pack` did not make."""
        try:
            content = json.loads(packed)
            if content["format"] != FORMAT:
                raise ValueError(f"unknown format {content['format']!r}")
            return cls(
                **{
                    name: tuple(base64.b64decode(text, validate=True) for text in content[name])
                    for name in ("chain", "roots", "crls", "ocsps")
                }
            )
        except (KeyError, TypeError) as error:
            raise ValueError("not a container of seal evidence") from error
