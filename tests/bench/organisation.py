"""What a search reads of the organisation: 20,000 people in 2,000 teams, over twelve generations of 28 days."""

from __future__ import annotations

import json
import random
import time
from typing import Iterator

from cbverdict.anomalies.baselines import ORGANISATION, Baseline, Baselines, Subject, SubjectKind, write_baseline
from cbverdict.anomalies.distinct_count import sketch_of, unite
from cbverdict.anomalies.gathering import Gatherer, What, Who
from cbverdict.anomalies.known_baselines import BaselineQuestion
from cbverdict.anomalies.outline import read_outline, write_outline
from cbverdict.anomalies.outline_fields import OutlineNames, count_released, names_of, read_fields, write_fields
from cbverdict.anomalies.releases import hour_key, program_key
from cbverdict.anomalies.seen_people import WAITING_DAYS
from tests.bench.waiting import Line

_PEOPLE, _TEAMS, _GENERATIONS = 20_000, 2_000, 12
_NEWEST, _DAYS = 741, 28  # generation, and days of one
_PROGRAMS_OF_ONE = 12
_WAITING_PROGRAMS = 300
_HALF_LIFE = 120.0
_MOST_KB, _MOST_MS = 16.0, 5.0


def _learn() -> Baselines:
    """Learn what each runs in each generation: what everybody runs, and a third that few do; and what waits."""
    chance = random.Random(9)  # noqa: S311 - data for a bench
    baselines: Baselines = {}
    gatherer = Gatherer(baselines)
    for generation in range(_NEWEST - _GENERATIONS + 1, _NEWEST + 1):
        for person in range(_PEOPLE):
            who = Who(f"person{person}", f"team{person % _TEAMS}")
            for number in range(_PROGRAMS_OF_ONE // 2):
                rank = min(int(chance.paretovariate(1.0)), 150)
                child = (97 * person + 31 * number) % 4900 + 100 if number % 3 == 2 else 2 * rank // 3
                moment = generation * _DAYS + chance.randrange(_DAYS), 8 + number
                gatherer.add_person(who, f"tool{child}.exe", moment, generation)
                gatherer.add_program(
                    What(f"tool{child}.exe", f"tool{child % 200}.exe", f"Maker {child % 900}"), generation
                )
    organisation = baselines[ORGANISATION]
    for day in range(_NEWEST * _DAYS, _NEWEST * _DAYS + WAITING_DAYS):
        noted = organisation.waiting_people.setdefault(day, {})
        for hour in range(24):
            noted[hour_key(hour)] = unite(sketch_of(f"person{chance.randrange(_PEOPLE)}") for _ in range(300))
        for _ in range(40):
            name = f"new{chance.randrange(_WAITING_PROGRAMS)}.exe"
            noted[program_key(name)] = unite(sketch_of(f"person{chance.randrange(_PEOPLE)}") for _ in range(3))
            organisation.waiting.setdefault(_NEWEST, {})[name] = 3
    return {subject: baseline.forget(_HALF_LIFE) for subject, baseline in baselines.items()}


def lines() -> Iterator[Line]:
    """Measure what a search of one row, by somebody with whom something waits, reads of it."""
    baselines = _learn()
    whole = baselines[ORGANISATION]
    person, team, parent = (
        Subject(SubjectKind.PERSON, "person7"), Subject(SubjectKind.TEAM, "team7"),
        Subject(SubjectKind.PARENT, "tool3.exe"),
    )  # fmt: skip
    baselines[person] = _with_waiting(baselines[person])
    question = BaselineQuestion((person, team, parent), ("tool3.exe", "new7.exe"), ("Maker 3",))
    kept = {subject: baselines[subject] for subject in question.subjects}
    document = write_fields(whole)
    head = read_fields(document, OutlineNames())[0].head
    names = names_of(question, kept, head)
    answer = json.dumps({name: document[name] for name in names.fields if name in document})
    seconds, replies = [], []
    for _ in range(20):
        started = time.process_time()
        _, outline = count_released(kept, json.loads(answer), names)
        replies.append(json.dumps(write_outline(outline), separators=(",", ":")))
        read_outline(json.loads(replies[-1]))
        seconds.append(time.process_time() - started)
    name = f"organisation of {_PEOPLE:,} people in {_TEAMS:,} teams, {_GENERATIONS} generations"
    yield Line(f"{name}: KB of it that the service reads for one row", len(answer) / 1024, _MOST_KB)
    yield Line(f"{name}: KB of it that the command reads", len(replies[0]) / 1024, _MOST_KB)
    yield Line(f"{name}: ms of the processor for both", 1000 * min(seconds), _MOST_MS)
    yield Line(f"{name}: KB of its whole baseline", len(write_baseline(whole)) / 1024)
    yield Line(f"{name}: KB of what it is written with", sum(map(len, document.values())) / 1024)


def _with_waiting(person: Baseline) -> Baseline:
    """Return a person's baseline with a program and two hours that wait."""
    person.waiting[_NEWEST] = {"new7.exe": 2}
    person.waiting_days[_NEWEST * _DAYS] = 1 << 2 | 1 << 3
    return person
