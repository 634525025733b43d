"""Try an account before it is saved: the very requests that a search would make."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Mapping, Protocol

from cbverdict.clause import Clause
from cbverdict.edr import EdrClient
from cbverdict.errors import ForbiddenError, InvalidRequestError, QueryRefusedError, ServerFailedError, SetupError
from cbverdict.hashes import Md5
from cbverdict.query import binary_query, joint_query
from cbverdict.settings import Account, Method

if TYPE_CHECKING:
    from cbverdict.settings import VerdictSettings

_TIMEOUT = 15.0
_FIRST_VERSION = 6
_ANY_MD5 = Md5("d41d8cd98f00b204e9800998ecf8427e")  # of an empty file: whether it is known does not matter


class Configuration(Protocol):
    """Where settings come from; `cbverdict.configuration` reads splunkd's."""

    def draft(self, name: str, fields: Mapping[str, str | None]) -> Account:
        """Build an account that is not saved yet, with the settings' proxy."""

    def saved(self, name: str) -> Mapping[str, str | None] | None:
        """Give the fields of a saved account, the token decrypted (None: there is none of this name)."""

    def verdict_settings(self) -> VerdictSettings:
        """Give the verdict settings."""


def check(body: str, configuration: Configuration) -> None:
    """Check an account as it is sent to be saved: `{"name": ..., "url": ..., "api_token": ..., ...}`.

    What is not sent, and a token of asterisks, is as it is saved already.

    Raises:
        InvalidRequestError: the body is no such object.
        SetupError: a value is not usable, or the server is too old.
        EdrError: Carbon Black does not answer as it must; the text says what to do.
    """
    fields = _read(body)
    name = fields.pop("name") or ""
    saved = configuration.saved(name) or {}
    if set(fields.get("api_token") or "*") == {"*"}:
        fields.pop("api_token", None)
        if saved and _address(fields.get("url", saved.get("url"))) != _address(saved.get("url")):
            raise SetupError(f"account {name}: the URL is another now, so enter the API token again")
    fields = {**saved, **fields}
    account = configuration.draft(name, fields)
    settings = configuration.verdict_settings()
    client = EdrClient(replace(account, timeout=min(account.timeout, _TIMEOUT)))
    try:
        _check_version(account, client.version())
        client.find_binaries(binary_query([_ANY_MD5]), 1)
        if settings.method is Method.JOINT:
            _check_joint(account, client, Clause(settings.clause).render(_ANY_MD5, "cbsigned.exe"))
    finally:
        client.close()


def _check_joint(account: Account, client: EdrClient, clause: str) -> None:
    try:
        client.find_processes(joint_query([_ANY_MD5], clause))
    except (QueryRefusedError, ForbiddenError, ServerFailedError) as error:
        raise SetupError(
            f"Carbon Black {account.name} answers, but not the joint query: {error} Where the server blocks joined "
            "searches, choose the method Binary in the tab Verdicts, save that, and save this account again"
        ) from None


def _check_version(account: Account, version: str) -> None:
    first = version.partition(".")[0]
    if first.isdigit() and int(first) < _FIRST_VERSION:
        raise SetupError(
            f"Carbon Black {account.name} is EDR {version}, which is too old: the add-on needs 6.0 or later"
        )


def _address(url: str | None) -> str:
    return (url or "").strip().rstrip("/").lower()


def _read(body: str) -> dict[str, str | None]:
    try:
        fields: Any = json.loads(body)
    except ValueError:
        fields = None
    if not isinstance(fields, dict) or not isinstance(fields.get("name"), str):
        raise InvalidRequestError("send the account's fields as JSON, its name among them")
    return {str(name): None if value is None else str(value) for name, value in fields.items()}
