"""splunk-sdk's modular inputs, with events that leave a page at a time."""

from __future__ import annotations

import io
import json
import select
import threading
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Iterable, List, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from cbverdict.events.times import write_time

if TYPE_CHECKING:
    from splunklib.modularinput import EventWriter

    from cbverdict.inputs.reader import Event


_END = "</stream>"
_JSON = json.JSONEncoder(separators=(",", ":"))


class PagedOutput(io.TextIOBase):
    """What the SDK writes and flushes after every event; it leaves for splunkd when `deliver` says so."""

    def __init__(self, output: IO[bytes]) -> None:
        """Store splunkd's pipe."""
        super().__init__()
        self._output = output
        self._texts: List[str] = []
        self._is_open = False
        self._leaving = threading.Lock()

    def write(self, text: str) -> int:
        """Keep a text."""
        self._texts.append(text)
        return len(text)

    def flush(self) -> None:
        """Ignore the SDK: it is not for it to say when a page is whole."""

    def is_read(self) -> bool:
        """Return whether somebody still reads the pipe, as far as that can be told without a write (not on Windows)."""
        try:
            poll = select.poll()
            poll.register(self._output, 0)
            return not poll.poll(0)
        except (AttributeError, OSError, ValueError, TypeError):
            return True

    def deliver(self) -> None:
        """Flush everything to splunkd."""
        texts, self._texts = self._texts, []
        with self._leaving:
            self._output.write("".join(texts).encode("utf-8"))
            self._output.flush()
            if texts:
                self._is_open = texts[-1] != _END

    def abandon(self, seconds: float) -> None:
        """End the stream well after what has left, whatever else was to come; nothing leaves after that.

        A page that is leaving arrives whole, if splunkd takes it within so many seconds; else it breaks off, and the
        next run writes it again.
        """
        ending = threading.Thread(target=self._end, daemon=True)
        ending.start()
        ending.join(seconds)

    def _end(self) -> None:
        self._leaving.acquire()
        if self._is_open:
            with suppress(OSError):  # splunkd may be gone
                self._output.write(_END.encode())
                self._output.flush()


class _RenderedEvents(NamedTuple):
    """A page for the SDK's writer, with the text that the SDK would make of trees of elements (a test compares)."""

    text: str

    def write_to(self, stream: IO[str]) -> None:
        """Write the events as XML."""
        stream.write(self.text)


class EventStream:
    """Write events for one stanza."""

    def __init__(self, writer: EventWriter, output: PagedOutput, stanza: str) -> None:
        """Store the SDK's writer over `output`, and the stanza's name."""
        self._writer = writer
        self._output = output
        self._head = f'<event stanza={quoteattr(stanza)} unbroken="1"><time>'

    def write(self, events: Iterable[Event]) -> int:
        """Write events, and be back when splunkd has them in its pipe; return how many bytes are to be indexed."""
        size, rendered = 0, []
        for event in events:
            # The time has always the same form, as props.conf says; ASCII has no character that XML bars.
            text = _JSON.encode({**event.fields, "time": write_time(event.time)})
            size += len(text)
            rendered.append(
                f"{self._head}{event.time:.3f}</time><sourcetype>{event.sourcetype}</sourcetype>"
                f"<data>{escape(text)}</data><done /></event>"
            )
        if rendered:
            self._writer.write_event(_RenderedEvents("".join(rendered)))
        self._output.deliver()
        return size
