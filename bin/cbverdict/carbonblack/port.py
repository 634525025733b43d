"""What the add-on asks a Carbon Black server, and what comes back, whatever kind of server it is.

A kind of server is a folder beside this module, and a line in `factory`. It turns questions into its own queries, as
many at a time as it takes, and its own documents into what stands here. Trouble is an `EdrError`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Callable,
    Generic,
    Iterable,
    Iterator,
    Mapping,
    NamedTuple,
    Protocol,
    TypeVar,
    Union,
)

if TYPE_CHECKING:
    from cbverdict.carbonblack.deadline import Deadline
    from cbverdict.errors import Trouble
    from cbverdict.settings.verdicts import Method
    from cbverdict.verdicts.evidence import Evidence, Question
    from cbverdict.verdicts.hashes import Md5
    from cbverdict.verdicts.signature import Signature

T = TypeVar("T")


@dataclass(frozen=True)
class Way:
    """How evidence is asked for: the method, and the clause of the joint query as the admin wrote it."""

    method: Method
    clause: str


@dataclass(frozen=True)
class GatheredEvidence:
    """Evidence for every question, the requests that it took, and what went wrong (each trouble once).

    `hit_proves_signed` says whether a hit of the joint query means a valid signature: its clause may ask anything.
    With the method `prog_name` a hit or a miss is all there is to a question.
    """

    evidence: dict[Question, Evidence]
    requests: int
    troubles: tuple[Trouble, ...]
    hit_proves_signed: bool


class EvidenceSource(Protocol):
    """A server as searches ask it; safe to use from several threads. It bounds its requests in flight itself."""

    def gather(self, questions: Iterable[Question], way: Way, deadline: Deadline) -> GatheredEvidence:
        """Gather evidence for every question by the deadline.

        Trouble with Carbon Black is never raised: it is the evidence's `trouble`, and one of the `troubles`.
        """

    def probe(self, deadline: float = math.inf) -> None:
        """Send one small request that any valid token may make, and raise what it comes to (`time.monotonic`)."""

    def close(self) -> None:
        """Close the connections; who asks at this moment is still answered."""


class Row(NamedTuple):
    """What tells a row of a page from others (empty: nothing does), and the time in whose order rows come."""

    identity: str
    time: str


@dataclass(frozen=True)
class Page(Generic[T]):
    """A page of what reached a server, in the order in which it did; `read` takes its time, and may be called again.

    `rows` are all that the server sent. `read` returns what they come to: several rows may be one, and one may be none.
    """

    rows: list[Row]
    is_last: bool
    read: Callable[[], list[T]]


@dataclass(frozen=True)
class PageRequest:
    """Which page: of all that reached the server from the second `since` on (UTC, ISO 8601), `rows` after `skip`.

    `query` is the admin's own, in the server's language (empty: everything). `until` is the second at which what is
    wanted ends (empty: it does not).
    """

    since: str
    rows: int
    skip: int = 0
    query: str = ""
    until: str = ""


Fields = dict[str, Union[str, list[str]]]
"""Fields of an event; what is not known is left out or empty."""


PROCESS_FIELDS = (
    "dest",
    "user",
    "user_id",
    "os",
    "process",
    "process_name",
    "process_path",
    "process_id",
    "parent_process_name",
    "parent_process_id",
    "process_sha256",
    "group",
    "host_type",
    "sensor_id",
    "logon_type",
    "last_server_update",
    "interface_ip",
    "comms_ip",
    "childproc_count",
    "crossproc_count",
    "filemod_count",
    "modload_count",
    "netconn_count",
    "regmod_count",
    "action",
    "process_end",
)
"""The `fields` of a process, under the names under which they are indexed; a kind of server may add some of its own."""

BINARY_FIELDS = (
    "sha256",
    "original_filename",
    "internal_name",
    "company_name",
    "product_name",
    "product_version",
    "file_desc",
    "file_version",
    "legal_copyright",
    "orig_mod_len",
    "is_executable_image",
    "is_64bit",
    "os_type",
    "host_count",
    "server_added_timestamp",
    "last_seen",
    "group",
    "observed_filename",
)
"""Likewise the `fields` of a binary."""


class Image(NamedTuple):
    """What is known of a process that others have for a parent."""

    md5: Md5 | None
    path: str
    cmdline: str


class ReportedProcess(NamedTuple):
    """A process as far as a page tells of it.

    `parent_guid` is empty where the parent is not known, `start` (ISO 8601, by the endpoint's clock) where the
    beginning is not. `fields` are of `PROCESS_FIELDS`, in the order in which they are written, and hold nothing that is
    not known; `process_path`, `process` (its command line) and `user` may come late. `link` is the process's page on
    the server's console. `reached` is when the first of what the page has of it reached the server (ISO 8601, by the
    server's clock; empty: the server does not say), `updated` when the last did. `is_running` is whether more of it may
    come. `contradictions` are all values of fields (whose file, who, whose child) of which segments say different ones.
    """

    guid: str
    parent_guid: str
    md5: Md5 | None
    parent_md5: Md5 | None
    start: str
    fields: dict[str, str]
    watchlists: list[str]
    link: str
    reached: str = ""
    updated: str = ""
    is_running: bool = True
    contradictions: Mapping[str, list[str]] = {}

    @property
    def image(self) -> Image:
        """What its children want to know of it."""
        return Image(self.md5, self.fields.get("process_path", ""), self.fields.get("process", ""))


class ReportedBinary(NamedTuple):
    """A binary: its signature, when it reached the server (ISO 8601), and further `BINARY_FIELDS`."""

    md5: Md5
    signature: Signature
    reached: str
    fields: Fields
    link: str


class PageSource(Protocol):
    """A server as inputs read it; safe to use from several threads. Every method raises `EdrError`."""

    @property
    def request_count(self) -> int:
        """How many requests were sent so far, retries included."""

    @property
    def clock_offset(self) -> float | None:
        """Seconds by which the server's clock was ahead of this host's when it last answered (None: nobody knows)."""

    def require_version(self) -> None:
        """Raise `SetupError` where the server is too old for inputs."""

    def probe(self, deadline: float = math.inf) -> None:
        """Send one small request that any valid token may make, and raise what it comes to."""

    def process_page(self, request: PageRequest) -> Page[ReportedProcess]:
        """Fetch a page of processes."""

    def binary_page(self, request: PageRequest) -> Page[ReportedBinary]:
        """Fetch a page of binaries."""

    def count_processes(self, request: PageRequest) -> int:
        """Ask how many rows all pages of processes together have; `rows` and `skip` do not count."""

    def count_binaries(self, request: PageRequest) -> int:
        """Ask how many rows all pages of binaries together have, likewise."""

    def process_terms(self, query: str) -> list[str]:
        """Ask which terms the server makes of an admin's query for processes."""

    def binary_terms(self, query: str) -> list[str]:
        """Ask which terms the server makes of an admin's query for binaries."""

    def find_images(self, guids: list[str]) -> Iterator[dict[str, Image | None]]:
        """Look processes up, some at a time (None: the server knows no such process)."""

    def find_processes(self, guids: list[str]) -> dict[str, ReportedProcess]:
        """Return what the server has of these processes by now; what it does not know is left out."""

    def first_arrivals(self, guids: list[str]) -> dict[str, str]:
        """Ask when the first of each process reached the server (ISO 8601); what it does not know is left out."""

    def close(self) -> None:
        """Close the connections."""


class SetupCheck(Protocol):
    """A server as the setup page tries it before an account is saved: three questions, each sent once.

    They raise `EdrError`; until when one may take is said in `time.monotonic`.
    """

    def try_version(self, deadline: float) -> str:
        """Ask what any valid token may, the version; raise `SetupError` where the server is too old."""

    def try_documents(self, deadline: float) -> None:
        """Ask for a binary's signature, as every search does."""

    def try_joint_query(self, clause: str, deadline: float) -> None:
        """Ask the joint query, which servers may block."""

    @property
    def clock_offset(self) -> float | None:
        """By how many seconds the server's clock was ahead of this one at its last answer (None: it does not say)."""

    def close(self) -> None:
        """Close the connections."""


class Server(Protocol):
    """One account's server. To have it costs nothing: what is opened is what asks."""

    def needs_names(self, way: Way) -> bool:
        """Return whether this way of asking turns on process names.

        Raises:
            SetupError: the clause is not usable.
        """

    def open_evidence(self) -> EvidenceSource:
        """Open what searches ask."""

    def open_pages(self) -> PageSource:
        """Open what inputs read."""

    def open_check(self) -> SetupCheck:
        """Open what the setup page tries."""
