"""Carbon Black query text: the joint query, the binary query and the published form.

The grammar is Carbon Black's ("Advanced Search Queries", release 5.1, 12/16/2015, pages 2 to 4): terms
beside each other are ANDed, `OR` and parentheses group, double quotes make a phrase, a leading minus
negates.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Iterable, Mapping
from urllib.parse import quote

if TYPE_CHECKING:
    from cbverdict.verdicts.hashes import Md5, Sha256

MAX_BATCH = 200
"""Hashes a question: Carbon Black's facets give the 200 most frequent values and no more."""

# Nothing in such a word means anything to the parser: no operator, no wildcard, no leading minus.
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.\-]*")
_OPERATORS = {"and", "or", "not", "to"}
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def literal(value: str) -> str:
    """Write a value so that the parser takes it as one literal term, whatever is in it.

    A plain word stays as it is; everything else is quoted, with backslash and double quote escaped and
    control characters (which no query survives, Carbon Black KB ta-p/88599) and halves of surrogate pairs
    replaced by spaces.
    """
    if _PLAIN_WORD.fullmatch(value) and value.lower() not in _OPERATORS:
        return value
    clean = _CONTROL.sub(" ", value)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def binary_query(md5s: Iterable[Md5]) -> str:
    """Ask the binary search for the documents of these hashes: `md5:A OR md5:B`."""
    return " OR ".join(f"md5:{md5}" for md5 in md5s)


def sha256_query(hashes: Iterable[Sha256]) -> str:
    """Ask the binary search for the documents of these hashes: `sha256:A OR sha256:B` (servers from 7.0 on)."""
    return " OR ".join(f"sha256:{one}" for one in hashes)


def joint_query(md5s: Iterable[Md5], clause: str) -> str:
    """Ask which of these hashes have a process that fulfils the clause: `(process_md5:A OR ...) clause`.

    One hash needs no parentheses: `process_md5:A clause` is the joint query as it is known.
    """
    alternatives = [f"process_md5:{md5}" for md5 in md5s]
    hashes = " OR ".join(alternatives)
    return f"{hashes} {clause}" if len(alternatives) == 1 else f"({hashes}) {clause}"


def paired_joint_query(clauses: Mapping[Md5, str]) -> str:
    """Ask which hashes have a process that fulfils their own clause: `(process_md5:A a) OR (process_md5:B b)`."""
    pairs = [joint_query([md5], clause) for md5, clause in clauses.items()]
    return pairs[0] if len(pairs) == 1 else " OR ".join(f"({pair})" for pair in pairs)


def published_query(md5: Md5, name: str) -> str:
    """Write the joint query as it was first published: `process_md5:<md5> digsig_prog_name:<name>`."""
    return f"process_md5:{md5} digsig_prog_name:{literal(name)}"


def published_query_string(md5: Md5, name: str) -> str:
    """Write the URL's query string of the published request, byte for byte (spaces are %20, `sort` is empty)."""
    return f"q={quote(published_query(md5, name), safe='')}&rows=1&start=0&sort="


def since_query(query: str, field: str, since: str, until: str = "") -> str:
    """Ask for what reached the server from a second on (UTC, `2026-11-02T07:00:00`), and fulfils a query of the user's.

    `until` is the second up to which (empty: no matter how late).

    No time of an endpoint's clock is in it: what is new is for the server alone to say.
    """
    return " ".join(filter(None, [f"({query})" if query else "", f"{field}:[{since} TO {until or '*'}]"]))


def processes_query(guids: Iterable[str]) -> str:
    """Ask the process search for these processes: `process_id:A OR process_id:B`."""
    return " OR ".join(f"process_id:{literal(guid)}" for guid in guids)
