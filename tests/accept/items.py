"""What the lab assumes of a Splunk, an item each: tried, and compared.

Nothing is learnt, and no event of this Splunk's own is read: searches that would are run without what they end in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Iterator

from tests.accept.splunk import NAMESPACE, DifferentError, Outcome, Splunk, until
from tests.lab.edr.estate import Estate, Start
from tests.lab.edr.server import TOKEN, EdrServer

ACCOUNT = "cbsigned_accept"
SIGNED, UNSIGNED, BAD, NEVER = (letter * 32 for letter in "abcd")
_HASHES = f'case(number=1, "{SIGNED}", number=2, "{UNSIGNED}", number=3, "{BAD}", number=4, "{NEVER}")'
ROWS = f"| makeresults count=4 | streamstats count AS number | eval process_md5={_HASHES}"
EXPECTED = [("true", "joint"), ("false", "unsigned"), ("false", "bad_signature"), ("unknown", "not_seen")]
_SLOW = 3.0
_INPUT_SECONDS = 180.0


@dataclass
class Bench:
    """The Splunk that is tried, the simulator beside it, the version of these sources, where an input may write."""

    splunk: Splunk
    edr: EdrServer
    version: str
    index: str
    confs: dict[str, Any]
    opened: list[str] = field(default_factory=list)


Item = Callable[[Bench], None]
ITEMS: dict[str, Item] = {}


def item(text: str) -> Callable[[Item], Item]:
    """Enter an item: what the lab assumes."""

    def enter(one: Item) -> Item:
        ITEMS[text] = one
        return one

    return enter


def estate() -> Estate:
    """Give the binaries and the process that the simulator knows."""
    made = Estate()
    made.add_binary(SIGNED, "Signed", "c:\\accept\\a.exe", publisher="Accept Corp")
    made.add_binary(UNSIGNED, "Unsigned", "c:\\accept\\b.exe")
    made.add_binary(BAD, "Bad Signature", "c:\\accept\\c.exe")
    made.add_process(Start(SIGNED, "c:\\accept\\a.exe", username="ann"))
    return made


def expect(what: str, seen: object, assumed: object) -> None:
    """Compare what is seen with what the lab assumes.

    Raises:
        DifferentError: it is something else.
    """
    if seen != assumed:
        raise DifferentError(f"{what}: the lab assumes {assumed!r}, this Splunk gives {seen!r}")


def _verdicts(outcome: Outcome) -> list[tuple[str, str]]:
    if outcome.errors:
        raise DifferentError("; ".join(outcome.errors))
    return [(str(row.get("signed")), str(row.get("signed_reason"))) for row in outcome.rows]


@item("the add-on that is installed is that of these sources")
def _version(bench: Bench) -> None:
    (app,) = bench.splunk.entries("/services/apps/local/cbsigned")
    expect("its version", app["content"].get("version"), bench.version)


@item("the setup page's endpoint saves an account that the server answers for, and hides its token")
def _account(bench: Bench) -> None:
    saved = bench.splunk.save(
        "cbsigned_account", name=ACCOUNT, url=bench.edr.url, api_token=TOKEN, ca_certificate=bench.edr.trust_pem
    )
    bench.opened.append(f"cbsigned_account/{ACCOUNT}")
    expect("the token in the answer", TOKEN in str(saved), False)  # noqa: FBT003 - a fact is compared


@item("an account that the server refuses is not saved, and the answer says what to do")
def _refused_account(bench: Bench) -> None:
    fields = {"url": bench.edr.url, "api_token": "x" * 40, "ca_certificate": bench.edr.trust_pem}
    try:
        bench.splunk.save("cbsigned_account", name=f"{ACCOUNT}_refused", **fields)
    except DifferentError as refusal:
        expect("the words", "refused the API token" in str(refusal), True)  # noqa: FBT003 - likewise
        return
    bench.opened.append(f"cbsigned_account/{ACCOUNT}_refused")
    raise DifferentError("it was saved")


@item("the command's fields arrive on the same rows, in order, over those of the event; other fields stay")
def _merged(bench: Bench) -> None:
    spl = f'{ROWS} | eval kept="kept".number, signed="of the event" | cbsigned server={ACCOUNT} | table *'
    outcome = bench.splunk.search(spl)
    expect("the verdicts", _verdicts(outcome), EXPECTED)
    expect(
        "what the command does not read", [row.get("kept") for row in outcome.rows], [f"kept{n}" for n in range(1, 5)]
    )
    expect("the publisher", outcome.rows[0].get("process_signature_publisher"), "Accept Corp")
    expect("a column of the protocol's", [name for name in outcome.rows[0] if "chunked" in name], [])


@item("an empty field of the command's is empty on the row, not what the event had")
def _emptied(bench: Bench) -> None:
    spl = f'{ROWS} | eval process_signature_publisher="of the event" | cbsigned server={ACCOUNT} | table *'
    outcome = bench.splunk.search(spl)
    expect("a publisher that is not known", outcome.rows[3].get("process_signature_publisher", ""), "")


@item("several values of a field reach the command as several")
def _multivalue(bench: Bench) -> None:
    spl = f'| makeresults | eval process_hash=split("{SIGNED},{UNSIGNED}", ",") | cbsigned server={ACCOUNT} | table *'
    expect("the verdict", _verdicts(bench.splunk.search(spl)), [("unknown", "ambiguous")])


@item("the second search over the same hashes is answered by the KV store")
def _stored(bench: Bench) -> None:
    sent = len(bench.edr.requests)
    outcome = bench.splunk.search(f"{ROWS} | cbsigned server={ACCOUNT} | table *")
    expect("the source", {row.get("signed_source") for row in outcome.rows}, {"cache"})
    expect("requests to Carbon Black", len(bench.edr.requests) - sent, 0)


def _slowly(bench: Bench, spl: str) -> list[tuple[str, str]]:
    bench.edr.delay = _SLOW
    try:
        return _verdicts(bench.splunk.search(spl))
    finally:
        bench.edr.delay = 0.0


@item("behind stats the command is given the time that a slow server takes")
def _finalizing(bench: Bench) -> None:
    spl = f"{ROWS} | stats count BY number process_md5 | cbsigned server={ACCOUNT} refresh=true | sort number"
    expect("the verdicts", _slowly(bench, spl), EXPECTED)


@item("so it is in a subsearch")
def _subsearch(bench: Bench) -> None:
    spl = f"| makeresults | where false() | append [{ROWS} | cbsigned server={ACCOUNT} refresh=true] | sort number"
    expect("the verdicts", _slowly(bench, spl), EXPECTED)


@item("a dry run of learning reads all rows by its map")
def _learning(bench: Bench) -> None:
    spl = '| makeresults count=5 | eval user="accept", process_name="accept.exe" | cbsignedlearn dryrun=true'
    outcome = bench.splunk.search(spl)
    _verdicts(outcome)
    expect("rows read", {row.get("rows") for row in outcome.rows}, {"5"})


@item("the check finds nothing that fails")
def _check(bench: Bench) -> None:
    outcome = bench.splunk.search("| cbsignedcheck")
    _verdicts(outcome)
    failed = [f"{row['check']}: {row['detail']}" for row in outcome.rows if row["status"] == "fail"]
    expect("what fails", failed, [])


@item("the sweep is run by whoever may")
def _sweep(bench: Bench) -> None:
    outcome = bench.splunk.search("| cbsignedpurge")
    _verdicts(outcome)
    expect("rows", len(outcome.rows), 1)


@item("the lookup macros find on the search head what the command stored")
def _lookup_macros(bench: Bench) -> None:
    asked = [f"{hash_}@{ACCOUNT}" for hash_ in (SIGNED, UNSIGNED, BAD)]
    keys = ", ".join(f'"{key}"' for key in asked)
    stored = bench.splunk.search(f"| inputlookup cbsigned_verdicts | where in(_key, {keys}) | table _key signed")
    expect("documents", len(stored.rows), 3)
    macro = bench.confs["macros"]["cbsigned_lookup(1)"]["definition"]
    spl = macro.replace("$md5$", "process_md5").replace("`cbsigned_account`", f'"{ACCOUNT}"')
    outcome = bench.splunk.search(f"{ROWS} | {spl} | table *")
    found = [str(row.get("signed", "")) for row in outcome.rows if row]
    expect("the verdicts", (found, outcome.errors), (["true", "false", "false", "unknown"], []))


def _macro_searches(shipped: Iterable[str]) -> Iterator[tuple[str, str]]:
    row = f'| makeresults | eval process_md5="{SIGNED}", cbsigned_id="1", cbsigned_revision=1'
    yield "cbsigned_lookup_only", f"{row} | `cbsigned_lookup_only(process_md5)` | table signed"
    yield "cbsigned_lookup_daily", f"{row} | `cbsigned_lookup_daily(process_md5)` | table signed"
    yield "cbsigned_lookup", f"{row} | `cbsigned_lookup(process_md5)` | table process_md5"
    yield "cbsigned_lookup_first", f"{row} | `cbsigned_lookup_first(process_md5)` server={ACCOUNT} | table signed"
    yield "drop_signed_noise", f'{row} | eval signed_noise="false" | `drop_signed_noise` | table process_md5'
    yield "cbsigned_may_drop", f"{row} | where `cbsigned_may_drop` | table process_md5"
    yield "cbsigned_once", f"{row} | `cbsigned_once` | table process_md5"
    yield "cbsigned_bases", '| makeresults | eval known=if(in("x", `cbsigned_bases`), 1, 0) | table known'
    yield "cbsigned_account", "| makeresults | eval account=`cbsigned_account` | table account"
    yield "cbsigned_filter", f'{row} | eval firstTime="2026-03-02T10:00:00" | `cbsigned_filter` | stats count'
    yield "cbsigned_says", f'{row} | eval said=mvappend("-", "x") | eval said=`cbsigned_says(said)` | table said'
    yield "cbsigned_md5_of", f'{row} | eval said="MD5={"a" * 32}" | eval said=`cbsigned_md5_of(said)` | table said'
    yield "cbsigned_own_md5", f"{row} | eval said=`cbsigned_own_md5` | table said"
    yield "cbsigned_columns", f"{row} | `cbsigned_columns` | table cbsigned_user"
    yield "cbsigned_row", f"search `cbsigned_row({'0' * 32})` | stats count"
    for name in ("cbsigned_events", "cbsigned_processes", "cbsigned_logons", "cbsigned_scored"):
        yield name, f"search `{name}` | head 1 | stats count"
    for name in ("cbsigned_summary", "cbsigned_changes", "cbsigned_health_events"):
        yield name, f"search `{name}` | head 1 | stats count"
    for name in shipped:
        if name.endswith("_filter") and name != "cbsigned_filter":  # of an alert: it leaves rows as they are
            yield name, f"{row} | `{name}` | table process_md5"


@item("every macro runs, and gives a row")
def _macros(bench: Bench) -> None:
    shipped = {re.sub(r"\(.*", "", name) for name in bench.confs["macros"]}
    searches = dict(_macro_searches(shipped))
    expect("macros that are tried", set(searches), shipped)
    for name, spl in searches.items():
        outcome = bench.splunk.search(spl)
        expect(f"`{name}`", (len(outcome.rows), outcome.errors), (1, []))


@item("every lookup is read by its name")
def _lookups(bench: Bench) -> None:
    for name in bench.confs["transforms"]:
        outcome = bench.splunk.search(f"| inputlookup {name} | stats count")
        expect(name, (len(outcome.rows), outcome.errors), (1, []))


_ENDS = re.compile(r"\|\s*(cbsignedlearn|outputlookup)\b[^|]*$")


@item("every saved search is there and runs, without what it would learn or write")
def _saved_searches(bench: Bench) -> None:
    for name, stanza in bench.confs["savedsearches"].items():
        (entry,) = bench.splunk.entries(f"saved/searches/{name}")
        text = str(entry["content"].get("search", "")).replace("\\\n", "\n")
        expect(f"the text of {name}", " ".join(text.split()), " ".join(stanza["search"].split()))
        spl = _ENDS.sub("| head 1", text).strip()
        outcome = bench.splunk.search(spl if spl.startswith("|") else f"search {spl}")
        expect(name, outcome.errors, [])


@item("an input that is made over REST reads, and its events are found by their source type and fields")
def _input(bench: Bench) -> None:
    fields = {
        "account": ACCOUNT,
        "index": bench.index,
        "interval": "60",
        "start": "2026-01-01",
        "overlap": "60",
        "page_size": "500",
    }
    bench.splunk.save("cbsigned_cbsigned_processes", name=ACCOUNT, **fields)
    bench.opened.append(f"cbsigned_cbsigned_processes/{ACCOUNT}")
    spl = (
        f'search index={bench.index} sourcetype="cbsigned:process" process_md5={SIGNED} earliest=0 | table signed user'
    )
    rows = until(lambda: bench.splunk.search(spl).rows, _INPUT_SECONDS)
    expect("the event", {(row.get("signed"), row.get("user")) for row in rows}, {("true", "ann")})


@item("an endpoint refuses the verbs that it does not know, with 405, and whoever is not logged in, with 401")
def _verbs(bench: Bench) -> None:
    expect("PUT", bench.splunk.status("PUT", f"{NAMESPACE}cbsigned/verdicts", "{}"), 405)
    expect("GET", bench.splunk.status("GET", f"{NAMESPACE}cbsigned/verdicts"), 405)


@item("what was made is deleted again")
def _clean(bench: Bench) -> None:
    for path in reversed(bench.opened):
        bench.splunk.delete(path)
    bench.opened.clear()
    names = [entry["name"] for entry in bench.splunk.entries("cbsigned_account")]
    expect("accounts of this run", [name for name in names if name.startswith(ACCOUNT)], [])
