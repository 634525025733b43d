"""All checks: those of the search head, which a handler runs, and those of whoever asks, which the command runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Iterator

from cbverdict.checks import accounts, host, inputs, interpreter, kept, lists, session
from cbverdict.checks.finding import Finding, failure, read_findings, run
from cbverdict.errors import CbsignedError, NoRightError
from cbverdict.splunkd.entries import Entries
from cbverdict.splunkd.rest import ServiceCall

if TYPE_CHECKING:
    from cbverdict.splunkd.conf import SplunkdConfiguration

_SECONDS = 90.0
"""Seconds for all that the handler looks at: accounts have 15 of them, time-outs of the KV store most of the rest."""


def check_host(configuration: SplunkdConfiguration, splunkd_uri: str, token: str) -> Iterator[Finding]:
    """Check what needs the system's own right, in the handler's process."""
    entries = Entries(splunkd_uri, token)
    yield from run(
        {
            "Splunk": partial(host.check_versions, entries),
            "Python of the handlers": partial(interpreter.check_python, "handlers"),
            "libraries of the handlers": partial(interpreter.check_libraries, "handlers"),
            "settings": partial(accounts.check_settings, configuration),
            "accounts": partial(accounts.check_accounts, configuration, entries),
            "KV store": partial(kept.check_store, entries),
            "rights": partial(kept.check_rights, entries),
            "baselines": partial(kept.check_baselines, entries),
            "decisions": partial(kept.check_decisions, entries),
            "lookups": partial(lists.check_lookups, entries),
            "lists": lists.check_lists,
            "inputs": partial(inputs.check_inputs, configuration, entries),
            "saved searches": partial(host.check_searches, entries),
            "search head cluster": partial(host.check_members, entries),
        }
    )


def check_all(splunkd_uri: str, session_key: str) -> Iterator[Finding]:
    """Check all, in the command's process, with the session of whoever searches."""
    entries = Entries(splunkd_uri, session_key)
    yield from run(
        {
            "rights": partial(session.check_capabilities, entries),
            "Python of the commands": partial(interpreter.check_python, "commands"),
            "libraries of the commands": partial(interpreter.check_libraries, "commands"),
            "handlers": partial(session.check_handlers, entries),
            "search: cbsigned": partial(session.check_merging, entries),
            "search: cbsignedlearn": partial(session.check_learning, entries),
        }
    )
    try:
        yield from read_findings(ServiceCall(splunkd_uri, session_key, "health").get(_SECONDS))
    except NoRightError as error:
        yield failure("handler health", str(error), "Run the check as somebody with the role `cbsigned_admin`.")
    except CbsignedError as error:
        yield failure(
            "handler health",
            str(error),
            "Look into cbsigned_health.log and splunkd.log; restart Splunk after an upgrade.",
        )
