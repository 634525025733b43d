"""`make demo` and `make try`: rows through the real command over the real protocol, and what came of it."""

from __future__ import annotations

import argparse
import csv
import os
import re
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterable, Iterator, NoReturn, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bin"))

from cbverdict.carbonblack.edr.client import EdrClient
from cbverdict.errors import CbsignedError, CertificateError, SetupError
from cbverdict.settings.account import parse_account
from cbverdict.settings.values import parse_bool
from cbverdict.verdicts.verdict import DETAIL_FIELDS, STATUS_FIELDS
from tests.lab.company import Company, Incident
from tests.lab.demo_search import Setting, search, table, write
from tests.lab.edr.estate import Estate
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.host import Row
from tests.lab.options import Options, parse_options
from tests.lab.report import Facts, Report, count, plain
from tests.lab.rows import InputError, RowFile, encoding_of
from tests.lab.signatures import Find, Supply, make_up, read_table
from tests.lab.site import Site

CHUNK = 5000
_OUR_ACCOUNT = "yours"
_LAB_ACCOUNT = "lab"
_MOST_COLUMNS = 5000
_LONGEST_TEXT = 1024 * 1024
_VARIABLES = {
    "INPUT": "give a file, INPUT=rows.csv",
    "SIGNATURES": "give a file, SIGNATURES=table.csv",
    "OUTPUT": "give a file, OUTPUT=result.csv",
    "LEARN": "give a file, LEARN=earlier.csv",
    "OPTIONS": "",  # none are no mistake
    "SPL": "give a search, SPL='| cbsigned | stats count by signed'",
    "URL": "give the server's, URL=https://carbonblack.example",
    "TOKEN_FILE": "give the file that the API token is in, TOKEN_FILE=token.txt",
    "CA": "give the server's certificate or its CA's, CA=ca.pem",
    "CHECK_HOST_NAME": "write true or false",
}
_PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"
_OF_TRY = ("URL", "TOKEN_FILE", "CA", "CHECK_HOST_NAME")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(message)


@dataclass(frozen=True)
class _Input:
    """The rows, read anew each time: how many, with which columns, what is known of their signatures (None: all)."""

    rows: Iterable[Row]
    count: int
    columns: dict[str, None]
    find: Find | None = None
    incidents: Sequence[Incident] = field(default_factory=list)


def main(words: list[str]) -> int:
    """Run the demo, or the same against a server of the user's own; return the exit code."""
    try:
        run(words)
    except (InputError, CbsignedError) as error:
        print(f"cbsigned: {plain(str(error))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ncbsigned: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Whoever read has seen enough.
    return 0


def run(words: list[str], chunk: int = CHUNK) -> None:
    """Run the demo with these words, so many rows at a time.

    Raises:
        InputError: a variable or a file is not as it must be.
        CbsignedError: the user's own server did not answer.
    """
    arguments = _parse(words)
    options = parse_options(arguments.options or "", _OUR_ACCOUNT if arguments.is_try else _LAB_ACCOUNT)
    server = _server(arguments) if arguments.is_try else {}
    given = _input(arguments, chunk)
    with ExitStack() as stack:
        site = stack.enter_context(Site())
        edr = None
        if server:
            _use_own_server(site, server)
        else:
            estate = Estate() if given.find else Company.estate()
            edr = stack.enter_context(EdrServer(estate))
            site.save_account(_LAB_ACCOUNT, url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
        _learn(site, arguments, options, chunk)
        if arguments.spl:
            _run_spl(Setting(site, edr, _OUR_ACCOUNT if server else _LAB_ACCOUNT, given.find), given, arguments)
        else:
            _search(site, edr, given, options, arguments, chunk)
        if not arguments.spl and arguments.pictures and not (server or arguments.input):
            _draw(site, given.rows)


def _draw(site: Site, rows: Iterable[Row]) -> None:
    """Draw the dashboards of these rows, where a browser and Splunk's packages are."""
    from tests.lab.dashboards import can_draw  # noqa: PLC0415 - only here
    from tests.lab.gallery import draw_all  # noqa: PLC0415 - likewise

    if not can_draw():
        return  # Pictures are an extra: whoever has no browser here misses nothing of the demo.
    _tell("drawing the dashboards ...")
    problems = draw_all(site, rows, _PICTURES)
    _print(problems)
    print()
    _say(f"The dashboards of this morning, in light and dark: {_PICTURES}")


def _parse(words: list[str]) -> argparse.Namespace:
    """Read the variables of make: each comes as an option, and not at all where it was not given."""
    parser = _Parser(prog="make demo / make try", add_help=False)
    for name in _VARIABLES:
        parser.add_argument(f"--{name.lower().replace('_', '-')}")
    parser.add_argument("--try", dest="is_try", action="store_true")
    parser.add_argument("--others", default="")
    parser.add_argument("--pictures", action="store_true")
    # A line of a Makefile's recipe holds no end of a line, so make writes the sign for one.
    arguments = parser.parse_args([word.replace("\u2424", "\n") for word in words])
    _check_names(arguments)
    _check_variables(arguments)
    return arguments


def _check_names(arguments: argparse.Namespace) -> None:
    """Refuse variables that are set to nothing, and such as nobody reads."""
    others = arguments.others.split()
    if "TOKEN" in others:
        raise InputError(
            "a token on the command line stands in the shell's history and in the list of processes: write it into a "
            "file, give TOKEN_FILE=token.txt, and take the line out of the history, or make a new token"
        )
    if others:
        raise InputError(
            f"nobody reads {', '.join(others)}: the variables are {', '.join(_VARIABLES)}. "
            "The command's options go into OPTIONS, as in OPTIONS='method=binary md5=filehash'"
        )
    for name, advice in _VARIABLES.items():
        value = _variable(arguments, name)
        if advice and value is not None and not value.strip():
            raise InputError(f"{name}= is empty, as where a shell variable is not set: {advice}, or leave {name} out")


def _check_variables(arguments: argparse.Namespace) -> None:
    if arguments.is_try:
        missing = [name for name in ("URL", "TOKEN_FILE", "INPUT") if not _variable(arguments, name)]
        if missing:
            usage = "make try URL=https://<server> TOKEN_FILE=<file with the API token> INPUT=<rows.csv|rows.jsonl>"
            raise InputError(f"{', '.join(missing)} missing: {usage}")
        if arguments.signatures:
            raise InputError("SIGNATURES is for make demo: make try asks your own server, so leave it out")
    elif any(_variable(arguments, name) for name in _OF_TRY):
        raise InputError("make demo asks the bundled simulator; for a server of your own it is make try")
    elif arguments.signatures and not arguments.input:
        raise InputError("SIGNATURES says what the simulator knows of your INPUT: give both")
    elif arguments.learn and not arguments.input:
        raise InputError("LEARN says what was usual before your INPUT: give both")
    if arguments.spl and arguments.options:
        raise InputError(
            "OPTIONS are for the demo without SPL: write them into it, as in SPL='| cbsigned method=binary'"
        )
    if arguments.output:
        _check_output(Path(arguments.output), arguments)


def _variable(arguments: argparse.Namespace, name: str) -> str | None:
    value: str | None = getattr(arguments, name.lower())
    return value


def _check_output(output: Path, arguments: argparse.Namespace) -> None:
    if output.suffix.lower() != ".csv":
        raise InputError(f"OUTPUT={output} is written as .csv: give it that ending")
    for variable in ("INPUT", "LEARN", "SIGNATURES", "TOKEN_FILE", "CA"):
        source = _variable(arguments, variable)
        if source and output.exists() and os.path.exists(source) and output.samefile(source):  # noqa: PTH110 - any text
            raise InputError(f"OUTPUT={output} is the {variable} itself: give another name")
    is_new = not output.exists()
    with _writing(output):
        output.open("a", encoding="utf-8").close()
        if is_new:
            output.unlink()


def _input(arguments: argparse.Namespace, chunk: int) -> _Input:
    if not arguments.input:
        company = Company()
        print("A small company, made from a seed; the Carbon Black server is the bundled simulator.")
        columns = dict.fromkeys(name for row in company.rows for name in row)
        return _Input(company.rows, len(company.rows), columns, incidents=company.incidents)
    rows = RowFile(Path(arguments.input), _say)
    number, columns = _survey(rows, chunk)
    find = None
    if arguments.signatures:
        with _named("SIGNATURES", "md5,signed,signature,path"):
            find = read_table(Path(arguments.signatures))
    elif not arguments.is_try:
        print("The bundled simulator knows nothing of your binaries: their SIGNATURES ARE MADE UP here, by hash.")
        print("What is real is everything else. `make try` asks your own server.")
        find = make_up
    return _Input(RowFile(rows.path), number, columns, find)


def _survey(rows: RowFile, chunk: int) -> tuple[int, dict[str, None]]:
    """Read a whole file once, before anything is asked: count its rows, and collect its columns."""
    columns: dict[str, None] = {}
    number = 0
    for row in rows:
        number += 1
        if row.keys() - columns.keys():
            columns.update(dict.fromkeys(row))
            if len(columns) > _MOST_COLUMNS:
                raise InputError(f"{rows.path} has more than {_MOST_COLUMNS} columns: take what the command needs")
        if number % (10 * chunk) == 0:
            _tell(f"  {number} rows of {rows.path.name} read ({rows.share:.0%})")
    if not number:
        raise InputError(f"{rows.path} has no rows")
    if number > chunk:
        _tell(f"  {number} rows of {rows.path.name} read (all)")
    return number, columns


@contextmanager
def _named(variable: str, header: str) -> Iterator[None]:
    """Name the variable whose file is not as it must be, and a header that would do."""
    try:
        yield
    except InputError as error:
        prefix = "" if str(error).startswith(f"{variable}=") else f"{variable}: "
        raise InputError(f"{prefix}{error}. A header line that would do: {header}") from None


def _learn(site: Site, arguments: argparse.Namespace, options: Options, chunk: int) -> None:
    """Learn what is usual: from the file that LEARN names, or from the company's six weeks before that morning."""
    rows: Iterable[Row]
    columns: dict[str, None] = {}
    if arguments.learn:
        file = RowFile(Path(arguments.learn), _say)
        with _named("LEARN", "_time,user,team,process_name,parent_process_name"):
            number, columns = _survey(file, chunk)
        rows = RowFile(file.path)
    elif arguments.input:
        return
    else:
        rows = list(Company().history())
        number = len(rows)
    print(f"{count(number, 'row')} through `| cbsignedlearn`, its map on two search peers ...", flush=True)
    facts = Facts(options)
    progress = _progress(number, chunk)
    result = site.learn(facts.follow(rows), *options.learn_words, chunk_size=chunk, progress=progress)
    if not result.rows:
        raise InputError(f"nothing was learnt: {result.messages[0][1]}")
    counts = {str(row["kind"]): int(str(row["baselines"])) for row in result.rows}
    if not any(counts.values()):
        readable = "seconds since 1970, or with its zone in numbers, as 2026-03-02T08:15:00+00:00"
        seen = f"; {facts.unread_time[:40]!r} is neither" if facts.unread_time else ""
        raise InputError(
            f"LEARN={arguments.learn} teaches nothing: no row has a _time that can be read ({readable}{seen}). "
            f"Its columns are: {', '.join([*columns][:100])}"
        )
    learnt = ", ".join(f"{number} {kind}" for kind, number in counts.items())
    print(f"learnt what is usual: baselines by kind: {learnt} ({result.rows[0]['skipped']} rows had no time)")
    for sentence in (*facts.missing(), *facts.scarce()):
        print(f"In LEARN, {sentence}.")


def _server(arguments: argparse.Namespace) -> dict[str, str]:
    """Read what an account of the user's own server is made of."""
    check = arguments.check_host_name or "true"
    return {
        "url": arguments.url,
        "api_token": _read_token(arguments.token_file),
        "ca_certificate": _read_certificate(arguments.ca) if arguments.ca else "",
        "check_host_name": str(parse_bool("make try", "CHECK_HOST_NAME", check, default=True)),
    }


def _use_own_server(site: Site, fields: dict[str, str]) -> None:
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


def _read_token(path: str) -> str:
    """Read the token from its file; what is given as the file's name may be the token, and is never shown."""
    if not os.path.exists(path):  # noqa: PTH110 - what is no path at all is no file either
        raise InputError(
            "TOKEN_FILE is not the name of a file that there is (what was given is not shown, for it may be the token "
            "itself): write the token into a file, and give that file's name, as in TOKEN_FILE=token.txt"
        )
    lines = [line.strip() for line in _read("TOKEN_FILE", path).splitlines() if line.strip()]
    copy = "copy the token alone into it (Carbon Black console, My Profile, API Token)"
    if not lines:
        raise InputError(f"TOKEN_FILE={path} is empty: {copy}")
    if len(lines) > 1:
        raise InputError(f"TOKEN_FILE={path} has {len(lines)} lines: {copy}")
    token = lines[0]
    if len(token) > 1 and token[0] == token[-1] and token[0] in "\"'":
        token = token[1:-1].strip()
    if re.match(r"[\w-]+\s*[=:]", token):
        raise InputError(f"TOKEN_FILE={path} holds a name before the token (name=token): {copy}, without a name")
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise InputError(f"TOKEN_FILE={path} holds something else than a token: {copy}")
    return token


def _read_certificate(path: str) -> str:
    if path.lstrip().startswith("-----BEGIN"):
        raise InputError("CA is the certificate itself: write it into a file, and give that file's name, CA=ca.pem")
    text = _read("CA", path).strip()
    if not text:
        raise InputError(f"CA={path} is empty: write the server's certificate, or its CA's, into it as PEM")
    try:
        parse_account(_OUR_ACCOUNT, {"url": "https://localhost", "api_token": "x", "ca_certificate": text}, None)
    except SetupError:
        raise InputError(f"CA={path} is no PEM certificate (-----BEGIN CERTIFICATE----- ...): {_TO_PEM}") from None
    return text


_TO_PEM = "export it as PEM, or turn a DER one into it: openssl x509 -inform der -in <file> -out ca.pem"


def _read(variable: str, path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LONGEST_TEXT)
        return content.decode(encoding_of(content[:64])).lstrip("\ufeff")
    except OSError as error:
        raise InputError(f"{variable}={path} cannot be read ({error.strerror}): give a text file") from None
    except UnicodeDecodeError:
        advice = _TO_PEM if variable == "CA" else "give a text file, UTF-8 or UTF-16"
        raise InputError(f"{variable}={path} is not text: {advice}") from None


def _search(
    site: Site, edr: EdrServer | None, given: _Input, options: Options, arguments: argparse.Namespace, chunk: int
) -> None:
    """Send the rows through the command, and add up and write what comes back, chunk by chunk."""
    print(f"{count(given.count, 'row')} through `| {plain(' '.join(['cbsigned', *options.words]))}` ...", flush=True)
    report = Report(options, given.incidents)
    supply = Supply(site, edr, given.find, options.fields)
    progress = _progress(given.count, chunk)
    back: list[Row] = []
    started = time.monotonic()
    with ExitStack() as stack:
        output = _Output(Path(arguments.output), given.columns, options) if arguments.output else None
        if output:
            stack.enter_context(output)

        def take(before: list[Row], after: list[Row]) -> None:
            report.add(before, after)
            if output:
                output.write(after)
            if given.incidents:
                back.extend(after)
            supply.forget()
            progress(report.rows)

        result = site.stream(supply.follow(given.rows), take, *options.words, chunk_size=chunk)
    if not report.rows:
        raise InputError(f"the command refused OPTIONS={arguments.options or ''}: {result.messages[0][1]}")
    _print(report.lines(time.monotonic() - started, result.messages, given.columns))
    if report.has_hashes and supply.requests is not None:
        asked = count(supply.requests, "request")
        print(f"\nThe simulator counted {asked}, for {report.hashes()} in the rows.")
    if report.has_noise and arguments.learn:
        _print(f"In INPUT, {sentence}." for sentence in report.facts.missing())
    _print(report.incident_lines())
    if given.incidents:
        _compare(site, back, options)
    _print(_where_to_look(report, options))
    if output:
        print(f"\n{count(report.rows, 'row')} written to {plain(str(output.path))}")


def _where_to_look(report: Report, options: Options) -> Iterator[str]:
    """Say how to see every row that is dropped."""
    if not report.has_noise:
        return
    command = plain(" ".join(["cbsigned", *options.words]))
    noise = f"{plain(options.prefix)}signed_noise"
    yield f"\nTo look at all that is dropped: OUTPUT=result.csv, its rows with {noise} true,"
    yield f"or SPL='| {command} | search {noise}=true'."


def _run_spl(setting: Setting, given: _Input, arguments: argparse.Namespace) -> None:
    """Run a user's own search over the rows, and show or write what it gives."""
    print(f"{count(given.count, 'row')} through {plain(' '.join(arguments.spl.split()))} ...", flush=True)
    results = search(setting, arguments.spl, given.rows, is_company=bool(given.incidents))
    _print(table(results))
    if arguments.output:
        path = Path(arguments.output)
        with _writing(path):
            write(results, path)
        print(f"{count(len(results), 'row')} written to {plain(str(path))}")


class _Output:
    """The file that OUTPUT names, written as the rows come; use it as a context manager."""

    def __init__(self, path: Path, columns: Iterable[str], options: Options) -> None:
        """Take the rows' own columns; the answer's follow them."""
        self.path = path
        self._columns = dict.fromkeys(columns)
        # Where a row had such a column before the command, splunkd sends it, and an empty answer is no field of a row.
        verdict = (*STATUS_FIELDS, *(DETAIL_FIELDS if options.has_details else ()))
        self._verdict = [options.prefix + name for name in verdict]
        self._writer: csv.DictWriter[str] | None = None

    def __enter__(self) -> None:
        """Begin the file anew."""
        with _writing(self.path):
            self._file = self.path.open("w", encoding="utf-8", errors="backslashreplace", newline="")

    def __exit__(self, *exception: object) -> None:
        """Close the file."""
        with _writing(self.path):
            self._file.close()

    def write(self, rows: Sequence[Row]) -> None:
        """Write the rows of a chunk."""
        with _writing(self.path):
            if self._writer is None:
                names = dict.fromkeys([*self._columns, *rows[0], *self._verdict])
                self._writer = csv.DictWriter(self._file, list(names), restval="")
                self._writer.writeheader()
            self._writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        advice = "give a file in a folder of yours, where there is room"
        raise InputError(f"OUTPUT={path} cannot be written ({error.strerror}): {advice}") from None


def _cell(value: str | list[str]) -> str:
    return "\n".join(value) if isinstance(value, list) else value


def _compare(site: Site, rows: Iterable[Row], options: Options) -> None:
    words = ("method=prog_name", "prefix=published_")
    published = site.search([dict(row) for row in rows], *words).rows
    signed = [row for row in published if row[f"{options.prefix}signed"] == "true"]
    missed = sum(row["published_signed"] == "false" for row in signed)
    wrong = sum(row["published_signed"] == "true" for row in published if row[f"{options.prefix}signed"] == "false")
    print("\nThe query as first published (method=prog_name), on the same rows, calls")
    print(f"{missed} of {len(signed)} signed rows unsigned, and {wrong} with a bad signature signed.")


def _progress(total: int, chunk: int) -> Callable[[int], None]:
    def show(done: int) -> None:
        if total > chunk:
            _tell(f"  {done} of {total} rows")

    return show


def _tell(text: str) -> None:
    print(plain(text), file=sys.stderr, flush=True)


def _say(text: str) -> None:
    print(plain(text), flush=True)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
