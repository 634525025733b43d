"""A site: one splunkd with the add-on installed and one Carbon Black server set up in it."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Iterable
from urllib.parse import urlsplit

from solnlib.conf_manager import ConfManager

from tests.lab.host import SID, Row, SearchHost, SearchResult, Take
from tests.lab.splunkd.jobs import Job
from tests.lab.splunkd.server import APP, Splunkd

if TYPE_CHECKING:
    from typing_extensions import Self

ROOT = Path(__file__).resolve().parents[2]
ANALYST = ("search", "run_custom_command", "cbsigned_lookup")
"""What an analyst may: Splunk's own role `user`, and the add-on's."""


class Site:
    """A search head with the add-on; use it as a context manager.

    `app` is the add-on (the sources, or a built package unpacked), `python` what Splunk would run it with.
    """

    def __init__(self, app: Path = ROOT, python: str = sys.executable) -> None:
        """Install the add-on; nothing runs yet."""
        self.app = app
        self.python = python
        self.splunkd = Splunkd(app, python=python)
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        """Start splunkd."""
        self._exit.enter_context(self.splunkd)
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop splunkd."""
        self._exit.close()

    def finally_do(self, end: Callable[[], None]) -> None:
        """Do this before splunkd stops: end a process, say, though the test that started it has failed."""
        self._exit.callback(end)

    def save_account(self, name: str, **fields: str) -> None:
        """Save an account as the add-on's setup pages do: the token encrypted, the rest in the conf file."""
        self._save("cbsigned_account", name, fields, ["api_token"])

    def save_settings(self, stanza: str, **fields: str) -> None:
        """Save settings as the add-on's setup pages do."""
        self._save("cbsigned_settings", stanza, fields, ["proxy_password"] if "proxy_password" in fields else [])

    def search(
        self,
        rows: Iterable[Row],
        *arguments: str,
        capabilities: Iterable[str] = ANALYST,
        chunk_size: int = 50_000,
        getinfo_starts: int = 1,
        progress: Callable[[int], None] | None = None,
        sid: str = SID,
    ) -> SearchResult:
        """Run `| cbsigned <arguments>` over rows as a user with these capabilities.

        splunkd knows it as one that runs, unless `splunkd.jobs` says otherwise of its `sid`.
        """
        return self._head(capabilities, getinfo_starts, sid).run(rows, arguments, chunk_size, progress)

    def stream(self, rows: Iterable[Row], take: Take, *arguments: str, chunk_size: int = 50_000) -> SearchResult:
        """Run `| cbsigned <arguments>` likewise, without holding the rows: `take` gets them chunk by chunk."""
        return self._head(ANALYST, 1).stream(rows, take, arguments, chunk_size)

    def learn(
        self,
        rows: Iterable[Row],
        *arguments: str,
        peers: int = 2,
        chunk_size: int = 50_000,
        progress: Callable[[int], None] | None = None,
    ) -> SearchResult:
        """Run `| cbsignedlearn <arguments>` over rows that lie on search peers, as an admin."""
        key = self.splunkd.log_in("admin", *ANALYST, "cbsigned_admin")
        return self.host(key, "cbsignedlearn").report(rows, arguments, peers, chunk_size, progress)

    def logs(self) -> str:
        """Give everything that the add-on logged."""
        paths = sorted((self.splunkd.home / "var" / "log" / "splunk").iterdir())
        return "".join(path.read_text(encoding="utf-8") for path in paths)

    def _head(self, capabilities: Iterable[str], getinfo_starts: int, sid: str = SID) -> SearchHost:
        key = self.splunkd.log_in("analyst", *capabilities)
        self.splunkd.jobs.setdefault(sid, Job())
        return self.host(key, getinfo_starts=getinfo_starts, sid=sid)

    def host(self, key: str, command: str = "cbsigned", *, getinfo_starts: int = 1, sid: str = SID) -> SearchHost:
        """Give what runs a command with somebody's session; splunkd knows nothing of the search.

        Raises:
            RefusedError: whoever it is may not run commands.
        """
        self.splunkd.check_may_run(key)
        script = self.app / "bin" / f"{command}.py"
        return SearchHost(script, self.splunkd.url, key, self.python, getinfo_starts, sid)

    def _save(self, conf: str, stanza: str, fields: dict[str, str], encrypted: list[str]) -> None:
        uri = urlsplit(self.splunkd.url)
        manager = ConfManager(
            self.splunkd.system_token,
            APP,
            scheme=uri.scheme,
            host=uri.hostname,
            port=uri.port,
            realm=f"__REST_CREDENTIAL__#{APP}#configs/conf-{conf}",
        )
        manager.get_conf(conf).update(stanza, dict(fields), encrypted)
