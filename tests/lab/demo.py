"""`make demo` and `make try`: rows through the real command over the real protocol, and what came of it."""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import shlex
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Callable, Iterable, NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))

from cbverdict.edr import EdrClient
from cbverdict.errors import CbsignedError, CertificateError
from cbverdict.events import EventFields, ProcessEvent, read_event
from cbverdict.lookups import read_lists
from cbverdict.settings import AnomalySettings, parse_account, parse_bool
from tests.lab.company import Company, Incident
from tests.lab.edr.estate import Estate, Start, add_signatures
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.host import Row, SearchResult
from tests.lab.rows import InputError, read_rows
from tests.lab.site import Site

_CHUNK = 5000
_SHOWN = 12
_OUR_ACCOUNT = "yours"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(message)


def main() -> int:
    """Run the demo, or the same against a server of the user's own."""
    try:
        arguments = _parse(sys.argv[1:])
        rows, incidents, estate = _input(arguments)
        with ExitStack() as stack:
            site = stack.enter_context(Site())
            edr = None
            if arguments.url:
                _use_own_server(site, arguments)
            else:
                edr = stack.enter_context(EdrServer(estate or Company.estate()))
                site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
            _learn(site, arguments)
            _run(site, edr, rows, incidents, arguments)
    except (InputError, CbsignedError) as error:
        print(f"cbsigned: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ncbsigned: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Whoever read has seen enough.
    return 0


def _parse(words: list[str]) -> argparse.Namespace:
    """Read the variables of make: each comes as an option, empty where it was not given."""
    parser = _Parser(prog="make demo / make try", add_help=False)
    for name in ("input", "signatures", "output", "url", "token-file", "ca", "check-host-name", "options", "learn"):
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--try", dest="is_try", action="store_true")
    arguments = parser.parse_args(words)
    _check_variables(arguments)
    return arguments


def _check_variables(arguments: argparse.Namespace) -> None:
    if arguments.is_try:
        needed = {"URL": arguments.url, "TOKEN_FILE": arguments.token_file, "INPUT": arguments.input}
        missing = [name for name, value in needed.items() if not value]
        if missing:
            usage = "make try URL=https://<server> TOKEN_FILE=<file with the API token> INPUT=<rows.csv|rows.jsonl>"
            raise InputError(f"{', '.join(missing)} missing: {usage}")
    elif arguments.url or arguments.token_file or arguments.ca:
        raise InputError("make demo asks the bundled simulator; for a server of your own it is make try")
    elif arguments.signatures and not arguments.input:
        raise InputError("SIGNATURES says what the simulator knows of your INPUT: give both")
    elif arguments.learn and not arguments.input:
        raise InputError("LEARN says what was usual before your INPUT: give both")
    try:
        shlex.split(arguments.options)
    except ValueError as error:
        raise InputError(f"OPTIONS={arguments.options}: {error}") from None
    if arguments.output:
        _check_output(Path(arguments.output), arguments)


def _check_output(output: Path, arguments: argparse.Namespace) -> None:
    if output.suffix.lower() != ".csv":
        raise InputError(f"OUTPUT={output} is written as .csv: give it that ending")
    for variable in ("input", "learn", "signatures"):
        source = Path(getattr(arguments, variable) or "")
        if output.exists() and source.is_file() and output.samefile(source):
            raise InputError(f"OUTPUT={output} is the {variable.upper()} itself: give another name")
    try:
        output.open("a", encoding="utf-8").close()
    except OSError as error:
        raise InputError(
            f"OUTPUT={output} cannot be written ({error.strerror}): give a file in a folder of yours"
        ) from None


def _input(arguments: argparse.Namespace) -> tuple[list[Row], list[Incident], Estate | None]:
    if not arguments.input:
        company = Company()
        print("A small company, made from a seed; the Carbon Black server is the bundled simulator.")
        return company.rows, company.incidents, None
    path = Path(arguments.input)
    rows = list(read_rows(path))
    if not rows:
        raise InputError(f"{path} has no rows")
    if arguments.is_try:
        return rows, [], None
    if arguments.signatures:
        estate = Estate()
        add_signatures(estate, Path(arguments.signatures))
        return rows, [], estate
    print("The bundled simulator knows nothing of your binaries: their SIGNATURES ARE MADE UP here, by hash.")
    print("What is real is everything else. `make try` asks your own server.")
    return rows, [], _made_up_estate(rows)


def _made_up_estate(rows: Iterable[Row]) -> Estate:
    estate = Estate()
    seen: set[str] = set()
    for event in map(_event, rows):
        for process in (event.process, event.parent):
            if process.md5 is None or process.md5 in seen:
                continue
            seen.add(process.md5)
            draw = hashlib.sha256(process.md5.encode()).digest()[0]
            if draw < 240:
                estate.add_binary(process.md5, "Signed" if draw < 210 else "Unsigned", process.name or "")
                estate.add_process(Start(process.md5, process.name or "unknown.exe"))
    return estate


def _learn(site: Site, arguments: argparse.Namespace) -> None:
    """Learn what is usual: from the file that LEARN names, or from the company's six weeks before that morning."""
    if arguments.learn:
        rows = list(read_rows(Path(arguments.learn)))
    elif arguments.input:
        return
    else:
        rows = list(Company().history())
    print(f"{_count(len(rows), 'row')} through `| cbsignedlearn`, its map on two search peers ...", flush=True)
    result = site.learn(rows)
    if not result.rows:
        raise InputError(f"nothing was learnt: {result.messages[0][1]}")
    counts = {str(row["kind"]): int(str(row["baselines"])) for row in result.rows}
    if not any(counts.values()):
        readable = "seconds since 1970, or 2026-03-02T08:15:00+00:00"
        raise InputError(f"LEARN={arguments.learn} teaches nothing: no row has a _time that can be read ({readable})")
    learnt = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    print(f"learnt what is usual: baselines by kind: {learnt} ({result.rows[0]['skipped']} rows had no time)")
    if not counts["person"]:
        print("No row says who it was (user, username, User), so only parents have an opinion.")


def _use_own_server(site: Site, arguments: argparse.Namespace) -> None:
    check = arguments.check_host_name or "true"
    fields = {
        "url": arguments.url,
        "api_token": _read("TOKEN_FILE", arguments.token_file).strip(),
        "ca_certificate": _read("CA", arguments.ca) if arguments.ca else "",
        "check_host_name": str(parse_bool("make try", "CHECK_HOST_NAME", check, default=True)),
    }
    account = parse_account(_OUR_ACCOUNT, fields, None)
    client = EdrClient(account)
    print(f"Asking {account.url} (at most {account.timeout:g} s) ...", flush=True)
    try:
        print(f"Carbon Black EDR {client.version()}")
    except CbsignedError as error:
        hint = " Here: CA=<its PEM file>, and CHECK_HOST_NAME=false where the certificate is for another name."
        raise InputError(f"{error}{hint if isinstance(error, CertificateError) else ''}") from None
    finally:
        client.close()
    site.save_account(_OUR_ACCOUNT, **fields)


def _read(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{variable}={path} cannot be read ({error.strerror}): give a text file") from None
    except UnicodeDecodeError:
        raise InputError(f"{variable}={path} is not text: give a text file") from None


def _run(
    site: Site, edr: EdrServer | None, rows: list[Row], incidents: list[Incident], arguments: argparse.Namespace
) -> None:
    options = shlex.split(arguments.options)
    print(f"{_count(len(rows), 'row')} through `| {' '.join(['cbsigned', *options])}` ...", flush=True)
    started = time.monotonic()
    result = site.search(rows, *options, chunk_size=_CHUNK, progress=_progress(len(rows)))
    if not result.rows:
        raise InputError(f"the command refused OPTIONS={arguments.options}: {result.messages[0][1]}")
    prefix = next((word.partition("=")[2] for word in options if word.startswith("prefix=")), "")
    seen = [{name.removeprefix(prefix): row[name] for name in row} for row in result.rows]
    _report(seen, result.messages, time.monotonic() - started)
    _report_hashes(rows, edr)
    _report_incidents(seen, incidents)
    if edr is not None and not arguments.input:
        _compare(site, result)
    if arguments.output:
        _write(Path(arguments.output), rows, result.rows)


def _progress(total: int) -> Callable[[int], None]:
    def show(done: int) -> None:
        if total > _CHUNK:
            print(f"  {done} of {total} rows", file=sys.stderr, flush=True)

    return show


def _report(rows: list[Row], messages: list[tuple[str, str]], seconds: float) -> None:
    print(f"\n{_count(len(rows), 'row')} came back, in {seconds:.1f} s.\n")
    for signed, meaning in (("true", "signed"), ("false", "not signed"), ("unknown", "unknown")):
        reasons = Counter(str(row.get("signed_reason")) for row in rows if row.get("signed") == signed)
        print(f"  {signed:8} {sum(reasons.values()):7}  {meaning}: {_listed(reasons)}")
    if any("signed_noise" in row for row in rows):
        _report_kept(rows)
    for level, text in messages:
        print(f"\n{level}: {text}")


def _report_kept(rows: list[Row]) -> None:
    kept = [row for row in rows if _is_kept(row)]
    dropped = len(rows) - len(kept)
    print(f"\nA search that ends in `drop_signed_noise` drops {dropped} ({dropped / len(rows):.0%}).")
    print(f"It keeps {len(kept)}, the oddest first:\n")
    print(f"  {'rows':>5} {'score':>5}  {'why':18} {'process':24} {'parent':18} who")
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in kept:
        event = _event(row)
        name = event.process.name or str(row.get("action", ""))
        groups.setdefault((_why(row), name.lower(), (event.parent.name or "").lower()), []).append(row)
    ordered = sorted(groups.items(), key=lambda item: (-max(map(_score, item[1])), len(item[1])))
    for (why, name, parent), members in ordered[:_SHOWN]:
        top = max(map(_score, members))
        said = f"{top:5.0f}" if top >= 0 else " " * 5
        who = _users(members)
        print(f"  {len(members):5} {said}  {why:18} {_plain(name, 24):24} {_plain(parent, 18):18} {who}")
    if len(ordered) > _SHOWN:
        print(f"  ... and {len(ordered) - _SHOWN} more kinds")


def _report_hashes(rows: list[Row], edr: EdrServer | None) -> None:
    events = [_event(row) for row in rows]
    hashes = {process.md5 for event in events for process in (event.process, event.parent) if process.md5}
    if not hashes:
        columns = ", ".join(dict.fromkeys(_plain(name, 40) for row in rows for name in row))
        print(f"\nNo row has an MD5 where it was looked for ({', '.join(EventFields().md5)}).")
        print(f"The columns are: {columns}. If one of them holds it, OPTIONS=md5=<column>.")
    elif edr is not None:
        asked, distinct = _count(len(edr.requests), "request"), _count(len(hashes), "distinct hash", "distinct hashes")
        print(f"\nThe simulator counted {asked}, for {distinct} in the rows.")


def _report_incidents(rows: list[Row], incidents: list[Incident]) -> None:
    if not incidents or "signed_noise" not in rows[0]:
        return
    by_id = {row["event_id"]: row for row in rows}
    print("\nWhat an analyst should see this morning, and what brings it out:\n")
    for incident in incidents:
        row = by_id[incident.event_id]
        score = row["anomaly_score"] or "none"
        print(f"  {incident.label:52} {'kept' if _is_kept(row) else 'DROPPED'} ({_why(row)}, score {score})")
        reasons = row["anomaly_reasons"]
        for reason in [reasons] if isinstance(reasons, str) else reasons:
            print(f"      {reason}")
    found = [by_id[incident.event_id] for incident in incidents]
    signed = sum(row["signed"] == "true" and row["parent_signed"] != "false" for row in found)
    print(f"\nOf these {len(found)}, {signed} are signed, and no parent speaks against them:")
    print("a signature is evidence, not proof.")


def _compare(site: Site, result: SearchResult) -> None:
    published = site.search([dict(row) for row in result.rows], "method=prog_name", "prefix=published_").rows
    signed = [row for row in published if row["signed"] == "true"]
    missed = sum(row["published_signed"] == "false" for row in signed)
    wrong = sum(row["published_signed"] == "true" for row in published if row["signed"] == "false")
    print("\nThe query as first published (method=prog_name), on the same rows, calls")
    print(f"{missed} of {len(signed)} signed rows unsigned, and {wrong} with a bad signature signed.")


def _event(row: Row) -> ProcessEvent:
    return read_event(row, EventFields())


def _is_kept(row: Row) -> bool:
    return row.get("signed_noise") != "true"


def _score(row: Row) -> float:
    return float(str(row.get("anomaly_score") or -1))


def _why(row: Row) -> str:
    process, is_unusual = _event(row).process, _score(row) >= AnomalySettings.threshold
    if row.get("signed") != "true" and process.md5:
        return str(row.get("signed_reason"))
    if row.get("parent_signed") == "false":
        return "parent not signed"
    if is_unusual or not process.md5:
        return "unusual" if is_unusual else "no hash"
    is_tool = read_lists().tool(process.name or "") is not None
    return "lives off the land" if is_tool else "odd parent or signer"


def _users(rows: list[Row]) -> str:
    users = sorted({_plain(str(user), 20) for row in rows if (user := row.get("user", ""))})
    return ", ".join(users) if len(users) <= 2 else f"{len(users)} users"


def _plain(text: str, width: int) -> str:
    """Show foreign text: no control character of it reaches the terminal."""
    clean = "".join(character if character.isprintable() else "?" for character in text)
    return clean if len(clean) <= width else clean[: width - 1] + "…"


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _write(path: Path, before: list[Row], after: list[Row]) -> None:
    columns = dict.fromkeys([*(name for row in before for name in row), *(name for row in after for name in row)])
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.DictWriter(file, list(columns), restval="")
        writer.writeheader()
        for row in after:
            writer.writerow(
                {name: "\n".join(value) if isinstance(value, list) else value for name, value in row.items()}
            )
    print(f"\n{_count(len(after), 'row')} written to {path}")


if __name__ == "__main__":
    sys.exit(main())
