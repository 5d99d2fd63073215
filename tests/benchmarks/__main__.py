"""``python -m tests.benchmarks [--quick] [NAME …]``."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from datetime import UTC, datetime

from tests.benchmarks.measures import MEASURES, QUICK, WHOLE
from tests.benchmarks.table import Row, written


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--quick", action="store_true", help="less of everything, for a first look")
    given = parser.parse_args()
    unknown = set(given.names) - set(MEASURES)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: there is {', '.join(MEASURES)}")
    rows: list[Row] = []
    before = os.getloadavg()[0]
    for name in given.names or MEASURES:
        print(f"{name} …", file=sys.stderr, flush=True)
        rows += MEASURES[name](QUICK if given.quick else WHOLE)
    print(
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, "
        f"load {before:.1f} before and {os.getloadavg()[0]:.1f} after"
    )
    print("Middle of several (lowest – highest).")
    print()
    print(written(rows))


if __name__ == "__main__":
    main()
