"""Programs that many people begin with on one day: a roll-out, where one person would be an incident."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Set

from cbverdict.anomalies import explanations
from cbverdict.anomalies.distinct_count import MAX_EXACT, head_count, sketch_of
from cbverdict.anomalies.person_view import is_unusual

if TYPE_CHECKING:
    from cbverdict.anomalies.explanations import Explanation
    from cbverdict.anomalies.person_view import PersonView
    from cbverdict.anomalies.profiles import Profiles

_FEW = 4  # people who begin with something on one day, each by himself


class RollOuts:
    """Who begins with which program in one search, beside those who did in what was learnt since yesterday."""

    def __init__(self, profiles: Profiles) -> None:
        """Store what knows of those before; nobody has begun with anything yet."""
        self._profiles = profiles
        self._beginners: Dict[str, Dict[str, Set[str | None]]] = {}  # by program: who, in which teams

    def count_beginner(self, process: str | None, view: PersonView) -> bool:
        """Count who begins with a program that is unusual for them; return whether this person does."""
        if process is None or not view.begins(process):
            return False
        people = self._beginners.setdefault(process, {})
        people.setdefault(view.person, set()).add(view.compared_team)
        return True

    def is_rolled_out(self, process: str) -> bool:
        """Return whether so many people begin with a program that this is judged otherwise than one who does."""
        return self._people_beginning(process) > _FEW

    def people_with(self, process: str, view: PersonView) -> int:
        """Return how many people begin with a program, this one among them (0: too few, or one who has no part)."""
        people = self._people_beginning(process)
        has_part = people > _FEW and view.begins(process) and not self._begins_alone(process, view)
        return people if has_part else 0

    def forget(self) -> None:
        """Forget who began with what."""
        self._beginners.clear()

    def _people_beginning(self, process: str) -> int:
        """Return how many people begin with a program in this search, or did so in what was learnt since yesterday."""
        here = len(self._beginners.get(process, ()))
        return max(here, head_count(self._profiles.waiting_lately(process))) if here else 0

    def _begins_alone(self, process: str, view: PersonView) -> bool:
        """Return whether nobody else of a person's team begins with a program, whatever other teams are given."""
        team = view.compared_team
        others = self._beginners.get(process, {}).items()
        if team is None or any(team in theirs for who, theirs in others if who != view.person):
            return False
        lately = self._profiles.waiting_lately(process)
        mates = {*self._profiles.members(team)}.difference(sketch_of(view.person))
        return len(lately) < MAX_EXACT and mates.isdisjoint(lately)


def eased(team: Explanation, parent: Explanation, people: int) -> tuple[Explanation, Explanation]:
    """Return both opinions on a program that so many people begin with on one day, each so much less unusual."""
    factor = float((people - _FEW + 1) ** 2)
    parent = explanations.of_roll_out(parent, factor) if is_unusual(parent) else parent
    return explanations.of_roll_out(team, factor), parent
