"""People decide on rows: the real command, endpoint and store, and what the next search makes of it."""

from __future__ import annotations

import json
import re
import time

from tests.lab.edr.estate import Estate, Start
from tests.lab.host import Row, SearchHost, SearchResult
from tests.lab.inputs import InputHost
from tests.lab.site import Site

A, B = "a" * 32, "b" * 32
EVENT: Row = {"md5": A, "process_name": "timecard.exe", "user": "jdoe", "team": "hr", "_time": "2026-11-02T09:00:00Z"}
SUMMARY: Row = {
    "user": "jdoe",
    "team": "hr",
    "process_name": "timecard.exe",
    "parent_process_name": "-",
    "process_md5": A,
    "process_signature_publisher": "-",
    "signed": "false",
    "signed_reason": "unsigned",
    "anomaly_score": "-",
}


def _review(
    site: Site, rows: list[Row], *arguments: str, capabilities: tuple[str, ...] = ("cbsigned_review",)
) -> SearchResult:
    key = site.splunkd.log_in("anna", "search", *capabilities)
    host = SearchHost(site.app / "bin" / "cbsignedreview.py", site.splunkd.url, key, site.python, 1)
    return host.run([dict(row) for row in rows], arguments)


def _noise(site: Site) -> tuple[str, str]:
    (row,) = site.search([dict(EVENT)]).rows
    return str(row["signed_noise"]), str(row["anomaly_reasons"])


def test_what_somebody_leaves_out_is_dropped_until_it_is_ended(site: Site, estate: Estate) -> None:
    """By the same row of another search, with who, when and why on it; and what was decided is in the log."""
    estate.add_binary(A, "Unsigned", "c:\\timecard.exe")
    assert _noise(site)[0] == "false"
    result = _review(site, [SUMMARY], "action=exclude", "days=30", 'why=our "own" time card')
    assert [level for level, _ in result.messages] == []
    (row,) = result.rows
    assert (row["decided"], row["user"]) == ("exclude", "jdoe")
    is_noise, reasons = _noise(site)
    assert is_noise == "true"
    assert re.match(r'left out by hand until \d{4}-\d\d-\d\d by anna: our "own" time card', reasons)
    about = json.loads(re.findall(r"about=(\{.*\})$", site.logs(), re.MULTILINE)[-1])
    assert (about["md5"], about["author"], about["why"]) == (A, "anna", 'our "own" time card')
    ended = _review(site, [{"_key": str(row["decision"])}], "action=end")
    assert ended.rows[0]["decided"] == "end"
    assert _noise(site)[0] == "false"


def test_where_no_row_comes_nothing_is_decided_and_that_is_said(site: Site) -> None:
    """As where the search's time leaves the row out."""
    ((level, message),) = _review(site, [], "action=exclude", "days=30", "why=our own").messages
    assert (level, "no row was handed over" in message) == ("WARN", True)


def test_what_somebody_calls_bad_is_kept_from_then_on(site: Site, estate: Estate) -> None:
    """Though it is signed; the row says who called it so, and so does the log."""
    estate.add_binary(A, "Signed", "c:\\timecard.exe", publisher="Example Corp")
    assert _noise(site) == ("true", "")
    (row,) = _review(site, [SUMMARY], "action=bad", "why=it came by mail").rows
    assert row["decided"] == "bad"
    is_noise, reasons = _noise(site)
    assert is_noise == "false"
    assert re.fullmatch(r"this file was called bad until \d{4}-\d\d-\d\d by anna: it came by mail", reasons)
    assert 'decision=bad by="anna"' in site.logs()


def test_a_decision_that_is_over_or_forged_hides_nothing(site: Site, estate: Estate) -> None:
    """A document under a key that is not its own was not written by the service."""
    estate.add_binary(A, "Unsigned", "c:\\timecard.exe")
    _review(site, [SUMMARY], "action=exclude", "days=1", "why=our own time card")
    collection = site.splunkd.collections["cbsigned_exclusions"]
    (document,) = collection.find({})
    collection.delete({})
    for change in ({"until": 1.0}, {"_key": "x"}, {"user": "somebody"}, {"md5": 7}):
        collection.save([{**document, **change}], 1)
        assert _noise(site)[0] == "false", change
        collection.delete({})
    collection.save([document], 1)
    assert _noise(site)[0] == "true"


def test_a_file_is_kept_where_it_cannot_be_read_who_called_it_bad(site: Site, estate: Estate) -> None:
    """The search says so, and what to do; the decision is ended by its key, like any other."""
    estate.add_binary(A, "Signed", "c:\\timecard.exe", publisher="Example Corp")
    _review(site, [SUMMARY], "action=bad", "why=it came by mail")
    collection = site.splunkd.collections["cbsigned_exclusions"]
    (document,) = collection.find({})
    collection.delete({})
    without_author = {name: value for name, value in document.items() if name != "author"}
    changes = ({"score": None}, {"publisher": 7}, {"until": "soon"}, {"action": None}, {"action": "bad", "md5": None})
    for damaged in (without_author, *({**document, **change} for change in changes)):
        collection.save([damaged], 1)
        result = site.search([dict(EVENT)])
        assert result.rows[0]["signed_noise"] == "false", damaged
        (message,) = [text for _, text in result.messages if "cbsigned_exclusions" in text]
        assert f"cbsigned_exclusions, '{document['_key']}': the decision cannot be read. End it" in message
        assert _review(site, [{"_key": str(document["_key"])}], "action=end").rows[0]["decided"] == "end"
        assert _noise(site)[0] == "true"
    collection.save([{**document, "_key": "x"}], 1)  # It can be read: nobody gains by it.
    assert _noise(site)[0] == "false"


def test_whoever_lacks_the_right_decides_nothing(site: Site, estate: Estate) -> None:
    """To look up verdicts is not enough."""
    estate.add_binary(A, "Unsigned", "c:\\timecard.exe")
    arguments = ("action=exclude", "days=30", "why=our own time card")
    result = _review(site, [SUMMARY], *arguments, capabilities=("cbsigned_lookup",))
    assert [level for level, _ in result.messages] == ["ERROR"]
    assert re.search(r"403.*`cbsigned_review`: an admin grants the role `cbsigned_reviewer`", result.messages[0][1])
    assert result.rows[0]["decided"] == "nothing"
    assert _noise(site)[0] == "false"


def test_a_refusal_says_what_to_do(site: Site) -> None:
    """And nothing is kept."""
    for arguments, words in (
        (("action=exclude", "days=30", "why="), "say why"),
        (("action=exclude", "days=300", "why=our own time card"), "from 1 to 90"),
        (("action=exclude", "why=our own time card"), "for how many days"),
    ):
        result = _review(site, [SUMMARY], *arguments)
        assert words in result.messages[0][1] + result.standard_error
    assert site.splunkd.collections["cbsigned_exclusions"].find({}) == []


def test_an_input_keeps_what_was_called_bad_and_knows_no_exclusion(site: Site, estate: Estate) -> None:
    """What it writes lasts: a bad file must not be dropped out of it, and an exclusion ends."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 60))
    for md5, result in ((A, "Signed"), (B, "Unsigned")):
        estate.add_binary(md5, result, "c:\\timecard.exe", publisher="Example Corp")
        estate.add_process(Start(md5, "c:\\timecard.exe", username="CORP\\jdoe", start=now, reached=now))
    _review(site, [SUMMARY], "action=bad", "why=it came by mail")
    _review(site, [{**SUMMARY, "process_md5": B}], "action=exclude", "days=30", "why=our own time card")
    written = InputHost(site, "cbsigned_processes").run(start="-1h")
    found = {event.fields["process_md5"]: event.fields for event in written if event.sourcetype == "cbsigned:process"}
    assert {md5: fields["signed_noise"] for md5, fields in found.items()} == {A: "false", B: "false"}
    assert "this file was called bad" in str(found[A]["anomaly_reasons"])
