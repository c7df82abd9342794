#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the result of a sweep (CSV) as a table: parameters, cycles, utilization, throughput, energy, what bounds each point.

Usage: scripts/examples/table.py RESULT.csv [COLUMN...]
"""
import csv
import sys

FIGURES = ["status", "cycles", "utilization", "effective_tops", "energy_total_mj", "energy_effective_tops_at_tdp",
           "bounded_by"]


def shown(text):
    """Numbers with fraction are cut to four digits."""
    try:
        return f"{float(text):.4g}" if "." in text or "e" in text else text
    except ValueError:
        return text


def main(arguments):
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if arguments else 2
    with open(arguments[0], newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        print("no points")
        return 0
    parameters = ["workload"] + [name for name in rows[0] if name.startswith("/")]
    columns = parameters + (arguments[1:] or FIGURES)
    unknown = [name for name in columns if name not in rows[0]]
    # Without any good point there are no figures.
    if any(name not in FIGURES for name in unknown):
        print(f"{arguments[0]}: no column {', '.join(unknown)}", file=sys.stderr)
        return 2
    table = [columns] + [[shown(row.get(name) or "") for name in columns] for row in rows]
    widths = [max(len(line[n]) for line in table) for n in range(len(columns))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
