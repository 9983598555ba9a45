"""Verdicts as JSON: everything for the command of operators, and what may be public for programs of others."""

from __future__ import annotations

from typing import Any

from pledges.documents.verification import FoundSignature
from pledges.signing.verification import Finding, Verdict


def command_report(verdict: Verdict) -> dict[str, Any]:
    """What `documents verify` prints; `state` is the exact state of the pledge."""
    return {
        "authentic": verdict.authentic,
        "finding": verdict.finding.value,
        "state": verdict.state.value if verdict.state is not None else None,
        "signatures": [_signature(each) for each in verdict.signatures],
        "reason": verdict.reason,
        "code": verdict.pledge.code if verdict.pledge is not None else verdict.code or None,
        "sha256": verdict.sha256,
        "trial": verdict.trial,
    }


def public_report(verdict: Verdict) -> dict[str, Any]:
    """What `/api/v1/verify/<code>` answers: names only where the signer agreed to publication."""
    if verdict.finding is Finding.UNKNOWN_CODE or verdict.pledge is None:
        return {"found": False, "authentic": False, "finding": verdict.finding.value, "reason": verdict.reason}
    pledge, state = verdict.pledge, verdict.public_state
    report: dict[str, Any] = {
        "found": True,
        "authentic": verdict.authentic,
        "finding": verdict.finding.value,
        "reason": verdict.reason,
        "code": pledge.code,
        "state": state.value if state is not None else None,
        "signed_on": pledge.signed_on.isoformat(),
        "province": pledge.province_name,
        "agency": pledge.agency_name,
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


def _signature(signature: FoundSignature) -> dict[str, Any]:
    return {
        "who": signature.who,
        "when": signature.when.isoformat() if signature.when is not None else None,
        "kind": signature.kind,
        "covers": signature.covers,
        "field": signature.field,
        "confirmed": signature.confirmed,
    }
