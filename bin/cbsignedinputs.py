"""The search command `| cbsignedinputs`: how far the inputs have read; read a time again, or begin anew."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Iterator

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

from splunklib.searchcommands import Configuration, GeneratingCommand, Option, validators

from cbverdict.errors import CbsignedError
from cbverdict.search.sdk_compat import HardenedCommand, run
from cbverdict.splunkd.rest import ServiceCall, read_answer

_SECONDS = 60.0
_GO_WITH = {
    "": {"input"},
    "from": {"input", "from", "to", "all"},
    "reset": {"input", "reset"},
    "estimate": {"estimate", "account", "query"},
}
"""Which options say something together; the first is for none that orders anything."""

_ACTIONS = {"": "list", "from": "again", "reset": "reset", "estimate": "estimate"}
"""What is asked of the endpoint by which option."""

_TEXT = validators.Match("1 to 255 characters", r".{1,255}\Z")


@Configuration(type="reporting")
class CbsignedinputsCommand(HardenedCommand, GeneratingCommand):
    """A row for each input; with `from` or `reset` what is ordered is done by its next run."""

    input_name = Option(name="input", validate=_TEXT)
    from_time = Option(name="from", validate=_TEXT)
    to_time = Option(name="to", validate=_TEXT)
    is_all = Option(name="all", default=False, validate=validators.Boolean())
    is_estimate = Option(name="estimate", default=False, validate=validators.Boolean())
    account = Option(validate=_TEXT)
    query = Option(validate=validators.Match("1 to 10,000 characters", r"(?s).{1,10000}\Z"))
    is_reset = Option(name="reset", default=False, validate=validators.Boolean())

    def prepare(self) -> None:
        """Refuse options of which one would be passed over."""
        super().prepare()
        given = {
            "reset": self.is_reset,
            "from": self.from_time,
            "to": self.to_time,
            "all": self.is_all,
            "input": self.input_name,
            "estimate": self.is_estimate,
            "account": self.account,
            "query": self.query,
        }
        words = {name for name, value in given.items() if value}
        option = next((one for one in ("estimate", "reset", "from") if one in words), "")
        self._action = _ACTIONS[option]
        stray = sorted(words - _GO_WITH[option])
        if stray:
            what = f"with {option}=" if option else "without from=, reset= or estimate="
            self.end_with(f"cbsignedinputs: {', '.join(f'{one}=' for one in stray)} says nothing {what}; leave it out")

    def generate(self) -> Iterator[dict[str, Any]]:
        """Ask the endpoint, or say why not."""
        info = self.metadata.searchinfo
        asked = {"action": self._action, "input": self.input_name or "", "from": self.from_time or ""}
        asked.update(account=self.account or "", query=self.query or "")
        asked.update(to=self.to_time or "", all=str(bool(self.is_all)).lower())
        try:
            service = ServiceCall(info.splunkd_uri, info.session_key, "inputs")
            rows = read_answer(service.post(json.dumps(asked), _SECONDS))
        except CbsignedError as error:
            self.write_error(f"cbsignedinputs: {error}")
            return
        yield from rows


run(CbsignedinputsCommand, __name__)
