"""From evidence to verdict: the one place that decides what `signed` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cbverdict.verdicts.evidence import Evidence, Joint
from cbverdict.verdicts.reasons import Reason, Signed, Source
from cbverdict.verdicts.signature import SIGNATURE_FIELDS, Signature, SignatureStatus

if TYPE_CHECKING:
    from cbverdict.verdicts.hashes import FileHash


class Verdict(NamedTuple):
    """An answer for one question; `signature` is None where no binary document stands behind it."""

    signed: Signed
    reason: Reason
    signature: Signature | None = None

    @property
    def is_consistent(self) -> bool:
        """Whether answer, reason and signature go together: what contradicts itself was not made by `judge`."""
        is_contradicted = self.signed is Signed.TRUE and not _may_be_signed(self.signature)
        return self.signed is self.reason.signed and not is_contradicted

    @property
    def may_be_dropped(self) -> bool:
        """Whether this very file is known to be signed, and by whom.

        A hit without a document that an endpoint has reported leaves open who signed, and whether a document
        contradicts; the program name of the published query proves nothing. All 651 signed documents that were
        recorded from real servers name a publisher.
        """
        names_signer = self.signature is not None and self.signature.is_collected and self.signature.names_publisher
        return self.signed is Signed.TRUE and self.reason.may_pass and names_signer

    @property
    def signature_exists(self) -> bool | None:
        """Whether the binary carries a signature at all, valid or not (None: not known)."""
        return None if self.signed is Signed.UNKNOWN else self.reason.signature_exists

    @property
    def signature_verified(self) -> bool | None:
        """Whether the signature is there and valid (None: not known)."""
        if self.signed is Signed.UNKNOWN or self.reason.is_published_rule:
            return None
        return self.signed is Signed.TRUE


class JudgedFile(NamedTuple):
    """A file by its hash (None: not known), and its verdict."""

    file_hash: FileHash | None
    verdict: Verdict

    @property
    def hashes(self) -> tuple[str, ...]:
        """What the file is known by: its hash, and the MD5 of its document."""
        found = (self.file_hash, self.verdict.signature.md5 if self.verdict.signature else None)
        return tuple(dict.fromkeys(one for one in found if one))


class Answer(NamedTuple):
    """A verdict and where it came from; `Source.NONE` where nobody was asked or nobody answered."""

    verdict: Verdict
    source: Source


STATUS_FIELDS = (
    "signed",
    "signed_reason",
    "process_signature_exists",
    "process_signature_verified",
    *(one.column for one in SIGNATURE_FIELDS if not one.is_detail),
)
DETAIL_FIELDS = tuple(one.column for one in SIGNATURE_FIELDS if one.is_detail)

_NO_SIGNATURE = Signature()


def unknown(reason: Reason, signature: Signature | None = None) -> Verdict:
    """Build the verdict of a question that has no answer, with the reason."""
    return Verdict(Signed.UNKNOWN, reason, signature)


def no_answer(reason: Reason) -> Answer:
    """Build the answer of a question that nobody answered, with the reason."""
    return Answer(unknown(reason), Source.NONE)


def judge(evidence: Evidence, *, hit_proves_signed: bool = True, expired_is_signed: bool = False) -> Verdict:
    """Turn the evidence of the joint query and the binary search into a verdict.

    The joint query says that some process of this hash fulfils the clause; the binary document says what
    the signature is. They agree in nearly every case. Where they do not, the doubt counts: a hit beside a
    document that says anything but Signed is a conflict, and never true. A miss proves nothing (process
    events are purged), so the document decides; without one the answer is unknown. `hit_proves_signed` says
    that the clause demands a valid signature; a hit of any other clause proves none, for a tampered binary
    keeps its publisher and program name. `expired_is_signed` is the admin's choice to let a signature whose
    certificate has run out count as signed. Where there are documents that nobody has seen, nothing is true.
    """
    verdict = _judge_seen(evidence, hit_proves_signed=hit_proves_signed, expired_is_signed=expired_is_signed)
    if evidence.may_be_contradicted and verdict.signed is Signed.TRUE:
        return unknown(evidence.trouble or Reason.INCOMPLETE, evidence.signature)
    return verdict


def _judge_seen(evidence: Evidence, *, hit_proves_signed: bool, expired_is_signed: bool) -> Verdict:
    document = evidence.signature
    if document is not None and document.is_collected:
        is_signed = document.status is SignatureStatus.SIGNED or (
            expired_is_signed and document.status is SignatureStatus.EXPIRED
        )
        return _judge_with_document(evidence.joint, document, is_signed=is_signed)
    if evidence.joint is Joint.HIT and hit_proves_signed:
        return Verdict(Signed.TRUE, Reason.JOINT, document)
    return unknown(evidence.trouble or Reason.NOT_SEEN, document)


def fields_of(verdict: Verdict) -> dict[str, str]:
    """Write a verdict as fields (`STATUS_FIELDS`, `DETAIL_FIELDS`); what is not known is empty."""
    return {
        "signed": verdict.signed.value,
        "signed_reason": verdict.reason.value,
        "process_signature_exists": _boolean(verdict.signature_exists),
        "process_signature_verified": _boolean(verdict.signature_verified),
        **(verdict.signature or _NO_SIGNATURE).columns,
    }


def judge_published(*, is_hit: bool) -> Verdict:
    """Turn the answer to the published query into its verdict: a hit is true, none is false.

    This is the rule as it was published, kept to compare with; it is wrong for most signed software,
    because `digsig_prog_name` is the optional program name inside the signature, not the file name.
    """
    if is_hit:
        return Verdict(Signed.TRUE, Reason.PROG_NAME)
    return Verdict(Signed.FALSE, Reason.NO_PROG_NAME)


def _judge_with_document(joint: Joint, document: Signature, *, is_signed: bool) -> Verdict:
    if is_signed:
        return Verdict(Signed.TRUE, Reason.JOINT if joint is Joint.HIT else Reason.BINARY, document)
    if joint is Joint.HIT:
        return Verdict(Signed.FALSE, Reason.CONFLICT, document)
    if document.status is None:
        return unknown(Reason.UNRECOGNISED, document)
    return Verdict(Signed.FALSE, _REASON_BY_STATUS[document.status], document)


_REASON_BY_STATUS = {
    SignatureStatus.UNSIGNED: Reason.UNSIGNED,
    SignatureStatus.BAD_SIGNATURE: Reason.BAD_SIGNATURE,
    SignatureStatus.INVALID_SIGNATURE: Reason.INVALID_SIGNATURE,
    SignatureStatus.EXPIRED: Reason.EXPIRED,
    SignatureStatus.INVALID_CHAIN: Reason.INVALID_CHAIN,
    SignatureStatus.UNTRUSTED_ROOT: Reason.UNTRUSTED_ROOT,
    SignatureStatus.EXPLICIT_DISTRUST: Reason.EXPLICIT_DISTRUST,
}


def _may_be_signed(signature: Signature | None) -> bool:
    return signature is None or not signature.is_collected or signature.may_count_as_signed


def _boolean(value: bool | None) -> str:  # noqa: FBT001 - it is the value that is written
    return "" if value is None else str(value).lower()
