"""The simulator answers as real servers did: recorded bodies, and the vendor's own client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from cbapi.errors import ApiError, ClientError, ObjectNotFoundError, ServerError, UnauthorizedError
from cbapi.response import Binary, CbResponseAPI, Process

from tests.lab.edr.estate import Estate, Start
from tests.lab.edr.server import TOKEN, EdrServer, Fault

SIGNED, UNSIGNED, TAMPERED, UNSEEN = "a" * 32, "b" * 32, "c" * 32, "d" * 32


@pytest.fixture
def estate() -> Estate:
    """Give four binaries; each ran once, in three segments."""
    estate = Estate()
    chrome = r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe"
    estate.add_binary(SIGNED, "Signed", chrome, publisher="Google LLC", issuer="DigiCert", prog_name="Google Chrome")
    estate.add_binary(UNSIGNED, "Unsigned", r"C:\Temp\tool.exe")
    estate.add_binary(TAMPERED, "Bad Signature", r"C:\Temp\upd.exe", publisher="Google LLC", prog_name="upd.exe")
    for md5, path in ((SIGNED, chrome), (UNSIGNED, r"C:\Temp\tool.exe"), (TAMPERED, r"C:\Temp\upd.exe")):
        estate.add_process(Start(md5, path, segments=3))
    estate.add_process(Start(UNSEEN, r"C:\Temp\new tool.exe", username=r"CORP\jdoe", segments=3))
    return estate


@pytest.fixture
def client(edr: EdrServer, tmp_path: Path) -> Client:
    """Give a bare HTTP client of the simulator."""
    pem = tmp_path / "ca.pem"
    pem.write_text(edr.trust_pem, encoding="ascii")
    return Client(edr, pem)


@pytest.fixture
def cb(edr: EdrServer, client: Client, monkeypatch: pytest.MonkeyPatch) -> CbResponseAPI:
    """Give the vendor's own client, connected to the simulator."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(client.pem))
    return CbResponseAPI(url=edr.url, token=TOKEN)


class Client:
    """Ask the simulator without any code of ours between."""

    def __init__(self, edr: EdrServer, pem: Path) -> None:
        """Remember the server."""
        self.url = edr.url
        self.pem = pem

    def get(self, path: str, token: str = TOKEN, **parameters: Any) -> requests.Response:
        """Send a GET."""
        return self._send("GET", path, token, params=parameters)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a POST and give the JSON that comes back."""
        answer: dict[str, Any] = self._send("POST", path, TOKEN, json=body).json()
        return answer

    def processes(self, query: str, **parameters: Any) -> dict[str, Any]:
        """Search processes."""
        answer: dict[str, Any] = self.get("/api/v1/process", q=query, **parameters).json()
        return answer

    def _send(self, verb: str, path: str, token: str, **options: Any) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            headers = {"X-Auth-Token": token}
            return session.request(verb, self.url + path, headers=headers, verify=str(self.pem), timeout=30, **options)


def _shape(value: Any) -> Any:
    """Give the shape of a JSON value: member names and kinds."""
    return {name: type(item).__name__ for name, item in value.items()}


@pytest.mark.parametrize(
    ("file", "query"),
    [
        ("process_search_no_results.json", "process_name:notepad.exe"),
        ("process_search_6x.json", "process_name:chrome.exe"),
        ("process_search_one_result.json", "process_name:chrome.exe"),
        ("process_search_rows0_6.2.json", ""),
    ],
)
def test_a_process_search_has_the_recorded_envelope(client: Client, recorded: Path, file: str, query: str) -> None:
    """Same members, same kinds."""
    real = json.loads((recorded / "carbon_black" / file).read_text(encoding="utf-8"))
    assert _shape(client.processes(query)) == _shape(real)


def test_a_process_has_the_recorded_fields(client: Client, recorded: Path) -> None:
    """No field that a real process does not have; no digsig field above all."""
    real = json.loads((recorded / "carbon_black" / "process_search_6x.json").read_text(encoding="utf-8"))
    process = client.processes("process_name:chrome.exe")["results"][0]
    fields = set(process) - {"md5"}  # kept beside process_md5, because a query may name it
    assert fields <= set(real["results"][0])
    assert process["process_md5"] == SIGNED
    assert process["parent_md5"] == real["results"][0]["parent_md5"] == "0" * 30


def test_a_binary_search_has_the_recorded_envelope_and_fields(client: Client, recorded: Path) -> None:
    """One document per hash, upper case."""
    real = json.loads((recorded / "carbon_black" / "binary_search_rows1_6.2.json").read_text(encoding="utf-8"))
    answer = client.get("/api/v1/binary", q=f"md5:{SIGNED}").json()
    assert _shape(answer) == _shape(real)
    assert answer["results"][0]["md5"] == SIGNED.upper()
    known = {"digsig_issuer", "digsig_prog_name", "digsig_subject"}
    assert set(answer["results"][0]) <= set(real["results"][0]) | known


@pytest.mark.parametrize(
    ("fault", "file", "status"),
    [
        (Fault.QUERY_SYNTAX, "error_400_query_syntax.json", 400),
        (Fault.CRASH, "error_500_unhandled.txt", 500),
    ],
)
def test_errors_have_the_recorded_bodies(
    client: Client, edr: EdrServer, recorded: Path, fault: Fault, file: str, status: int
) -> None:
    """JSON here, plain text there."""
    edr.fail(fault)
    answer = client.get("/api/v1/process", q="")
    real = (recorded / "carbon_black" / file).read_text(encoding="utf-8")
    assert (answer.status_code, "".join(answer.text.split())) == (status, "".join(real.split()))


def test_a_wrong_token_gets_the_recorded_page(client: Client, recorded: Path) -> None:
    """HTML, not JSON."""
    answer = client.get("/api/info", token="wrong")  # noqa: S106 - it is wrong
    real = (recorded / "carbon_black" / "error_401_bad_token.html").read_text(encoding="utf-8")
    assert answer.status_code == 401
    assert real.startswith(answer.text)


def test_recorded_binaries_are_found_by_their_own_words(client: Client, edr: EdrServer, recorded: Path) -> None:
    """Each of the 59 summaries: by hash, and by two words of its publisher in any case."""
    summaries = sorted((recorded / "carbon_black" / "binary_summaries_5.1").glob("*.json"))
    assert len(summaries) == 59
    for path in summaries:
        document = json.loads(path.read_text(encoding="utf-8"))
        edr.estate.add_document(document)
        assert client.get(f"/api/v1/binary/{document['md5']}/summary").json() == document
        publisher = document["digsig_publisher"].upper()
        query = f'md5:{document["md5"].lower()} digsig_publisher:"{publisher}"'
        assert client.get("/api/v1/binary", q=query).json()["total_results"] == 1


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("process_name:chrome.exe", {"chrome.exe"}),
        ("process_name:CHROME.EXE", {"chrome.exe"}),
        ("process_name:chrome", set()),
        ("process_name:*.exe -process_name:chrome.exe", {"tool.exe", "upd.exe", "new tool.exe"}),
        ('path:"application\\chrome.exe"', {"chrome.exe"}),
        ("path:chrome.exe", {"chrome.exe"}),
        (f"(process_md5:{SIGNED} or process_md5:{UNSIGNED}) digsig_result:Signed", {"chrome.exe"}),
        ('digsig_result:"Bad Signature"', {"upd.exe"}),
        ("digsig_result:Unsigned OR digsig_result:Signed", {"chrome.exe", "tool.exe"}),
        ("digsig_publisher:google", {"chrome.exe", "upd.exe"}),
        ('digsig_prog_name:"google chrome"', {"chrome.exe"}),
        ('digsig_prog_name:"chrome google"', set()),
        (f"process_md5:{TAMPERED} digsig_prog_name:upd.exe", {"upd.exe"}),
        (f"process_md5:{SIGNED} digsig_prog_name:chrome.exe", set()),
        ('process_name:"new tool.exe"', {"new tool.exe"}),
        (r"process_name:new\ tool.exe", {"new tool.exe"}),
        (r"username:CORP\\jdoe", {"new tool.exe"}),
        ("start:[2026-01-01T00:00:00 TO *] process_name:tool.exe", {"tool.exe"}),
        ("start:[* TO 2026-01-01T00:00:00]", set()),
    ],
)
def test_queries_mean_what_the_manual_says(client: Client, query: str, names: set[str]) -> None:
    """Keywords whole, text by its words in order, paths by their tails, binary fields joined."""
    answer = client.processes(query, rows=100)
    assert {process["process_name"] for process in answer["results"]} == names
    assert answer["total_results"] == 3 * len(names), "segments are counted, not processes"


@pytest.mark.parametrize("query", ["(process_name:a", 'process_name:"a', "nonsense:a", "process_name:a)"])
def test_what_is_no_query_is_refused(client: Client, query: str) -> None:
    """With the recorded reason."""
    answer = client.get("/api/v1/process", q=query)
    assert (answer.status_code, answer.json()) == (400, {"reason": "query_syntax_error"})


def test_facets_count_segments_and_stop_at_200(client: Client, edr: EdrServer) -> None:
    """Lower-case hashes, the most frequent first."""
    for number in range(300):
        edr.estate.add_process(Start(f"{number + 1:032X}", "x.exe"))
    body = {"q": [""], "rows": 0, "facet": ["true"], "facet.field": ["process_md5"]}
    answer = client.post("/api/v1/process", body)
    facet = answer["facets"]["process_md5"]
    assert (len(facet), answer["results"], answer["total_results"]) == (200, [], 312)
    assert facet[0]["value"] == 3
    assert facet[-1]["name"] == facet[-1]["name"].lower()


def test_the_terms_show_how_the_query_was_understood(client: Client) -> None:
    """A free check of quoting, as on a real server."""
    assert client.processes('process_name:"a b" digsig_result:Signed')["terms"] == [
        'process_name:"a b"',
        "digsig_result:Signed",
    ]


def test_queries_that_differ_in_their_hashes_alone_are_told_apart(client: Client) -> None:
    """They are parsed once; whose hash is whose must not be mixed up by that."""
    one, other = "1" * 32, "A" * 32
    for first, second in ((one, other), (other, one)):
        terms = client.processes(f'process_md5:{first} OR process_md5:"{second}"')["terms"]
        assert terms == [f"process_md5:{first}", f'process_md5:"{second}"']


def test_the_vendors_client_connects_and_reads(cb: CbResponseAPI) -> None:
    """Server info, processes in pages, binaries with their signature."""
    assert cb.server_info["version"] == "7.5.0.210101.1200"
    assert len(cb.select(Process).where("process_name:chrome.exe")) == 3
    process = cb.select(Process).where(f"process_md5:{SIGNED}").first()
    assert (process.process_name, process.process_md5) == ("chrome.exe", SIGNED)
    binary = cb.select(Binary, SIGNED.upper())
    assert (binary.signed, binary.signing_data.publisher) == (True, "Google LLC")
    assert [binary.signed for binary in cb.select(Binary).where(f"md5:{UNSIGNED}")] == [False]


def test_the_vendors_client_gets_the_same_verdict_from_the_joint_query(cb: CbResponseAPI) -> None:
    """The technique itself, by the vendor's own code."""
    for md5, result in ((SIGNED, 3), (UNSIGNED, 0), (TAMPERED, 0), (UNSEEN, 0)):
        assert len(cb.select(Process).where(f'process_md5:{md5} digsig_result:"Signed"')) == result


def test_the_vendors_client_reads_facets(cb: CbResponseAPI) -> None:
    """As it does for its own counts."""
    query = cb.select(Process).where(f"(process_md5:{SIGNED} OR process_md5:{TAMPERED}) digsig_publisher:Google")
    names = {entry["name"]: entry["value"] for entry in query.facets("process_md5")["process_md5"]}
    assert names == {SIGNED: 3, TAMPERED: 3}


def test_the_vendors_client_recognises_the_errors(cb: CbResponseAPI, edr: EdrServer) -> None:
    """401, 400, 404 and 500 are what it takes them for."""
    with pytest.raises(ClientError, match="query_syntax_error"):  # as cbapi-python issue 281 has it
        len(cb.select(Process).where("(process_name:a"))
    with pytest.raises(ObjectNotFoundError):
        cb.select(Binary, "E" * 32).refresh()
    edr.fail(Fault.CRASH, times=1)
    with pytest.raises(ServerError):
        len(cb.select(Process).where("process_name:a"))
    with pytest.raises((UnauthorizedError, ApiError)):
        CbResponseAPI(url=edr.url, token="wrong")  # noqa: S106 - it is wrong
