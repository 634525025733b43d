"""What is learnt is counted once: whatever breaks off, is repeated, or is taught by several at once."""

from __future__ import annotations

import threading
import time
from typing import Any, Iterator

import pytest

from cbverdict.anomalies.baselines import read_baseline, write_baseline
from cbverdict.anomalies.training import Learner
from cbverdict.errors import StoreError
from cbverdict.events.columns import EventFields
from cbverdict.service.baseline_client import BaselineClient
from cbverdict.service.baseline_service import BaselineService
from cbverdict.splunkd.conf import SplunkdConfiguration
from cbverdict.splunkd.kv_lock import KvLock
from cbverdict.splunkd.kvstore import Collection
from cbverdict.splunkd.lookup_files import read_lists
from tests.lab.edr.estate import Estate, Start
from tests.lab.host import Row
from tests.lab.inputs import InputHost
from tests.lab.site import Site
from tests.lab.splunkd.kvstore import KvError

PEOPLE = 1200
"""Of more people than are handed over at once."""

ROWS: list[Row] = [
    {"user": f"u{number}", "_time": "1793606400", "process_name": "a.exe", "parent_process_name": "p.exe"}
    for number in range(PEOPLE)
]


def _starts(site: Site) -> int:
    """Count all starts by p.exe that are known."""
    documents = site.splunkd.collections["cbsigned_baselines"].find({})
    parents = [read_baseline(one["baseline"]) for one in documents if one["_key"] == "parent:p.exe"]
    counts = [names for parent in parents for part in (parent.names, parent.waiting) for names in part.values()]
    return sum(times for names in counts for times in names.values())


def _all(site: Site) -> dict[str, str]:
    """Return all that is learnt."""
    found = site.splunkd.collections["cbsigned_baselines"].find({})
    return {document["_key"]: document["baseline"] for document in found}


def _refuse_saves(site: Site, which: set[int], monkeypatch: pytest.MonkeyPatch, *, are_made: bool = False) -> list[int]:
    """Have the KV store answer 503 to some of the saves of baselines, counted from 1, made all the same or not."""
    made = [0]
    answer = site.splunkd._collection  # noqa: SLF001 - the lab's own

    def refusing(request: Any, name: str, rest: list[str]) -> Any:
        is_save = name == "cbsigned_baselines" and rest == ["batch_save"]
        made[0] += is_save
        if is_save and made[0] in which:
            if are_made:
                answer(request, name, rest)
            raise KvError(503, "KV store is not ready")
        return answer(request, name, rest)

    monkeypatch.setattr(site.splunkd, "_collection", refusing)
    return made


@pytest.mark.parametrize("are_made", [False, True])
@pytest.mark.parametrize("refused", [1, 2, 3])
def test_a_lesson_that_breaks_off_is_repeated_and_counts_once(
    bare_site: Site, monkeypatch: pytest.MonkeyPatch, refused: int, *, are_made: bool
) -> None:
    """The error says so; whether what was refused was written all the same makes no difference."""
    bare_site.learn(ROWS)
    whole = _all(bare_site)
    bare_site.splunkd.collections["cbsigned_baselines"].delete({})
    _refuse_saves(bare_site, {refused}, monkeypatch, are_made=are_made)
    broken = bare_site.learn(ROWS)
    ((level, text),) = broken.messages
    assert (level, broken.rows) == ("ERROR", [])
    assert f"{refused - 1} of 3 parts were learnt, and the next perhaps" in text
    assert "Run the same search again: what is learnt already is not added twice" in text
    again = bare_site.learn(ROWS[::-1], peers=3, chunk_size=200)
    said = [("WARN", "cbsignedlearn: these rows were learnt before, so nothing is added.")]
    assert again.messages == (said if are_made and refused == 3 else [])
    assert _all(bare_site) == whole


def test_a_lesson_whose_search_is_killed_is_repeated_and_counts_once(bare_site: Site) -> None:
    """After one of its parts was handed over."""
    bare_site.learn(ROWS)
    whole = _all(bare_site)
    collection = bare_site.splunkd.collections["cbsigned_baselines"]
    learnt = collection.find({})
    kept = learnt[: len(learnt) // 2]
    collection.delete({})
    collection.save(kept, 100_000)
    assert bare_site.learn(ROWS).messages == []
    assert _all(bare_site) == whole


def test_other_rows_that_say_the_same_are_another_lesson(bare_site: Site) -> None:
    """Of nobody, so that no hour of anybody tells the days apart."""
    row: Row = {"user": "SYSTEM", "process_name": "a.exe", "parent_process_name": "p.exe"}
    for time_of in ("1793606400", "1793606460", "1793692800", "1793606400"):
        bare_site.learn([{**row, "_time": time_of}])
    assert _starts(bare_site) == 3


def test_what_waits_is_learnt_by_a_search_that_does_not_wait(bare_site: Site) -> None:
    """It is another lesson; the same one is told."""
    assert bare_site.learn(ROWS[:50], "wait=true").messages == []
    assert bare_site.learn(ROWS[:50]).messages == []
    ((level, text),) = bare_site.learn(ROWS[:50]).messages
    assert (level, "learnt before" in text) == ("WARN", True)


def test_two_who_teach_at_once_lose_nothing_of_each_other(bare_site: Site) -> None:
    """Through the endpoint, and as an input does in its own process."""
    admin = bare_site.splunkd.log_in("admin", *bare_site.splunkd.roles()["cbsigned_admin"])
    client = BaselineClient(bare_site.splunkd.url, admin)
    configuration = SplunkdConfiguration(bare_site.splunkd.url, bare_site.splunkd.system_token)
    service = BaselineService()

    def lessons(who: str) -> Iterator[Any]:
        for number in range(10):
            rows: list[Row] = [{**ROWS[0], "user": f"{who}{number}"} for _ in range(20)]
            yield Learner(read_lists(), EventFields(), time.time()).learn(rows)

    def teach(who: str) -> None:
        for learnt in lessons(who):
            if who == "rest":
                client.learn(learnt.baselines, learnt.lesson)
            else:
                service.learn(learnt.baselines, configuration, learnt.lesson)

    teachers = [threading.Thread(target=teach, args=(who,)) for who in ("rest", "input")]
    for teacher in teachers:
        teacher.start()
    for teacher in teachers:
        teacher.join()
    assert _starts(bare_site) == 400


class TestTheLock:
    """One writer at a time."""

    @staticmethod
    def _lock(site: Site, clock: float = 0.0) -> KvLock:
        collection = Collection(site.splunkd.url, site.splunkd.system_token, "cbsigned_checkpoints")
        return KvLock(collection, "lock|learning", lambda: time.time() + clock)

    def test_it_is_given_back(self, bare_site: Site) -> None:
        """Whatever happens under it."""
        with pytest.raises(ZeroDivisionError), self._lock(bare_site).held():
            raise ZeroDivisionError
        assert bare_site.splunkd.collections["cbsigned_checkpoints"].find({}) == []

    def test_who_waits_too_long_is_told(self, bare_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        """And what to do."""
        monkeypatch.setattr("cbverdict.splunkd.kv_lock.PATIENCE", 0.1)
        with self._lock(bare_site).held(), pytest.raises(StoreError, match="Try again later"):
            self._lock(bare_site)._take()  # noqa: SLF001 - as `held` begins

    def test_one_whose_answer_was_lost_is_given_back(self, bare_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        """Else nobody could learn until it is over."""
        answer = bare_site.splunkd._collection  # noqa: SLF001 - the lab's own

        def losing(request: Any, name: str, rest: list[str]) -> Any:
            found = answer(request, name, rest)
            if name == "cbsigned_checkpoints" and request.verb == "POST" and not rest:
                raise KvError(503, "KV store is not ready")
            return found

        monkeypatch.setattr(bare_site.splunkd, "_collection", losing)
        with pytest.raises(StoreError), self._lock(bare_site).held():
            raise AssertionError
        assert bare_site.splunkd.collections["cbsigned_checkpoints"].find({}) == []

    @pytest.mark.parametrize("expires", [1.0, 9e12, "soon", None])
    def test_one_that_nobody_gives_back_is_taken(self, bare_site: Site, expires: object) -> None:
        """Whoever had it has ended, or the document is damaged."""
        document = {"_key": "lock|learning", "kind": "lock", "owner": "gone", "expires": expires}
        bare_site.splunkd.collections["cbsigned_checkpoints"].save([document], 1)
        with self._lock(bare_site).held():
            (held,) = bare_site.splunkd.collections["cbsigned_checkpoints"].find({})
            assert held["owner"] != "gone"


class TestAnInputThatLearns:
    """With `learn=true`."""

    @staticmethod
    def _fill(estate: Estate, count: int, now: float) -> list[int]:
        numbers = []
        for number in range(count):
            moment = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(now - 3600 + number))
            numbers += estate.add_process(
                Start(
                    f"{number % 9 + 1:032x}", "c:\\a.exe", username=f"u{number % 5}", start=moment, reached=moment,
                    parent_path="c:\\p.exe",
                )
            )  # fmt: skip
        return numbers

    def test_loses_nothing_where_the_kv_store_refuses_once(
        self, site: Site, estate: Estate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It waits and tries again, as with all else."""
        self._fill(estate, 200, time.time())
        _refuse_saves(site, {1}, monkeypatch)
        InputHost(site, "cbsigned_processes").run(learn="true", start="-2h")
        assert _starts(site) == 200

    def test_learns_a_process_once_however_often_it_is_written(self, site: Site, estate: Estate) -> None:
        """A command line that comes later, a time that is read again."""
        numbers = self._fill(estate, 50, time.time())
        host = InputHost(site, "cbsigned_processes")
        host.run(learn="true", start="-2h")
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 30))
        for number in numbers:
            estate.update_process(number, cmdline="a.exe /later", last_server_update=now)
        again = [event for event in host.run(learn="true", start="-2h") if event.sourcetype == "cbsigned:process"]
        assert len(again) == 50
        assert _starts(site) == 50
        admin = site.splunkd.log_in("admin", *site.splunkd.roles()["cbsigned_admin"])
        name = "cbsigned_processes://main"
        order = site.host(admin, "cbsignedinputs").generate([f"input={name}", "from=-2h", "all=true"])
        assert order.messages == []
        reread = [event for event in host.run(learn="true", start="-2h") if event.sourcetype == "cbsigned:process"]
        assert len(reread) == 50
        assert _starts(site) == 50


def test_a_document_of_another_release_without_lessons_is_read(bare_site: Site) -> None:
    """And remembers them from then on."""
    bare_site.learn(ROWS[:5])
    collection = bare_site.splunkd.collections["cbsigned_baselines"]
    for document in collection.find({}):
        assert document["lessons"]
        collection.save([{name: value for name, value in document.items() if name != "lessons"}], 1)
    later: list[Row] = [{**row, "_time": "1793692800"} for row in ROWS[:5]]
    bare_site.learn(later)
    bare_site.learn(later)
    assert _starts(bare_site) == 10
    baseline = read_baseline(collection.get("parent:p.exe")["baseline"])
    assert write_baseline(baseline) == collection.get("parent:p.exe")["baseline"]
