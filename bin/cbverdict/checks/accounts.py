"""The accounts: whether each one's server answers what a search asks it, knows SHA-256s, and has the time right."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitTimeoutError
from typing import TYPE_CHECKING, Iterator, List

from cbverdict.carbonblack.factory import server_of
from cbverdict.checks.finding import Finding, failed, failure, fine, warning
from cbverdict.errors import CbsignedError, SetupError
from cbverdict.service.account_check import try_account

if TYPE_CHECKING:
    from cbverdict.settings.account import Account
    from cbverdict.splunkd.conf import SplunkdConfiguration
    from cbverdict.splunkd.entries import Entries

SECONDS = 15.0
"""Seconds that all accounts together may take; each is tried beside the others."""

_MAX_SKEW = 120.0
_FIRST_WITH_SHA256 = 7
_PAGE = "Configuration, Accounts"


def check_settings(configuration: SplunkdConfiguration) -> Iterator[Finding]:
    """Check that the settings can be used: with one that cannot, no search says anything."""
    configuration.verdict_settings()
    configuration.anomaly_settings()
    yield fine("settings", "those of verdicts and of anomalies can be used")


def check_accounts(configuration: SplunkdConfiguration, entries: Entries) -> Iterator[Finding]:
    """Check that there are accounts, that one answers when none is named, and then each."""
    names = configuration.account_names()
    if not names:
        yield failure("accounts", "no account is set up", f"Add your Carbon Black server: open the app, {_PAGE}, Add.")
        return
    yield _check_default(configuration, names)
    yield _check_macro(entries, names)
    trying = ThreadPoolExecutor(len(names), "account")
    deadline = time.monotonic() + SECONDS
    tried = {name: trying.submit(_check_account, configuration, name, deadline) for name in names}
    for name, future in tried.items():
        try:
            yield from future.result(max(0.0, deadline + 1.0 - time.monotonic()))
        except WaitTimeoutError:  # noqa: PERF203 - each account stands for itself
            yield failure(f"account {name}", f"it could not be tried within {SECONDS:.0f} s", _LOOK)
    trying.shutdown(wait=False)


_LOOK = "Check URL and port, the proxy and the firewall, from this search head; then the server's load."


def _check_default(configuration: SplunkdConfiguration, names: List[str]) -> Finding:
    try:
        default = configuration.default_account()
    except SetupError as error:
        return failed("accounts", error)
    if default not in names:
        told = "Choose another in Configuration, Verdicts (default_account), or name one with server=."
        return failure("accounts", f"the default account {default!r} does not exist", told)
    return fine("accounts", f"{len(names)}: {', '.join(names)}; {default} answers where a search names none")


def _check_macro(entries: Entries, names: List[str]) -> Finding:
    """Check the account that the lookup macros read verdicts of."""
    check = "macro cbsigned_account"
    macro = entries.find("configs/conf-macros/cbsigned_account")
    definition = str(macro.content.get("definition", "")) if macro else ""
    named = set(re.findall(r'"([^"]*)"', definition))
    if named & set(names):
        return fine(check, f"it says {definition}")
    return warning(
        check,
        f"it says {definition or 'nothing'}, and the accounts are {', '.join(names)}: the lookup macros find nothing",
        "Set the macro cbsigned_account to the name of your account, in quotes (Settings, Advanced search).",
    )


def _check_account(configuration: SplunkdConfiguration, name: str, deadline: float) -> List[Finding]:
    check = f"account {name}"
    try:
        account = configuration.account(name)
        return _try(check, account, configuration, deadline)
    except CbsignedError as error:
        return [failed(check, error)]


def _try(check: str, account: Account, configuration: SplunkdConfiguration, deadline: float) -> List[Finding]:
    started = time.monotonic()
    tried = server_of(account).open_check()
    settings = configuration.verdict_settings()
    try:
        version = try_account(account, tried, settings, deadline)
        seconds = time.monotonic() - started
        what = f"{account.url} is version {version} and answers what a search asks ({settings.method.value})"
        findings = [fine(check, f"{what}, in {seconds:.2f} s")]
        findings.append(_check_sha256(f"{check}: SHA-256", version))
        findings.append(_check_clock(f"{check}: clock", tried.clock_offset))
    finally:
        tried.close()
    return findings


def _check_sha256(check: str, version: str) -> Finding:
    first = version.partition(".")[0]
    if first.isascii() and first.isdecimal() and int(first) < _FIRST_WITH_SHA256:
        return warning(
            check,
            f"a server of version {version} finds no binary by its SHA-256",
            "Have searches hand on the MD5: rows with a SHA-256 alone stay unknown (no_md5).",
        )
    return fine(check, "binaries of sensors that report it are found by their SHA-256")


def _check_clock(check: str, ahead: float | None) -> Finding:
    if ahead is None:
        return fine(check, "the server does not say what time it is")
    text = f"the server's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this search head's"
    if abs(ahead) > _MAX_SKEW:
        return warning(
            check, text, "Set both clocks by NTP: inputs read by the server's, verdicts expire by this one's."
        )
    return fine(check, text)
