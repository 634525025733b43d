"""`make searches`: what real correlation searches hand over, through the command, and what of it may not be dropped."""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, NamedTuple, Sequence, Tuple

from splunklib.searchcommands import StreamingCommand

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bin"))

from cbverdict.anomalies.reference_lists import Lists, Roster  # noqa: E402 - the path comes first
from cbverdict.anomalies.training import Learner  # noqa: E402 - likewise
from cbverdict.events.columns import GUID_FIELDS, OTHER_TIME_FIELDS, TIME_FIELD, EventFields  # noqa: E402 - likewise
from cbverdict.search.enrich_options import EnrichOptions  # noqa: E402 - likewise
from cbverdict.search.pipeline import Search  # noqa: E402 - likewise
from cbverdict.search.row_form import INDEX  # noqa: E402 - likewise
from cbverdict.splunkd.lookup_files import LOOKUPS, read_lists  # noqa: E402 - likewise
from cbverdict.verdicts.reasons import Signed  # noqa: E402 - likewise
from tests.eval.processes import Truth, read_events  # noqa: E402 - likewise
from tests.eval.real_command import RealCommand  # noqa: E402 - likewise
from tests.eval.shapes import (  # noqa: E402 - likewise
    HASH_FORMS,
    ZONE,
    Given,
    HashForm,
    Shape,
    Start,
    history,
    read_shapes,
    read_starts,
    roster,
    rows_of,
)
from tests.lab.host import Row, _decode, encode  # noqa: E402 - likewise
from tests.lab.memory import Memory  # noqa: E402 - likewise

if TYPE_CHECKING:
    from cbverdict.anomalies.baselines import Baselines

SPOT_CHECK = 44
"""Every 44th search is 13 of them."""
NEEDED = ("escu_columns.json", "process_events.csv", "signatures.csv", "silenced_detections.txt")
LEAST_TIMED = 539
LEAST_ANSWERED = 514
LEAST_DROPPED = 765
"""95 % of the 805 starts that the list of tools leaves, of the 840 that were noise without its newer names."""
MOST_SILENCED = {"ESCU": 10, "Sigma": 14}
RENAMED = (
    "AdFind.exe", "AutoHotkey.exe", "AutoIt3.exe", "BOINC.exe", "BrowserCore.exe", "CONHOST.EXE", "CertUtil.exe",
    "Cmd.Exe", "client32.exe", "curl.exe", "Dbgview.exe", "Excel.exe", "FX_VER_INTERNALNAME_STR", "ftp.exe", "gpg.exe",
    "InstallUtil.exe", "mavinject64.exe", "megasync.exe", "Microsoft.NodejsTools.PressAnyKey.exe", "msdt.exe",
    "msteams.exe", "net1.exe", "NirCmd.exe", "PAExec.exe", "PingCastle.exe", "Plink", "PowerShell.EXE", "procdump",
    "psexec.c", "psexesvc.exe", "pwsh.dll", "RUNDLL32.EXE", "schtasks.exe", "sdelete.exe", "vmnat.exe", "WinWord.exe",
    "whoami.exe", "wmic.exe",
)  # fmt: skip
"""What the 29 "Renamed ..." rules of SigmaHQ/sigma demand as `OriginalFileName` while they negate the name."""


class Answered(NamedTuple):
    """A row as it came back: its answer, its hour's p-value (empty: none), and whether it is dropped."""

    signed: str
    hour_p: str
    is_noise: bool

    @classmethod
    def of(cls, row: Row) -> Answered:
        """Read a row that came back."""
        return cls(str(row["signed"]), str(row["anomaly_hour_p"]), row["signed_noise"] == "true")


class Lab:
    """Run searches in this process, over the protocol's bytes: recorded signatures, and what was learnt."""

    def __init__(self, truth: Truth, lists: Lists, learnt: Baselines) -> None:
        """Store who answers, the lookups, and what is usual."""
        self._truth = truth
        self._lists = lists
        self._baselines = Memory(learnt)
        fields = EventFields()
        self._columns = [*fields.columns(has_names=True), *fields.who(), *OTHER_TIME_FIELDS, *GUID_FIELDS, TIME_FIELD]

    def search(self, rows: Sequence[Row]) -> List[Answered]:
        """Run a search of its own over rows."""
        options = EnrichOptions(has_anomaly=True)
        search = Search(self._truth, self._baselines, options, _read, _SearchZone, lambda: self._lists)
        body = encode(list(rows), [*self._columns, INDEX]).decode()
        reply = search.reply(body)
        back = _decode(reply.body.decode()) if reply else search.enrich(list(_read(StringIO(body))))
        return [Answered.of(row) for row in back]


class _SearchZone:
    """The time zone of whoever searches."""

    def epoch_of(self, local: float) -> float:
        """Return the seconds since 1970 of a local time, given as if it were UTC."""
        return (datetime(1970, 1, 1, tzinfo=ZONE) + timedelta(seconds=local)).timestamp()


def _read(body: StringIO) -> Any:
    return StreamingCommand._read_csv_records(StreamingCommand, body)  # noqa: SLF001 - the SDK's reader itself


@dataclass
class ShapesResult:
    """What the searches with one form of hash came to: rows of each kind, and searches that do what they should."""

    rows: Counter[str] = field(default_factory=Counter)
    searches: Counter[str] = field(default_factory=Counter)
    wrong: List[str] = field(default_factory=list)

    def add(self, search: str, pairs: Iterable[Tuple[Given, Answered]], truth: Truth) -> None:
        """Add a search's rows."""
        found = list(pairs)
        for given, answered in found:
            expected = {truth.signed(md5) for md5 in given.md5s}
            is_right = len(given.md5s) == 1 and {answered.signed} == {signed.value for signed in expected}
            kind = "unknown" if answered.signed == Signed.UNKNOWN.value else "right" if is_right else "wrong"
            if kind == "wrong" or (answered.is_noise and expected != {Signed.TRUE}):
                self.wrong.append(search)
            when = "night" if given.is_at_night else "day"
            self.rows.update({kind: 1, when: 1, f"{when}, dropped": int(answered.is_noise)})
        self.searches["all"] += 1
        self.searches["hour"] += all(answered.hour_p for _, answered in found)
        self.searches["verdict"] += any(answered.signed != Signed.UNKNOWN.value for _, answered in found)


@dataclass(frozen=True)
class Line:
    """One line of what may not happen: what, how often, of how many, and what is allowed."""

    name: str
    value: int
    of: int
    target: str
    is_met: bool


class Evaluation:
    """The recorded data, and the two labs: what was learnt from twelve people, and day one."""

    def __init__(self, folder: Path) -> None:
        """Read the data, and learn."""
        self._folder = folder
        self._starts = read_starts(folder / "process_events.csv")
        self.truth = Truth(folder / "signatures.csv", {start.md5: start.sha256 for start in self._starts})
        self.shapes = read_shapes(folder / "escu_columns.json")
        lists = read_lists()
        known = lists._replace(roster=Roster(roster()))
        rows = history(self._starts)
        learnt = Learner(known, EventFields(md5=(), parent_md5=()), float(str(rows[-1]["_time"]))).learn(rows)
        self.learnt = Lab(self.truth, known, learnt.baselines)
        self.day_one = Lab(self.truth, lists, {})

    def rows_of(self, shape: Shape, form: HashForm, number: int) -> List[Given]:
        """Make a search's rows, of the form since 2025."""
        return list(rows_of(shape.since_2025(), form, self._starts, number))

    def of_shapes(self, form: HashForm, step: int = 1) -> ShapesResult:
        """Run each search, or every so many of them, with one form of hash."""
        result = ShapesResult()
        for number, shape in list(enumerate(self.shapes))[::step]:
            given = self.rows_of(shape, form, number)
            result.add(shape.search, zip(given, self.learnt.search([one.row for one in given])), self.truth)
        return result

    def differences(self, step: int) -> Iterator[str]:
        """Run every so many searches through the real command too; return those that come out otherwise there."""
        forms = list(HASH_FORMS.values())
        with RealCommand(self._starts, self.truth) as command:
            for number, shape in list(enumerate(self.shapes))[::step]:
                rows = [given.row for given in self.rows_of(shape, forms[number // step % len(forms)], number)]
                if [Answered.of(row) for row in command.search(rows)] != self.learnt.search(rows):
                    yield shape.search

    def safety(self) -> Iterator[Line]:
        """Measure on day one, when nothing but the verdict and the lists stands in the way of a drop."""
        yield from self._silenced()
        yield self._renamed()
        yield from self._images()
        yield from self._noise()

    def _silenced(self) -> Iterator[Line]:
        named = _advised_against()
        for source, searches in read_detections(self._folder / "silenced_detections.txt").items():
            make = self._sigma_row if source == "Sigma" else self._escu_row
            silenced = [
                search
                for search, names in searches.items()
                if all(one.is_noise for one in self.day_one.search([make(search, name) for name in names]))
            ]
            most = MOST_SILENCED[source]
            yield _at_most(f"silenced searches of {source}", len(silenced), len(searches), most)
            unnamed = [search for search in silenced if (source, search) not in named]
            yield _at_most(f"of these not named in cbsigned_searches ({source})", len(unnamed), len(silenced), 0)

    def _escu_row(self, search: str, name: str) -> Row:
        shape = next((shape for shape in self.shapes if shape.search == search), Shape(search, {}))
        start = replace(self._signed(), name=name, path=f"C:\\Windows\\System32\\{name}")
        one = replace(shape.since_2025(), columns=dict.fromkeys(shape.since_2025().columns, False))
        return next(iter(rows_of(one, HASH_FORMS["bare md5"], [start], 1))).row

    def _sigma_row(self, _: str, name: str) -> Row:
        return {**_sysmon_row(self._signed()), "Image": f"C:\\Windows\\System32\\{name}", "OriginalFileName": name}

    def _renamed(self) -> Line:
        starts = [replace(self._signed(), name="updater.exe", path="C:\\Users\\Public\\updater.exe")]
        shape = Shape("", {}).since_2025()
        rows = [
            {**next(iter(rows_of(shape, form, starts, 1))).row, "original_file_name": name}
            for name in RENAMED
            for form in HASH_FORMS.values()
        ]
        raw = [{**_sysmon_row(starts[0]), "OriginalFileName": name} for name in RENAMED]
        dropped = sum(one.is_noise for one in self.day_one.search([*rows, *raw]))
        return _at_most("rows of renamed tools", dropped, len(rows) + len(raw), 0)

    def _images(self) -> Iterator[Line]:
        """Have an odd program load each recorded image; the hash is the image's."""
        with (self._folder / "signatures.csv").open(encoding="utf-8", newline="") as file:
            images = list(csv.DictReader(file))
        raw: List[Row] = [
            {
                "EventCode": "7",
                "Image": "C:\\Users\\Public\\evil.exe",
                "ImageLoaded": image["path"],
                "Hashes": f"MD5={image['md5'].upper()}",
                "User": "CORP\\u01",
            }
            for image in images
        ]
        cim: List[Row] = [
            {
                "process_name": "evil.exe",
                "process_path": "C:\\Users\\Public\\evil.exe",
                "loaded_file": image["path"].rpartition("\\")[2],
                "loaded_file_path": image["path"],
                "process_hash": f"MD5={image['md5'].upper()}",
                "user": "u01",
            }
            for image in images
        ]
        for name, rows in (("raw", raw), ("as Splunk's add-on maps them", cim)):
            answers = self.day_one.search(rows)
            yield _at_most(f"rows of image loads, {name}", sum(one.is_noise for one in answers), len(rows), 0)
            told = sum(one.signed != Signed.UNKNOWN.value for one in answers)
            yield _at_most(f"of these with a verdict, {name}", told, len(rows), 0)

    def _noise(self) -> Iterator[Line]:
        events = read_events(self._folder / "process_events.csv")
        answers = self.day_one.search(events)
        signs = [self.truth.signed(str(event["process_md5"])) for event in events]
        dropped = Counter(signed for signed, one in zip(signs, answers) if one.is_noise)
        for signed in (Signed.FALSE, Signed.UNKNOWN):
            yield _at_most(f"recorded starts, signed {signed.value}", dropped[signed], signs.count(signed), 0)
        many = dropped[Signed.TRUE]
        of = signs.count(Signed.TRUE)
        yield Line("recorded starts, signed true", many, of, f"at least {LEAST_DROPPED}", many >= LEAST_DROPPED)

    def _signed(self) -> Start:
        return next(start for start in self._starts if self.truth.signed(start.md5) is Signed.TRUE)


def _at_most(name: str, value: int, of: int, most: int) -> Line:
    return Line(name, value, of, f"at most {most}" if most else "0", value <= most)


def _sysmon_row(start: Start) -> Row:
    """Return a start as Sysmon writes it."""
    return {
        "EventCode": "1",
        "Image": start.path,
        "Hashes": HASH_FORMS["MD5=..,SHA256=..,IMPHASH=.."](start)[0],
        "ParentImage": start.parent_path,
        "User": f"CORP\\{start.user}",
        "_time": str(int(start.when.timestamp())),
    }


def read_detections(path: Path) -> Dict[str, Dict[str, List[str]]]:
    """Read which programs detections are about, by source: a line `ESCU 45`, then `name [a.exe,b.exe]; ...`."""
    lines = iter(path.read_text(encoding="utf-8").splitlines())
    return {
        head.partition(" ")[0]: {
            name: programs.split(",") for name, programs in re.findall(r"(.+?) \[([^\]]*)\](?:; |$)", next(lines))
        }
        for head in lines
    }


def _advised_against() -> set[Tuple[str, str]]:
    with (LOOKUPS / "cbsigned_searches.csv").open(encoding="utf-8", newline="") as file:
        return {(row["source"], row["search"]) for row in csv.DictReader(file) if row["advice"] == "no"}


def main() -> int:
    """Print the tables; exit 1 where a target is missed, 2 where the data is not there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "real", help="folder of the recordings")
    folder: Path = parser.parse_args().data
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        print(
            f"searches: SKIPPED, for {', '.join(missing)} is not in {folder}: name the folder, ARGS='--data <folder>'"
        )
        return 2
    evaluation = Evaluation(folder)
    is_met = _print_shapes(evaluation)
    is_met &= _print_safety(evaluation.safety())
    differences = list(evaluation.differences(SPOT_CHECK))
    print(
        f"\nof each {SPOT_CHECK}th search, through the real command, {len(differences)} come out otherwise",
        *differences,
    )
    is_met &= not differences
    print("\nall targets are met" if is_met else "\na target is MISSED")
    return 0 if is_met else 1


def _print_shapes(evaluation: Evaluation) -> bool:
    print(f"\n{len(evaluation.shapes)} searches of ESCU over Endpoint.Processes, split by what they are since 2025\n")
    print(f"{'':28} {'searches with':>17} {'rows: verdict':>29} {'dropped of rows':>24}")
    heads = ("a verdict", "an hour", "right", "unknown", "wrong", "by day", "at 2 am")
    print(f"{'hash':28} {{:>9}} {{:>7}} {{:>9}} {{:>9}} {{:>9}} {{:>13}} {{:>10}}".format(*heads))
    is_met = True
    for name, form in HASH_FORMS.items():
        result = evaluation.of_shapes(form)
        rows = result.rows
        by_day, at_night = (f"{rows[f'{when}, dropped']} of {rows[when]}" for when in ("day", "night"))
        print(
            f"{name:28} {result.searches['verdict']:9} {result.searches['hour']:7} {rows['right']:9} "
            f"{rows['unknown']:9} {len(result.wrong):9} {by_day:>13} {at_night:>10}",
            flush=True,
        )
        is_met &= result.searches["hour"] >= LEAST_TIMED and result.searches["verdict"] >= LEAST_ANSWERED
        is_met &= not result.wrong and not rows["night, dropped"]
    return is_met


def _print_safety(lines: Iterable[Line]) -> bool:
    print("\nOn day one, with nothing learnt: what is dropped\n")
    is_met = True
    for line in lines:
        missed = "" if line.is_met else "  MISSED"
        print(f"{line.name:54} {line.value:5} of {line.of:5}   {line.target}{missed}")
        is_met &= line.is_met
    return is_met


if __name__ == "__main__":
    sys.exit(main())
