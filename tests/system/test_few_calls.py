"""A search of stored answers takes few calls and no secret, and what is remembered is never served past a change."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.lab.edr.estate import Estate
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.host import Row
from tests.lab.site import Site

A, B = "a" * 32, "b" * 32
ROW: Row = {
    "process_md5": A,
    "process_name": "a.exe",
    "parent_process_name": "b.exe",
    "user": "ann",
    "_time": "1793620800",
}


@pytest.fixture
def warm(site: Site, edr: EdrServer) -> Site:
    """Give a site whose store knows a hash, and nobody has been asked since."""
    edr.estate.add_binary(A, "Signed", "c:\\a.exe")
    site.search([ROW])
    edr.requests.clear()
    site.splunkd.calls.clear()
    return site


def _answer(site: Site, md5: str = A, *arguments: str) -> tuple[object, object]:
    (row,) = site.search([{**ROW, "process_md5": md5}], *arguments).rows
    return row["signed_reason"], row["signed_source"]


def test_a_warm_row_takes_six_calls_and_no_secret(warm: Site) -> None:
    """For verdicts, all baselines and what is stored of these four; and confs, unless they were read a moment ago."""
    assert _answer(warm) == ("binary", "cache")
    calls = Counter(path.rpartition("/cbsigned/")[2] for _, _, path in warm.splunkd.calls)
    confs = {path: calls.pop(path) for path in list(calls) if path.startswith("configs/")}
    assert sorted(path.rpartition("collections/data/")[2].strip("/") for path in calls.elements()) == [
        "baselines",
        "cbsigned_baselines",
        "cbsigned_baselines/batch_find",
        "cbsigned_exclusions",
        "cbsigned_verdicts/batch_find",
        "verdicts",
    ]
    assert all(many <= (1 if path.endswith("account") else 2) for path, many in confs.items()), "one for each handler"


def test_a_stored_answer_needs_no_secret_and_a_new_question_does(warm: Site) -> None:
    """One that is lost is named where Carbon Black has to be asked."""
    warm.splunkd.forget_secrets("cbsigned_account")
    assert _answer(warm) == ("binary", "cache")
    assert _answer(warm, B) == ("setup", "none")


def test_an_account_that_is_removed_is_gone_at_once(warm: Site) -> None:
    """Its stored answers as well: they were given for those who may ask it."""
    warm.splunkd.remove_stanza("cbsigned_account", "lab")
    assert _answer(warm) == ("setup", "none")
    assert _answer(warm, A, "server=lab") == ("setup", "none")


def test_an_account_that_changes_is_asked_as_it_is_now(warm: Site, edr: EdrServer) -> None:
    """With the next question: another server, another token."""
    with EdrServer(edr.estate) as other:
        warm.save_account("lab", url=other.url, api_token=TOKEN, ca_certificate=other.trust_pem)
        assert _answer(warm, B) == ("not_seen", "server")
        assert (len(edr.requests), len(other.requests)) == (0, 2)
        warm.save_account("lab", api_token="another")  # noqa: S106 - made up
        assert _answer(warm, "c" * 32) == ("auth", "none")


def test_a_setting_that_is_saved_counts_for_the_next_search(warm: Site) -> None:
    """Stored answers are bound to the way of asking, which is another one then."""
    warm.save_settings("verdicts", expired_is_signed="true")
    assert _answer(warm) == ("binary", "server")


def test_a_right_that_is_taken_away_is_gone_with_the_next_call(warm: Site) -> None:
    """Splunkd says who may ask, each time anew."""
    (row,) = warm.search([ROW], capabilities=["search", "run_custom_command"]).rows
    assert row["signed_reason"] == "no_right"


def test_accounts_do_not_share_stored_answers(warm: Site, edr: EdrServer) -> None:
    """Nor what is remembered of them."""
    with EdrServer(Estate()) as other:
        warm.save_account("other", url=other.url, api_token=TOKEN, ca_certificate=other.trust_pem)
        assert _answer(warm, A, "server=other") == ("not_seen", "server")
        assert _answer(warm, A, "server=lab") == ("binary", "cache")
        assert (len(edr.requests), len(other.requests)) == (0, 2)
