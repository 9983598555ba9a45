"""`make bench`: run every benchmark and write its figures between its marks in README.md."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from benchmarks import countersigning, coverage, form, importing, lists, recovery, rounds, sealing, searching

README = Path(__file__).with_name("README.md")
BENCHMARKS: dict[str, Callable[[], str]] = {
    "sealing": lambda: sealing.table(40),
    "countersigning": lambda: countersigning.table(40),
    "form": lambda: form.table(8.0),
    "importing": importing.table,
    "searching": searching.table,
    "lists": lists.table,
    "rounds": rounds.table,
    "coverage": coverage.table,
    "recovery": recovery.table,
}


def write_section(name: str, figures: str) -> None:
    """Replace what stands between `<!-- begin NAME -->` and `<!-- end NAME -->`."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    text = README.read_text()
    assert begin in text, f"README.md has no place for {name}"
    section = f"{begin}\n{figures}\n{end}"
    README.write_text(re.sub(re.escape(begin) + ".*?" + re.escape(end), lambda _: section, text, flags=re.DOTALL))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", default=list(BENCHMARKS), help=", ".join(BENCHMARKS))
    parser.add_argument("--dry-run", action="store_true", help="print only, leave README.md as it is")
    options = parser.parse_args()
    for name in options.names:
        figures = BENCHMARKS[name]()
        print(f"{name}\n\n{figures}\n")
        if not options.dry_run:
            write_section(name, figures)


if __name__ == "__main__":
    main()
