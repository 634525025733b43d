"""Carbon Black EDR's binary documents: the signature, and what their events say further, under EDR's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, List, Union

from cbverdict.carbonblack.edr.signature_documents import read_signature
from cbverdict.carbonblack.port import BINARY_FIELDS, ReportedBinary
from cbverdict.verdicts.hashes import parse_md5

if TYPE_CHECKING:
    from cbverdict.carbonblack.edr.signature_documents import Document

REACHED = "server_added_timestamp"
"""When a binary reached the server, in whose order pages come."""

_MANY = 20  # A file may have been seen under thousands of names.


def identity_of(document: Document) -> str:
    """Return the hash of a binary (empty: it has none)."""
    return str(document.get("md5") or "")


def reached(document: Document) -> str:
    """Return when a binary reached the server."""
    return str(document.get(REACHED) or "")


def read_page(documents: Iterable[Document], console: str) -> list[ReportedBinary]:
    """Read what has a hash; `console` is the address of Carbon Black's console."""
    binaries = []
    for document in documents:
        md5 = parse_md5(document.get("md5"))
        if md5 is not None:
            link = f"{console}/#/binary/{md5.upper()}"
            fields = {name: _value(document.get(name)) for name in BINARY_FIELDS}
            binaries.append(ReportedBinary(md5, read_signature(document), reached(document), fields, link))
    return binaries


def _value(value: object) -> Union[str, List[str]]:
    if isinstance(value, list):
        return [text for text in map(_text, value[:_MANY]) if text]
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, (list, dict)):
        return ""
    text = str(value).replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    return "" if text.strip().lower() in {"", "(unknown)"} else text
