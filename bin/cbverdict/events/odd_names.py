"""What is odd about how files are named: no honest program is called so, or no single one."""

from __future__ import annotations

import re
import unicodedata
from typing import Iterator, Sequence

from cbverdict.events.device_paths import DEVICE
from cbverdict.events.names import EXTENSION, LONGEST_NAME, LONGEST_PATH
from cbverdict.events.odd_places import passes_for_windows
from cbverdict.events.texts import plain
from cbverdict.lazy_pattern import LazyPattern
from cbverdict.placeholders import has_invisible, without_invisible
from cbverdict.remembered import remember_short

_RUNS = r"\.(?:exe|bat|cmd|scr|dll|ps1)"
_SHORT_NAME = LazyPattern(r"[^.~]{1,6}~\d{1,4}(?:\.[^.]{0,3})?")
_WORD = LazyPattern(r"[^\W\d_]+")
_LIKE_LATIN = {
    "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "OSAGE", "DESERET", "GLAGOLITIC", "GOTHIC", "RUNIC",
    "CANADIAN", "CARIAN", "LYCIAN", "LYDIAN", "OLD", "TIFINAGH", "VAI", "BAMUM", "WARANG",
}  # fmt: skip
"""The first word of what Unicode calls letters of scripts in which some look like Latin ones."""

_DEVICE = LazyPattern(DEVICE)

_SHARE = LazyPattern(
    r"[\"']?(?:[\\/]{2}(?![?.][\\/])|[\\/]{2}[?.][\\/]UNC[\\/]|[\\/]\?\?[\\/]UNC[\\/]|[\\/]Device[\\/]Mup[\\/])",
    re.IGNORECASE,
)
"""How a path on another machine begins, of which the web's have a port or `SSL` behind an `@`."""

_BEFORE_MACHINE = frozenset({"unc", "device", "mup", "?", "??", "."})
_DOTS_AND_BLANKS = ". \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_TURNED = LazyPattern("[\u202a-\u202e\u2066-\u2069]")  # what stands behind it is read from right to left
_SYSTEM_FOLDERS = frozenset(
    {"windows", "system32", "syswow64", "program files", "program files (x86)", "programdata", "users", "winsxs"}
)
_LOOKS_LIKE = str.maketrans(
    "\u0430\u0410\u0441\u0421\u0501\u0435\u0415\u0433\u04bb\u041d\u0456\u0406\u0458\u043a\u041a\u04cf\u043c\u041c\u043d\u043e\u041e\u0440\u0420\u0455\u0405\u0442\u0422\u0443\u0461\u051d\u0445\u0425"
    "\u03b1\u0391\u03f2\u03b5\u0395\u0397\u03b9\u0399\u03ba\u039a\u039c\u03bf\u039f\u03c1\u03a1\u03c4\u03a4\u03c5\u03a5\u03c9\u03bd\u03c7\u03a7\u0131\u026a\u1d00\u1d04\u1d05\u1d07\u0261\u029c\u029f\u1d0d\u0274\u1d0f\u1d18\u0280\ua731\u1d1b\u1d1c\u1d21",
    "aAcCdeErhHiIjkKlmMnoOpPsStTywwxXaAceEHiIkKMoOpPtTuYwvxXiiacdeghlmnoprstuw",
)
"""Letters of other scripts, and small capitals, by the Latin ones that they look like."""

_HERE_OR_ABOVE = frozenset({".", ".."})
_DOCUMENT = LazyPattern(
    r"\.(?:pdf|docx?|do[ct]m|dotx|xlsx?|xls[bm]|ppt[xm]?|pps[xm]?|rtf|odt|ods|one|txt|log|csv|jpe?g|png|gif|bmp|svg|tiff?"
    r"|heic|webp|mp[34]|avi|mov|html?|eml|msg|zip|rar|7z|iso|lnk|url)(?:[\s_().\d-]*\.(?:exe|com|scr|pif))?$",
    re.IGNORECASE,
)
"""A document, or a program that passes for one where its extension is not shown."""

OUTSIDE_WINDOWS = "is called like a program of Windows, and is in another folder"
_DRIVE = LazyPattern(r"[A-Za-z]:")
_LIBRARIES = LazyPattern(
    r"\.(?:dll|sys|ocx|drv|mui|ax|acm|tsp|cpl|ime|efi|rll|tlb|olb|xll|wll|pyd|node|dylib|so(?:\.\d+)*)(?:\.bak)?$"
)
_BETWEEN_PATHS = LazyPattern(
    r"[,;|]\s*[\"']?(?:[A-Za-z]:[\\/]|\\\\|/)|[^\s\"'(]\s+[\"']?[A-Za-z]:\\|[^\sA-Za-z0-9\"'(/\\?.][\"']?[A-Za-z]:[\\/]|^/.*\s/|[\t\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]\S"
)
_BETWEEN_NAMES = LazyPattern(rf"[,;|]|{_RUNS}[\"']?\s.*{EXTENSION}[\"']?$", re.IGNORECASE)
_BETWEEN_PROGRAMS = LazyPattern(rf"{_RUNS}[\"']?(?:\s*[^\w\s.\\/():\"'-]|\s*[-=]+>|\s+[\\/]\s)", re.IGNORECASE)
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
    found = next(_oddities_of(name), None) or _oddity_of_extension(name) or _oddity_of_folders(text, folders)
    return found or (OUTSIDE_WINDOWS if passes_for_windows(text) else None)


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
    r"""Return what is odd about the folders of a path: those that pass for the system's, and those of another machine.

    Windows takes dots and blanks at an end for nothing in some places and for a part of the name in others, so that
    `C:\Windows \System32` passes for the system's own folder.
    """
    if _TURNED.search(text):
        return "is in a folder whose name is turned around"
    if _is_of_other_systems(text):
        return None
    if any(map(_passes_for_systems, folders)):
        return "is in a folder that passes for one of the system's"
    if any(name != name.rstrip(_DOTS_AND_BLANKS) for name in folders if name not in _HERE_OR_ABOVE):
        return "is in a folder whose name ends in a dot or a blank"
    if any(":" in name and not _DRIVE.fullmatch(name) for name in folders):
        return "is in a folder that is a stream behind another"
    machine = next((name for name in folders if name.lower() not in _BEFORE_MACHINE), "") if _SHARE.match(text) else ""
    is_of_web = "@" in machine or "davwwwroot" in map(str.lower, folders)
    return "is on a web folder of another machine" if is_of_web else None


def _is_of_other_systems(text: str) -> bool:
    bare = text.strip("\"'")
    return bare.startswith("/") and not bare.startswith("//") and "\\" not in bare


def _passes_for_systems(folder: str) -> bool:
    """Return whether a folder looks like one of the system's without being called so."""
    if folder.isascii():
        return False  # what only ends otherwise is found by its end
    looks = unicodedata.normalize("NFKD", without_invisible(folder)).translate(_LOOKS_LIKE)
    letters = "".join(letter for letter in looks if not unicodedata.combining(letter)).lower().strip()
    return letters in _SYSTEM_FOLDERS


def _parts_of(path: str) -> list[str]:
    """Return folders and what stands behind the last separator, of whichever system, with all dots and blanks."""
    bare = path.strip("\"'")
    if not _is_of_other_systems(path):
        bare = _DEVICE.sub("", bare).replace("\\", "/")
    *folders, name = bare.split("/")
    # Behind a folder `a:` is no drive, but a file with a stream.
    return [*filter(None, folders), name[2:] if not folders and _DRIVE.match(name) else name]


def _is_mixed(name: str) -> bool:
    """Return whether a word of a name has Latin letters beside those of a script that looks like them."""
    return any(_LIKE_LATIN & scripts and "LATIN" in scripts for scripts in map(_scripts_of, _WORD.findall(name)))


def _scripts_of(word: str) -> set[str]:
    return {unicodedata.name(letter, "").partition(" ")[0] for letter in word}
