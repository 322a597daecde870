"""How long a page takes and how large it is: python -m tests.reports.bench_page (wanted: 186,000 samples in less than 2 s)."""

import sys
import time
from dataclasses import replace

from chaoscinder.reports.html import render
from tests.reports import examples


def main() -> None:
    """Render pages of 3,800 and of 186,000 samples and tell seconds and size."""
    run, verdict = examples.without_fault()
    many = replace(run, samples=examples.looks(1860.0, 1.0, examples.healthy, per_s=100.0))
    for one, judged in (examples.passing(1.0), (many, verdict)):
        started = time.perf_counter()
        size = len(render(one, judged).encode())
        sys.stdout.write(f"{len(one.samples):,} samples: {time.perf_counter() - started:.2f} s, {size / 1024:.0f} KiB\n")


if __name__ == "__main__":
    main()
