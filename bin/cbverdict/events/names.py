r"""File names of programs as rows really carry them, and what they may be names of.

A name says little about a file, for whoever starts a program chooses how it is called. So there is one reading for what
is usual (`program_of`), and a wider one for the list of tools (`spellings_of`): all that a name may stand for.
"""

from __future__ import annotations

import ntpath
import posixpath
import re
from typing import Collection, Iterable, Iterator

from cbverdict.events.texts import plain
from cbverdict.lazy_pattern import LazyPattern
from cbverdict.remembered import remember_short

LONGEST_PATH = 1024  # what a path may take to be remembered; a longer one is read all the same
LONGEST_NAME = 255  # characters of a file's name, on any system
EXTENSION = r"\.(?:exe|com|scr|pif|bat|cmd|ps1|psm1|vbs|vbe|js|jse|wsf|hta|msi|msc|cpl|dll|ocx|sys|jar|py|sh|app)"
_KNOWN_EXTENSION = LazyPattern(rf"{EXTENSION}$")
_WITH_ARGUMENTS = LazyPattern(rf"(.+?{EXTENSION})[\"']?[\s/,;()|&<>].*", re.IGNORECASE | re.DOTALL)
_ON_A_DRIVE = LazyPattern(r"[A-Za-z]:|\\|%")
_PROGRAM_WITH_BLANKS = LazyPattern(r"([^\"]*?\.(?:exe|com|scr|pif|bat|cmd))(?=[\s\"',;/]|$)", re.IGNORECASE)
_FIRST_WORD = LazyPattern(r'(?:"[^"]*(?:"|$)|[^\s"])+')
_IN_BUNDLE = LazyPattern(r"[\"']?/[^\"'\n]*?\.app/Contents/MacOS/([^/\"'\n]+?)(?=\s+-|[\"'\n]|$)")
_OPTION = LazyPattern(r"\s+[-/]")
_BEHIND_EXTENSION = LazyPattern(rf"(.+?{EXTENSION})[/,;]", re.IGNORECASE)
_LOGIN_SHELLS = frozenset({"sh", "bash", "zsh", "ksh", "csh", "tcsh", "dash", "fish"})
_BEFORE_OPTIONS = LazyPattern(r"\"([^\"]+)\"(?:\s.*)?|(\S+)\s+[-/]\w.*", re.DOTALL)
_MAY_BE_CUT = LazyPattern(r"[\\/:\"'\s,;()|&<>]")
_LOOKS_LIKE = str.maketrans(
    "\u0430\u0441\u0501\u0435\u04bb\u0456\u0458\u04cf\u043e\u0440\u051b\u0455\u051d\u0445\u0443\u0475"
    "\u03b1\u03bf\u03c1\u03bd\u03c5\u03b9\u03ba\u0131\u0261",
    "acdehijlopqswxyvaopvuikig",
)
"""Lower-case letters of other scripts, by which they look like (Unicode's confusables): whole words are so written."""

_SEPARATORS = LazyPattern(r"[\\/:]")
_STREAM = LazyPattern(r"(?<!^.):.*", re.DOTALL)  # an alternate data stream behind the name, not a drive before it
_AROUND = " \"'`()[]{}<>,;_#$\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"
_DOTS_AND_BLANKS = (
    ". \t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_DELETED = " (deleted)"  # Linux says so of a file that is gone
_VERSION = LazyPattern(r"[-_. ]?v?\d+(?:[._]\d+)*(?:rc\d+|[a-c]\d*)?$")
_ARCHITECTURE = LazyPattern(r"[-_. ]?(?:x?(?:32|64)(?:-?bit)?|x86(?:[-_]64)?|amd64|arm64|i[36]86|win32|win64)$")
_COPIES = LazyPattern(r"^(?:copy of )+")
_COPY = LazyPattern(r"(?: ?\(\w+\)| ?\[\d+\]| -  ?\w+(?:-\d+)?)+$")  # as Windows (in its language) and browsers do
_LONGEST_END = 64  # characters; no version and no mark of a copy has as many
_BETWEEN = LazyPattern(r"[\s\\/;|,&<>\"'()]+")  # what may stand between names in one text
_COPY_OF, _COPY_AT_END = "copy of ", " - "
_ANY_ARCHITECTURE = (_ARCHITECTURE, "246t\n")
_AT_THE_END = ((_COPY, ")]\n"), _ANY_ARCHITECTURE, (_VERSION, "0123456789abc\n"), _ANY_ARCHITECTURE)
"""What is cut off a plain name, in this order, and the letters that it may end in (`$` fits before a line's end too).

A copy's mark may end otherwise, and so may a name of other letters than ASCII's.
"""
_ANY_LAST = "".join(last for _, last in _AT_THE_END)

_WINDOWS_PROGRAM = ".exe"
_EXECUTABLE = (_WINDOWS_PROGRAM, ".com", ".scr", ".pif")
_LIBRARY = (".dll", ".sys", ".ocx", ".cpl", ".msi")


@remember_short(LONGEST_PATH)
def file_name(path: str) -> str | None:
    r"""Cut the file name from a Windows, Linux or macOS path (None: there is none).

    A path that starts with `/` is a POSIX path, where a backslash is an ordinary character; anything else
    is read as Windows does, `C:\`, `\\server\share`, `\Device\HarddiskVolume2` and quotes around it included.
    """
    text = path.strip()
    if not _SEPARATORS.search(text):
        return text or None
    if text.startswith("/"):
        return posixpath.basename(text) or None
    if len(text) > 1 and text[0] == text[-1] == '"' and "\\" in text:
        text = text[1:-1]
    if len(text) > LONGEST_PATH:  # ntpath would look at each letter in turn: a second for 10 MB, read five times
        return text[max(text.rfind("\\"), text.rfind("/")) + 1 :] or None
    return ntpath.basename(text) or None


def program_of(name: str) -> str:
    """Return a file name as baselines have it: in its one spelling, without what is no part of a program's name."""
    text = plain(name).removesuffix(_DELETED)
    return text.rstrip(_DOTS_AND_BLANKS) or text


@remember_short(LONGEST_PATH)
def program_started(command: str) -> str | None:
    """Return the file name of the program at the start of a command line (None: it begins with none).

    Ends at a blank outside of quotes, wherever they stand; behind a path of Windows without quotes, where its program's
    extension or the first option is.
    """
    name = file_name(path_started(command))
    return None if name and name.startswith("-") and name.lstrip("-") not in _LOGIN_SHELLS else name


@remember_short(LONGEST_PATH)
def path_started(command: str) -> str:
    """Return the program at the start of a command line as it is named there, with its folders; see above."""
    text = command.strip()[:LONGEST_PATH]
    bundle = _IN_BUNDLE.match(text)
    if bundle is not None:
        return text[: bundle.end(1)].strip()
    first = _FIRST_WORD.match(text)
    word = first[0].replace('"', "") if first else ""
    if text[:1] == "'":
        word = text[1:].partition("'")[0]
    elif '"' not in (first[0] if first else "") and _ON_A_DRIVE.match(text):
        path = _PROGRAM_WITH_BLANKS.match(text)
        word = path[1] if path else _OPTION.split(text, maxsplit=1)[0]
    cut = _BEHIND_EXTENSION.match(word)
    return cut[1] if cut else word


@remember_short(LONGEST_PATH)
def spellings_of(text: str) -> frozenset[str]:
    r"""Return the plain file names that a text may stand for, each with and without `.exe`, version and architecture.

    Reads what `file_name` does, and beyond: arguments behind a path, alternate data streams, dots and blanks at the
    end, `(deleted)`, login shells (`-bash`), what an author wrote into a version resource (`Cmd.Exe.MUI`).
    """
    return frozenset(_spellings(text[:LONGEST_PATH]))


def _spellings(text: str) -> Iterator[str]:
    whole = plain(text)
    for candidate in (*_candidates(whole), *(() if whole.isascii() else _candidates(whole.translate(_LOOKS_LIKE)))):
        for name in (candidate, *_of_other_extension(candidate)):
            yield from _spellings_of_file(name)


@remember_short(LONGEST_NAME)
def _spellings_of_file(text: str) -> frozenset[str]:
    """Return the spellings of a file name that was cut from its path."""
    return frozenset(_spell_file(text))


def _spell_file(text: str) -> Iterator[str]:
    whole = _STREAM.sub("", text) if ":" in text else text
    name = whole.removesuffix(_DELETED).strip(_AROUND).rstrip(". ").removesuffix(".mui")
    for one in {name, name.lstrip("-")} if name else ():
        stem, dot, extension = one.rpartition(".")
        is_program = bool(dot) and f".{extension}" in _EXECUTABLE
        written = stem.rstrip(". ") if is_program else one
        for inner in {written, written.strip(_AROUND) or written}:
            for bare in _without_version(inner):
                yield bare
                yield f"{bare}{_WINDOWS_PROGRAM}"
        yield one


def _of_other_extension(name: str) -> Iterator[str]:
    """Return what stands before an extension that is no program's: a program runs under any (`psexec.exe.bak`)."""
    if "." in name and (name.endswith(_LIBRARY) or not _KNOWN_EXTENSION.search(name)):
        yield name.partition(".")[0]


def _candidates(text: str) -> Iterator[str]:
    """Return the last parts of a path, however it is cut: as Windows does, as POSIX does, arguments left out or not."""
    if not _MAY_BE_CUT.search(text):
        yield text
        return
    cut, options = _WITH_ARGUMENTS.fullmatch(text), _BEFORE_OPTIONS.fullmatch(text)
    for path in {
        text,
        (options.group(1) or options.group(2)) if options else text,
        cut.group(1) if cut else text,
        text.split(" ", maxsplit=1)[0] if text.startswith(("/", "-")) else text,
    }:
        bare = path.strip(" \"'")
        names = {
            ntpath.basename(bare),
            posixpath.basename(bare),
            bare.replace("\\", "/").rstrip("/ ").rpartition("/")[2],
        }
        yield from names
        yield from {part for name in names if ":" in name for part in name.split(":")}  # a stream may be the program
    yield from {word for word in _BETWEEN.split(text) if _KNOWN_EXTENSION.search(word)}


def _without_version(stem: str) -> set[str]:
    """Return a name, and what is left of it that is no copy, and without an architecture and a version at its end."""
    may_fit_any = not stem.isascii() or stem.startswith(_COPY_OF) or _COPY_AT_END in stem
    if not may_fit_any and stem[-1:] not in _ANY_LAST:
        return {stem}  # as most names
    found = {stem, _COPIES.sub("", stem)}
    for pattern, last in _AT_THE_END:
        cut = [_cut_off(pattern, one) for one in found if may_fit_any or one[-1:] in last]
        found.update([one for one in cut if len(one) > 1])
    return found


def _cut_off(pattern: LazyPattern, name: str) -> str:
    """Cut what fits off the end of a name; from each letter on is looked whether it does, so only from the last few."""
    return name[:-_LONGEST_END] + pattern.sub("", name[-_LONGEST_END:])


def is_same_program(names: Iterable[str], original_names: Iterable[str]) -> bool:
    """Return whether each of a row's names may be one of those that the file's author gave it, extensions apart.

    A row's names are read strictly, as the last part of a path: what stands before it, or behind an `.exe`, is chosen
    by whoever names a folder.
    """
    originals = list(original_names)
    spelled = set(map(plain, originals))
    others = [name for name in names if not _is_spelled_so(name, spelled)]
    if not others:
        return True  # as of nearly all files
    given_letters = set(map(_first_letter, spelled))
    letters = {_first_letter(plain(file_name(name) or name)) for name in others} - {""}
    if "" not in given_letters and not letters <= given_letters:
        return False  # One begins otherwise than all that it could be.
    given = frozenset[str]().union(*map(_bare_spellings_of, originals))
    return all(not given.isdisjoint(stems_of(name)) for name in others)


def _first_letter(name: str) -> str:
    """Return the letter that all spellings of a plain name begin with (empty: that is not seen at once)."""
    is_cut = _MAY_BE_CUT.search(name) is not None or name.startswith(_COPY_OF)
    return name[0] if name[:1].isalnum() and name.isascii() and not is_cut else ""


def _is_spelled_so(text: str, spelled: Collection[str]) -> bool:
    """Return whether a text is seen at once to end in one of these plain names, which nothing cuts otherwise."""
    name = plain(file_name(text) or text)
    return name in spelled and _ends_in_a_name(text) and not _MAY_BE_CUT.search(name)


@remember_short(LONGEST_PATH)
def _bare_spellings_of(text: str) -> frozenset[str]:
    return frozenset(map(_bare, spellings_of(text)))


def stem_of(text: str) -> str:
    """Return the plain name of a program without its extension and what stands behind it."""
    name = program_of(text)
    cut = None if name.endswith(_WINDOWS_PROGRAM) else _WITH_ARGUMENTS.fullmatch(name[:LONGEST_PATH])
    return _bare(cut.group(1) if cut else name)


@remember_short(LONGEST_PATH)
def stems_of(text: str) -> frozenset[str]:
    """Return the plain file name at the end of a path without its extension, with and without version and so on."""
    return frozenset(_bare(spelling) for spelling in _spellings_of_file(plain(file_name(text) or text)))


def are_of_one_program(texts: Iterable[str]) -> bool:
    """Return whether all these names and paths end in one file name, extensions and versions apart."""
    distinct = dict.fromkeys(texts)
    if len(distinct) == 1 and all(map(_ends_in_a_name, distinct)):
        return True  # as of nearly all rows
    found = [stems_of(text) for text in distinct]
    return not found or bool(frozenset.intersection(*found))


def _ends_in_a_name(text: str) -> bool:
    """Return whether a text is seen at once to end in a file name, for which `stems_of` has something."""
    name = file_name(text) or ""
    return name.isascii() and name[-1:].isalnum() and ":" not in name and not name.lower().endswith(".mui")


def _bare(spelling: str) -> str:
    if spelling.endswith(_WINDOWS_PROGRAM):
        return spelling[: -len(_WINDOWS_PROGRAM)]  # half of all spellings
    return _KNOWN_EXTENSION.sub("", spelling) if "." in spelling else spelling
