"""How unusual each row of a search is, and whether it is signed noise."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Collection, Iterable, Iterator, Tuple

from cbverdict.anomalies import explanations
from cbverdict.anomalies.baselines import Subject, SubjectKind, program_kind
from cbverdict.anomalies.combination import PARENT_WEIGHT, PROCESS_WEIGHT, score_of, score_of_cauchy
from cbverdict.anomalies.decisions import sentence_of, sentence_of_bad
from cbverdict.anomalies.explanations import NONE, Explanation, combined, no_opinion
from cbverdict.anomalies.file_sides import FileSides
from cbverdict.anomalies.local_time import Clocks, date_of
from cbverdict.anomalies.person_view import PersonView, is_unusual
from cbverdict.anomalies.profiles import Profiles
from cbverdict.anomalies.roll_outs import RollOuts, eased
from cbverdict.anomalies.scores import PARENT, PROCESS, UNJUDGED, Part, ProcessSide, Score, group_of
from cbverdict.anomalies.several_people import MAX_PEOPLE, PeopleView
from cbverdict.errors import Trouble
from cbverdict.events.names import program_of, stems_of
from cbverdict.events.odd_places import is_anybodys
from cbverdict.events.one_off_names import is_random
from cbverdict.events.people import person_of
from cbverdict.verdicts.reasons import Reason, Signed
from cbverdict.verdicts.signed_noise import Doubt, may_be_excluded_by_hand
from cbverdict.verdicts.verdict import JudgedFile

if TYPE_CHECKING:
    from cbverdict.anomalies.decisions import Decision
    from cbverdict.anomalies.file_sides import FileSide
    from cbverdict.anomalies.known_baselines import BaselineSource
    from cbverdict.anomalies.reference_lists import Lists
    from cbverdict.events.event import ProcessEvent
    from cbverdict.verdicts.verdict import Verdict

Who = Tuple[str, ...]
"""User and team as a row says them, and its other users."""

_SAID = frozenset({Doubt.SIGNER_UNKNOWN, Doubt.PARENT_NOT_SIGNED, Doubt.PARENT_UNANSWERED, Doubt.PARENT_ANYBODYS})
"""What no other sentence says; columns of its own say of a row that it is not signed."""

_MAX_PEOPLE = 2000
_MAX_EXPLANATIONS = 100_000


class Anomalies:
    """Score the rows of one search; a search reads baselines and never writes one."""

    def __init__(self, source: BaselineSource, lists: Lists) -> None:
        """Store who gives baselines, and the lists; nothing is asked yet."""
        self._profiles = Profiles(source)
        self._lists = lists
        self._files = FileSides(lists)
        self._views: dict[Who, PersonView] = {}
        self._clocks = Clocks(lists.holidays)
        self._parents: dict[tuple[str, str], Explanation] = {}
        self.roll_outs = RollOuts(self._profiles)
        self._was_unread = self._unread

    @property
    def has_learnt(self) -> bool:
        """Whether there are baselines at all."""
        return self._profiles.has_learnt

    @property
    def threshold(self) -> float:
        """The score from which on a row is not noise."""
        return self._profiles.settings.threshold

    @property
    def troubles(self) -> list[Trouble]:
        """Return what went wrong: a list that cannot be read, baselines that nobody gives."""
        troubles = [Trouble(Reason.SETUP, f"In the lookups, {problem}.") for problem in self._lists.problems]
        return troubles + ([self._profiles.trouble] if self._profiles.trouble else [])

    def prepare(
        self, whos: Iterable[Who], events: Iterable[ProcessEvent] = (), publishers: Collection[str] = ()
    ) -> None:
        """Read what is not known yet of people (user, team, other users as rows say them), rows and publishers."""
        events = list(events)
        named = {name for event in events for name in (event.parent.name, *event.parent_commands)}
        parents = set(filter(None, map(program_kind, named)))
        processes = set(filter(None, map(program_kind, {event.process.name for event in events})))
        subjects = {Subject(SubjectKind.PARENT, name) for name in parents}
        for who in whos:
            subjects.update(self.view(*who).subjects())
        self._profiles.read(subjects, parents | processes, publishers)

    def view(self, user: str, team: str, *others: str) -> PersonView:
        """Return the view on a person, or on several, by users and team as the rows say them."""
        key = (user, team, *others)
        found = self._views.get(key)
        if found is None and others:
            people = (user, *others)[:MAX_PEOPLE]
            found = self._views[key] = PeopleView([self.view(one, team) for one in people])
        elif found is None:
            person = person_of(user)
            member = self._lists.roster.member(person, team)
            found = PersonView(self._profiles, self._lists, person, member, self._clocks.of(member))
            self._views[key] = found
        return found

    @property
    def is_full(self) -> bool:
        """Whether so much is remembered that it is time to forget."""
        held = len(self._parents) + sum(view.explanations_held for view in self._views.values())
        return len(self._views) > _MAX_PEOPLE or held > _MAX_EXPLANATIONS

    def forget(self) -> None:
        """Forget people and parents; their baselines are read anew when they come again."""
        self._views.clear()
        self._parents.clear()
        self.roll_outs.forget()
        self._profiles.forget()

    def forget_quarters(self) -> None:
        """Forget which quarter of an hour was whose slot, so that this does not grow with the search."""
        for view in self._views.values():
            view.quarters.clear()

    def process_side(
        self,
        event: ProcessEvent,
        verdict: Verdict,
        parent_signed: Signed,
        of_parents: Iterable[JudgedFile] = (),
        *,
        is_unanswered: bool = False,
    ) -> ProcessSide:
        """Judge what does not depend on who ran it and when; `of_parents` are of the files that the parent may be.

        `is_unanswered`: of one of these nobody said anything.
        """
        of_parents = tuple(of_parents)
        signatures = tuple(one.verdict.signature for one in of_parents if one.verdict.signature)
        file = self._files.of(event, verdict, signatures)
        process, parent = file.process, program_kind(event.parent.name)
        on_parent = self._on_parent(parent, process) if process and parent else NONE
        acted_through = self._acted_through(event, file, on_parent)
        is_parent_new = parent_signed is Signed.UNKNOWN and self._is_new_parent(event, process, parent)
        is_parent_anybodys = parent_signed is Signed.UNKNOWN and any(map(is_anybodys, event.parent_paths))
        bad = tuple(self._called_bad(event, verdict, of_parents))
        judged = {
            Doubt.NOT_SIGNED: verdict.signed is not Signed.TRUE,
            Doubt.SIGNER_UNKNOWN: verdict.signed is Signed.TRUE and not verdict.may_be_dropped,
            Doubt.PARENT_NOT_SIGNED: parent_signed is Signed.FALSE,
            Doubt.PARENT_UNANSWERED: is_unanswered,
            Doubt.PARENT_UNUSUAL: self._is_high(on_parent),
            Doubt.PARENT_NEW: is_parent_new,
            Doubt.PARENT_ANYBODYS: is_parent_anybodys,
            Doubt.PUBLISHER_DENIED: bool(file.denied),
            Doubt.LIVING_OFF_THE_LAND: bool(file.tool),
            Doubt.ODD: bool(file.oddities),
            Doubt.ABOUT_SEVERAL: event.has_several_parents,
            Doubt.ACTED_THROUGH: bool(acted_through),
            Doubt.CALLED_BAD: bool(bad),
        }
        doubts = frozenset(doubt for doubt, is_there in judged.items() if is_there)
        of_parent = on_parent.reasons
        if is_parent_new:
            of_parent = (explanations.new_parent(event.parent.name if parent else None),)
        reasons = (*bad, *file.oddities, *of_parent, *acted_through, *self._said_of(file, doubts))
        exclusions: tuple[Decision, ...] = ()
        if may_be_excluded_by_hand(doubts):
            exclusions = self._profiles.decisions.on_file(event.process.md5, process, parent, verdict)
        side = ProcessSide(process, on_parent, doubts, reasons, exclusions)
        several = explanations.several_of(has_users=bool(event.other_users), has_teams=event.has_several_teams)
        return side.of_several(several) if several else side

    def _said_of(self, file: FileSide, doubts: Collection[Doubt]) -> Iterator[str]:
        """Yield what is said of a signed file's publisher, of doubts that no other sentence explains, and of a tool."""
        yield from file.denied
        if self._is_first_signer(file.publisher):
            yield explanations.first_signer(file.publisher)
        if Doubt.NOT_SIGNED not in doubts:
            yield from (doubt.sentence for doubt in Doubt if doubt in doubts and doubt in _SAID)
        if file.tool:
            yield file.tool

    def _acted_through(self, event: ProcessEvent, file: FileSide, on_parent: Explanation) -> tuple[str, ...]:
        """Write that others act through the parent (nothing: they do not), by the row's name of it or by its file's.

        They do not where it is known what the parent of that name (in the row: `on_parent`) usually starts here.
        """
        if not file.gateways:
            return ()
        known = [event.parent.name or ""] if on_parent.p_value is not None else []
        known += [name for name in event.parent_commands if self._usually_starts(name, file.process)]
        stems = frozenset[str]().union(*map(stems_of, known))
        acting = ((name, why) for name, why in file.gateways if stems.isdisjoint(stems_of(name)))
        return tuple(explanations.acted_through(name, why) for name, why in islice(acting, 1))

    def _called_bad(self, event: ProcessEvent, verdict: Verdict, parents: Iterable[JudgedFile]) -> Iterator[str]:
        """Write who called a row's file bad, or one that its parent may be."""
        decisions = self._profiles.decisions
        of_parents = (event.parent.md5, *(one for parent in parents for one in parent.hashes))
        for whose, hashes in (
            ("this file", JudgedFile(event.process.md5, verdict).hashes),
            ("the parent's file", of_parents),
        ):
            found = filter(None, map(decisions.called_bad, dict.fromkeys(hashes)))
            yield from (sentence_of_bad(one, date_of(one.until), whose) for one in dict.fromkeys(found))

    def score(self, side: ProcessSide, view: PersonView, quarters: Collection[int]) -> Score:
        """Score a row; `quarters` of an hour, counted since 1970, are when it began and ended (none: no time)."""
        part = self.part(side, view)
        hour = view.oddest(quarters) or view.at(None)
        score = part.score_at(hour)
        is_high = score is not None and score >= self.threshold
        day = view.day(next(iter(quarters))) if quarters else None
        group = group_of(part.who, day, part.cause(hour)) if is_high else ""
        return Score(score, hour, part, part.is_noise(hour, score), group)

    def part(self, side: ProcessSide, view: PersonView) -> Part:
        """Judge all but the hour; those who began with the program are known from `roll_outs`."""
        process = side.process
        team = NONE if process is None else view.process(process)
        parent, reasons = side.parent, team.reasons + side.reasons
        if process and self._profiles.is_new(process):
            # It is new to its parent then as well: said twice, it is no more unusual.
            parent = explanations.no_odder_than(parent, team)
        undamped, people = None, self.roll_outs.people_with(process, view) if process else 0
        if process and people:
            # Many people on one day are a roll-out, one is an incident; whether the row is dropped does not turn on it.
            _, undamped = combined((team, PROCESS_WEIGHT), (parent, PARENT_WEIGHT))
            team, parent = eased(team, parent, people)
            reasons += (explanations.roll_out(process, people),)
        weight, cauchy = combined((team, PROCESS_WEIGHT), (parent, PARENT_WEIGHT))
        score = score_of_cauchy(cauchy / weight) if weight else 0.0
        doubts, unread, limit = side.doubts, self._unread, self.threshold
        if self._is_high(team):
            doubts |= {Doubt.NEW_UNUSUAL}
        if unread:
            doubts, reasons = doubts | {Doubt.KNOWLEDGE_UNREAD}, (*reasons, *unread)
        is_clear = not doubts
        exclusion = side.exclusion_of(view, doubts)
        if exclusion is not None:
            is_clear, limit = True, max(exclusion.score, limit if is_clear else 0.0)
            reasons = (sentence_of(exclusion, date_of(exclusion.until)), *reasons)
        least = min((team.p_value_or(UNJUDGED), PROCESS), (parent.p_value_or(UNJUDGED), PARENT))
        who = view.person or process or ""
        return Part(cauchy, weight, score, reasons, team, parent, is_clear, limit, who, least, undamped)

    def _is_high(self, found: Explanation) -> bool:
        """Return whether an opinion alone reaches the threshold where nothing is a reason to be lenient."""
        return found.strict is not None and score_of(found.strict) >= self.threshold

    def take_became_unread(self) -> bool:
        """Return once whether what a drop rests on cannot be read any more, since `part` was asked first."""
        became, self._was_unread = self._unread != self._was_unread, self._unread
        return became

    @property
    def _unread(self) -> tuple[str, ...]:
        """Write what a drop rests on and could not be read: an intruder may gain from it, so none is dropped."""
        baselines = () if self._profiles.error is None else (explanations.UNREAD_BASELINES,)
        return baselines if self._lists.is_whole else (*baselines, explanations.UNREAD_LISTS)

    def _is_new_parent(self, event: ProcessEvent, process: str | None, parent: str | None) -> bool:
        """Return whether nothing is known of a parent, once there is something to know."""
        if not self.has_learnt:
            return False
        if parent is None:
            return event.parent.md5 is not None  # Without a name, nobody says that it was ever seen.
        if process is None:
            return False
        # Others of its kind were seen, and say nothing of one whose name was made at random.
        is_random_name = is_random(program_of(event.parent.name or "")) and self._profiles.is_known_what_starts
        return is_random_name or self._profiles.is_new_parent(parent)

    def _usually_starts(self, parent: str, process: str | None) -> bool:
        """Return whether it was learnt of a parent, which only a command line names, that it usually starts a program.

        What such a row says is not learnt, and this only takes back what the same name speaks against the row.
        """
        kind = program_kind(parent)
        explanation = self._on_parent(kind, process) if kind and process else NONE
        return explanation.p_value is not None and not is_unusual(explanation)

    def _on_parent(self, parent: str, child: str) -> Explanation:
        if (parent, child) not in self._parents:
            group = self._profiles.parent(parent)
            if group is not None:
                explanation = explanations.on_parent(group, parent, child)
            elif self.has_learnt:
                explanation = no_opinion(f"no opinion on the parent: too few starts by {parent} are known")
            else:
                explanation = NONE
            self._parents[parent, child] = explanation
        return self._parents[parent, child]

    def _is_first_signer(self, publisher: str) -> bool:
        is_named = publisher != "" and not self._lists.is_trusted(publisher)
        return is_named and self._profiles.is_new_publisher(publisher)
