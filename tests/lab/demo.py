"""`make demo` and `make try`: rows through the real command over the real protocol, and what came of it."""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Callable, Iterable, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))

from cbverdict.edr import EdrClient
from cbverdict.errors import CbsignedError
from cbverdict.events import EventFields, read_event
from cbverdict.settings import parse_account, parse_bool
from tests.lab.company import Company, Incident
from tests.lab.edr.estate import Estate, Start, add_signatures
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.host import Row, SearchResult
from tests.lab.rows import InputError, read_rows
from tests.lab.site import Site

DROP = 'NOT (signed="true" AND parent_signed!="false")'
_SHOWN = 12


def main() -> int:
    """Run the demo, or the same against a server of the user's own."""
    arguments = _parse(sys.argv[1:])
    try:
        rows, incidents, estate = _input(arguments)
        with ExitStack() as stack:
            site = stack.enter_context(Site())
            if arguments.url:
                _use_own_server(site, arguments)
                edr = None
            else:
                edr = stack.enter_context(EdrServer(estate or Company.estate()))
                site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
            _run(site, edr, rows, incidents, arguments)
    except (InputError, CbsignedError) as error:
        print(f"cbsigned: {error}", file=sys.stderr)
        return 1
    return 0


def _parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo / make try", description=__doc__)
    parser.add_argument("--input", type=Path, help="rows of your own, .csv or .jsonl")
    parser.add_argument("--signatures", type=Path, help="demo: what the simulator says (md5, signed, signature, path)")
    parser.add_argument("--output", type=Path, help="write the rows with their new fields to this .csv")
    parser.add_argument("--method", default="joint", choices=("joint", "binary", "prog_name"))
    parser.add_argument("--url", help="try: https://<your Carbon Black EDR server>")
    parser.add_argument("--token-file", type=Path, help="try: a file that holds the API token and nothing else")
    parser.add_argument("--ca", type=Path, help="try: PEM of the server's CA, or of its own certificate")
    parser.add_argument("--check-host-name", default="true", help="try: false for a certificate for another name")
    arguments = parser.parse_args(words)
    if arguments.token_file and not arguments.url:
        parser.error("URL is missing: make try URL=https://<server> TOKEN_FILE=<file> INPUT=<rows>")
    if arguments.url and not (arguments.input and arguments.token_file):
        parser.error("make try needs URL=https://<server> TOKEN_FILE=<file> INPUT=<rows.csv|rows.jsonl>")
    return arguments


def _input(arguments: argparse.Namespace) -> tuple[list[Row], list[Incident], Estate | None]:
    if arguments.input is None:
        company = Company()
        print("A small company's morning, made from a seed; the Carbon Black server is the bundled simulator.")
        return company.rows, company.incidents, None
    rows = list(read_rows(arguments.input))
    if not rows:
        raise InputError(f"{arguments.input} has no rows")
    if arguments.url:
        return rows, [], None
    if arguments.signatures is not None:
        estate = Estate()
        add_signatures(estate, arguments.signatures)
        return rows, [], estate
    print("The bundled simulator knows nothing of your binaries: their SIGNATURES ARE MADE UP here, by hash.")
    print("What is real is everything else. `make try` asks your own server.")
    return rows, [], _made_up_estate(rows)


def _made_up_estate(rows: Iterable[Row]) -> Estate:
    estate = Estate()
    seen: set[str] = set()
    for row in rows:
        event = read_event(row, EventFields())
        for process in (event.process, event.parent):
            if process.md5 is None or process.md5 in seen:
                continue
            seen.add(process.md5)
            draw = hashlib.sha256(process.md5.encode()).digest()[0]
            if draw < 240:
                estate.add_binary(process.md5, "Signed" if draw < 210 else "Unsigned", process.name or "")
                estate.add_process(Start(process.md5, process.name or "unknown.exe"))
    return estate


def _use_own_server(site: Site, arguments: argparse.Namespace) -> None:
    fields = {
        "url": arguments.url,
        "api_token": _read(arguments.token_file).strip(),
        "ca_certificate": _read(arguments.ca) if arguments.ca else "",
        "check_host_name": str(parse_bool("make try", "CHECK_HOST_NAME", arguments.check_host_name, default=True)),
    }
    account = parse_account("try", fields, None)
    client = EdrClient(account)
    print(f"Carbon Black EDR {client.version()} at {account.url}")
    client.close()
    site.save_account("try", **fields)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({type(error).__name__}): give a text file") from None


def _run(
    site: Site, edr: EdrServer | None, rows: list[Row], incidents: list[Incident], arguments: argparse.Namespace
) -> None:
    print(f"{len(rows)} rows go through `| cbsigned method={arguments.method}` ...")
    started = time.monotonic()
    result = site.search(rows, f"method={arguments.method}", chunk_size=5000, progress=_progress(len(rows)))
    _report(result, rows, time.monotonic() - started)
    if edr is not None:
        print(f"Requests that the simulator counted: {len(edr.requests)}, for {_distinct_hashes(rows)} distinct hashes")
        print(f"in the rows, parents among them. One request a row would have been {len(rows)}.")
    _report_incidents(result.rows, incidents)
    if edr is not None and arguments.input is None:
        _compare(site, result)
    if arguments.output is not None:
        _write(arguments.output, result.rows)


def _progress(total: int) -> Callable[[int], None]:
    def show(done: int) -> None:
        if total > 5000:
            print(f"  {done} of {total} rows", file=sys.stderr, flush=True)

    return show


def _report(result: SearchResult, rows: list[Row], seconds: float) -> None:
    counts = Counter(str(row["signed"]) for row in result.rows)
    kept = [row for row in result.rows if _is_kept(row)]
    print(f"\n{len(rows)} rows in, {len(result.rows)} rows out, in {seconds:.1f} s.\n")
    for signed, meaning in (("true", "signed"), ("false", "not signed"), ("unknown", "unknown")):
        reasons = Counter(str(row["signed_reason"]) for row in result.rows if row["signed"] == signed)
        print(f"  {signed:8} {counts[signed]:7}  {meaning}: {_listed(reasons)}")
    print(f"\nA search that drops signed noise (`| where {DROP}`)")
    print(
        f"drops {len(result.rows) - len(kept)} rows ({1 - len(kept) / len(result.rows):.0%}) and keeps {len(kept)}:\n"
    )
    print(f"  {'rows':>5}  {'why':22} {'process':28} {'parent':24} users")
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in kept:
        event = read_event(row, EventFields())
        name = event.process.name or str(row.get("action", ""))
        groups.setdefault((_why(row), name.lower(), (event.parent.name or "").lower()), []).append(row)
    ordered = sorted(groups.items(), key=lambda item: len(item[1]))
    for (why, name, parent), members in ordered[:_SHOWN]:
        users = sorted({str(row.get("user", "")) for row in members})
        print(f"  {len(members):5}  {why:22} {name[:28]:28} {parent[:24]:24} {', '.join(users)[:40]}")
    if len(ordered) > _SHOWN:
        print(f"  ... and {len(ordered) - _SHOWN} more kinds")
    for level, text in result.messages:
        print(f"\n{level}: {text}")


def _report_incidents(rows: list[Row], incidents: list[Incident]) -> None:
    if not incidents:
        return
    by_id = {row["event_id"]: row for row in rows}
    print("\nWhat an analyst should see this morning, and whether the signature alone brings it out:\n")
    for incident in incidents:
        row = by_id[incident.event_id]
        answer = f"kept ({_why(row)})" if _is_kept(row) else "DROPPED: signed, and so is its parent"
        print(f"  {incident.label:52} {answer}")
    print("\nA signature is evidence, not proof: what is signed but out of place needs a measure of what is usual.")


def _compare(site: Site, result: SearchResult) -> None:
    published = site.search([dict(row) for row in result.rows], "method=prog_name", "prefix=published_").rows
    signed = [row for row in published if row["signed"] == "true"]
    missed = sum(row["published_signed"] == "false" for row in signed)
    tampered = sum(row["published_signed"] == "true" for row in published if row["signed"] == "false")
    print("\nThe query as first published (method=prog_name) on the same rows: calls")
    print(f"{missed} of {len(signed)} signed rows unsigned, and {tampered} unsigned or tampered row(s) signed.")


def _is_kept(row: Row) -> bool:
    return not (row["signed"] == "true" and row["parent_signed"] != "false")


def _why(row: Row) -> str:
    return "parent not signed" if row["signed"] == "true" else str(row["signed_reason"])


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"


def _distinct_hashes(rows: Iterable[Row]) -> int:
    events = [read_event(row, EventFields()) for row in rows]
    return len({process.md5 for event in events for process in (event.process, event.parent) if process.md5})


def _write(path: Path, rows: list[Row]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        for row in rows:
            flat = {name: "\n".join(value) if isinstance(value, list) else value for name, value in row.items()}
            writer.writerow(flat)
    print(f"\n{len(rows)} rows written to {path}")


if __name__ == "__main__":
    sys.exit(main())
