"""A bare SDK command on the same columns, which writes as many fields with constant values."""

import sys

from splunklib.searchcommands import Configuration, Option, StreamingCommand, dispatch


@Configuration(distributed=False)
class BareConstant(StreamingCommand):
    """Write constants; `columns` and `fields` are lists with commas."""

    columns = Option(require=True)
    fields = Option(require=True)

    def prepare(self):
        """Ask for the columns."""
        self.configuration.required_fields = self.columns.split(",")

    def stream(self, records):
        """Write the constants on each row."""
        constants = dict.fromkeys(self.fields.split(","), "true")
        for record in records:
            record.update(constants)
            yield record


dispatch(BareConstant, sys.argv, sys.stdin, sys.stdout, __name__)
