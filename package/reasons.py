"""Print lookups/cbsigned_reasons.csv as the table of reasons has it (bin/cbverdict/verdicts/meanings.py)."""

from __future__ import annotations

import csv
import sys

from cbverdict.verdicts.reasons import Reason


def main() -> None:
    """Print a row for each reason."""
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(("signed_reason", "signed", "fault", "meaning", "next_step"))
    for reason in Reason:
        table.writerow((reason.value, reason.signed.value, reason.fault.value, reason.explanation, reason.next_step))


if __name__ == "__main__":
    main()
