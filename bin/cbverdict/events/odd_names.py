"""What is odd about how files are named: no honest program is called so, or no single one."""

from __future__ import annotations

import re
import unicodedata
from itertools import dropwhile
from typing import Iterator, Sequence

from cbverdict.events.names import EXTENSION, LONGEST_NAME, LONGEST_PATH
from cbverdict.events.texts import plain
from cbverdict.lazy_pattern import LazyPattern
from cbverdict.placeholders import has_invisible
from cbverdict.remembered import remember_short

_RUNS = r"\.(?:exe|bat|cmd|scr|dll|ps1)"
_SHORT_NAME = LazyPattern(r"[^.~]{1,6}~\d{1,4}(?:\.[^.]{0,3})?")
_WORD = LazyPattern(r"[^\W\d_]+")
_LIKE_LATIN = {
    "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "OSAGE", "DESERET", "GLAGOLITIC", "GOTHIC", "RUNIC",
    "CANADIAN", "CARIAN", "LYCIAN", "LYDIAN", "OLD", "TIFINAGH", "VAI", "BAMUM", "WARANG",
}  # fmt: skip
"""The first word of what Unicode calls letters of scripts in which some look like Latin ones."""

_DEVICE = LazyPattern(r"[\\/]{2}[?.][\\/]|[\\/]\?\?[\\/]")
"""What Windows lets stand before a path without it being another one."""

_WEB_FOLDER = LazyPattern(r"[\"']?[\\/]{2}(?![?.][\\/])[^\\/]*@", re.IGNORECASE)
_HERE_OR_ABOVE = frozenset({".", ".."})  # where a path begins that is none from the root
_DOCUMENT = LazyPattern(
    r"\.(?:pdf|docx?|docm|xlsx?|xlsm|pptx?|rtf|odt|ods|txt|csv|jpe?g|png|gif|bmp|mp[34]|avi|html?|eml|msg)"
    r"(?:[\s_]*\.(?:exe|com|scr|pif))?$",
    re.IGNORECASE,
)
"""A document, or a program that passes for one where its extension is not shown."""

_DRIVE = LazyPattern(r"[A-Za-z]:")
_LIBRARIES = LazyPattern(
    r"\.(?:dll|sys|ocx|drv|mui|ax|acm|tsp|cpl|ime|efi|rll|tlb|olb|xll|wll|pyd|node|dylib|so(?:\.\d+)*)(?:\.bak)?$"
)
_BETWEEN_PATHS = LazyPattern(
    r"[,;|]\s*[\"']?(?:[A-Za-z]:[\\/]|\\\\|/)|[^\s\"'(]\s+[\"']?[A-Za-z]:\\|[^\sA-Za-z0-9\"'(/\\?.][\"']?[A-Za-z]:[\\/]|^/.*\s/|[\t\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]\S"
)
_BETWEEN_NAMES = LazyPattern(rf"[,;|]|{_RUNS}[\"']?\s.*{EXTENSION}[\"']?$", re.IGNORECASE)
_BETWEEN_PROGRAMS = LazyPattern(rf"{_RUNS}[\"']?(?:\s*[^\w\s.\\/():\"'-]|\s+[\\/]\s)", re.IGNORECASE)
_ENDS_IN_PROGRAM = LazyPattern(rf"{EXTENSION}[\"']?$", re.IGNORECASE)
"""What stands between names or paths that were joined in one text (`mvjoin`), with whatever between them."""


@remember_short(LONGEST_PATH)
def oddity_of(text: str) -> str | None:
    """Return what is odd about how a file name is written (None: nothing); no honest program is called so."""
    if len(text) > LONGEST_PATH:
        return "is longer than a path"
    if _BETWEEN_PATHS.search(text) or (_BETWEEN_PROGRAMS.search(text) and _ENDS_IN_PROGRAM.search(text[-10:])):
        return "holds several paths"
    *folders, name = _parts_of(text)
    return next(_oddities_of(name), None) or _oddity_of_extension(name) or _oddity_of_folders(text, folders)


def is_of_library(text: str) -> bool:
    """Return whether a path or a name is that of a library or a driver, which runs in processes and is none."""
    return _LIBRARIES.search(plain(_parts_of(text[-LONGEST_PATH:])[-1]).rstrip(". ")) is not None


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


def _oddity_of_extension(name: str) -> str | None:
    if _DOCUMENT.search(name):
        return "passes for a document"
    return "is nothing but an extension" if _ENDS_IN_PROGRAM.fullmatch(name) else None


def _oddity_of_folders(text: str, folders: Sequence[str]) -> str | None:
    r"""Return what is odd about the folders of a path: those that look like others, and those of another machine.

    Windows takes dots and blanks at an end for nothing in some places and for a part of the name in others, so that
    `C:\Windows \System32` passes for the system's own folder.
    """
    if any(map(has_invisible, folders)):
        return "is in a folder whose name holds characters that nobody sees"
    if not text.isascii() and any(map(_looks_latin, folders)):
        return "is in a folder whose name mixes letters that look alike"
    if text.strip("\"'").startswith("/"):
        return None
    if any(name != name.rstrip(". ") for name in dropwhile(_HERE_OR_ABOVE.__contains__, folders)):
        return "is in a folder whose name ends in a dot or a blank"
    if any(":" in name and not _DRIVE.fullmatch(name) for name in folders):
        return "is in a folder that is a stream behind another"
    return "is on a web folder of another machine" if _WEB_FOLDER.match(text) else None


def _parts_of(path: str) -> list[str]:
    """Return folders and what stands behind the last separator, of whichever system, with all dots and blanks."""
    bare = path.strip("\"'")
    if not bare.startswith("/"):
        bare = _DEVICE.sub("", bare).replace("\\", "/")
    *folders, name = bare.split("/")
    # Behind a folder `a:` is no drive, but a file with a stream.
    return [*filter(None, folders), name[2:] if not folders and _DRIVE.match(name) else name]


def _is_mixed(name: str) -> bool:
    """Return whether a word of a name has Latin letters beside those of a script that looks like them."""
    return any(_LIKE_LATIN & scripts and "LATIN" in scripts for scripts in map(_scripts_of, _WORD.findall(name)))


def _looks_latin(name: str) -> bool:
    """Return whether a word of a folder's name is Latin but for few letters of another script, and none of its own."""
    for word in _WORD.findall(name) if not name.isascii() else ():
        scripts = [unicodedata.name(letter, "").partition(" ")[0] for letter in word]
        others = sum(script in _LIKE_LATIN for script in scripts)
        if 0 < others < scripts.count("LATIN"):
            return True
    return False


def _scripts_of(word: str) -> set[str]:
    return {unicodedata.name(letter, "").partition(" ")[0] for letter in word}
