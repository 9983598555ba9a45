"""How many different pledges one core renders and seals in a second, beside raw signatures and the naive way.

Run it by `make bench` or `python -m benchmarks.sealing [--count 40]`.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from io import BytesIO
from pathlib import Path

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import SigSeedSubFilter

from benchmarks.measuring import Figures, Work, machine, measure_in_turn, raw_signatures_per_second
from pledges.documents.operations import seal_paper
from pledges.documents.paper import PledgePaper
from pledges.documents.rendering import render_pledge
from pledges.documents.signatures import SEAL_FIELD
from pledges.documents.validation import validate_sealed
from tests.support.papers import invented_paper
from tests.support.seal_keys import NOW, PASSWORD, Authority, PrivateKey, SealFolder, p256, rsa_key

PAGES, OURS = "pages only, no seal", "**rendered and sealed**"
NAIVE = "naive: plain pyHanko, key file per document"


def naively_signed(pdf: bytes, key_file: Path, field: str, **options: object) -> bytes:
    """Plain pyHanko as its first examples show it: the key file opened for every document, no reserved size."""
    signer = SimpleSigner.load_pkcs12(str(key_file), passphrase=PASSWORD.encode())
    meta = PdfSignatureMetadata(field_name=field, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    signed: bytes = asyncio.run(PdfSigner(meta, signer, **options).async_sign_pdf(writer)).getvalue()
    return signed


def benchmark_key(name: str, key: PrivateKey, count: int, workplace: Path) -> list[str]:
    """The rows of the table for one key."""
    folder = SealFolder(workplace / name).lay_down(Authority(), key)
    sealer = folder.sealer()

    def naive(paper: PledgePaper) -> int:
        return len(naively_signed(render_pledge(paper, trial=False), folder.files.key, SEAL_FIELD))

    ways: dict[str, Work] = {
        PAGES: lambda paper: len(render_pledge(paper, trial=False)),
        OURS: lambda paper: len(seal_paper(paper, sealer, NOW).data),
        NAIVE: naive,
    }
    raw = raw_signatures_per_second(key)
    found = measure_in_turn(ways, count, seldom=frozenset({NAIVE}))
    sealed = seal_paper(invented_paper(1), sealer, NOW)
    assert validate_sealed(sealed.data, sealed.certificate, sealed.evidence, NOW).authentic
    slowest = found[NAIVE].per_cpu_second

    def row(label: str, figures: Figures) -> str:
        rate = figures.per_cpu_second
        return (
            f"| {name} | {label} | {figures.count} | {figures.cpu_ms:.1f} | {rate:.1f} | "
            f"{figures.per_wall_second:.1f} | {figures.kilobytes:.0f} | {rate / slowest:.1f} | "
            f"{rate / raw:.4f} |"
        )

    return [
        f"| {name} | raw signature | | {1000 / raw:.3f} | {raw:.0f} | | | | 1 |",
        *(row(label, figures) for label, figures in found.items()),
    ]


def table(count: int) -> str:
    """The whole measurement as Markdown."""
    keys: dict[str, PrivateKey] = {"P-256": p256(), "RSA-3072": rsa_key(3072)}
    lines = [
        "| key | what | documents | CPU ms (median) | per second and core (CPU) | per second (wall) | KB "
        "| ratio to naive | ratio to raw |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as workplace:
        for name, key in keys.items():
            lines += benchmark_key(name, key, count, Path(workplace))
    return "\n".join([machine(), "", *lines])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40, help="documents per key (default 40)")
    print(table(parser.parse_args().count))


if __name__ == "__main__":
    main()
