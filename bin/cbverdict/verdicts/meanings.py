"""What each reason means: the one table behind `cbverdict.verdicts.reasons.Reason` and the lookup `cbsigned_reasons`.

Another reason: a row here, a member of `Reason`, then `make reasons`, which writes the lookup, and a row of
docs/command.md.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Fault(Enum):
    """Whose doing it is that a question has no answer, and who can do something about it."""

    NOBODY = "nobody"
    ANALYST = "analyst"
    ADMIN = "admin"
    SERVER = "server"
    ADD_ON = "add-on"


class Retention(Enum):
    """How long a verdict is kept: the attributes of `cbverdict.verdicts.lifetimes.Lifetimes`."""

    SIGNED = "signed"
    NOT_SIGNED = "not_signed"
    NOT_SEEN = "not_seen"


class Meaning(NamedTuple):
    """What a reason means; the defaults are those of a question that has no answer."""

    explanation: str
    """The sentence that explains it."""
    next_step: str = ""
    """What to do about it (empty: nothing)."""
    is_signed: bool | None = None
    """The one answer that it goes with: signed, not signed, or none."""
    fault: Fault = Fault.NOBODY
    """Whose doing it is that there is no answer."""
    retention: Retention | None = None
    """How long its verdicts are kept (None: not at all)."""
    may_pass: bool = False
    """Whether a row may be dropped as signed noise by it, for it says that this very file is signed."""
    signature_exists: bool | None = None
    """Whether there is a signature at all, valid or not (None: it does not say)."""
    is_published_rule: bool = False
    """Whether it is the answer of the published query, which does not say whether a signature is valid."""
    is_tampering: bool = False
    """Whether it weighs as tampering: somebody meddled with the file or the trust in it, or reports disagree."""
    is_of_row: bool = False
    """Whether the row itself lacks what is asked for, so that all rows like it come out alike."""
    is_of_search: bool = False
    """Whether it is the search that ended or ran out: another search may well get the answer."""
    is_outage: bool = False
    """Whether it speaks of a server that is down or overloaded: after several in a row it is left alone."""
    is_passing: bool = False
    """Whether the same may be answered in a moment."""
    may_be_too_much: bool = False
    """Whether less may be answered where so much at once is not."""
    is_account_unusable: bool = False
    """Whether nothing will be answered until an admin mends the account or the settings."""


def _signed(explanation: str, next_step: str = "") -> Meaning:
    """Build the meaning of a reason to call a file signed."""
    return Meaning(
        explanation, next_step, is_signed=True, retention=Retention.SIGNED, may_pass=True, signature_exists=True
    )


def _not_signed(
    explanation: str, next_step: str = "", *, signature_exists: bool | None = True, is_tampering: bool = False
) -> Meaning:
    """Build the meaning of a reason to call a file not signed, or not validly."""
    return Meaning(
        explanation,
        next_step,
        is_signed=False,
        retention=Retention.NOT_SIGNED,
        signature_exists=signature_exists,
        is_tampering=is_tampering,
    )


MEANINGS = {
    "joint": _signed(
        "The joint query found a process of this hash with a valid signature, and no binary document contradicts."
    ),
    "binary": _signed(
        "The binary document says Signed; no process of this hash was found by the joint query (events are purged) or "
        "it was not asked."
    ),
    "reported": _signed(
        "An event in a Splunk index reports that the binary is signed; Carbon Black was not asked. It counts for one "
        "day.",
        "Search with refresh=true to ask Carbon Black.",
    ),
    "prog_name": Meaning(
        "method=prog_name: the program name inside the signature contains the file name.",
        "Compare with method=joint: this method misses most signed software.",
        is_signed=True,
        signature_exists=True,
        is_published_rule=True,
    ),
    "no_prog_name": Meaning(
        "method=prog_name: no process of this hash has the file name in its signature's program name.",
        "Do not read it as unsigned: of 651 signed binaries on record none carries its own file name there.",
        is_signed=False,
        is_published_rule=True,
    ),
    "unsigned": _not_signed("Carbon Black says Unsigned.", signature_exists=False),
    "bad_signature": _not_signed(
        "Carbon Black says Bad Signature: the file was changed after it was signed.",
        "Treat as tampered until shown otherwise.",
        is_tampering=True,
    ),
    "invalid_signature": _not_signed("Carbon Black says Invalid Signature."),
    "expired": _not_signed(
        "Carbon Black says Expired: the certificate had run out.",
        "An admin may count it as signed (expired_is_signed).",
    ),
    "invalid_chain": _not_signed("Carbon Black says Invalid Chain: the certificate does not lead to a root."),
    "untrusted_root": _not_signed("Carbon Black says Untrusted Root: the endpoint does not trust the signer's CA."),
    "explicit_distrust": _not_signed(
        "Carbon Black says Explicit Distrust: the certificate was revoked or distrusted on purpose.",
        "Treat as hostile until shown otherwise.",
        is_tampering=True,
    ),
    "conflict": _not_signed(
        "The joint query says signed, the binary document says something else; endpoints report signatures and may "
        "disagree.",
        "Look the binary up in Carbon Black.",
        signature_exists=None,
        is_tampering=True,
    ),
    "unrecognised": Meaning(
        "Carbon Black reports a signature status that this version does not know.",
        "Look at process_signature_status; update the add-on.",
        fault=Fault.ADD_ON,
        retention=Retention.NOT_SEEN,
    ),
    "not_seen": Meaning(
        "Carbon Black has no signature for this hash: never seen, not collected yet, purged, or not visible to this "
        "token.",
        "Search again in a few minutes for a new binary; give the token's user the sensor groups.",
        retention=Retention.NOT_SEEN,
    ),
    "no_hash": Meaning(
        "The row has no MD5 (empty, junk, a cut one, all zeros).",
        "Name the field with md5=.",
        fault=Fault.ANALYST,
        is_of_row=True,
    ),
    "no_name": Meaning(
        "The question turns on the process name and the row has none.",
        "Name the field with name=.",
        fault=Fault.ANALYST,
        is_of_row=True,
    ),
    "other_file": Meaning(
        "The row is about a file that the process loaded, made or deleted, and its hash is that file's.",
        "Name the column of the process's own MD5 with md5=, if there is one.",
        fault=Fault.ANALYST,
        is_of_row=True,
    ),
    "ambiguous": Meaning(
        "The row has several hashes, names, paths or processes, so which file ran cannot be told.",
        "Group the search by process_hash and process_guid rather than listing their values.",
        fault=Fault.ANALYST,
        is_of_row=True,
    ),
    "no_md5": Meaning(
        "The row has a SHA-256 alone, and Carbon Black does not know which binary it belongs to.",
        "Search for rows with an MD5; servers before 7.0, and binaries of old sensors, have no SHA-256.",
        retention=Retention.NOT_SEEN,
        is_of_row=True,
    ),
    "incomplete": Meaning(
        "Carbon Black cut the search short (incomplete_results).",
        "Search again later, or use method=binary.",
        fault=Fault.SERVER,
        is_passing=True,
        may_be_too_much=True,
    ),
    "timeout": Meaning(
        "No answer within the account's or the search's time.",
        "Raise timeout=, search less at once, or use method=binary.",
        fault=Fault.SERVER,
        is_of_search=True,
        is_outage=True,
        is_passing=True,
        may_be_too_much=True,
    ),
    "budget": Meaning(
        "The search had asked max_lookups questions already.",
        "Raise max_lookups= or search less at once.",
        fault=Fault.ANALYST,
        is_of_search=True,
    ),
    "cancelled": Meaning(
        "The search was cancelled or finalised before the answer came.",
        "Search again.",
        fault=Fault.ANALYST,
        is_of_search=True,
    ),
    "auth": Meaning(
        "Carbon Black refused the API token (401) or its user lacks a right (403).",
        "Enter the current token in the account; check the user's rights in Carbon Black.",
        fault=Fault.ADMIN,
        is_account_unusable=True,
    ),
    "refused": Meaning(
        "Carbon Black refused the query (400); joins may be blocked there.",
        "Check the clause; use method=binary where joins are blocked.",
        fault=Fault.ADMIN,
    ),
    "rate_limited": Meaning(
        "Something before Carbon Black asks to slow down (429).",
        "Search less at once, or later.",
        fault=Fault.SERVER,
        is_outage=True,
        is_passing=True,
    ),
    "server_error": Meaning(
        "Carbon Black failed (5xx), or what answered is not Carbon Black.",
        "Search again later; check the account's URL and the server.",
        fault=Fault.SERVER,
        is_outage=True,
        is_passing=True,
        may_be_too_much=True,
    ),
    "unreachable": Meaning(
        "No connection to Carbon Black.",
        "Check the account's URL, the proxy and the firewall.",
        fault=Fault.SERVER,
        is_outage=True,
        is_passing=True,
    ),
    "certificate": Meaning(
        "The server's certificate is not trusted.",
        "Paste its CA as PEM into the account; correct the host name or switch its check off.",
        fault=Fault.ADMIN,
        is_account_unusable=True,
    ),
    "setup": Meaning(
        "The add-on is not set up: no such account, or a setting is wrong.",
        "The search's message names it.",
        fault=Fault.ADMIN,
        is_account_unusable=True,
    ),
    "no_right": Meaning(
        "The user may not ask for verdicts.",
        "An admin grants the role cbsigned_user (capability cbsigned_lookup).",
        fault=Fault.ADMIN,
    ),
    "service_error": Meaning(
        "The verdict service on the search head did not answer.",
        "Look into cbsigned_verdicts.log and splunkd.log.",
        fault=Fault.ADD_ON,
        is_passing=True,
    ),
}
