"""The lab's splunkd behaves as splunkd does where the add-on would notice; Splunk's own SDK asks it."""

from __future__ import annotations

import json
import socket
from typing import Any, Callable

import pytest
from splunklib.binding import HTTPError
from splunklib.client import Service

from cbverdict.errors import CbsignedError
from cbverdict.splunkd.conf import SplunkdConfiguration
from cbverdict.splunkd.entries import Entries
from cbverdict.splunkd.kvstore import Collection
from cbverdict.splunkd.rest import ServiceCall
from tests.lab.https import HttpsServer, Response, asking_clients
from tests.lab.site import Site
from tests.lab.splunkd import kvstore


def _service(site: Site, key: str) -> Service:
    host, _, port = site.splunkd.url.partition("://")[2].partition(":")
    return Service(scheme="https", host=host, port=int(port), token=key, app="cbsigned", owner="nobody")


def test_secrets_are_listed_with_the_capability_only(bare_site: Site) -> None:
    """As storage/passwords does."""
    bare_site.save_account("lab", url="https://cb.example", api_token="secret")  # noqa: S106 - made up
    admin = _service(bare_site, bare_site.splunkd.log_in("admin", "list_storage_passwords"))
    assert "secret" in "".join(password.clear_password for password in admin.storage_passwords.list())
    analyst = _service(bare_site, bare_site.splunkd.log_in("analyst", "cbsigned_lookup"))
    with pytest.raises(HTTPError, match="403"):
        analyst.storage_passwords.list()
    with pytest.raises(HTTPError, match="403"):
        analyst.storage_passwords.create("x", "y", "z")


def test_inputs_take_a_capability_of_their_own_kind(bare_site: Site) -> None:
    """To see them `list_inputs`, to add, change or remove one `edit_modinput_<kind>`; an analyst has none of these."""
    path = "data/inputs/cbsigned_processes"
    roles = bare_site.splunkd.roles()
    admin = _service(bare_site, bare_site.splunkd.log_in("admin", *roles["cbsigned_admin"]))
    other = _service(bare_site, bare_site.splunkd.log_in("other", "list_inputs", "edit_modinput_cbsigned_binaries"))
    analyst = _service(bare_site, bare_site.splunkd.log_in("analyst", *roles["cbsigned_user"]))
    admin.post(path, name="main", account="lab")
    assert b"main" in other.get(path).body.read()
    calls: list[Callable[[], Any]] = [
        lambda: other.post(path, name="mine"),
        lambda: other.post(f"{path}/main", account="mine"),
        lambda: other.delete(f"{path}/main"),
        lambda: analyst.get(path),
    ]
    for call in calls:
        with pytest.raises(HTTPError, match="403"):
            call()
    admin.delete(f"{path}/main")


def test_a_splunkd_that_wants_a_client_certificate_is_told() -> None:
    """By every door to it: `requireClientCert` leaves no app a way in."""
    with HttpsServer(lambda _: Response(), asking_clients("127.0.0.1")) as server:
        calls: list[Callable[[], Any]] = [
            lambda: ServiceCall(server.url, "key", "verdicts").post("{}", 10),
            lambda: Collection(server.url, "key", "cbsigned_verdicts").find({}),
            lambda: Entries(server.url, "key").list("/services/server/info"),
            lambda: SplunkdConfiguration(server.url, "key").verdict_settings(),
        ]
        for call in calls:
            with pytest.raises(CbsignedError, match=r"wants a client certificate.*requireClientCert = false"):
                call()


def test_a_splunkd_that_does_not_listen_is_told() -> None:
    """As with `disableDefaultPort`."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        url = f"https://127.0.0.1:{unused.getsockname()[1]}"
    calls: list[Callable[[], Any]] = [
        lambda: ServiceCall(url, "key", "verdicts").post("{}", 10),
        lambda: Collection(url, "key", "cbsigned_verdicts").find({}),
        lambda: Entries(url, "key").list("/services/server/info"),
        lambda: SplunkdConfiguration(url, "key").verdict_settings(),
    ]
    for call in calls:
        with pytest.raises(CbsignedError, match=r"nobody listens.*disableDefaultPort"):
            call()


def test_confs_are_read_written_and_deleted(bare_site: Site) -> None:
    """With the SDK's own classes."""
    conf = _service(bare_site, bare_site.splunkd.system_token).confs["cbsigned_account"]
    conf.create("a b/c", link="https://cb.example", note="<ü> & \n two lines")
    assert conf["a b/c"].content["note"] == "<ü> & \n two lines"
    conf["a b/c"].update(note="x")
    assert [(stanza.name, stanza.content["note"]) for stanza in conf.list()] == [("a b/c", "x")]
    conf.delete("a b/c")
    assert conf.list() == []


def test_an_unknown_session_is_refused(bare_site: Site) -> None:
    """With 401."""
    with pytest.raises(Exception, match=r"Session is not logged in|401"):
        _service(bare_site, "nonsense").confs["cbsigned_account"].list()


class TestKvStore:
    """The KV store keeps splunkd's limits."""

    @staticmethod
    def _ask(verb: str, rest: list[str], query: dict[str, Any] | None = None, body: Any = None) -> Any:
        encoded = {
            name: [value if isinstance(value, str) else json.dumps(value)] for name, value in (query or {}).items()
        }
        return kvstore.answer(TestKvStore.collection, verb, rest, encoded, json.dumps(body).encode())

    @pytest.fixture(autouse=True)
    def _fresh(self) -> None:
        TestKvStore.collection = kvstore.Collection()

    collection = kvstore.Collection()

    def test_documents_are_kept_by_key_and_the_last_writer_wins(self) -> None:
        """batch_save is an upsert."""
        self._ask("POST", ["batch_save"], body=[{"_key": "a", "n": 1}, {"_key": "b", "n": 2}])
        self._ask("POST", ["batch_save"], body=[{"_key": "a", "n": 3}])
        assert self._ask("GET", ["a"])["n"] == 3
        assert sorted(document["n"] for document in self._ask("GET", [])) == [2, 3]

    def test_queries_sort_out_by_operators(self) -> None:
        """Those of MongoDB."""
        self._ask("POST", ["batch_save"], body=[{"_key": str(n), "expires": n} for n in range(10)])
        found = self._ask("GET", [], {"query": {"_key": {"$in": ["3", "7", "x"]}}, "fields": "_key"})
        assert found == [{"_key": "3"}, {"_key": "7"}]
        self._ask("DELETE", [], {"query": {"expires": {"$lt": 8}}})
        assert [document["_key"] for document in self._ask("GET", [])] == ["8", "9"]
        assert [len(found) for found in self._ask("POST", ["batch_find"], body=[{"query": {"_key": "8"}}, {}])] == [
            1,
            2,
        ]

    def test_too_much_at_once_is_refused_or_silently_cut(self) -> None:
        """1,000 documents a save, 1,000 queries a batch, 50,000 rows a query."""
        with pytest.raises(kvstore.KvError, match="1000"):
            self._ask("POST", ["batch_save"], body=[{}] * 1001)
        with pytest.raises(kvstore.KvError, match="1000"):
            self._ask("POST", ["batch_find"], body=[{}] * 1001)
        for start in range(0, 51_000, 1000):
            self.collection.save([{"_key": str(start + n)} for n in range(1000)], 1)
        assert len(self._ask("GET", [])) == 50_000
        assert len(self._ask("GET", [], {"skip": "50000"})) == 1000

    def test_what_is_not_there_is_404(self) -> None:
        """A key, that is."""
        with pytest.raises(kvstore.KvError) as caught:
            self._ask("GET", ["nothing"])
        assert caught.value.status == 404
