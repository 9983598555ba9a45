"""Keeping the papers that came with a form of a signer, however often the form comes back."""

from __future__ import annotations

from typing import Any, Protocol

from pledges.signing.address_changes import count_evidence
from pledges.web.current import now, product, write
from pledges.web.evidence_field import EvidenceField, keep_evidence, kept_evidence, seal_evidence
from pledges.web.network import network
from pledges.web.signer.access import tokens


class WithPapers(Protocol):
    """A form with papers, the sealed list of those that came before, and a box to drop these."""

    papers: EvidenceField
    kept: Any
    drop: Any


def keep_papers(form: WithPapers) -> None:
    """Store what was sent, count it against the network that sends it, and seal the list into the form."""
    before = () if form.drop.data else kept_evidence(tokens(), form.kept.data)
    form.drop.data = False
    if form.papers.sent:
        peer, at, vault = network(), now(), product().vault
        write(lambda db: count_evidence(db, peer, now=at, vault=vault))
        before = keep_evidence(form.papers, before, product().storage)
    form.kept.data = seal_evidence(tokens(), before)
