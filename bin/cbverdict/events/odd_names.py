"""What is odd about how files are named: no honest program is called so, or no single one."""

from __future__ import annotations

import re
import unicodedata
from typing import Iterator

from cbverdict.events.names import EXTENSION, LONGEST_NAME, LONGEST_PATH
from cbverdict.events.texts import plain
from cbverdict.placeholders import has_invisible
from cbverdict.remembered import remember_short

_RUNS = r"\.(?:exe|bat|cmd|scr|dll|ps1)"
_SHORT_NAME = re.compile(r"[^.~]{1,6}~\d{1,4}(?:\.[^.]{0,3})?")
_WORD = re.compile(r"[^\W\d_]+")
_LIKE_LATIN = {
    "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "OSAGE", "DESERET", "GLAGOLITIC", "GOTHIC", "RUNIC",
    "CANADIAN", "CARIAN", "LYCIAN", "LYDIAN", "OLD", "TIFINAGH", "VAI", "BAMUM", "WARANG",
}  # fmt: skip
"""The first word of what Unicode calls letters of scripts in which some look like Latin ones."""

_DRIVE = re.compile(r"[A-Za-z]:")
_LIBRARIES = re.compile(
    r"\.(?:dll|sys|ocx|drv|mui|ax|acm|tsp|cpl|ime|efi|rll|tlb|olb|xll|wll|pyd|node|dylib|so(?:\.\d+)*)(?:\.bak)?$"
)
_BETWEEN_PATHS = re.compile(
    r"[,;|]\s*[\"']?(?:[A-Za-z]:[\\/]|\\\\|/)|[^\s\"'(]\s+[\"']?[A-Za-z]:\\|[^\sA-Za-z0-9\"'(/\\?.][\"']?[A-Za-z]:[\\/]|^/.*\s/|[\t\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]\S"
)
_BETWEEN_NAMES = re.compile(rf"[,;|]|{_RUNS}[\"']?\s.*{EXTENSION}[\"']?$", re.IGNORECASE)
_BETWEEN_PROGRAMS = re.compile(rf"{_RUNS}[\"']?(?:\s*[^\w\s.\\/():\"'-]|\s+[\\/]\s)", re.IGNORECASE)
_ENDS_IN_PROGRAM = re.compile(rf"{EXTENSION}[\"']?$", re.IGNORECASE)
"""What stands between names or paths that were joined in one text (`mvjoin`), with whatever between them."""


@remember_short(LONGEST_PATH)
def oddity_of(text: str) -> str | None:
    """Return what is odd about how a file name is written (None: nothing); no honest program is called so."""
    if len(text) > LONGEST_PATH:
        return "is longer than a path"
    if _BETWEEN_PATHS.search(text) or (_BETWEEN_PROGRAMS.search(text) and _ENDS_IN_PROGRAM.search(text[-10:])):
        return "holds several paths"
    return next(_oddities_of(_last_part(text)), None)


def is_of_library(text: str) -> bool:
    """Return whether a path or a name is that of a library or a driver, which runs in processes and is none."""
    return _LIBRARIES.search(plain(_last_part(text[-LONGEST_PATH:])).rstrip(". ")) is not None


def _oddities_of(name: str) -> Iterator[str]:
    """Write what is odd about what stands behind the last separator."""
    if not name:
        yield "names a folder and no file"
    if len(name) > LONGEST_NAME:
        yield "is longer than a file's name"
    if has_invisible(name):
        yield "holds characters that nobody sees"
    if not name.isascii() and (
        unicodedata.normalize("NFKC", name) != unicodedata.normalize("NFC", name) or _is_mixed(name)
    ):
        yield "mixes letters that look alike"
    if name != name.rstrip(". "):
        yield "ends in a dot or a blank"
    if ":" in name:
        yield "names a stream behind a file"
    if _BETWEEN_NAMES.search(name):
        yield "holds what stands between several names"
    if "~" in name and _SHORT_NAME.fullmatch(name):
        yield "is a short name (8.3), which hides the long one"


def _last_part(path: str) -> str:
    """Return what stands behind the last separator, of whichever system, with all its dots and blanks."""
    bare = path.strip("\"'")
    name = bare if bare.startswith("/") else bare.replace("\\", "/")
    _, folders, name = name.rpartition("/")
    # Behind a folder `a:` is no drive, but a file with a stream.
    return name[2:] if not folders and _DRIVE.match(name) else name


def _is_mixed(name: str) -> bool:
    """Return whether a word of a name has Latin letters beside those of a script that looks like them."""
    return any(_LIKE_LATIN & scripts and "LATIN" in scripts for scripts in map(_scripts_of, _WORD.findall(name)))


def _scripts_of(word: str) -> set[str]:
    return {unicodedata.name(letter, "").partition(" ")[0] for letter in word}
