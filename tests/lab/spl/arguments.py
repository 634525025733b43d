"""A command's arguments: options, and the words that are none."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Sequence

from tests.lab.spl.errors import SplError
from tests.lab.spl.patterns import wildcard
from tests.lab.spl.scanning import unquote, words

_OPTION = re.compile(r"([A-Za-z_]\w*)\s*=(?!=)\s*(.*)", re.DOTALL)
_TRUE, _FALSE = {"t", "true", "1", "yes"}, {"f", "false", "0", "no"}


@dataclass
class Arguments:
    """What a command was given: its options by name, unquoted, and its other words as they stand."""

    options: Dict[str, str] = field(default_factory=dict)
    words: List[str] = field(default_factory=list)

    @classmethod
    def parse(cls, text: str, *names: str) -> Arguments:
        """Split arguments; of `name=value` only these names are options."""
        return cls.sort(words(text), *names)

    @classmethod
    def sort(cls, given: Sequence[str], *names: str) -> Arguments:
        """Take the options of these names out of words."""
        made = cls()
        for word in given:
            match = _OPTION.fullmatch(word)
            if match and match[1].lower() in names:
                if match[2] == "":
                    raise SplError(f"{match[1]}= is given nothing")
                made.options[match[1].lower()] = unquote(match[2])
            else:
                made.words.append(word)
        return made

    def is_set(self, name: str, default: bool) -> bool:  # noqa: FBT001 - the default of a switch
        """Read a switch."""
        return parse_bool(name, self.options[name]) if name in self.options else default

    def number(self, name: str, default: int) -> int:
        """Read a whole number that is not negative."""
        return parse_count(name, self.options[name]) if name in self.options else default

    def only_words(self, fewest: int, most: int, what: str) -> List[str]:
        """Give the words, unquoted.

        Raises:
            SplError: there are fewer or more, or one is an option that there is not.
        """
        if not fewest <= len(self.words) <= most:
            raise SplError(f"{what} is expected, not {' '.join(self.words) or 'nothing'}")
        return names_of(self.words)


def names_of(given: Sequence[str]) -> List[str]:
    """Take words as names of fields.

    Raises:
        SplError: one of them is an option, or something else than a name.
    """
    for word in given:
        if _OPTION.fullmatch(word) or word in {"=", "(", ")"} or word.startswith("["):
            raise SplError(f"{word!r} is not known here")
    return [unquote(word) for word in given]


def parse_bool(name: str, text: str) -> bool:
    """Read a Boolean."""
    if text.lower() not in _TRUE | _FALSE:
        raise SplError(f"{name}={text} is neither true nor false")
    return text.lower() in _TRUE


def parse_count(name: str, text: str) -> int:
    """Read a whole number that is not negative."""
    if not text.isdigit():
        raise SplError(f"{name}={text} is no number")
    return int(text)


def split_at(given: Sequence[str], keyword: str) -> tuple[List[str], List[str]]:
    """Split words at a keyword, in any case; without it the second part is empty."""
    places = [place for place, word in enumerate(given) if word.lower() == keyword]
    if not places:
        return list(given), []
    if places[0] == len(given) - 1:
        raise SplError(f"nothing follows {keyword}: name one field or more, separated by blanks")
    return list(given[: places[0]]), list(given[places[0] + 1 :])


def select(patterns: Sequence[str], fields: Sequence[str]) -> List[str]:
    """Give fields that are named, in the order of the names; `*` stands for anything."""
    found: Dict[str, None] = {}
    for pattern in patterns:
        matches = _matcher(pattern)
        found.update(dict.fromkeys(name for name in fields if matches(name)))
    return list(found)


def _matcher(pattern: str) -> Callable[[str], bool]:
    if "*" not in pattern:
        return lambda name: name == pattern
    return lambda name: wildcard(pattern).fullmatch(name) is not None
