"""Companies: learn weeks, score the days after, count what is found and what else comes up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Dict, List

from cbverdict.anomalies.baselines import Baselines
from cbverdict.anomalies.detector import Anomalies
from cbverdict.anomalies.hold_back import hold_back
from cbverdict.anomalies.reference_lists import Lists, Roster
from cbverdict.anomalies.training import Learner
from cbverdict.events.columns import EventFields
from cbverdict.events.times import TimeReader
from cbverdict.search.anomaly_columns import RowScorer
from cbverdict.search.enrich_options import EnrichOptions
from cbverdict.search.verdict_columns import Enricher
from cbverdict.service.verdict_api import VerdictReply, VerdictRequest
from cbverdict.verdicts.reasons import Reason, Signed, Source
from cbverdict.verdicts.verdict import Answer, Verdict
from tests.eval.company import ROLLED_OUT, Company, Incident, Row, Shape
from tests.lab.memory import Memory
from tests.lab.sightings import merge_baselines

THRESHOLD = 20.0
TOP = 20
SHAPES = (
    Shape("six teams", {"hr": 9, "eng": 16, "it": 6, "finance": 12, "sales": 14, "ops": 8}),
    Shape("one team of eight", {"hr": 4, "eng": 4}, has_teams=False, times=5),
    Shape("20 people, no teams", {"hr": 8, "eng": 6, "sales": 6}, has_teams=False, times=3),
    Shape(
        "400 people in shifts",
        {"hr": 40, "eng": 120, "it": 30, "finance": 50, "sales": 80, "ops": 80},
        zones=("Europe/Berlin", "America/New_York", "Asia/Kolkata"),
        shifts=0.7,
        has_roll_out=True,
    ),
)


@dataclass
class Finding:
    """An incident: its score, the rank of its group on that day, and whether its row would be kept."""

    score: float
    rank: int
    is_kept: bool

    @property
    def is_found(self) -> bool:
        """Whether it is over the threshold."""
        return self.score >= THRESHOLD


@dataclass
class Outcome:
    """What came of the days of companies of a shape."""

    incidents: Dict[Incident, List[Finding]] = field(default_factory=dict)
    rows: int = 0
    alarms: int = 0
    groups: int = 0
    away_alarms: int = 0
    away_groups: int = 0
    person_days: int = 0
    roll_out: List[int] = field(default_factory=list)

    def found(self, incident: Incident) -> tuple[int, int]:
        """Count incidents that are found, and all."""
        findings = self.incidents.get(incident, [])
        return sum(one.is_found for one in findings), len(findings)

    def worst_rank(self) -> int:
        """Return the worst rank of a group of an incident that is found."""
        return max((one.rank for all_of in self.incidents.values() for one in all_of if one.is_found), default=0)

    def alarms_per_row(self) -> float:
        """Return the share of rows over the threshold that are no incident."""
        return self.alarms / max(self.rows, 1)

    def groups_per_hundred(self) -> float:
        """Return how many groups that are no incident a hundred people make a day."""
        return 100 * self.groups / max(self.person_days, 1)


class AllSigned:
    """Say of every file that it is signed: only the score keeps a row."""

    def ask(self, request: VerdictRequest) -> VerdictReply:
        """Answer a request."""
        answer = Answer(Verdict(Signed.TRUE, Reason.JOINT), Source.SERVER)
        return VerdictReply("made up", (answer,) * len(request.questions))


def run(shape: Shape, seeds: range) -> Outcome:
    """Learn and score companies of a shape, one for each seed."""
    outcome = Outcome()
    for seed in seeds:
        _run(Company(shape, seed), outcome)
    return outcome


def _run(company: Company, outcome: Outcome) -> None:
    lists = Lists(roster=Roster(company.roster()))
    learner = Learner(lists, EventFields(md5=(), parent_md5=()), 4e9)
    learnt = learner.learn(company.history()).baselines
    for day in company.days():
        planted = {id(row): incident for incident, row in day.incidents}
        _score(day.rows, learnt, lists)
        best = _groups(day.rows)
        of_incidents = {str(row["anomaly_group"]) for row in day.rows if id(row) in planted}
        for row in day.rows:
            score = _score_of(row)
            if id(row) in planted:
                rank = 1 + sum(other > score for group, other in best.items() if group != row["anomaly_group"])
                finding = Finding(score, rank, row["signed_noise"] == "false")
                outcome.incidents.setdefault(planted[id(row)], []).append(finding)
            elif row["user"] in day.away:
                outcome.away_alarms += score >= THRESHOLD
            else:
                outcome.alarms += score >= THRESHOLD
        outcome.rows += len(day.rows)
        of_away = {str(row["anomaly_group"]) for row in day.rows if row["user"] in day.away}
        outcome.groups += len(best.keys() - of_incidents - of_away)
        outcome.away_groups += len(of_away - {""})
        outcome.person_days += len(company.people)
        if day.roll_out:
            begun = {
                row["user"] for row in day.rows if row.get("process_name") == ROLLED_OUT and _score_of(row) >= THRESHOLD
            }
            outcome.roll_out.append(len(begun))
        learnt = _learn(learner, day.rows, learnt)


def _learn(learner: Learner, rows: List[Row], learnt: Baselines) -> Baselines:
    """Learn a day as the nightly search does: what is unusual waits."""
    new = learner.learn(rows).baselines
    return merge_baselines([learnt, hold_back(new, Memory(learnt), Lists())])


def _score(rows: List[Row], learnt: Baselines, lists: Lists) -> None:
    options = EnrichOptions(has_anomaly=True)
    enriched = Enricher(AllSigned(), options).enrich(rows)
    RowScorer(Anomalies(Memory(learnt), lists), options, TimeReader()).write(rows, enriched)


def _groups(rows: List[Row]) -> Dict[str, float]:
    best: Dict[str, float] = {}
    for row in rows:
        if row["anomaly_group"]:
            best[str(row["anomaly_group"])] = max(best.get(str(row["anomaly_group"]), 0.0), _score_of(row))
    return best


def _score_of(row: Row) -> float:
    return float(str(row["anomaly_score"] or 0))


def why(rows: List[Row]) -> Counter[str]:
    """Count what rows over the threshold say."""
    return Counter(str(row["anomaly_reasons"]) for row in rows if _score_of(row) >= THRESHOLD)
