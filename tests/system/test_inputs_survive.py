"""12,000 processes arrive while the input runs, Carbon Black fails, and the input is killed: nothing is lost."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections import Counter
from contextlib import suppress
from typing import Any, Iterator

import pytest

from tests.lab.arrivals import Arrivals, iso
from tests.lab.edr.estate import Estate, Start
from tests.lab.edr.server import TOKEN, EdrServer, Fault
from tests.lab.https import Request
from tests.lab.inputs import Indexed, InputHost, Run, once
from tests.lab.site import Site

PROCESSES = 12_000
KILLS = 20
OVERLAP = 15
PAGE = 1000
BATCH = 240
PASSING = (
    Fault.TOO_MANY,
    Fault.CRASH,
    Fault.BAD_GATEWAY,
    Fault.UNAVAILABLE,
    Fault.GATEWAY_TIMEOUT,
    Fault.HANG,
    Fault.CUT_BODY,
    Fault.NOT_JSON,
    Fault.OTHER_JSON,
    Fault.INCOMPLETE,
)


@pytest.fixture
def site(bare_site: Site, edr: EdrServer) -> Site:
    """Give a search head that waits a second for Carbon Black, so that what hangs is soon tried again."""
    bare_site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem, timeout="1")
    return bare_site


class Stress:
    """Let processes arrive, and Carbon Black fail now and then, until all are there."""

    def __init__(self, arrivals: Arrivals, edr: EdrServer) -> None:
        """Start."""
        self._arrivals = arrivals
        self._edr = edr
        self._random = random.Random(5)  # noqa: S311 - no secret
        self.faults: Counter[Fault] = Counter()
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether all have arrived."""
        return not self._thread.is_alive()

    def _go_on(self) -> None:
        healthy_at = 0.0
        for number in range(PROCESSES // BATCH):
            now = time.time()
            self._arrivals.arrive(BATCH, now)
            if now >= healthy_at:
                self._edr.recover()
            if number % 5 == 0:
                fault = PASSING[number // 5 % len(PASSING)]
                self.faults[fault] += 1
                self._edr.fail(fault)
                healthy_at = now + 0.2 + self._random.random()
            time.sleep(0.25)  # It must stay: this is how fast they arrive.
        self._edr.recover()
        self._arrivals.settle(time.time())


def _run_and_kill(host: InputHost, stress: Stress) -> Iterator[Run]:
    """Run the input again and again, as splunkd does; kill it at random points until it was killed often enough.

    On a fast machine a run with little to read is soon over: it is killed earlier, the more of them end by themselves.
    """
    chance = random.Random(7)  # noqa: S311 - no secret
    kills, share = 0, 1.0
    while True:
        was_over = stress.is_over
        run = host.start(page_size=str(PAGE), overlap=str(OVERLAP), start="-3h")
        if kills < KILLS:
            with suppress(subprocess.TimeoutExpired):
                run.process.wait(share * (0.4 + 4 * chance.random()))
            is_running = run.process.poll() is None
            kills += is_running
            share = share if is_running else max(0.8 * share, 0.02)
            run.kill()
        run.wait(900)
        yield run
        if was_over and kills == KILLS:
            break
    time.sleep(OVERLAP + 2)  # It must stay: until then something may have become visible late.
    run = host.start(page_size=str(PAGE), overlap=str(OVERLAP), start="-3h")
    run.wait(900)
    yield run


@pytest.fixture
def history(site: Site, edr: EdrServer, estate: Estate) -> tuple[list[list[Indexed]], Arrivals, Stress]:
    """Give what each run wrote, what was to be written, and what went wrong on the way."""
    arrivals = Arrivals(estate)
    stress = Stress(arrivals, edr)
    runs = [run.events() for run in _run_and_kill(InputHost(site, "cbsigned_processes"), stress)]
    return runs, arrivals, stress


def test_nothing_is_missing_and_at_most_a_page_comes_twice_per_kill(
    history: tuple[list[list[Indexed]], Arrivals, Stress], site: Site
) -> None:
    """Without anybody's help; after the macro's rule every process is there exactly once, hashed late or not."""
    runs, arrivals, stress = history
    events = [event for run in runs for event in run if event.sourcetype == "cbsigned:process"]
    kept = once(events, site.app)
    assert set(stress.faults) == set(PASSING)
    assert sorted(event.fields["process_guid"] for event in kept) == sorted(arrivals.guids)
    assert all(event.fields.get("process_md5") for event in kept)
    written = [[(event.fields["cbsigned_id"], event.fields.get("cbsigned_revision")) for event in run] for run in runs]
    for number, run in enumerate(written):
        assert len(set(run)) == len(run), "a run repeats nothing of its own"
        later = set().union(*written[number + 1 :])
        assert len(later.intersection(run)) <= PAGE, "of what a run wrote a page comes again, if it was killed"
    unknown = Counter(event.fields["signed_reason"] for event in kept if event.fields["signed"] == "unknown")
    assert sum(unknown.values()) < len(kept) / 100, unknown


A, B = "a" * 32, "b" * 32


def _guid(number: int) -> str:
    return f"00000009-0000-{number:04x}-01d5-{number:012x}"


def _guids(events: list[Indexed]) -> set[str]:
    return {event.fields["process_guid"] for event in events if event.sourcetype == "cbsigned:process"}


def _add(estate: Estate, number: int, reached: float, **changes: Any) -> int:
    """Have a process reach the server at a time; give the number of its document."""
    start = Start(A, "C:\\a.exe", start=iso(reached), reached=iso(reached), guid=_guid(number), **changes)
    (document, *_) = estate.add_process(start)
    return document


def _is_page(request: Request) -> bool:
    return b"last_server_update asc" in request.body


@pytest.fixture
def signed(estate: Estate) -> Estate:
    """Give an estate that knows a signed binary."""
    estate.add_binary(A, "Signed", "c:\\a.exe")
    return estate


def test_what_moves_on_while_its_second_is_read_hides_nothing(
    site: Site, signed: Estate, edr: EdrServer, now: int
) -> None:
    """More processes in one second than a page holds, and a third of them is updated between two pages."""
    numbers = [_add(signed, number, now - 3000) for number in range(60)]
    pages = 0

    def move(request: Request) -> None:
        nonlocal pages
        pages += _is_page(request)
        if pages == 3:
            for number in numbers[:20]:
                signed.update_process(number, last_server_update=iso(now - 100))

    edr.meanwhile = move
    events = InputHost(site, "cbsigned_processes").run(page_size="10")
    assert _guids(events) == {_guid(number) for number in range(60)}


def test_what_becomes_visible_late_during_an_outage_is_not_lost(site: Site, signed: Estate, edr: EdrServer) -> None:
    """The overlap counts from when a page was read, not from where the run ended."""
    now = time.time()
    for number in range(25):
        _add(signed, number, now - 2 + number / 100)
    pages = 0

    def fail(request: Request) -> Fault | None:
        nonlocal pages
        pages += _is_page(request)
        if pages == 2:
            _add(signed, 100, now - 2)  # visible only now, behind what was read
            edr.fail(Fault.UNAVAILABLE, times=9)
            for number in range(30):
                _add(signed, 200 + number, time.time() + 4)
        return None

    edr.meanwhile = fail
    host = InputHost(site, "cbsigned_processes")
    events = host.run(page_size="10", overlap="2")
    assert _guid(229) in _guids(events)
    events += host.run(page_size="10", overlap="2")
    assert _guids(events) == {_guid(number) for number in (*range(25), 100, *range(200, 230))}


def test_a_server_whose_clock_was_wrong_hides_nothing(site: Site, signed: Estate, now: int) -> None:
    """A process of the next year, and then others of today; nor is a time that is none an end of it."""
    _add(signed, 1, now + 400 * 86400)
    odd = _add(signed, 2, now - 30)
    signed.update_process(odd, last_server_update="9999-12-31T23:59:59.999Z")
    host = InputHost(site, "cbsigned_processes")
    events = host.run()
    for number in range(10, 15):
        _add(signed, number, now - 20 + number)
    events += host.run()
    assert _guids(events) == {_guid(number) for number in (1, 2, *range(10, 15))}


def test_a_quiet_server_is_no_lag(site: Site, signed: Estate, now: int) -> None:
    """However many pages of the overlap each run reads again."""
    for number in range(50):
        _add(signed, number, now - 2400 + number)
    host = InputHost(site, "cbsigned_processes")
    events = [event for _ in range(3) for event in host.run(page_size="10", overlap="3600")]
    assert len(events) == 50
    assert not [event for event in events if event.sourcetype == "cbsigned:health"]


@pytest.mark.parametrize(
    ("fault", "times"), [(Fault.BAD_TOKEN, 1), (Fault.FORBIDDEN, 1), (Fault.UNAVAILABLE, 6), (Fault.CUT_BODY, 2)]
)
def test_a_parent_that_cannot_be_had_in_passing_is_asked_for_again(
    site: Site, signed: Estate, edr: EdrServer, fault: Fault, times: int, now: int
) -> None:
    """Or what an unsigned parent started would be signed noise for ever."""
    signed.add_binary(B, "Unsigned", "c:\\b.exe")
    old = iso(now - 3 * 86400)
    for number in range(10):
        signed.add_process(Start(B, "C:\\b.exe", start=old, reached=old, guid=_guid(1000 + number), pid=5))
    for number in range(40):
        parent = {"parent_guid": _guid(1000 + number // 4), "parent_path": "C:\\b.exe", "parent_pid": 5}
        _add(signed, number, now - 3000 + number, **parent)
    left = times

    def fail(request: Request) -> Fault | None:
        nonlocal left
        if b"process_id:" not in request.body or not left:
            return None
        left -= 1
        return fault

    edr.meanwhile = fail
    events = InputHost(site, "cbsigned_processes").run(page_size="20")
    assert Counter((event.fields["parent_signed"], event.fields["signed_noise"]) for event in events) == {
        ("false", "false"): 40
    }


def test_parents_that_cannot_be_had_at_all_hold_nothing_up(
    site: Site, signed: Estate, edr: EdrServer, now: int
) -> None:
    """Each page asks for them once, and goes on without."""
    for number in range(40):
        _add(
            signed, number, now - 3000 + number, parent_guid=_guid(1000 + number), parent_path="C:\\b.exe", parent_pid=5
        )
    edr.meanwhile = lambda request: Fault.FORBIDDEN if b"process_id:" in request.body else None
    events = InputHost(site, "cbsigned_processes").run(page_size="10")
    assert _guids(events) == {_guid(number) for number in range(40)}
    pages = sum('"sort"' in body for _, _, body in edr.requests)
    assert pages <= sum("process_id:" in body for _, _, body in edr.requests) <= pages + 2


def test_a_server_whose_clock_is_behind_hides_nothing(site: Site, signed: Estate, now: int) -> None:
    """What becomes visible late is looked for from where its own clock was."""
    for number in range(40):
        _add(signed, number, now - 1000 + number / 2)
    host = InputHost(site, "cbsigned_processes")
    events = host.run(page_size="10", overlap="60")
    _add(signed, 100, now - 1000 + 2)
    events += host.run(page_size="10", overlap="60")
    assert _guids(events) == {_guid(number) for number in (*range(40), 100)}


def test_a_process_of_which_more_becomes_known_is_written_again(site: Site, signed: Estate, now: int) -> None:
    """Under the same id, and the macro keeps the fuller one."""
    number = _add(signed, 1, now - 100)
    signed.update_process(number, cmdline="", path="", username="")
    host = InputHost(site, "cbsigned_processes")
    events = host.run()
    signed.update_process(
        number, cmdline="a.exe /x", path="c:\\a.exe", username="jdoe", last_server_update=iso(now - 20)
    )
    events += host.run()
    assert len(events) == 2
    (kept,) = once(events, site.app)
    found = [kept.fields[name] for name in ("process", "process_path", "user")]
    assert found == ["a.exe /x", "c:\\a.exe", "jdoe"]
    assert host.run() == []
