"""What splunk-sdk's search commands would do and ours must not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from splunklib.searchcommands.search_command import SearchCommand as _Base
else:
    _Base = object


class HardenedCommand(_Base):
    """A mixin, before the SDK's class: own options only, and errors that may hold braces."""

    # The SDK's own options are open to everybody who searches: logging_configuration runs code out of any
    # file, record writes files, show_configuration adds messages.
    logging_configuration = None
    logging_level = None
    record = None
    show_configuration = None

    def write_error(self, message: str, *args: object) -> None:
        """Show an error; the SDK would format its text, and an option's value may hold braces."""
        super().write_error("{}", message.format(*args) if args else message)
