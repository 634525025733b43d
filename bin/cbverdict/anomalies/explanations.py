"""An opinion on a row: a p-value with the sentence that explains it, or none and why."""

from __future__ import annotations

from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Callable, Iterable, Iterator, NamedTuple, Sequence, Tuple

from cbverdict.anomalies.active_hours import SLOTS
from cbverdict.anomalies.combination import cauchy
from cbverdict.anomalies.without_team import Organisation
from cbverdict.events.names import file_name, is_same_program, program_of
from cbverdict.events.odd_names import OUTSIDE_WINDOWS, oddity_of
from cbverdict.events.odd_places import passes_for_windows
from cbverdict.events.one_off_names import is_one_off, is_random, kind_of
from cbverdict.events.texts import plain, shown

if TYPE_CHECKING:
    from cbverdict.anomalies.active_hours import HourProfile
    from cbverdict.anomalies.peer_rarity import GroupProfile, PersonProfile

_NEARLY_ALL = 0.995  # which two digits would write as 1e+02 %
REPORT_BELOW_P = 0.1
"""From this p-value down an opinion is worth a sentence: the score that it alone gives is 10."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Explanation(NamedTuple):
    """One of the three answers: its p-value (None: no opinion), how that is written, and sentences.

    `cauchy` is the p-value's Cauchy variable, for the combination. `strict` is the p-value that a drop is judged by,
    where it is another: whoever names a file can make it new to everybody.
    """

    p_value: float | None = None
    text: str = ""
    cauchy: float = 0.0
    reasons: Tuple[str, ...] = ()
    strict: float | None = None

    def p_value_or(self, default: float) -> float:
        """Return its p-value, or another number where it has none."""
        return default if self.p_value is None else self.p_value


NONE = Explanation()


def explain(p_value: float, sentence: Callable[[], str], strict: float | None = None) -> Explanation:
    """Make an opinion; its sentence is only made where the p-value is small."""
    reasons = (sentence(),) if p_value <= REPORT_BELOW_P else ()
    return Explanation(p_value, f"{p_value:.3g}", cauchy(p_value), reasons, strict)


def no_opinion(sentence: str) -> Explanation:
    """Build an explanation of why there is no opinion."""
    return Explanation(reasons=(sentence,))


def combined(*weighted: tuple[Explanation, float]) -> tuple[float, float]:
    """Return the weight of what is judged, and the sum of its weighted Cauchy variables."""
    total = variable = 0.0
    for one, weight in weighted:
        if one.p_value is not None:
            total += weight
            variable += weight * one.cauchy
    return total, variable


def of_roll_out(found: Explanation, factor: float) -> Explanation:
    """Make an opinion so many times less unusual, as many people began together; a drop is judged as before."""
    return found if found.p_value is None else _eased(found, min(found.p_value * factor, 1.0))


def no_odder_than(found: Explanation, other: Explanation) -> Explanation:
    """Make an opinion no more unusual than another that says the same; a drop is judged as before."""
    if found.p_value is None or other.p_value is None or found.p_value >= other.p_value:
        return found
    return _eased(found, other.p_value)


def oddest_of(found: Sequence[Explanation]) -> Explanation:
    """Return the most unusual of some opinions, as many times less unusual as there are of them."""
    judged = [one for one in found if one.p_value is not None]
    if not judged:
        return found[0]
    p_value, oddest = min(((one.p_value or 0.0, one) for one in judged), key=itemgetter(0))
    return _eased(oddest, min(p_value * len(judged), 1.0)) if len(judged) > 1 else oddest


def _eased(found: Explanation, p_value: float) -> Explanation:
    strict = found.p_value if found.strict is None else found.strict
    return Explanation(p_value, f"{p_value:.3g}", cauchy(p_value), found.reasons, strict)


def on_hour(profile: HourProfile, person: str, zone: str, slot: int) -> Explanation:
    """Judge a slot of the week."""
    p_value = profile.p_value(slot)

    def sentence() -> str:
        weekday, (first, end) = WEEKDAYS[slot // SLOTS], profile.usual_hours()
        return (
            f"{weekday} {_clock(slot)}-{_clock(slot + 1)} ({zone}) is unusual for {person}: usually active from "
            f"{first:02d}:00 to {end:02d}:00, within an hour of this on {profile.days_around(slot)} of {profile.days} "
            f"days, on {profile.days_like(slot)} days like {weekday}; {percent(p_value)} of the activity is at hours "
            "like this"
        )

    return explain(p_value, sentence)


class Compared(NamedTuple):
    """Who is compared with whom: a person with a team and how many are in it (None: with the whole organisation)."""

    person: str
    team: str | None
    people: int


def on_team(profile: PersonProfile, group: GroupProfile, who: Compared, process: str) -> Explanation:
    """Judge a process of a person in a team."""
    name = _counted(process)

    def sentence() -> str:
        if process not in group.everybody:
            return f"{name} was never run by anybody before, in {group.everybody.sightings:,} starts"
        is_first = process not in profile.seen
        first = f"; first time for {who.person} in {profile.sightings:,} starts" if is_first else ""
        if who.team is None:
            share = percent(group.others_share(process))
            users = group.users_said(process) if isinstance(group, Organisation) else ""
            return f"{name} is {share} of what everybody runs (there is no team to compare with){users}{first}"
        if process not in group.seen:
            return f"{name} is run by 0 of {who.people} people in {who.team}{first}"
        shares = f"{percent(group.share(process))} of what {who.team} runs and {percent(group.others_share(process))}"
        return f"{name} is {shares} of what others run{first}"

    is_new = is_one_off(process) or process not in group.everybody
    return explain(profile.p_value(process), sentence, profile.strict_p_value(process) if is_new else None)


def on_parent(group: GroupProfile, parent: str, child: str) -> Explanation:
    """Judge a child of a parent."""

    def sentence() -> str:
        if child in group.seen:
            return f"{_counted(child)} is {percent(group.share(child))} of what {_counted(parent)} starts"
        return f"{_counted(parent)} never started {_counted(child)} in {group.sightings:,} starts"

    return explain(group.p_value(child), sentence, group.strict_p_value(child))


def acted_through(parent: str, reason: str) -> str:
    """Write that others act through a parent, of which it is not known what it usually starts here."""
    return f"{shown(parent)} {reason}, and what it usually starts here is not known"


def tool_named(name: str, reason: str) -> str:
    """Write that a name is on the list of tools."""
    return f"{shown(file_name(name) or name)} {reason}: it is on the list of tools, of which none is noise"


def denied_signer(whose: str, signer: str, reason: str) -> str:
    """Write that a file is signed by somebody who is denied."""
    return f"{whose}signed by {signer}, which is denied: {reason}"


def new_parent(parent: str | None) -> str:
    """Write that nothing is known of a parent (None: it has no name)."""
    if parent is None:
        return "the row names no parent, and nobody says that its parent's hash is signed"
    name = program_of(parent)
    if is_random(name):
        return f"{name} is a name made at random, for which no earlier one vouches, and nobody says that it is signed"
    return f"{_counted(kind_of(name))} was never seen here before, and nobody says that it is signed"


def roll_out(process: str, people: int) -> str:
    """Write that many people began with a program together."""
    return f"{people} people began with {_counted(process)} lately, so that it counts for less"


def first_signer(publisher: str) -> str:
    """Write that nothing signed by this publisher was run before."""
    return f"first program here that is signed by {publisher}"


UNREAD_END = "no opinion on one end of the time: it cannot be read"
SPAN = "the row is about a time, of which both ends were judged and nothing between them"
SEVERAL_TEAMS = "the row names several teams, of which the first is judged"
SEVERAL_USERS = "the row is about several users, of whom the oddest is judged"
UNREAD_BASELINES = "what is usual could not all be read, so this is not dropped"
UNREAD_LISTS = "a list for whose sake rows are kept could not all be read, so this is not dropped"
NAMELESS = "nothing says what the program is called, so it was not looked for among the tools"
LIBRARY = "the file is a library or a driver by its name, which no process is"
LOADED = "the row is about a file that the process has loaded, and nobody looked at that one's signature"
TAMPERING = (
    "the row is about what was done to the process or by it to another, of which its file's signature says nothing"
)
NO_PROCESS = "no column says that a process ran the file"
ODD_PARENT = "the row's hash of the parent is none that Carbon Black can be asked for"
SEVERAL_PARENTS = "the row is about several parents, of which one is judged"
MORE_NAMES = "the file was seen under more names than are known here, so not all were looked for among the tools"


def several_of(*, has_users: bool, has_teams: bool) -> str:
    """Write of what a row names several (empty: of nothing)."""
    if has_users:
        return SEVERAL_USERS
    return SEVERAL_TEAMS if has_teams else ""


def outside_windows(paths: Iterable[str]) -> Iterator[str]:
    """Write that a parent is called like a program of Windows', and is not in Windows' folder; once."""
    found = (path for path in paths if passes_for_windows(path))
    yield from (f"the parent {shown(path)} {OUTSIDE_WINDOWS}" for path in islice(found, 1))


def odd_names(names: Iterable[str], what: str) -> Iterator[str]:
    """Write what is odd about how names are written, once for each spelling; `what` is whose they are."""
    for name in {plain(name): name for name in names}.values():
        oddity = oddity_of(name)
        if oddity is not None:
            yield f"the {what} {shown(name)} {oddity}"


def other_names(what: str, names: Sequence[str], author_names: Iterable[Sequence[str]]) -> Iterator[str]:
    """Write that a program has other names than its author gave it; one of `author_names` is enough.

    What the author wrote into a file are several names of it; what a row says are names of several files.
    """
    for given in author_names:
        if given and names and not is_same_program(names, given):
            yield f"{what} is called {given[0]} by who made it"
            return


def _counted(kind: str) -> str:
    return f"{kind} (names made for one start count as one)" if is_one_off(kind) else kind


def _clock(slot: int) -> str:
    minutes = slot % SLOTS * 1440 // SLOTS
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def percent(share: float) -> str:
    """Write a share with two digits (and three for all of it)."""
    if share >= _NEARLY_ALL:
        return f"{100 * share:.0f} %"
    return f"{100 * share:.2g} %" if share >= 1e-6 else "less than 0.0001 %"  # noqa: PLR2004 - said right there
