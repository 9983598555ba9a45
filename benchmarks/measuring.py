"""What the benchmarks of signing share: taking turns, raw signatures, and the machine beside the figures."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from pledges.documents.paper import PledgePaper
from tests.support.papers import invented_paper
from tests.support.seal_keys import PrivateKey

PACKAGES = ("reportlab", "rl_accel", "pyhanko", "cryptography", "segno")
FIRST_SEED = 1000
WARM_UP = 6

Work = Callable[[PledgePaper], int]
"""From a paper to the size of what was made of it."""


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


def measure_in_turn(ways: dict[str, Work], count: int, *, seldom: frozenset[str] = frozenset()) -> dict[str, Figures]:
    """Run every way `count` times, in this process alone, each time with a paper that no other has seen.

    They take turns: one after the other, a machine that changes its speed between them would look like a difference
    between the ways. The slow ways in `seldom` run at every fourth turn only.
    """
    for number, work in enumerate(ways.values()):
        for turn in range(1 if number >= len(ways) - len(seldom) else WARM_UP):
            work(invented_paper(-1 - turn - number * WARM_UP))
    spent: dict[str, list[tuple[float, float, int]]] = {name: [] for name in ways}
    for turn in range(count):
        for number, (name, work) in enumerate(ways.items()):
            if name in seldom and turn % 4:
                continue
            paper = invented_paper(FIRST_SEED + turn * len(ways) + number)
            cpu, wall = time.process_time(), time.perf_counter()
            size = work(paper)
            spent[name].append((time.process_time() - cpu, time.perf_counter() - wall, size))
    return {name: _figures(found) for name, found in spent.items()}


def _figures(spent: list[tuple[float, float, int]]) -> Figures:
    cpu = [each[0] for each in spent]
    return Figures(
        count=len(spent),
        cpu_ms=statistics.median(cpu) * 1000,
        cpu_total=sum(cpu),
        wall_total=sum(each[1] for each in spent),
        kilobytes=statistics.mean(each[2] for each in spent) / 1000,
    )


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
