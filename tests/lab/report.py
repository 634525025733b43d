"""What came of a search, added up chunk by chunk: what is held does not grow with the number of rows."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Iterable, Iterator, Sequence

from cbverdict.anomalies.explanations import (
    LIBRARY,
    LOADED,
    NAMELESS,
    NO_PROCESS,
    ODD_PARENT,
    SEVERAL_PARENTS,
    SEVERAL_TEAMS,
    SEVERAL_USERS,
    TAMPERING,
    UNREAD_BASELINES,
)
from cbverdict.anomalies.outline import MIN_TEAM
from cbverdict.events.columns import NAME_FIELDS, TIME_FIELD
from cbverdict.events.event import ProcessEvent, read_event
from cbverdict.events.people import person_of
from cbverdict.events.times import Zone, read_time
from cbverdict.settings.anomalies import AnomalySettings
from cbverdict.splunkd.lookup_files import read_lists
from cbverdict.verdicts.hashes import parse_md5
from cbverdict.verdicts.reasons import Reason
from tests.lab.company import Incident
from tests.lab.header import KNOWN
from tests.lab.host import Row, Value
from tests.lab.options import Options

SHOWN = 12
_DROPPED_SHOWN = 5
MOST_HASHES = 100_000
MOST_KINDS = 5_000
MOST_USERS = 50_000
ON_LIST = "on list of tools"
_UNUSUAL = "unusual"
_MAKE_TIME = "SPL='| eval _time=strptime(<column>, \"<format>\") | cbsigned' makes one"
_COLUMNS_SHOWN = 6
_SAID = 2  # sentences that are shown of what is unusual
_REASONS = {
    SEVERAL_USERS: "several users",
    SEVERAL_TEAMS: "several teams",
    SEVERAL_PARENTS: "several parents",
    LIBRARY: "a library",
    NO_PROCESS: "not said to run",
    LOADED: "loaded a file",
    TAMPERING: "done to a process",
    ODD_PARENT: "parent's hash",
    NAMELESS: "no name",
    " by who made it": "another name",
    "name '": "odd name",
    "was never seen here before": "new parent",
    "and what it usually starts": "acted through",
}
"""What a sentence of `anomaly_reasons` has in it, and how it is called here."""
_EXAMINED = 1_000
_LONGEST = 256  # characters of a name that is held
_LENGTHS = {40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{128}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40})(?![0-9A-Za-z])")


@dataclass
class _Group:
    """Rows of a kind that are kept: how many, how odd the oddest is, who ran them."""

    rows: int = 0
    top: float = -1.0
    said: tuple[str, ...] = ()
    users: dict[str, None] = field(default_factory=dict)


class Kept:
    """The kinds of rows that `drop_signed_noise` keeps; the oddest `most` kinds are held."""

    def __init__(self, most: int = MOST_KINDS, most_users: int = MOST_USERS) -> None:
        """Take how many kinds are held, and how many of their users in all."""
        self.rows = 0
        self._most, self._users_left = most, most_users
        self._groups: dict[tuple[str, str, str], _Group] = {}
        self._is_cut = self._are_users_cut = False

    def add(self, why: str, event: ProcessEvent, name: str, score: float, said: Sequence[str] = ()) -> None:
        """Add a row, of which this is said."""
        self.rows += 1
        user = event.user[:_LONGEST]
        key = (why, name.lower()[:_LONGEST], (event.parent.name or "").lower()[:_LONGEST])
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group()
        group.rows += 1
        if score > group.top:
            group.top, group.said = score, tuple(said[:_SAID])
        if user and user not in group.users:
            if self._users_left:
                self._users_left -= 1
                group.users[user] = None
            else:
                self._are_users_cut = True
        if len(self._groups) > 2 * self._most:
            self._cut()

    @property
    def has_tools(self) -> bool:
        """Whether a kind that is shown is kept for the list of tools."""
        return any(why == ON_LIST for (why, _, _), _ in self._ordered()[:SHOWN])

    def lines(self) -> Iterator[str]:
        """Show the oddest kinds first."""
        yield f"  {'rows':>5} {'score':>5}  {'why':18} {'process':24} {'parent':18} who"
        ordered = self._ordered()
        for (why, name, parent), group in ordered[:SHOWN]:
            said = f"{group.top:5.0f}" if group.top >= 0 else " " * 5
            names = f"{plain(name, 24):24} {plain(parent, 18):18}"
            yield f"  {group.rows:5} {said}  {why:18} {names} {self._who(group)}"
            if why == _UNUSUAL:
                yield from (f"{' ' * 14}{plain(sentence)}" for sentence in group.said)
        if len(ordered) > SHOWN:
            yield f"  ... and {len(ordered) - SHOWN} more kinds"
        if self._is_cut:
            yield f"  (More than {self._most} kinds came, so the rows of the less odd ones may be more than is said.)"

    def _ordered(self) -> list[tuple[tuple[str, str, str], _Group]]:
        return sorted(self._groups.items(), key=lambda item: (-item[1].top, item[1].rows))

    def _cut(self) -> None:
        self._is_cut = True
        ordered = self._ordered()
        self._groups = dict(ordered[: self._most])
        self._users_left += sum(len(group.users) for _, group in ordered[self._most :])

    def _who(self, group: _Group) -> str:
        if len(group.users) > 2 or (self._are_users_cut and group.users):
            return f"{len(group.users)}{' or more' if self._are_users_cut else ''} users"
        return ", ".join(sorted(plain(user, 20) for user in group.users))


class Facts:
    """What the rows of a file say of themselves, and so on what there can be no opinion."""

    def __init__(self, options: Options, zone: Zone | None = None) -> None:
        """Take which columns are read, and in which zone times without one are meant (None: such are not read)."""
        self._fields = options.fields
        self._zone = zone
        self.unread_time = ""
        self._roster = read_lists().roster
        self._teams: dict[str, set[str]] = {}
        self.rows = self._times = self._users = self._processes = self._parents = 0

    def follow(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Pass rows on, and take note of what they say."""
        for row in rows:
            self.add(read_event(row, self._fields))
            yield row

    def add(self, event: ProcessEvent) -> None:
        """Take note of what a row says."""
        self.rows += 1
        times = (event.time, *event.other_times)
        has_time = any(read_time(time, self._zone) is not None for time in times)
        self._times += has_time
        if not has_time:
            self.unread_time = self.unread_time or event.time
        self._processes += event.process.name is not None
        self._parents += event.parent.name is not None
        person = person_of(event.user)
        self._users += person is not None
        team = self._roster.member(person, event.team).team
        if person and team and len(self._teams) < MOST_KINDS:
            members = self._teams.setdefault(team.lower(), set())
            if len(members) < MIN_TEAM:
                members.add(person)

    def missing(self) -> Iterator[str]:
        """Say what no row says, and on what there is no opinion then."""
        if not self._times:
            seen = f", as {plain(self.unread_time, 40)!r} cannot" if self.unread_time else ""
            yield f"no row has a time that can be read ({TIME_FIELD}{seen}): no opinion on the hour. {_MAKE_TIME}"
        if not self._users:
            yield f"no row says who it was ({_any(self._fields.user)}): no opinion on the hour and on the team"
        elif not self._teams:
            yield (
                f"no row names a team ({_any(self._fields.team)}), nor does cbsigned_teams_local.csv: "
                "no opinion on whether a process is usual in the team"
            )
        if not self._processes:
            yield f"no row names its process ({_any(self._fields.name)}): no opinion on the process"
        elif not self._parents:
            yield f"no row names what started it ({_any(self._fields.parent_name)}): no opinion on the parent"

    def scarce(self) -> Iterator[str]:
        """Say likewise what there is too little of to learn from."""
        if self._teams and sum(len(members) >= MIN_TEAM for members in self._teams.values()) < 2:
            yield f"fewer than two teams of {MIN_TEAM} people: no opinion on whether a process is usual in the team"
        if self._times < AnomalySettings().minimum_support:
            few = count(self._times, "row")
            yield f"{few} with a time are too little: an opinion takes {AnomalySettings().minimum_support:g}"


class _Utc:
    """The zone of whoever searches in the lab."""

    def epoch_of(self, local: float) -> float:
        """Return the same."""
        return local


class Report:
    """What a search's rows came to."""

    def __init__(self, options: Options, incidents: Sequence[Incident] = ()) -> None:
        """Take the command's options, and what an analyst should see."""
        self._options = options
        self._fields = options.fields
        self._lists = read_lists()
        self._incidents = incidents
        self._wanted = {incident.event_id for incident in incidents}
        self._found: dict[str, Row] = {}
        self._reasons: dict[str, Counter[str]] = {}
        self._hashes: set[bytes] = set()
        self._with_md5 = 0
        self._examined = 0
        self._hash_columns: dict[str, str] = {}
        self._columns: dict[str, None] = {}
        self._dropped: Counter[tuple[str, str, str]] = Counter()
        self.kept = Kept()
        self.facts = Facts(options, _Utc())
        self.rows = 0
        self.has_noise = False

    def add(self, before: Sequence[Row], after: Sequence[Row]) -> None:
        """Add the rows of a chunk, as they were sent and as they came back."""
        for row, answered in zip(before, after):
            self.rows += 1
            event = read_event(row, self._fields)
            self.facts.add(event)
            self._add_hashes(row, event)
            signed = str(self._of(answered, "signed"))
            self._reasons.setdefault(signed, Counter())[str(self._of(answered, "signed_reason"))] += 1
            noise = self._of(answered, "signed_noise", None)
            if noise is not None and self._options.is_scored:
                self.has_noise = True
                if noise != "true":
                    name = event.process.name or str(row.get("action", ""))
                    self.kept.add(self._why(answered, event), event, name, self._score(answered), self._said(answered))
                else:
                    self._drop(event, str(self._of(answered, "process_signature_publisher") or ""))
            if row.get("event_id") in self._wanted:
                self._found[str(row["event_id"])] = answered

    def lines(self, seconds: float, messages: Sequence[tuple[str, str]], columns: Iterable[str]) -> Iterator[str]:
        """Show it all; `columns` are those of the rows."""
        yield f"\n{count(self.rows, 'row')} came back, in {seconds:.1f} s.\n"
        for signed, meaning in (("true", "signed"), ("false", "not signed"), ("unknown", "unknown")):
            reasons = self._reasons.get(signed, Counter())
            yield f"  {signed:8} {sum(reasons.values()):7}  {meaning}: {_listed(reasons)}"
        if self.has_noise:
            yield from self._kept_lines()
        for level, text in messages:
            yield f"\n{level}: {plain(text)}"
        yield from self._column_lines(dict.fromkeys(columns))

    def hashes(self) -> str:
        """Say how many distinct hashes the rows have."""
        more = "more than " if len(self._hashes) >= MOST_HASHES else ""
        return more + count(len(self._hashes), "distinct hash", "distinct hashes")

    @property
    def has_hashes(self) -> bool:
        """Whether any row has a hash, its own or its parent's."""
        return bool(self._hashes)

    def incident_lines(self) -> Iterator[str]:
        """Show what became of what an analyst should see."""
        if not self._incidents or not self.has_noise:
            return
        yield "\nWhat an analyst should see this morning, and what brings it out:\n"
        found = [self._found[incident.event_id] for incident in self._incidents]
        for incident, row in zip(self._incidents, found):
            score = self._of(row, "anomaly_score") or "none"
            kept = "DROPPED" if self._of(row, "signed_noise") == "true" else "kept"
            why = self._why(row, read_event(row, self._fields))
            yield f"  {incident.label:52} {kept} ({why}, score {score})"
            reasons = self._of(row, "anomaly_reasons")
            yield from (f"      {reason}" for reason in ([reasons] if isinstance(reasons, str) else reasons or []))
        signed = sum(self._of(row, "signed") == "true" and self._of(row, "parent_signed") != "false" for row in found)
        yield f"\nOf these {len(found)}, {signed} are signed, and no parent speaks against them:"
        yield "a signature is evidence, not proof."

    def _drop(self, event: ProcessEvent, signer: str) -> None:
        names = (event.process.name, event.parent.name)
        name, parent = ((text or "").lower()[:_LONGEST] for text in names)
        key = (name, parent, signer[:_LONGEST])
        if key in self._dropped or len(self._dropped) < MOST_KINDS:
            self._dropped[key] += 1

    def _add_hashes(self, row: Row, event: ProcessEvent) -> None:
        for md5 in (event.process.md5, event.parent.md5):
            if md5 and len(self._hashes) < MOST_HASHES:
                self._hashes.add(bytes.fromhex(md5))
        self._with_md5 += event.process.md5 is not None
        if event.process.md5 is None and self._examined < _EXAMINED:
            self._examined += 1
            read = {*self._fields.md5, *self._fields.parent_md5}
            for name, value in row.items():
                kind = _hash_kind(value)
                if kind and not (kind == "MD5" and (name in read or "imphash" in name.lower())):
                    self._hash_columns.setdefault(name, kind)

    def _kept_lines(self) -> Iterator[str]:
        dropped = self.rows - self.kept.rows
        prefix = plain(self._options.prefix)
        how = f'`where NOT {prefix}signed_noise="true"`' if prefix else "`drop_signed_noise`"
        yield f"\nA search that ends in {how} drops {dropped} ({dropped / self.rows:.0%})."
        yield f"It keeps {self.kept.rows}, those with the highest scores first:\n"
        yield from self.kept.lines()
        if self.kept.has_tools:
            yield "\n  on list of tools: signed programs that intruders use too, Office programs among them, so none of"
            yield "  these is dropped. One off the list: docs/learning.md, The list of tools."
        yield from self._dropped_lines()

    def _dropped_lines(self) -> Iterator[str]:
        """Show the kinds of which most rows are dropped."""
        if not self._dropped:
            return
        yield "\nDropped, the kinds of which there are most first:\n"
        yield f"  {'rows':>5}  {'process':24} {'parent':18} signed by"
        for (name, parent, signer), number in self._dropped.most_common(_DROPPED_SHOWN):
            yield f"  {number:5}  {plain(name, 24):24} {plain(parent, 18):18} {plain(signer, 40) or '(not said)'}"
        if len(self._dropped) > _DROPPED_SHOWN:
            yield f"  ... and {len(self._dropped) - _DROPPED_SHOWN} more kinds"

    def _column_lines(self, columns: dict[str, None]) -> Iterator[str]:
        """Name the columns that OPTIONS names and no row has, and those that hold the hash where it was not found."""
        shown = ", ".join(plain(name, 40) for name in [*columns][:100]) + (", ..." if len(columns) > 100 else "")
        absent = [
            f"{option}={plain(name, 40)}" for option, name in self._options.columns.items() if name not in columns
        ]
        if absent:
            yield f"\nOPTIONS names columns that no row has: {', '.join(absent)}. The columns are: {shown}."
        if not {*self._fields.name, *NAME_FIELDS} & columns.keys():
            yield "\nNo row names its process, so it was not looked for among the tools. If a column does:"
            yield f"OPTIONS='name=<column>'. The columns are: {shown}."
        if self._with_md5:
            return
        yield f"\nNo row has an MD5 where it was looked for ({_any(self._fields.md5)})."
        yield f"The columns are: {shown}. If one of them holds it, OPTIONS=md5=<column>."
        if KNOWN.isdisjoint(columns):
            yield "If they are values, the file has no header: put a line with the names of the columns first."
        for name, kind in self._hash_columns.items():
            if kind == "MD5":
                yield f"Column {plain(name, 40)} holds an MD5: OPTIONS='md5={plain(name, 40)}'."
        others = [f"{plain(name, 40)} ({kind})" for name, kind in self._hash_columns.items() if kind != "MD5"]
        if others:
            yield f"Other hashes are in {', '.join(others)}, but Carbon Black EDR is asked by MD5:"
            yield "have the search that the rows are from give the MD5 as well."

    def _why(self, row: Row, event: ProcessEvent) -> str:
        if self._of(row, "signed") != "true":
            reason = str(self._of(row, "signed_reason"))
            if reason != Reason.NO_HASH.value:
                return reason
            return _UNUSUAL if self._score(row) >= AnomalySettings().threshold else "no hash"
        found = {
            "parent not signed": self._of(row, "parent_signed") == "false",
            "what is usual unread": UNREAD_BASELINES in str(self._of(row, "anomaly_reasons")),
            _UNUSUAL: self._score(row) >= AnomalySettings().threshold,
            ON_LIST: self._lists.tool_named((*event.names, *event.original_names, *self._documented(row))) is not None,
            "no publisher": self._of(row, "process_signature_publisher", None) == "",
        }
        reasons = str(self._of(row, "anomaly_reasons"))
        found.update((words, part in reasons) for part, words in _REASONS.items())
        return next((words for words, is_so in found.items() if is_so), "odd parent or signer")

    def _documented(self, row: Row) -> Iterator[str]:
        """Return the names that Carbon Black's document has of a row's file."""
        for name in ("process_original_name", "process_internal_name", "process_observed_names"):
            yield from filter(None, str(self._of(row, name) or "").split("|"))

    def _said(self, row: Row) -> Sequence[str]:
        reasons = self._of(row, "anomaly_reasons") or ()
        return [reasons] if isinstance(reasons, str) else reasons

    def _score(self, row: Row) -> float:
        return float(str(self._of(row, "anomaly_score") or -1))

    def _of(self, row: Row, name: str, default: Value | None = "") -> Value | None:
        return row.get(self._options.prefix + name, default)


def plain(text: str, width: int = 0) -> str:
    """Show foreign text, cut to a width (0: whole): no control character of it reaches the terminal."""
    clean = "".join(character if character.isprintable() else "?" for character in text)
    return clean if not width or len(clean) <= width else clean[: width - 1] + "…"


def count(number: int, one: str, many: str = "") -> str:
    """Write a number of things."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _hash_kind(value: Value) -> str:
    text = value if isinstance(value, str) else ",".join(value)
    if parse_md5(text):
        return "MD5"
    found = _HEX.search(text[:4096])
    return _LENGTHS[len(found[0])] if found else ""


def _any(names: Sequence[str]) -> str:
    """Write the first of some columns that are looked at."""
    shown = [plain(name) for name in names if not name.startswith("Processes.")]
    more = ["... (docs/columns.md)"] if len(shown) > _COLUMNS_SHOWN else []
    return ", ".join([*shown[:_COLUMNS_SHOWN], *more])


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.most_common()) or "none"
