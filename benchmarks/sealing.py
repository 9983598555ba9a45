"""How many different pledges one core renders and seals in a second, beside raw signatures and the naive way.

Run it by `make bench` or `python -m benchmarks.sealing [--count 40]`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import SigSeedSubFilter

from pledges.documents.operations import seal_paper
from pledges.documents.paper import PledgePaper
from pledges.documents.rendering import render_pledge
from pledges.documents.signatures import SEAL_FIELD
from pledges.documents.validation import validate_sealed
from tests.support.papers import invented_paper
from tests.support.seal_keys import NOW, PASSWORD, Authority, PrivateKey, SealFolder, p256, rsa_key

PACKAGES = ("reportlab", "rl_accel", "pyhanko", "cryptography", "segno")
WARM_UP = 6


@dataclass(frozen=True)
class Figures:
    """Of one way to work with one key."""

    count: int
    cpu_ms: float
    """Median per document."""
    cpu_total: float
    wall_total: float
    kilobytes: float

    @property
    def per_cpu_second(self) -> float:
        return self.count / self.cpu_total

    @property
    def per_wall_second(self) -> float:
        return self.count / self.wall_total


def measure(work: Callable[[PledgePaper], bytes], papers: list[PledgePaper]) -> Figures:
    """Run `work` once for each paper, in this process alone."""
    times, sizes = [], []
    wall = time.perf_counter()
    for paper in papers:
        begun = time.process_time()
        sizes.append(len(work(paper)))
        times.append(time.process_time() - begun)
    wall = time.perf_counter() - wall
    return Figures(len(papers), statistics.median(times) * 1000, sum(times), wall, statistics.mean(sizes) / 1000)


def raw_signatures_per_second(key: PrivateKey) -> float:
    """What the cryptography package alone signs in half a second of CPU time."""
    data, count = os.urandom(200), 0
    begun = time.process_time()
    while (spent := time.process_time() - begun) < 0.5:
        if isinstance(key, rsa.RSAPrivateKey):
            key.sign(data, padding.PKCS1v15(), SHA256())
        else:
            key.sign(data, ec.ECDSA(SHA256()))
        count += 1
    return count / spent


def naive_way(folder: SealFolder) -> Callable[[PledgePaper], bytes]:
    """Plain pyHanko as its first examples show it: the key file opened for every document, no reserved size."""

    def work(paper: PledgePaper) -> bytes:
        pdf = render_pledge(paper, trial=False)
        signer = SimpleSigner.load_pkcs12(str(folder.files.key), passphrase=PASSWORD.encode())
        meta = PdfSignatureMetadata(field_name=SEAL_FIELD, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        signed: bytes = asyncio.run(PdfSigner(meta, signer).async_sign_pdf(writer)).getvalue()
        return signed

    return work


def benchmark_key(name: str, key: PrivateKey, papers: list[PledgePaper], workplace: Path) -> list[str]:
    """The rows of the table for one key."""
    folder = SealFolder(workplace / name).lay_down(Authority(), key)
    sealer = folder.sealer()

    def ours(paper: PledgePaper) -> bytes:
        return seal_paper(paper, sealer, NOW).data

    def judged(paper: PledgePaper) -> bool:
        sealed = seal_paper(paper, sealer, NOW)
        return validate_sealed(sealed.data, sealed.certificate, sealed.evidence, NOW).authentic

    naive = naive_way(folder)
    for number in range(WARM_UP):
        ours(invented_paper(-1 - number))
    naive(invented_paper(-1))
    raw = raw_signatures_per_second(key)
    pages = measure(lambda paper: render_pledge(paper, trial=False), papers)
    found = measure(ours, papers)
    plain = measure(naive, papers[: max(5, len(papers) // 4)])
    assert judged(papers[0])
    assert judged(papers[-1])

    def row(label: str, figures: Figures) -> str:
        rate = figures.per_cpu_second
        return (
            f"| {name} | {label} | {figures.count} | {figures.cpu_ms:.1f} | {rate:.1f} | "
            f"{figures.per_wall_second:.1f} | {figures.kilobytes:.0f} | {rate / plain.per_cpu_second:.1f} | "
            f"{rate / raw:.4f} |"
        )

    return [
        f"| {name} | raw signature | | {1000 / raw:.3f} | {raw:.0f} | | | | 1 |",
        row("pages only, no seal", pages),
        row("**rendered and sealed**", found),
        row("naive: plain pyHanko, key file per document", plain),
    ]


def machine() -> str:
    """The processor and the versions, as they stand beside the figures."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = "/".join(f"{value:.1f}" for value in os.getloadavg())
    day = datetime.now(UTC) + timedelta(hours=7)
    return (
        f"Measured on {day:%d/%m/%Y}: {os.cpu_count()} x {model}, load {load}, "
        f"Python {platform.python_version()}, {packages}."
    )


def table(count: int) -> str:
    """The whole measurement as Markdown."""
    papers = [invented_paper(seed) for seed in range(1000, 1000 + count)]
    keys: dict[str, PrivateKey] = {"P-256": p256(), "RSA-3072": rsa_key(3072)}
    lines = [
        "| key | what | documents | CPU ms (median) | per second and core (CPU) | per second (wall) | KB "
        "| ratio to naive | ratio to raw |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as workplace:
        for name, key in keys.items():
            lines += benchmark_key(name, key, papers, Path(workplace))
    return "\n".join([machine(), "", *lines])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40, help="documents per key (default 40)")
    print(table(parser.parse_args().count))


if __name__ == "__main__":
    main()
