"""50,000 processes arrive while the input runs, Carbon Black fails, and the input is killed: nothing is lost."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from typing import Iterator

import pytest

from tests.lab.arrivals import Arrivals
from tests.lab.edr.estate import Estate
from tests.lab.edr.server import TOKEN, EdrServer, Fault
from tests.lab.inputs import Indexed, InputHost, Run, once
from tests.lab.site import Site

PROCESSES = 50_000
KILLS = 20
PAGE = 1000
BATCH = 500
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
            time.sleep(0.25)
        self._edr.recover()
        time.sleep(11)  # what is hashed late comes within ten seconds
        self._arrivals.settle(time.time())


def _run_and_kill(host: InputHost, stress: Stress) -> Iterator[Run]:
    """Run the input again and again, as splunkd does; kill it at random points until it was killed often enough."""
    chance = random.Random(7)  # noqa: S311 - no secret
    kills = 0
    while True:
        was_over = stress.is_over
        run = host.start(page_size=str(PAGE), overlap="15", start="-3h")
        if kills < KILLS:
            deadline = time.monotonic() + 0.4 + 4 * chance.random()
            while time.monotonic() < deadline and run.process.poll() is None:
                time.sleep(0.005)
            kills += run.process.poll() is None
            run.kill()
        run.wait(120)
        yield run
        if was_over and kills == KILLS:
            return


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
