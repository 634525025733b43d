"""An opinion on a row: a p-value with the sentence that explains it, or none and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Iterator, NamedTuple, Sequence, Tuple

from cbverdict.anomalies.active_hours import SLOTS
from cbverdict.anomalies.combination import cauchy
from cbverdict.events.names import is_same_program, oddity_of
from cbverdict.events.texts import shown

if TYPE_CHECKING:
    from cbverdict.anomalies.active_hours import HourProfile
    from cbverdict.anomalies.peer_rarity import Everybody, GroupProfile, PersonProfile
    from cbverdict.events.event import ProcessEvent

REPORT_BELOW_P = 0.1
"""From this p-value down an opinion is worth a sentence: the score that it alone gives is 10."""

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Explanation(NamedTuple):
    """One of the three answers: its p-value (None: no opinion), how that is written, and sentences.

    `cauchy` is the p-value's Cauchy variable, for the combination.
    """

    p_value: float | None = None
    text: str = ""
    cauchy: float = 0.0
    reasons: Tuple[str, ...] = ()


NONE = Explanation()


def explain(p_value: float, sentence: Callable[[], str]) -> Explanation:
    """Make an opinion; its sentence is only made where the p-value is small."""
    return Explanation(p_value, f"{p_value:.3g}", cauchy(p_value), (sentence(),) if p_value <= REPORT_BELOW_P else ())


def no_opinion(sentence: str) -> Explanation:
    """Build an explanation of why there is no opinion."""
    return Explanation(reasons=(sentence,))


def on_hour(profile: HourProfile, person: str, zone: str, slot: int) -> Explanation:
    """Judge a slot of the week."""
    p_value = profile.p_value(slot)

    def sentence() -> str:
        when = f"{_WEEKDAYS[slot // SLOTS]} {_clock(slot)}-{_clock(slot + 1)} ({zone})"
        return f"{when} is unusual for {person}: {_percent(p_value)} of the activity is at hours like this"

    return explain(p_value, sentence)


def on_team(
    profile: PersonProfile, group: GroupProfile, everybody: Everybody, who: tuple[str, str, int], process: str
) -> Explanation:
    """Judge a process of a person in a team; `who` is the person, the team and how many people are in it."""
    person, team, people = who

    def sentence() -> str:
        if process not in everybody:
            return f"{process} was never run by anybody before"
        first = "" if process in profile.seen else f"; first time for {person}"
        if process not in group.seen:
            return f"{process} is run by 0 of {people} people in {team}{first}"
        shares = f"{_percent(group.share(process))} of what {team} runs and {_percent(group.others_share(process))}"
        return f"{process} is {shares} of what others run{first}"

    return explain(profile.p_value(process), sentence)


def on_parent(group: GroupProfile, parent: str, child: str) -> Explanation:
    """Judge a child of a parent."""

    def sentence() -> str:
        if child in group.seen:
            return f"{child} is {_percent(group.share(child))} of what {parent} starts"
        return f"{parent} never started {child} in {group.sightings:,} starts"

    return explain(group.p_value(child), sentence)


def first_time(person: str, process: str) -> str:
    """Write that a person never ran a process, where the team gives no opinion."""
    return f"first time that {person} runs {process}"


def first_signer(publisher: str) -> str:
    """Write that nothing signed by this publisher was run before."""
    return f"first program here that is signed by {publisher}"


NAMELESS = "nothing says what the program is called, so it was not looked for among the tools"


def oddities_of(event: ProcessEvent, author_names: Sequence[str] = ()) -> Iterator[str]:
    """Write what is odd about how a row names its process and its user; `author_names` are those in the file itself."""
    for name in dict.fromkeys((*event.names, *event.original_names)):
        oddity = oddity_of(name)
        if oddity is not None:
            yield f"the name {shown(name)} {oddity}"
    # What the author wrote into a file are several names of it; what a row says are names of several files.
    for names in (*((name,) for name in event.original_names), author_names):
        if names and event.names and not is_same_program(event.names, names):
            yield f"{event.process.name} is called {names[0]} by who made it"
            break
    if event.has_several_users:
        yield "the row is about several users, of whom one is judged"
    if event.has_several_parents:
        yield "the row is about several parents, of which one is judged"


def _clock(slot: int) -> str:
    minutes = slot % SLOTS * 1440 // SLOTS
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share >= 1e-6 else "less than 0.0001 %"  # noqa: PLR2004 - said right there
