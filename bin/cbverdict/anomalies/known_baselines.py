"""What is asked of those who keep baselines, and what they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping, NamedTuple, Protocol, Tuple

from cbverdict.anomalies.baselines import ORGANISATION, Baseline, Baselines, Subject, SubjectKind
from cbverdict.anomalies.outline import Head, Outline, place_of
from cbverdict.anomalies.outline_fields import Fields, OutlineNames, read_fields
from cbverdict.anomalies.releases import effective, waits_of
from cbverdict.settings.anomalies import AnomalySettings

if TYPE_CHECKING:
    from cbverdict.anomalies.exclusions import Decision


class BaselineQuestion(NamedTuple):
    """Whose baselines, and of which programs and publishers what everybody did with them.

    Who asks for the organisation's baseline learns or shows it: all of the answer is as it is kept, and no outline is
    made. `is_first`: what people decided is to be told as well.
    """

    subjects: Tuple[Subject, ...] = ()
    programs: Tuple[str, ...] = ()
    publishers: Tuple[str, ...] = ()
    is_first: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether all of the organisation's baseline is asked for."""
        return ORGANISATION in self.subjects


class KnownBaselines(NamedTuple):
    """The baselines that there are of those asked for, how the admin wants them read, and what people decided.

    What is released is counted in, where an outline is given.
    """

    settings: AnomalySettings = AnomalySettings()
    baselines: Mapping[Subject, Baseline] = {}
    decisions: Tuple[Decision, ...] = ()
    outline: Outline = Outline()


class BaselineSource(Protocol):
    """Who gives baselines; `cbverdict.service.baseline_client.BaselineClient` asks the baseline service."""

    def read(self, question: BaselineQuestion) -> KnownBaselines:
        """Return the baselines that there are, or raise a `CbsignedError`."""


def names_of(question: BaselineQuestion, kept: Baselines, head: Head | None) -> OutlineNames:
    """Return what is asked of the outline, once the baselines that are asked for are there.

    A person is judged by what others do with all of the person's programs. Of a team or a parent it is what others do
    with a few, so it is asked only about those that it may have been seen with more often than everybody: by the `head`
    that was read last (None: none was).
    """
    programs, oldest = set(question.programs), min(head.sightings, default=0) if head else 0
    for subject, baseline in kept.items():
        is_person = subject.kind is SubjectKind.PERSON
        for counts in (baseline.names, baseline.waiting):
            for generation, names in counts.items():
                if is_person or generation < oldest:
                    programs.update(names)
                elif head:
                    programs.update(name for name in names if place_of(name) in head.held)
    return OutlineNames(
        programs,
        [subject.name for subject in question.subjects if subject.kind is SubjectKind.TEAM],
        question.publishers,
        {what for subject, baseline in kept.items() for what in waits_of(subject, baseline)},
    )


def count_released(kept: Baselines, fields: Fields, names: OutlineNames) -> tuple[Baselines, Outline]:
    """Return baselines with what is released counted in, and the outline; both by fields of the document.

    Raises:
        InvalidRequestError: a field cannot be read.
    """
    outline, releases = read_fields(fields, names)
    return {subject: effective(subject, baseline, releases) for subject, baseline in kept.items()}, outline
