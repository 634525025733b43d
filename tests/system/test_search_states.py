"""A search that is over asks no more; one that splunkd merely finalizes, or does not know, gets its verdicts."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Callable

import pytest

from cbverdict.splunkd.conf import SplunkdConfiguration
from cbverdict.splunkd.jobs import JobState
from tests.lab.edr.server import EdrServer
from tests.lab.host import SID, Row
from tests.lab.site import ANALYST, Site
from tests.lab.splunkd.jobs import Job, JobPhase
from tests.lab.waiting import wait_for

A, B = "a" * 32, "b" * 32
SUBSEARCH = "subsearch_1700000000.1_1700000001.1"
LOOKED_AT = ("splunk-system-user", "GET", f"/services/search/jobs/{SID}")
ENDED_BADLY = {"INTERNAL_CANCEL", "USER_CANCEL", "BAD_INPUT_CANCEL", "QUIT", "FAILED"}


def _signed(rows: list[Row]) -> list[tuple[str, str]]:
    return [(str(row["signed"]), str(row["signed_reason"])) for row in rows]


@pytest.mark.parametrize("phase", JobPhase)
def test_over_is_what_ended_badly_and_nothing_else(bare_site: Site, phase: JobPhase) -> None:
    """Neither the phase that every search ends with, nor one that is done, whose results are piped on."""
    bare_site.splunkd.jobs[SID] = Job(phase)
    configuration = SplunkdConfiguration(bare_site.splunkd.url, bare_site.splunkd.system_token)
    expected = JobState.OVER if phase.value in ENDED_BADLY else JobState.GOING_ON
    assert configuration.job_state(SID) is expected
    bare_site.splunkd.jobs[SID] = Job(phase, is_finalized=True)
    assert configuration.job_state(SID) is JobState.OVER


def test_what_splunkd_does_not_say_ends_nothing(bare_site: Site) -> None:
    """It does not know the job, refuses the session, or does not answer at all."""
    configuration = SplunkdConfiguration(bare_site.splunkd.url, bare_site.splunkd.system_token)
    assert configuration.job_state(SID) is JobState.MISSING
    assert SplunkdConfiguration(bare_site.splunkd.url, "none").job_state(SID) is JobState.NOT_SAID
    bare_site.splunkd.stop()
    assert configuration.job_state(SID) is JobState.NOT_SAID


def _forget(site: Site) -> None:
    pass  # A subsearch's job may not be listed at all.


def _finalizing(site: Site) -> None:
    site.splunkd.jobs[SID] = Job(JobPhase.FINALIZING)


@pytest.mark.parametrize(("sid", "prepare"), [(SID, _finalizing), (SUBSEARCH, _forget)])
def test_a_slow_server_answers_behind_stats_and_in_a_subsearch(
    site: Site, edr: EdrServer, sid: str, prepare: Callable[[Site], None]
) -> None:
    """It is looked at more than once meanwhile, and nothing that it says means that the rows are not wanted."""
    edr.estate.add_binary(A, "Signed", "c:\\a.exe")
    edr.delay = 2.5
    prepare(site)
    site.splunkd.jobs.setdefault(SUBSEARCH, Job(JobPhase.FAILED, is_finalized=True))
    result = site.search([{"md5": A}], sid=sid)
    assert _signed(result.rows) == [("true", "binary")]
    assert result.messages[0][0] == "INFO"


def test_a_sid_that_splunkd_never_knew_is_no_search_that_was_cancelled(site: Site, edr: EdrServer) -> None:
    """The head of the same search may run elsewhere, or be a subsearch whose name says nothing."""
    edr.estate.add_binary(A, "Signed", "c:\\a.exe")
    edr.delay = 2.5
    key = site.splunkd.log_in("analyst", *ANALYST)
    assert not site.splunkd.jobs
    result = site.host(key, sid="1700000000.7").run([{"md5": A}])
    assert _signed(result.rows) == [("true", "binary")]
    assert site.splunkd.calls.count((LOOKED_AT[0], "GET", "/services/search/jobs/1700000000.7")) >= 2


def _cancel(site: Site) -> None:
    del site.splunkd.jobs[SID]


def _quit(site: Site) -> None:
    site.splunkd.jobs[SID] = Job(JobPhase.USER_CANCEL)


def _finalize(site: Site) -> None:
    site.splunkd.jobs[SID] = Job(JobPhase.FINALIZING, is_finalized=True)


@pytest.mark.parametrize("end", [_cancel, _quit, _finalize])
def test_a_search_that_is_over_stops_within_three_seconds(
    site: Site, edr: EdrServer, end: Callable[[Site], None]
) -> None:
    """Rows go on with their reason or with what was answered; what waits for its turn is not sent."""
    edr.delay = 0.4
    rows: list[Row] = [{"md5": f"{number:032x}", "process_name": "x"} for number in range(1, 401)]
    with ThreadPoolExecutor(1) as searches:
        search = searches.submit(site.search, rows, "method=prog_name")
        wait_for(lambda: site.splunkd.calls.count(LOOKED_AT) > 1)  # the first look has its answer
        end(site)
        sent = len(edr.requests)
        result = search.result()
    assert len(edr.requests) - sent <= 3.0 / edr.delay * 4, "four in flight, for three seconds"
    reasons = [str(row["signed_reason"]) for row in result.rows]
    assert len(reasons) == 400
    assert (reasons[0], reasons[-1]) == ("no_prog_name", "cancelled")
    assert "was cancelled or finalised" in result.messages[0][1]


def test_a_finalised_search_gets_what_is_stored_in_all_its_rows(site: Site, edr: EdrServer) -> None:
    """`max_time` finalises searches whose rows are wanted; for those Carbon Black is asked no more."""
    edr.estate.add_binary(A, "Signed", "c:\\a.exe")
    site.search([{"md5": A}])
    edr.delay, sent = 12.0, len(edr.requests)
    site.splunkd.jobs[SID] = Job(JobPhase.RUNNING, is_finalized=True)
    rows: list[Row] = [{"md5": B}, {"md5": A}, {"md5": "c" * 32}, {"md5": A}]
    started = time.monotonic()
    result = site.search(rows, chunk_size=1)
    assert _signed(result.rows) == [("unknown", "cancelled"), ("true", "binary")] * 2
    assert time.monotonic() - started < 12.0
    assert len(edr.requests) - sent <= 2, "the first question was under way when splunkd was looked at"
