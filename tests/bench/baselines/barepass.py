"""A bare SDK command that passes whole events through: what a command pays that asks for no columns."""

import sys

from splunklib.searchcommands import Configuration, StreamingCommand, dispatch


@Configuration(distributed=False)
class BarePass(StreamingCommand):
    """Change nothing."""

    def stream(self, records):
        """Pass the rows."""
        return records


dispatch(BarePass, sys.argv, sys.stdin, sys.stdout, __name__)
