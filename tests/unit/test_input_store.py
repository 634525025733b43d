"""What an input keeps in the KV store, over the lab's: how far it has read, what it wrote, and the right to read."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from cbverdict.errors import InputLockedError, SetupError, StoreError
from cbverdict.events.times import write_time
from cbverdict.inputs.progress.checkpoint import Checkpoint, write_checkpoint
from cbverdict.inputs.progress.checkpoint_store import CheckpointStore, Order
from cbverdict.inputs.progress.lease import Lease
from cbverdict.inputs.progress.seen_keys import KEPT_KEYS, MAX_KEYS, RECORD_LETTERS, SeenKeys
from cbverdict.splunkd.kvstore import CHECKPOINTS
from tests.lab.https import Request, Response
from tests.lab.site import ROOT
from tests.lab.splunkd.kvstore import Collection
from tests.lab.splunkd.server import Splunkd
from tests.unit.input_ports import NAME, NOW, FakeClock

CHECKPOINT = Checkpoint(
    "lab", "-24h", "2026-11-01T08:00:00", "2026-11-02T07:00:00", NOW, 1200.0, NOW - 60, {"host1": [-90_000.0, NOW]},
    head="2026-11-02T07:00:00",
)  # fmt: skip

STARTED, CURSOR = "2026-11-01T08:00:00", "2026-11-02T07:00:00"
DAMAGED_STATES: list[dict[str, Any]] = [
    {"account": 7},
    {"start": None},
    {"started": "a"},
    {"started": "2999-01-01T00:00:00"},
    {"cursor": "b"},
    {"cursor": "2999-01-01T00:00:00"},
    {"cursor": None},
    {"head": 5},
    {"caught_up": "now"},
    {"caught_up": -1},
    {"caught_up": 1e300},
    {"last_reported_lag": [1]},
    {"clocks": [1]},
    {"clocks": {"host": [1]}},
    {"clocks": {"host": ["a", "b"]}},
    {"counted": ["2026-11-02T07:00:00"]},
    {"rows": {"yesterday": 1}},
    {"raised": 5},
    {"skipped": [["a", "b", 1, 2]]},
    {"hour": "x"},
    {"late": "much"},
    {"forgotten": True},
]


@pytest.fixture
def splunkd() -> Iterator[Splunkd]:
    """Give a splunkd with the add-on's collections."""
    with Splunkd(ROOT) as splunkd:
        yield splunkd


@pytest.fixture
def documents(splunkd: Splunkd) -> Collection:
    """Give what is in the collection."""
    return splunkd.collections[CHECKPOINTS]


def _store(splunkd: Splunkd, name: str = NAME) -> CheckpointStore:
    return CheckpointStore(splunkd.url, splunkd.system_token, name, lambda: NOW)


def _keys(first: int, last: int) -> str:
    recent = SeenKeys()
    return "".join(recent.note(f"key{number}") for number in range(first, last))


def _records(kept: str) -> list[str]:
    return sorted(kept[start : start + RECORD_LETTERS] for start in range(0, len(kept), RECORD_LETTERS))


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
        store.save(replace(CHECKPOINT, cursor="2026-11-02T07:30:00", head="2026-11-02T07:30:00"), _keys(3, 5))
        _store(splunkd, "cbsigned_processes://other").save(CHECKPOINT, _keys(7, 9))
        checkpoint, recent = _store(splunkd).load()
        assert checkpoint == replace(CHECKPOINT, cursor="2026-11-02T07:30:00", head="2026-11-02T07:30:00")
        assert sorted(recent.texts()) == _records(_keys(0, 5))

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
        assert sorted((document["input"], document["page"]) for document in documents.find({"kind": "seen"})) == [
            (NAME, 1),
            ("cbsigned_processes://other", 0),
        ]

    def test_too_many_keys_are_put_together_without_what_is_forgotten(
        self, splunkd: Splunkd, documents: Collection
    ) -> None:
        """And take up less than 20 MB, however many there are."""
        store, recent = _store(splunkd), SeenKeys()
        store.load()
        store.save(CHECKPOINT, "".join(recent.note(f"key{number}") for number in range(MAX_KEYS + 1)))
        store.tidy(recent)
        pages = documents.find({"kind": "seen"})
        assert sum(len(page["records"]) for page in pages) == KEPT_KEYS * RECORD_LETTERS
        assert MAX_KEYS * RECORD_LETTERS < 20e6
        assert len(_store(splunkd).load()[1]) == KEPT_KEYS

    def test_many_small_pages_are_put_together_when_they_are_loaded(
        self, splunkd: Splunkd, documents: Collection
    ) -> None:
        """Nothing is lost of them, and the next load finds few documents."""
        store = _store(splunkd)
        store.load()
        for number in range(70):
            store.save(CHECKPOINT, _keys(number, number + 1))
        _, recent = _store(splunkd).load()
        assert sorted(recent.texts()) == _records(_keys(0, 70))
        (page,) = documents.find({"kind": "seen"})
        assert (page["page"], _records(page["records"])) == (70, _records(_keys(0, 70)))
        again = _store(splunkd)
        assert sorted(again.load()[1].texts()) == _records(_keys(0, 70))
        again.save(CHECKPOINT, _keys(70, 71))
        assert sorted(document["page"] for document in documents.find({"kind": "seen"})) == [70, 71]

    def test_one_of_the_first_release_is_read(self, splunkd: Splunkd, documents: Collection) -> None:
        """What it lacks has a default; what it wrote is known for a week."""
        state = {"account": "lab", "start": "-1h", "started": STARTED, "cursor": CURSOR, "caught_up": 1.5}
        page = {"_key": f"{NAME}|3", "input": NAME, "kind": "page", "page": 3, "keys": f"{7:016x}"}
        documents.save([{"_key": NAME, "input": NAME, "kind": "state", "state": json.dumps(state)}, page], 0)
        store = _store(splunkd)
        checkpoint, recent = store.load()
        assert checkpoint == Checkpoint("lab", "-1h", STARTED, CURSOR, 1.5, head=CURSOR)
        assert (store.damaged, recent._old) == ([], {7})  # noqa: SLF001 - whose digests nobody can make
        store.save(checkpoint, _keys(0, 1))
        later = CheckpointStore(splunkd.url, splunkd.system_token, NAME, lambda: NOW + 8 * 86400)
        later.load()
        assert documents.find({"kind": "page"}) == []
        assert "key0" in later.load()[1]

    def test_one_of_a_later_release_is_read(self, splunkd: Splunkd, documents: Collection) -> None:
        """What is not known here is ignored, in the checkpoint and among its documents."""
        state = {
            "version": 9,
            "account": "lab",
            "start": "-1h",
            "started": STARTED,
            "cursor": CURSOR,
            "newer": {"a": 1},
        }
        state.update(caught_up=NOW, head=CURSOR, newest=[1])
        other = {"_key": f"{NAME}|x", "input": NAME, "kind": "newer", "state": "x"}
        documents.save([{"_key": NAME, "input": NAME, "kind": "state", "state": json.dumps(state)}, other], 0)
        store = _store(splunkd)
        checkpoint, _ = store.load()
        assert checkpoint == Checkpoint("lab", "-1h", STARTED, CURSOR, NOW, head=CURSOR)
        assert store.damaged == []

    @pytest.mark.parametrize("damage", DAMAGED_STATES)
    def test_what_is_damaged_has_its_default_and_is_named(
        self, splunkd: Splunkd, documents: Collection, damage: dict[str, Any]
    ) -> None:
        """It goes on from where it is sure to have read."""
        state = {**json.loads(write_checkpoint(CHECKPOINT)), **damage}
        documents.save([{"_key": NAME, "input": NAME, "kind": "state", "state": json.dumps(state)}], 0)
        store = _store(splunkd)
        checkpoint, _ = store.load()
        ((name, _),) = damage.items()
        assert store.damaged == [f"checkpoint ({name})"]
        if name in {"account", "start", "started"}:
            assert checkpoint is None
        else:
            assert checkpoint
            assert checkpoint.cursor == ("2026-11-02T07:00:00" if name in {"cursor", "head"} else CHECKPOINT.cursor)
            assert checkpoint.started == CHECKPOINT.started

    @pytest.mark.parametrize("days", [1, 30])
    def test_times_of_a_server_that_is_ahead_are_believed(
        self, splunkd: Splunkd, documents: Collection, days: int
    ) -> None:
        """They are its own; taken for damage, all that it heard of would be read again in each run."""
        ahead = write_time(NOW + days * 86400)[:19]
        kept = replace(CHECKPOINT, cursor=ahead, head=ahead, looked=NOW + days * 86400, offset=days * 86400.0)
        state = {"_key": NAME, "input": NAME, "kind": "state", "state": write_checkpoint(kept)}
        documents.save([state], 0)
        store = _store(splunkd)
        assert (store.load()[0], store.damaged) == (kept, [])

    @pytest.mark.parametrize("state", ["", "[]", "null", "7", '{"account": "lab"}', "{", "[" * 5000, "\ud800"])
    def test_what_cannot_be_read_at_all_is_named(self, splunkd: Splunkd, documents: Collection, state: str) -> None:
        """The input begins anew, with what it remembers."""
        store = _store(splunkd)
        store.load()
        store.save(CHECKPOINT, _keys(0, 2))
        documents.save([{"_key": NAME, "input": NAME, "kind": "state", "state": state}], 0)
        store = _store(splunkd)
        checkpoint, recent = store.load()
        assert (checkpoint, len(recent)) == (None, 2)
        assert store.damaged

    @pytest.mark.parametrize(
        "page",
        [
            {"kind": "seen", "page": "x", "records": ""},
            {"kind": "seen", "page": 1},
            {"kind": "seen", "page": 1, "records": "AAA"},
            {"kind": "seen", "page": 1, "records": None},
            {"kind": "seen", "page": [], "records": "é"},
            {"kind": "page", "keys": "not hexadecimal"},
            {"kind": "page"},
            {"kind": "order", "state": "one word"},
            {"kind": "order"},
        ],
    )
    def test_a_page_that_cannot_be_read_is_dropped(
        self, splunkd: Splunkd, documents: Collection, page: dict[str, Any]
    ) -> None:
        """Duplicates at worst; the others stay, and it is told once."""
        store = _store(splunkd)
        store.load()
        store.save(CHECKPOINT, _keys(0, 2))
        documents.save([{"_key": "damaged", "input": NAME, **page}], 0)
        store = _store(splunkd)
        checkpoint, recent = store.load()
        assert (checkpoint, len(recent)) == (CHECKPOINT, 2)
        assert store.damaged == ["a page of what was written"]
        store.load()
        assert store.damaged == []

    def test_an_order_is_there_until_it_is_done(self, splunkd: Splunkd, documents: Collection) -> None:
        """It is another document, so that it is not lost when the input saves."""
        order = {"_key": f"{NAME}|order|1", "input": NAME, "kind": "order", "state": f"{STARTED} {CURSOR} all"}
        documents.save([order], 0)
        store = _store(splunkd)
        store.load()
        assert store.orders == [Order(f"{NAME}|order|1", STARTED, CURSOR, is_all=True)]
        store.go_on(store.orders[0], "2026-11-02T07:00:01")
        left = Order(f"{NAME}|order|1", "2026-11-02T07:00:01", CURSOR, is_all=True)
        assert store.orders == [left]
        store.load()
        assert store.orders == [left]
        store.done(store.orders[0])
        assert (store.orders, documents.find({})) == ([], [])

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
        (document,) = self.splunkd.collections[CHECKPOINTS].find({"kind": "lease"})
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
        with pytest.raises(InputLockedError, match="a process on this host reads for cbsigned_processes://main"):
            hosts.lease().take()
        hosts.lease(name="cbsigned_processes://other").take()

    @pytest.mark.parametrize("what", ["the folder", "the lock"])
    def test_where_no_lock_can_be_had_nobody_reads(self, hosts: Hosts, what: str) -> None:
        """A disk that is full or a folder of somebody else's: two might read at once without one."""
        folder = hosts.folder / "sh1"
        if what == "the folder":
            folder.write_text("a file")
        else:
            (folder / "main.lock").mkdir(parents=True)
        with pytest.raises(SetupError, match="see to the disk") as raised:
            hosts.lease(name="main").take()
        assert str(folder) in str(raised.value)
        assert hosts.splunkd.collections[CHECKPOINTS].find({"kind": "lease"}) == []

    def test_after_a_crash_the_same_host_has_it_back_at_once(self, hosts: Hosts) -> None:
        """Its lock is gone with the process, so what the lease says does not count."""
        first = hosts.lease()
        first.take()
        owner = hosts.document()["owner"]
        first._lock.release()  # noqa: SLF001 - what the end of the process does
        hosts.lease().take()
        assert hosts.document()["owner"] != owner

    @pytest.mark.parametrize("expires", [None, "soon", [], {}, True, float("inf"), NOW * 2, -5])
    def test_a_damaged_lease_holds_nobody(self, hosts: Hosts, expires: object) -> None:
        """Nor one that runs longer than any is given."""
        hosts.lease().take()
        document = {**hosts.document(), "expires": expires}
        hosts.splunkd.collections[CHECKPOINTS].save([document], 0)
        hosts.lease("sh2").take()
        assert hosts.document()["host"] == "sh2"

    @pytest.mark.parametrize(("seconds", "is_taken"), [(0, True), (179, True), (181, False)])
    def test_another_host_takes_over_when_it_has_run_out(self, hosts: Hosts, seconds: float, *, is_taken: bool) -> None:
        """And a minute more, for clocks differ."""
        hosts.lease().take()
        hosts.clock.now += seconds
        other = hosts.lease("sh2")
        if is_taken:
            with pytest.raises(InputLockedError, match="sh1 reads for"):
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
        with pytest.raises(InputLockedError, match="the lease of cbsigned_processes://main ran out"):
            lease.renew()
        hosts.splunkd.collections[CHECKPOINTS].delete({})
        with pytest.raises(InputLockedError):
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
            with pytest.raises(InputLockedError, match="another host was faster to read for cbsigned_processes://main"):
                hosts.lease().take()
            assert hosts.document()["host"] == "sh2"

    def test_a_name_of_any_letters_has_a_lock_of_its_own(self, hosts: Hosts) -> None:
        """A stanza may be called what it likes."""
        for name in ("a/b", "a%b", "a:b", "ünïcode", "x" * 500):
            hosts.lease(name=f"cbsigned_processes://{name}").take()
        assert len(list((hosts.folder / "sh1").glob("*.lock"))) == 5
