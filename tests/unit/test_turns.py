"""A process that serves one call at a time is held by none of them."""

from __future__ import annotations

import threading
import time
from typing import Iterator

import pytest

from cbverdict.service.flights import Flights
from cbverdict.service.resolution import Resolution
from cbverdict.service.turns import FIRST_TURN, MAX_OF_ONE, Turns
from cbverdict.service.verdict_api import Ticket
from cbverdict.verdicts.evidence import Question
from cbverdict.verdicts.hashes import Md5
from tests.lab.waiting import wait_for

A, B, C = (Question(Md5(letter * 32)) for letter in "abc")


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Give what slow work waits for."""
    gate = threading.Event()
    yield gate
    gate.set()


def _fetched(turns: Turns[str], turn: str | Ticket, owner: str) -> str:
    """Ask with a ticket until there is an answer."""
    while isinstance(turn, Ticket):
        assert turn.text
        time.sleep(0.001)
        turn = turns.take(turn.text, owner)
    return turn


def test_what_is_quick_is_answered_at_once() -> None:
    """Without a second call."""
    assert Turns[str]().begin(lambda: "answer", "ann") == "answer"


def test_what_takes_its_time_is_fetched_with_a_ticket(gate: threading.Event) -> None:
    """Once; then it is forgotten."""
    turns = Turns[str]()
    started = time.monotonic()
    ticket = turns.begin(lambda: "answer" if gate.wait(30) else "", "ann")
    assert isinstance(ticket, Ticket)
    assert time.monotonic() - started < FIRST_TURN + 5
    assert turns.take(ticket.text, "ann") == ticket
    assert _fetched(turns, turns.begin(lambda: "another", "bob"), "bob") == "another", "others are served meanwhile"
    gate.set()
    assert _fetched(turns, ticket, "ann") == "answer"
    assert turns.take(ticket.text, "ann") == Ticket("")


def test_nobody_waits_here_while_another_answer_is_under_way(gate: threading.Event) -> None:
    """The process serves one call at a time, and the next may be one that needs no waiting."""
    turns = Turns[str]()
    turns.begin(lambda: "slow" if gate.wait(30) else "", "ann")
    tickets, took = [], []
    for _ in range(MAX_OF_ONE - 1):
        started = time.monotonic()
        tickets.append(turns.begin(lambda: "slow" if gate.wait(30) else "", "ann"))
        took.append(time.monotonic() - started)
    assert min(took) < FIRST_TURN / 2, "the least, for a busy machine makes any of them wait"
    assert turns.begin(lambda: "never", "ann") == Ticket("")
    gate.set()
    assert {_fetched(turns, ticket, "ann") for ticket in tickets} == {"slow"}


def test_a_ticket_is_good_for_its_owner_alone_and_cannot_be_guessed(gate: threading.Event) -> None:
    """What one analyst asks is not the other's to read."""
    turns = Turns[str]()
    tickets = [turns.begin(lambda: "answer" if gate.wait(30) else "", "ann") for _ in range(3)]
    texts = {ticket.text for ticket in tickets if isinstance(ticket, Ticket)}
    assert len(texts) == 3
    assert min(map(len, texts)) >= 22
    gate.set()
    assert {turns.take(text, "bob") for text in [*texts, "", "nonsense"]} == {Ticket("")}


def test_errors_come_out_either_way(gate: threading.Event) -> None:
    """At once, or with the ticket."""

    def fail() -> str:
        raise ValueError("x")

    def fail_late() -> str:
        gate.wait(30)
        raise ValueError("y")

    turns = Turns[str]()
    with pytest.raises(ValueError, match="x"):
        turns.begin(fail, "ann")
    ticket = turns.begin(fail_late, "ann")
    assert isinstance(ticket, Ticket)
    gate.set()
    with pytest.raises(ValueError, match="y"):
        list(iter(lambda: turns.take(ticket.text, "ann"), "never"))
    assert turns.take(ticket.text, "ann") == Ticket("")


def test_what_nobody_fetches_is_forgotten(gate: threading.Event) -> None:
    """Whoever asked has gone, and memory must not grow with that."""
    now = [0.0]
    turns = Turns[str](lambda: now[0])
    ticket = turns.begin(lambda: "answer" if gate.wait(30) else "", "ann")
    assert isinstance(ticket, Ticket)
    gate.set()
    wait_for(turns._work[ticket.text].future.done)  # noqa: SLF001 - nothing else says so without fetching it
    again = threading.Event()
    for moment in (0.0, 61.0, 122.0):
        now[0] = moment
        turns.begin(lambda: "slow" if again.wait(30) else "", "bob")
    again.set()
    assert turns.take(ticket.text, "ann") == Ticket("")


def test_a_question_that_is_being_asked_is_not_asked_again() -> None:
    """Its answer goes to all who have it; another way of asking is another question."""
    flights = Flights()
    first = flights.take_off("joint", [A, B])
    second = flights.take_off("joint", [B, C])
    other = flights.take_off("binary", [B])
    assert (first.own, second.own, other.own) == ([A, B], [C], [B])
    assert second.others == {B: first.landing}
    landed = Resolution({}, 2, ())
    flights.land("joint", first, landed)
    assert second.others[B].result(0) is landed
    assert flights.take_off("joint", [A, B]).own == [A, B], "what has landed is over"
