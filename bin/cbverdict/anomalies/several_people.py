"""What is usual for the people of one row, of whom any may be the odd one.

A search that lists `values(user)` names all of them in one row. Each question is answered for the one for whom the row
is oddest; and of so many answers the smallest comes up so many times as often (Bonferroni).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

from cbverdict.anomalies.explanations import Explanation, oddest_of
from cbverdict.anomalies.person_view import PersonView

if TYPE_CHECKING:
    from cbverdict.anomalies.baselines import Subject
    from cbverdict.anomalies.decisions import Decision

MAX_PEOPLE = 100
"""People of one row of whom each is judged."""

_NAMED = 3


class PeopleView(PersonView):
    """What is usual for several people; days go by the clock of the first."""

    def __init__(self, views: Sequence[PersonView]) -> None:
        """Store the views on each of them."""
        first = views[0]
        super().__init__(first.profiles, first.lists, None, first.member, first.clock)
        self._views = views

    @property
    def person(self) -> str:
        """Return who they are, some of them where they are many."""
        return ", ".join([view.person for view in self._views][:_NAMED])

    def subjects(self) -> list[Subject]:
        """Return the baselines that it rests on."""
        return [subject for view in self._views for subject in view.subjects()]

    def is_covered(self, decision: Decision) -> bool:
        """Return whether a decision is about all of them."""
        return all(view.is_covered(decision) for view in self._views)

    def begins(self, process: str) -> bool:  # noqa: ARG002 - whatever it is
        """Return that nobody begins with anything: the row does not say who it was."""
        return False

    def at(self, quarter: int | None) -> Explanation:
        """Judge a quarter of an hour, each on the person's own clock."""
        opinion = self.quarters[quarter] = oddest_of([view.at(quarter) for view in self._views])
        return opinion

    def _on_process(self, name: str) -> Explanation:
        return oddest_of([view.process(name) for view in self._views])
