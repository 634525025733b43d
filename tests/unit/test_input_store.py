"""What an input keeps in the KV store, over the lab's: how far it has read, what it wrote, and the right to read."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from cbverdict.errors import StoreError, TakenError
from cbverdict.inputs.checkpoint import COLLECTION, Checkpoint, CheckpointStore
from cbverdict.inputs.lease import Lease
from cbverdict.inputs.seen_keys import MAX_KEYS
from tests.lab.https import Request, Response
from tests.lab.site import ROOT
from tests.lab.splunkd.kvstore import Collection
from tests.lab.splunkd.server import Splunkd
from tests.unit.input_ports import NAME, NOW, FakeClock

CHECKPOINT = Checkpoint(
    "lab", "-24h", "2026-11-01T08:00:00", "2026-11-02T07:00:00", NOW, 1200.0, NOW - 60, {"host1": [-90_000.0, NOW]}
)


@pytest.fixture
def splunkd() -> Iterator[Splunkd]:
    """Give a splunkd with the add-on's collections."""
    with Splunkd(ROOT) as splunkd:
        yield splunkd


@pytest.fixture
def documents(splunkd: Splunkd) -> Collection:
    """Give what is in the collection."""
    return splunkd.collections[COLLECTION]


def _store(splunkd: Splunkd, name: str = NAME) -> CheckpointStore:
    return CheckpointStore(splunkd.url, splunkd.system_token, name)


def _keys(first: int, last: int) -> str:
    return "".join(f"{number:016x}" for number in range(first, last))


class TestCheckpoint:
    """How far an input has read survives its process."""

    def test_nothing_is_there_at_first(self, splunkd: Splunkd) -> None:
        """No checkpoint, no keys."""
        checkpoint, recent = _store(splunkd).load()
        assert (checkpoint, list(recent.texts())) == (None, [])

    def test_what_was_saved_is_loaded_by_the_next_process(self, splunkd: Splunkd) -> None:
        """With the keys of every page, each input its own."""
        store = _store(splunkd)
        store.load()
        store.save(CHECKPOINT, _keys(0, 3))
        store.save(replace(CHECKPOINT, cursor="2026-11-02T07:30:00"), _keys(3, 5))
        _store(splunkd, "cbsigned_processes://other").save(CHECKPOINT, _keys(7, 9))
        checkpoint, recent = _store(splunkd).load()
        assert checkpoint == replace(CHECKPOINT, cursor="2026-11-02T07:30:00")
        assert "".join(sorted(recent.texts())) == _keys(0, 5)

    def test_a_page_without_new_keys_adds_no_document(self, splunkd: Splunkd, documents: Collection) -> None:
        """An input that reads its overlap again every minute must not fill the store."""
        store = _store(splunkd)
        store.load()
        for _ in range(3):
            store.save(CHECKPOINT, "")
        assert [document["kind"] for document in documents.find({})] == ["state"]

    def test_one_that_begins_anew_forgets_its_keys_and_no_others(self, splunkd: Splunkd, documents: Collection) -> None:
        """Page numbers go on, so that nothing of before is taken for new."""
        other = _store(splunkd, "cbsigned_processes://other")
        other.save(CHECKPOINT, _keys(7, 9))
        store = _store(splunkd)
        store.load()
        store.save(CHECKPOINT, _keys(0, 3))
        assert list(store.forget().texts()) == []
        store.save(CHECKPOINT, _keys(3, 4))
        assert sorted((document["input"], document["page"]) for document in documents.find({"kind": "page"})) == [
            (NAME, 1),
            ("cbsigned_processes://other", 0),
        ]

    def test_keys_that_nobody_remembers_any_more_are_deleted(self, splunkd: Splunkd, documents: Collection) -> None:
        """A tenth at a time; those that are remembered stay."""
        store = _store(splunkd)
        store.load()
        page = MAX_KEYS // 20
        for number in range(25):
            store.save(CHECKPOINT, _keys(number * page, (number + 1) * page))
        kept = sorted(int(document["page"]) for document in documents.find({"kind": "page"}))
        assert kept[-1] == 24
        assert MAX_KEYS <= len(kept) * page < MAX_KEYS * 1.1 + page
        assert kept == list(range(kept[0], 25))

    def test_many_small_pages_are_put_together_when_they_are_loaded(
        self, splunkd: Splunkd, documents: Collection
    ) -> None:
        """Nothing is lost of them, and the next load finds few documents."""
        store = _store(splunkd)
        store.load()
        for number in range(70):
            store.save(CHECKPOINT, _keys(number, number + 1))
        _, recent = _store(splunkd).load()
        assert "".join(sorted(recent.texts())) == _keys(0, 70)
        (page,) = documents.find({"kind": "page"})
        assert (page["page"], len(page["keys"])) == (70, 70 * 16)
        again = _store(splunkd)
        assert "".join(sorted(again.load()[1].texts())) == _keys(0, 70)
        again.save(CHECKPOINT, _keys(70, 71))
        assert sorted(document["page"] for document in documents.find({"kind": "page"})) == [70, 71]

    @pytest.mark.parametrize(
        "state", ["", "[]", "null", '{"account": "lab"}', '{"account": "lab", "start": "-1h", "newer": 1}', "7"]
    )
    def test_a_checkpoint_of_another_version_is_named_and_what_to_do(
        self, splunkd: Splunkd, documents: Collection, state: str
    ) -> None:
        """To begin at the wrong place in silence would be worse."""
        documents.save([{"_key": NAME, "input": NAME, "kind": "state", "state": state}], 0)
        with pytest.raises(StoreError, match="of another version: delete its documents"):
            _store(splunkd).load()

    def test_one_of_before_health_flips_and_clocks_is_read(self, splunkd: Splunkd, documents: Collection) -> None:
        """What it lacks has a default."""
        state = {"account": "lab", "start": "-1h", "started": "a", "cursor": "b", "caught_up": 1.5}
        documents.save([{"_key": NAME, "input": NAME, "kind": "state", "state": json.dumps(state)}], 0)
        assert _store(splunkd).load()[0] == Checkpoint("lab", "-1h", "a", "b", 1.5, 0.0, 0.0, {})

    def test_a_store_that_is_down_says_so(self, splunkd: Splunkd) -> None:
        """Whatever is asked of it."""
        splunkd.kv_trouble = "503"
        store = _store(splunkd)
        for call in (store.load, store.forget, lambda: store.save(CHECKPOINT, "")):
            with pytest.raises(StoreError, match="KV store answered 503"):
                call()


@dataclass
class Hosts:
    """Search heads that read for one input, over one KV store and one clock."""

    splunkd: Splunkd
    folder: Path
    clock: FakeClock

    def lease(self, host: str = "sh1", interval: float = 0.0, name: str = NAME) -> Lease:
        """Return the lease of a process on a host."""
        return Lease(
            self.splunkd.url,
            self.splunkd.system_token,
            name,
            host=host,
            folder=self.folder / host,
            interval=interval,
            clock=self.clock,
        )

    def document(self) -> dict[str, Any]:
        """Return what the KV store has of it."""
        (document,) = self.splunkd.collections[COLLECTION].find({"kind": "lease"})
        return document


class Meanwhile(Splunkd):
    """A splunkd where something happens once, after somebody has looked into a collection."""

    after_a_look: Callable[[], None] | None = None

    def answer(self, request: Request) -> Response:
        """Answer, and let it happen."""
        response = super().answer(request)
        happen, is_look = self.after_a_look, request.verb == "GET" and "/storage/collections/" in request.path
        if happen and is_look:
            self.after_a_look = None
            happen()
        return response


@pytest.fixture
def hosts(splunkd: Splunkd, tmp_path: Path) -> Hosts:
    """Give search heads."""
    return Hosts(splunkd, tmp_path, FakeClock())


class TestLease:
    """Never two processes at once for one input."""

    def test_who_comes_first_has_it(self, hosts: Hosts) -> None:
        """For two minutes, in the KV store, under the input's name."""
        hosts.lease().take()
        document = hosts.document()
        assert document == {
            "_key": f"lease|{NAME}",
            "_user": "nobody",
            "input": f"lease|{NAME}",
            "kind": "lease",
            "owner": document["owner"],
            "host": "sh1",
            "expires": NOW + 120,
        }
        assert len(document["owner"]) == 32

    def test_another_process_on_the_host_leaves_at_once(self, hosts: Hosts) -> None:
        """By a lock, which ends with its process whatever becomes of the KV store."""
        first = hosts.lease()
        first.take()
        with pytest.raises(TakenError, match="a process on this host reads for cbsigned_processes://main"):
            hosts.lease().take()
        hosts.lease(name="cbsigned_processes://other").take()

    def test_after_a_crash_the_same_host_has_it_back_at_once(self, hosts: Hosts) -> None:
        """Its lock is gone with the process, so what the lease says does not count."""
        first = hosts.lease()
        first.take()
        owner = hosts.document()["owner"]
        first._lock.release()  # noqa: SLF001 - what the end of the process does
        hosts.lease().take()
        assert hosts.document()["owner"] != owner

    @pytest.mark.parametrize(("seconds", "is_taken"), [(0, True), (179, True), (181, False)])
    def test_another_host_takes_over_when_it_has_run_out(self, hosts: Hosts, seconds: float, *, is_taken: bool) -> None:
        """And a minute more, for clocks differ."""
        hosts.lease().take()
        hosts.clock.now += seconds
        other = hosts.lease("sh2")
        if is_taken:
            with pytest.raises(TakenError, match="sh1 reads for"):
                other.take()
        else:
            other.take()
        assert hosts.document()["host"] == ("sh1" if is_taken else "sh2")

    def test_it_lasts_for_two_intervals(self, hosts: Hosts) -> None:
        """So that the members of a cluster do not take turns."""
        hosts.lease(interval=300.0).take()
        assert hosts.document()["expires"] == NOW + 600

    def test_it_is_renewed_every_now_and_then(self, hosts: Hosts) -> None:
        """Not for every page."""
        lease = hosts.lease()
        lease.take()
        hosts.clock.now += 19
        lease.renew()
        assert hosts.document()["expires"] == NOW + 120
        hosts.clock.now += 1
        lease.renew()
        assert hosts.document()["expires"] == NOW + 140

    def test_who_has_lost_it_is_told(self, hosts: Hosts) -> None:
        """To another host, or because somebody emptied the collection."""
        lease = hosts.lease()
        lease.take()
        hosts.clock.now += 200
        hosts.lease("sh2").take()
        with pytest.raises(TakenError, match="the lease of cbsigned_processes://main ran out"):
            lease.renew()
        hosts.splunkd.collections[COLLECTION].delete({})
        with pytest.raises(TakenError):
            lease.renew()

    def test_while_the_store_is_down_it_stays_until_it_runs_out(self, hosts: Hosts) -> None:
        """Nobody else can have it meanwhile."""
        lease = hosts.lease()
        lease.take()
        hosts.splunkd.kv_trouble = "503"
        hosts.clock.now += 119
        lease.renew()
        hosts.clock.now += 1
        with pytest.raises(StoreError):
            lease.renew()
        hosts.splunkd.kv_trouble = ""
        lease.renew()
        assert hosts.document()["expires"] == NOW + 240

    def test_a_store_that_is_down_gives_none(self, hosts: Hosts) -> None:
        """To read without one could be to read twice."""
        hosts.splunkd.kv_trouble = "503"
        with pytest.raises(StoreError):
            hosts.lease().take()

    def test_of_two_hosts_that_come_at_once_one_has_it(self, tmp_path: Path) -> None:
        """Both have looked, and the KV store takes the first document of a key only."""
        with Meanwhile(ROOT) as splunkd:
            hosts = Hosts(splunkd, tmp_path, FakeClock())
            splunkd.after_a_look = hosts.lease("sh2").take
            with pytest.raises(TakenError, match="another host was faster to read for cbsigned_processes://main"):
                hosts.lease().take()
            assert hosts.document()["host"] == "sh2"

    def test_a_name_of_any_letters_has_a_lock_of_its_own(self, hosts: Hosts) -> None:
        """A stanza may be called what it likes."""
        for name in ("a/b", "a%b", "a:b", "ünïcode", "x" * 500):
            hosts.lease(name=f"cbsigned_processes://{name}").take()
        assert len(list((hosts.folder / "sh1").glob("*.lock"))) == 5
