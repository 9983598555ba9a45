"""How many pledges one core renders, seals and countersigns in a second, and what it costs to verify an approved file.

Run it by `make bench` or `python -m benchmarks.countersigning [--count 40]`. It stops when a file that was made does
not verify, and says beside the figures whether they reach what is asked of the product.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from pyhanko.stamp import TextStampStyle

from benchmarks.measuring import FIRST_SEED, Figures, Work, machine, measure_in_turn
from benchmarks.sealing import naively_signed
from pledges.documents.countersigning import countersign
from pledges.documents.models import DocumentKind
from pledges.documents.operations import seal_paper
from pledges.documents.paper import PledgePaper
from pledges.documents.rendering import render_pledge
from pledges.documents.sealing import SealedPdf
from pledges.documents.signatures import AGENCY_FIELD, SEAL_FIELD
from pledges.documents.stamp import Stamp
from pledges.documents.verification import ExpectedSignature, verify_stored
from tests.support.papers import invented_paper
from tests.support.seal_keys import AGENCY, NOW, AgencyFolder, Authority, PrivateKey, SealFolder, p256, rsa_key

SEALED, OURS = "rendered and sealed", "**rendered, sealed and countersigned**"
NAIVE = "naive: plain pyHanko for both, key files per document"
LEAST_PER_SECOND = 15.0
LEAST_RATIO = {"RSA-3072": 5.0, "P-256": 2.0}


class Office:
    """The system's seal and an agency's key of one kind."""

    def __init__(self, key: PrivateKey, agency_key: PrivateKey, workplace: Path) -> None:
        self.seal_folder = SealFolder(workplace / "seal").lay_down(Authority(), key)
        self.agency_folder = AgencyFolder(workplace / "agencies").lay_down(Authority(), agency_key)
        self.sealer, self.agencies = self.seal_folder.sealer(), self.agency_folder.keys()

    def approve(self, paper: PledgePaper) -> tuple[SealedPdf, SealedPdf]:
        """Every document has an approver of its own, so that no stamp is like another."""
        sealed = seal_paper(paper, self.sealer, NOW)
        stamp = Stamp(AGENCY[2], paper.signer_name, "KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC", NOW, "key")
        return sealed, countersign(sealed.data, self.agencies.signer(*AGENCY, NOW), stamp, NOW)

    def approve_naively(self, paper: PledgePaper) -> bytes:
        """The stamp in Courier and without marks: an embedded face needs two more packages, and about 9 ms more."""
        sealed = naively_signed(render_pledge(paper, trial=False), self.seal_folder.files.key, SEAL_FIELD)
        style = TextStampStyle(stamp_text="So Cong Thuong\nKT. GIAM DOC\nPHO GIAM DOC\n%(ts)s")
        return naively_signed(sealed, self.agency_folder.files.key, AGENCY_FIELD, stamp_style=style)


def benchmark_key(name: str, office: Office, count: int) -> tuple[list[str], list[str]]:
    """The rows of both tables for one kind of key: making, and verifying."""
    ways: dict[str, Work] = {
        SEALED: lambda paper: len(seal_paper(paper, office.sealer, NOW).data),
        OURS: lambda paper: len(office.approve(paper)[1].data),
        NAIVE: lambda paper: len(office.approve_naively(paper)),
    }
    found = measure_in_turn(ways, count, seldom=frozenset({NAIVE}))
    rate, ratio = found[OURS].per_cpu_second, found[OURS].per_cpu_second / found[NAIVE].per_cpu_second
    reached = rate >= LEAST_PER_SECOND and ratio >= LEAST_RATIO[name]
    asked = f"{LEAST_PER_SECOND:.0f}/s, {LEAST_RATIO[name]:.0f} x: {'yes' if reached else 'NO'}"

    def row(label: str, figures: Figures) -> str:
        return (
            f"| {name} | {label} | {figures.count} | {figures.cpu_ms:.1f} | {figures.per_cpu_second:.1f} | "
            f"{figures.per_wall_second:.1f} | {figures.kilobytes:.0f} | "
            f"{figures.per_cpu_second / found[NAIVE].per_cpu_second:.1f} | {asked if label == OURS else ''} |"
        )

    made = [row(label, figures) for label, figures in found.items()]
    return made, [_verifying(name, office, max(5, count // 4))]


def _verifying(name: str, office: Office, count: int) -> str:
    spent = []
    for number in range(count):
        sealed, both = office.approve(invented_paper(FIRST_SEED - 1 - number))
        expected = {
            each.sha256: ExpectedSignature(kind, each.certificate, each.evidence, NOW)
            for each, kind in ((sealed, DocumentKind.SEALED), (both, DocumentKind.COUNTERSIGNED))
        }
        begun = time.process_time()
        verdict = verify_stored(both.data, expected.get)
        spent.append((time.process_time() - begun) * 1000)
        assert verdict.sound, verdict.reason
    return f"| {name} | {count} | {statistics.median(spent):.1f} | {max(spent):.1f} |"


def table(count: int) -> str:
    """The whole measurement as Markdown."""
    made = [
        "| key | what | documents | CPU ms (median) | per second and core (CPU) | per second (wall) | KB "
        "| ratio to naive | asked and reached |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    verified = [
        "| key | approved files verified | CPU ms (median) | CPU ms (slowest) |",
        "|---|---|---|---|",
    ]
    keys = {"P-256": (p256(), p256()), "RSA-3072": (rsa_key(3072), rsa_key(3072))}
    with tempfile.TemporaryDirectory() as workplace:
        for name, (key, agency_key) in keys.items():
            rows, judged = benchmark_key(name, Office(key, agency_key, Path(workplace) / name), count)
            made, verified = made + rows, verified + judged
    return "\n".join([machine(), "", *made, "", *verified])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40, help="documents per key (default 40)")
    print(table(parser.parse_args().count))


if __name__ == "__main__":
    main()
