"""How verdicts are asked for, made and kept: the stanza `[verdicts]`."""

from __future__ import annotations

from enum import Enum
from typing import Mapping, NamedTuple

from cbverdict.errors import SetupError
from cbverdict.settings.values import parse_bool, parse_number
from cbverdict.verdicts.lifetimes import INDEXED_BASIS, Lifetimes

DEFAULT_CLAUSE = 'digsig_result:"Signed"'
CLAUSE_PRESETS = {
    "digsig_result": DEFAULT_CLAUSE,
    "digsig_prog_name": "digsig_prog_name:{{ process_name }}",
}

_KEPT = Lifetimes()


class Method(Enum):
    """How Carbon Black is asked."""

    JOINT = "joint"
    BINARY = "binary"
    PROG_NAME = "prog_name"


class VerdictSettings(NamedTuple):
    """How verdicts are made: the method when the search names none, the joint query's clause, and `Expired`.

    `lifetimes` is how long they are kept for other searches.
    """

    method: Method = Method.JOINT
    clause: str = DEFAULT_CLAUSE
    expired_is_signed: bool = False
    lifetimes: Lifetimes = Lifetimes()

    def bases(self, method: Method) -> tuple[str, ...]:
        """Return the ways of asking whose kept verdicts this method takes, its own first.

        A verdict of the joint query rests on the binary document as well, so method=binary takes it too. So does each
        take what the input of binaries read of the document, and what a saved search made of indexed events.
        """
        expired = self._on_expired
        joint, binary = f"joint, {self.clause}, {expired}", f"binary, {expired}"
        others = (self.document_basis, INDEXED_BASIS + expired)
        return {Method.JOINT: (joint, *others), Method.BINARY: (binary, joint, *others)}.get(method, ())

    @property
    def document_basis(self) -> str:
        """Return the way of the input of binaries, which reads each new document from Carbon Black."""
        return f"document, {self._on_expired}"

    @property
    def _on_expired(self) -> str:
        return "expired is signed" if self.expired_is_signed else "expired is not signed"


def parse_verdict_settings(stanza: Mapping[str, str | None]) -> VerdictSettings:
    """Build the verdict settings from the stanza `[verdicts]` of `cbsigned_settings.conf`.

    Raises:
        SetupError: a value is not usable; the text names it.
    """
    where = "settings, verdicts"
    clause = (stanza.get("clause") or "digsig_result").strip()
    return VerdictSettings(
        method=parse_method(stanza.get("method") or Method.JOINT.value),
        clause=CLAUSE_PRESETS.get(clause, clause),
        expired_is_signed=parse_bool(where, "expired_is_signed", stanza.get("expired_is_signed"), default=False),
        lifetimes=Lifetimes(
            signed=_parse_lifetime(stanza, "keep_signed_days", _KEPT.signed, 86400.0),
            not_signed=_parse_lifetime(stanza, "keep_not_signed_days", _KEPT.not_signed, 86400.0),
            not_seen=_parse_lifetime(stanza, "keep_not_seen_minutes", _KEPT.not_seen, 60.0),
        ),
    )


def parse_method(value: str) -> Method:
    """Read a method's name.

    Raises:
        SetupError: there is no such method.
    """
    try:
        return Method(value)
    except ValueError:
        known = ", ".join(method.value for method in Method)
        msg = f"method {value!r} is not one of {known}"
        raise SetupError(msg) from None


def _parse_lifetime(stanza: Mapping[str, str | None], name: str, default: float, unit: float) -> float:
    value = parse_number("settings, verdicts", name, stanza.get(name), default / unit)
    if not 0 <= value <= 3650:  # noqa: PLR2004 - ten years of days, and more minutes than anybody needs
        msg = f"settings, verdicts: {name} must be 0 (not kept) to 3650"
        raise SetupError(msg)
    return value * unit
