"""splunk-sdk's modular inputs, with events that leave a page at a time."""

from __future__ import annotations

import io
import json
from typing import IO, TYPE_CHECKING, Iterable
from xml.sax.saxutils import escape, quoteattr

from splunklib.modularinput import Event as SdkEvent
from splunklib.modularinput import EventWriter

from cbverdict.localtime import write_time

if TYPE_CHECKING:
    from cbverdict.inputs.feed import Event


_JSON = json.JSONEncoder(separators=(",", ":"))


class PagedOutput(io.StringIO):
    """What the SDK writes and flushes after every event; it leaves for splunkd when `deliver` says so."""

    def __init__(self, output: IO[bytes]) -> None:
        """Take splunkd's pipe."""
        super().__init__()
        self._output = output

    def deliver(self) -> None:
        """Hand everything over to splunkd."""
        self._output.write(self.getvalue().encode("utf-8"))
        self._output.flush()
        self.seek(0)
        self.truncate()


class _FastEvent(SdkEvent):  # type: ignore[misc] # the SDK has no types
    """An event that writes what the SDK's writes, without a tree of elements for it (a test compares them)."""

    def write_to(self, stream: IO[str]) -> None:
        """Write the event as XML."""
        stream.write(
            f'<event stanza={quoteattr(self.stanza)} unbroken="1"><time>{self.time}</time>'
            f"<sourcetype>{escape(self.sourceType)}</sourcetype><data>{escape(self.data)}</data><done /></event>"
        )


class EventStream:
    """Write events for one stanza."""

    def __init__(self, writer: EventWriter, output: PagedOutput, stanza: str) -> None:
        """Take the SDK's writer over `output`, and the stanza's name."""
        self._writer = writer
        self._output = output
        self._stanza = stanza

    def write(self, events: Iterable[Event]) -> None:
        """Write events, and be back when splunkd has them in its pipe."""
        for event in events:
            # The time has always the same form, as props.conf says; ASCII has no character that XML bars.
            text = _JSON.encode({**event.fields, "time": write_time(event.time)})
            self._writer.write_event(_FastEvent(text, self._stanza, f"{event.time:.3f}", sourcetype=event.sourcetype))
        self._output.deliver()
