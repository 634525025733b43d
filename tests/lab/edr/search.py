"""Carbon Black's query language over documents in memory.

luqum parses; what a term means for a field follows the field types of "Advanced Search Queries" (release 5.1):
keyword, md5 and sign match the whole value, text is split on white space and punctuation, a path matches any
of its tails, dates and counts take ranges.
"""

from __future__ import annotations

import contextlib
import fnmatch
import io
import re
import threading
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator, Mapping

from sortedcontainers import SortedList  # type: ignore[import-untyped] # stubs are a package of their own

with contextlib.redirect_stderr(io.StringIO()):  # ply tells on standard error that it makes its tables
    from luqum import tree
    from luqum.exceptions import ParseError
    from luqum.thread import parse

if TYPE_CHECKING:
    from luqum.tree import Item

KEYWORD, TEXT, PATH, RANGE, DATE = "keyword", "text", "path", "range", "date"

DIGSIG_FIELDS = {
    "digsig_result": KEYWORD,
    "digsig_publisher": TEXT,
    "digsig_issuer": TEXT,
    "digsig_subject": TEXT,
    "digsig_prog_name": TEXT,
    "digsig_sign_time": DATE,
}
PROCESS_FIELDS = {
    "process_md5": KEYWORD,
    "process_sha256": KEYWORD,
    "md5": KEYWORD,
    "parent_md5": KEYWORD,
    "process_name": KEYWORD,
    "parent_name": KEYWORD,
    "hostname": KEYWORD,
    "username": KEYWORD,
    "group": KEYWORD,
    "os_type": KEYWORD,
    "id": KEYWORD,
    "process_id": KEYWORD,
    "path": PATH,
    "cmdline": TEXT,
    "start": DATE,
    "last_update": DATE,
    "last_server_update": DATE,
    "process_pid": RANGE,
}
BINARY_FIELDS = {
    "md5": KEYWORD,
    "sha256": KEYWORD,
    "os_type": KEYWORD,
    "group": KEYWORD,
    "original_filename": KEYWORD,
    "internal_name": KEYWORD,
    "observed_filename": PATH,
    "product_name": TEXT,
    "company_name": TEXT,
    "file_desc": TEXT,
    "server_added_timestamp": DATE,
    "host_count": RANGE,
    **DIGSIG_FIELDS,
}

_WORD = re.compile(r"\w+")
_OPERATOR = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|(?<![^\s(])(and|or|not)(?![^\s)])')
_HASH = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{32})(?![0-9A-Za-z])")
_ESCAPED = re.compile(r'\\([\\"()\s:+\-!{}\[\]^~*?/&|])')

_MEMBERS = {"process_id": "id"}  # what a field is called in the documents, where that differs

Ids = set[int]


class QuerySyntaxError(Exception):
    """The query is not one."""


class Index:
    """Documents with an inverted index over their searchable fields; hold `lock` while using what it gives."""

    def __init__(self, fields: Mapping[str, str], default_fields: Iterable[str]) -> None:
        """Take the searchable fields with their types, and those that a bare term searches."""
        self.documents: list[dict[str, Any]] = []
        self._fields = fields
        self._default_fields = tuple(default_fields)
        self._postings: dict[str, dict[str, Ids]] = {name: defaultdict(set) for name in fields}
        self._dates: dict[str, Any] = {name: SortedList() for name, kind in fields.items() if kind == DATE}
        self.lock = threading.RLock()

    def add(self, document: dict[str, Any]) -> int:
        """Add a document; give its number."""
        with self.lock:
            number = len(self.documents)
            self.documents.append(document)
            self._index(number, document)
        return number

    def replace(self, number: int, document: dict[str, Any]) -> None:
        """Put a document in the place of another."""
        with self.lock:
            for name, kind, value in self._searchable(self.documents[number]):
                for key in _keys(kind, value):
                    self._postings[name][key].discard(number)
                if kind == DATE:
                    self._dates[name].discard((value, number))
            self.documents[number] = document
            self._index(number, document)

    def in_order(self, field: str) -> Iterable[int] | None:
        """Give all documents that have a date, the earliest first (None: the field is no date)."""
        return (number for _, number in self._dates[field]) if field in self._dates else None

    def _index(self, number: int, document: dict[str, Any]) -> None:
        for name, kind, value in self._searchable(document):
            for key in _keys(kind, value):
                self._postings[name][key].add(number)
            if kind == DATE:
                self._dates[name].add((value, number))

    def _searchable(self, document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
        for name, kind in self._fields.items():
            for value in _values(document.get(_MEMBERS.get(name, name))):
                yield name, kind, value

    def everything(self) -> Ids:
        """Give all documents."""
        return set(range(len(self.documents)))

    def has(self, field: str) -> bool:
        """Whether the field can be searched here."""
        return field in self._fields

    def find(self, field: str | None, term: str, *, is_phrase: bool) -> Ids:
        """Give the documents in which a field (None: a default field) matches a term."""
        if field is None:
            return set().union(*(self.find(name, term, is_phrase=is_phrase) for name in self._default_fields))
        postings, kind, text = self._postings[field], self._fields[field], term.lower()
        if kind == TEXT:
            return self._find_text(field, text)
        if not is_phrase and ("*" in text or "?" in text):
            pattern = re.compile(fnmatch.translate(text))
            return set().union(*(ids for value, ids in postings.items() if pattern.match(value)))
        return set(postings.get(text.lstrip("\\/") if kind == PATH else text, ()))

    def find_range(self, field: str, low: str, high: str) -> Ids:
        """Give the documents whose value lies between low and high (`*`: no bound), both included."""
        if field in self._dates:
            bounds = None if low == "*" else (low, -1), None if high == "*" else (high, len(self.documents))
            return {number for _, number in self._dates[field].irange(*bounds)}
        return {
            number
            for number, document in enumerate(self.documents)
            for value in _values(document.get(field))
            if (low == "*" or _at_least(value, low)) and (high == "*" or _at_least(high, value))
        }

    def _find_text(self, field: str, text: str) -> Ids:
        words = _WORD.findall(text)
        candidates = [self._postings[field].get(word, set()) for word in words]
        both = set.intersection(*candidates) if candidates else set()
        return {number for number in both if _has_phrase(_values(self.documents[number].get(field)), words)}


class _Said:
    """A query with its hashes numbered (`shape`), which many have in common, and the terms that were found in it.

    To parse two hundred hashes takes luqum as long as all the rest of a request.
    """

    def __init__(self, text: str) -> None:
        self.terms: list[str] = []
        self._hashes: list[str] = []
        self.shape = _HASH.sub(self._number, text)

    def whole(self, part: str) -> str:
        """Give a part of the shape as it was said."""
        return _HASH.sub(lambda match: self._hashes[int(match.group(), 16)], part)

    def _number(self, match: re.Match[str]) -> str:
        self._hashes.append(match.group())
        return f"{len(self._hashes) - 1:0{len(match.group())}x}"


@lru_cache(maxsize=256)
def _parse(shape: str) -> Item:
    return parse(shape)


class Search:
    """Evaluate queries on an index; `join` finds documents by a field of another index (None: no such field)."""

    def __init__(self, index: Index, join: Callable[[str, str, bool], Ids | None] | None = None) -> None:
        """Take the index and, for a joined search, how to find documents by a joined field."""
        self._index = index
        self._join = join

    def run(self, query: str) -> tuple[Ids, list[str]]:
        """Give the matching documents, and the terms as the parser understood them.

        Raises:
            QuerySyntaxError: the query cannot be parsed or names a field that cannot be searched.
        """
        text = _OPERATOR.sub(
            lambda match: (match.group(1) or match.group()).upper() if match.group(1) else match.group(), query
        )
        if not text.strip() or text.strip() == "*:*":
            return self._index.everything(), []
        said = _Said(text)
        try:
            root = _parse(said.shape)
        except (ParseError, ValueError) as error:
            raise QuerySyntaxError(query) from error
        return self._evaluate(root, None, said), said.terms

    def _evaluate(self, node: Item, field: str | None, said: _Said) -> Ids:
        if isinstance(node, tree.SearchField):
            return self._evaluate(node.expr, node.name, said)
        if isinstance(node, (tree.Group, tree.FieldGroup, tree.Plus)):
            return self._evaluate(node.children[0], field, said)
        if isinstance(node, (tree.Not, tree.Prohibit)):
            return self._index.everything() - self._evaluate(node.children[0], field, said)
        if isinstance(node, tree.OrOperation):
            return set().union(*(self._evaluate(child, field, said) for child in node.children))
        if isinstance(node, (tree.AndOperation, tree.UnknownOperation)):
            return set.intersection(*(self._evaluate(child, field, said) for child in node.children))
        return self._leaf(node, field, said)

    def _leaf(self, node: Item, field: str | None, said: _Said) -> Ids:
        text = said.whole(str(node).strip())
        said.terms.append(text if field is None else f"{field}:{text}")
        if isinstance(node, tree.Range) and field is not None:
            self._require(field)
            low, high = (said.whole(str(end)).strip('" ') for end in (node.low, node.high))
            return self._index.find_range(field, low, high)
        if not isinstance(node, (tree.Word, tree.Phrase)):
            raise QuerySyntaxError(text)
        is_phrase = isinstance(node, tree.Phrase)
        value = said.whole(node.value)
        term = _ESCAPED.sub(r"\1", value[1:-1] if is_phrase else value)
        if field is not None and not self._index.has(field):
            found = self._join(field, term, is_phrase) if self._join else None
            if found is None:
                raise QuerySyntaxError(field)
            return found
        return self._index.find(field, term, is_phrase=is_phrase)

    def _require(self, field: str) -> None:
        if not self._index.has(field):
            raise QuerySyntaxError(field)


def _values(value: object) -> list[str]:
    if value is None or value == "":
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _keys(kind: str, value: str) -> Iterable[str]:
    text = value.lower()
    if kind == TEXT:
        return _WORD.findall(text)
    if kind == PATH:
        pieces = re.split(r"([\\/])", text.lstrip("\\/"))
        return ["".join(pieces[start:]) for start in range(0, len(pieces), 2)]
    return [text]


def _has_phrase(values: Iterable[str], words: list[str]) -> bool:
    for value in values:
        tokens = _WORD.findall(value.lower())
        if any(tokens[start : start + len(words)] == words for start in range(len(tokens))):
            return True
    return False


def _at_least(left: str, right: str) -> bool:
    try:
        return float(left) >= float(right)
    except ValueError:
        return left >= right
