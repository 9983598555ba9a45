"""Verdicts as JSON: everything for the command of operators, and what may be public for programs of others."""

from __future__ import annotations

from datetime import date
from typing import Any

from pledges.documents.verification import FoundSignature
from pledges.signing.public_pledges import PublicPledge
from pledges.signing.verification import Verdict
from pledges.signing.verification_sentences import Finding


def command_report(verdict: Verdict) -> dict[str, Any]:
    """What `documents verify` prints; `state` is the exact state of the pledge."""
    return {
        "authentic": verdict.authentic,
        "finding": verdict.finding.value,
        "earlier": verdict.earlier.value if verdict.earlier is not None else None,
        "state": verdict.state.value if verdict.state is not None else None,
        "signatures": [_signature(each) for each in verdict.signatures],
        "reason": verdict.reason,
        "code": verdict.pledge.code if verdict.pledge is not None else verdict.code or None,
        "sha256": verdict.sha256,
        "trial": verdict.trial,
        **(_days(verdict.pledge) if verdict.pledge is not None else {}),
    }


def public_report(verdict: Verdict, reason: str) -> dict[str, Any]:
    """What `/api/v1/verify/<code>` answers: names only where the signer agreed to publication.

    `reason` is the verdict's, in the language of the reader.
    """
    pledge = verdict.pledge
    if verdict.finding is Finding.UNKNOWN_CODE or pledge is None:
        return {"found": False, "authentic": False, "finding": verdict.finding.value, "reason": reason}
    report: dict[str, Any] = {
        "found": True,
        "authentic": verdict.authentic,
        "finding": verdict.finding.value,
        "reason": reason,
        "code": pledge.code,
        "state": pledge.public_state.value,
        "province": pledge.province_name,
        "agency": pledge.agency_name,
        **_days(pledge),
        "groups": list(pledge.subject_types),
        "confirmed_by": [kind.value for kind in pledge.confirmations],
        "wording_approved": pledge.wording_approved,
        "trial": verdict.trial,
        "sha256": verdict.sha256 or None,
        "signatures": [_signature(each) for each in verdict.signatures],
        "published": pledge.published,
    }
    if pledge.published:
        report |= {"name": pledge.name, "commune": pledge.commune, "channels": list(pledge.channels)}
        report |= {"tax_code": pledge.tax_code} if pledge.tax_code else {}
    return report


def _days(pledge: PublicPledge) -> dict[str, Any]:
    return {
        "signed_on": _iso(pledge.signed_on),
        "received_on": _iso(pledge.received_on),
        "received_by": pledge.received_by,
        "ended_on": _iso(pledge.ended_on),
        "replaced_by": pledge.replaced_by,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _signature(signature: FoundSignature) -> dict[str, Any]:
    return {
        "who": signature.who,
        "when": signature.when.isoformat() if signature.when is not None else None,
        "kind": signature.kind,
        "covers": signature.covers,
        "field": signature.field,
        "confirmed": signature.confirmed,
    }
