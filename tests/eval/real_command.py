"""The same searches through the real command, with a splunkd, its handlers and a Carbon Black server."""

from __future__ import annotations

import csv
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, List, Sequence

from cbverdict.verdicts.reasons import Signed
from tests.eval.shapes import history, roster
from tests.lab.edr.estate import Estate
from tests.lab.edr.estate import Start as Seen
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.site import ROOT, Site

if TYPE_CHECKING:
    from typing_extensions import Self

    from tests.eval.processes import Truth
    from tests.eval.shapes import Start
    from tests.lab.host import Row

# Central Europe's in 2025, as splunkd writes it.
_ZONE = "### SERIALIZED TIMEZONE FORMAT 1.0;Y3600 NW 43 45 54;Y7200 YW 43 45 53;@0 0;@1743296400 1;@1761440400 0;$"


class RealCommand:
    """A search head with the add-on and the roster, where the starts were learnt; use it as a context manager."""

    def __init__(self, starts: Sequence[Start], truth: Truth) -> None:
        """Store what is learnt, and what the server knows; nothing runs yet."""
        self._starts = starts
        self._truth = truth
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        """Start everything, and learn."""
        app = Path(self._exit.enter_context(tempfile.TemporaryDirectory())) / "cbsigned"
        for folder in ("bin", "default", "lookups"):
            shutil.copytree(ROOT / folder, app / folder, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "package" / "metadata", app / "metadata")
        with (app / "lookups" / "cbsigned_teams_local.csv").open("w", encoding="utf-8", newline="") as file:
            rows = roster()
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        edr = self._exit.enter_context(EdrServer(self._estate()))
        self._site = self._exit.enter_context(Site(app))
        self._site.splunkd.time_zone = _ZONE
        self._site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
        self._site.learn(history(self._starts))
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop everything."""
        self._exit.close()

    def search(self, rows: Sequence[Row]) -> List[Row]:
        """Run a search over rows."""
        return self._site.search(rows).rows

    def _estate(self) -> Estate:
        estate = Estate()
        for md5, start in {start.md5: start for start in self._starts}.items():
            signed = self._truth.signed(md5)
            if signed is not Signed.UNKNOWN:
                result = "Signed" if signed is Signed.TRUE else "Unsigned"
                estate.add_binary(md5, result, publisher="A Publisher", sha256=start.sha256)
                estate.add_process(Seen(md5, start.path, sha256=start.sha256))
        return estate
