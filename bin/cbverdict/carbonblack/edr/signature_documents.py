"""The signature blocks of Carbon Black EDR's binary documents, and of which file each is."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from cbverdict.carbonblack.edr.digsig import DIGSIG_FIELDS, DOCUMENT_FIELDS
from cbverdict.events.names import file_name
from cbverdict.lazy_pattern import LazyPattern
from cbverdict.placeholders import is_nothing
from cbverdict.verdicts.hashes import Md5, parse_md5, parse_sha256
from cbverdict.verdicts.signature import Signature, SignatureStatus, worse_of, write_names

Document = Mapping[str, Any]

_NO_ERROR = LazyPattern(r"(?:0x)?0+")
_MAX_TEXT = 400  # characters of a certificate's text; the longest that a CA signs has some 300


def read_signatures(documents: Iterable[object]) -> tuple[dict[Md5, Signature], bool]:
    """Read documents; return what those of each file come to, and whether one of no file may contradict them."""
    signatures: dict[Md5, Signature] = {}
    may_be_contradicted = False
    for document in documents:
        signature = read_signature(document) if isinstance(document, dict) else Signature()
        if isinstance(document, dict) and signature.md5:
            md5 = Md5(signature.md5)
            signatures[md5] = worse_of(signatures.get(md5, signature), signature)
        else:
            may_be_contradicted |= signature.status is not SignatureStatus.SIGNED
    return signatures, may_be_contradicted


def read_signature(document: Document) -> Signature:
    """Read the signature block of a binary document, and which file it is."""
    digsig = {attribute: _text(document, name) for attribute, name in DIGSIG_FIELDS.items()}
    digsig["result"] = _result(document, digsig["result"])
    of_author = {name: document.get(DOCUMENT_FIELDS[name]) for name in ("original_name", "internal_name")}
    is_unread = any(value is not None and not _is_whole_text(value) for value in of_author.values())
    return Signature(
        **digsig,
        **{name: _known(_clean(value)) if isinstance(value, str) else "" for name, value in of_author.items()},
        observed_names=_names(document.get(DOCUMENT_FIELDS["observed_names"]), has_more=is_unread),
        sha256=parse_sha256(_text(document, DOCUMENT_FIELDS["sha256"])) or "",
        md5=parse_md5(_text(document, DOCUMENT_FIELDS["md5"])) or "",
    )


def _result(document: Document, result: str) -> str:
    """Return the status that a document gives; where it says `Signed` and otherwise as well, that is none or the other.

    The status stands in three fields: in words in two, and as the number of an error of Windows', 0 for none.
    """
    if result.lower() != SignatureStatus.SIGNED.value.lower():
        return result
    again, code = (str(document.get(name) or "").strip() for name in ("signed", "digsig_result_code"))
    if document.get("signed") is False:
        again = "false"
    if not is_nothing(again) and again.lower() != result.lower():
        return again
    return result if is_nothing(code) or _NO_ERROR.fullmatch(code) else f"{result}, with the error {code}"


def _is_whole_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_TEXT


def _known(text: str) -> str:
    return "" if is_nothing(text) else text


def _names(value: object, *, has_more: bool) -> str:
    """Write the file names of paths; what is no path, or names no file, stands for a name that is not known."""
    values = [one for one in (value if isinstance(value, list) else [value]) if one is not None]
    paths = [_whole(path) if isinstance(path, str) else "/" for path in values]
    names = [file_name(path) or "" for path in paths if not is_nothing(path)]
    return write_names(names, has_more=has_more or "" in names)


def _text(document: Document, name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        return ""
    return _clean(value)


def _clean(text: str) -> str:
    return _whole(text[:_MAX_TEXT])


def _whole(text: str) -> str:
    # Half a surrogate pair or a NUL in foreign data would end the search that writes it out.
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
