"""The manual as its readers have it: README.md and docs/, their links, anchors, tables and prose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, NamedTuple, Tuple

_FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"``.*?``|`[^`]*`")
_LINK = re.compile(r"\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)
_PUNCTUATION = re.compile(r"[^\w\- ]")


class Link(NamedTuple):
    """Where a link stands and where it leads: a file, and an anchor of it (empty: none)."""

    page: Path
    target: Path
    anchor: str


@dataclass(frozen=True)
class Page:
    """One page of Markdown."""

    path: Path
    text: str

    @property
    def anchors(self) -> set[str]:
        """The anchors of its headings, as GitHub makes them."""
        return {_anchor(heading) for heading in _HEADING.findall(_FENCE.sub("", self.text))}

    def links(self) -> Iterator[Link]:
        """Find its links to other files and to its own headings; those to other sites are not followed."""
        for link in _LINK.findall(_CODE.sub("", _FENCE.sub("", self.text))):
            if "://" not in link:
                file, _, anchor = link.partition("#")
                yield Link(self.path, (self.path.parent / file).resolve() if file else self.path, anchor)

    def prose(self) -> Iterator[str]:
        """Give its lines but for code and tables."""
        lines = _FENCE.sub("", self.text).splitlines()
        return (line for line in lines if not line.lstrip().startswith("|"))

    def table(self, first_column: str) -> dict[str, Tuple[str, ...]]:
        """Give the table whose first column has this heading: the other cells of each row by its first one."""
        rows: dict[str, Tuple[str, ...]] = {}
        is_in_it = False
        for line in self.text.splitlines():
            cells = _cells(line)
            if cells[:1] == [first_column]:
                is_in_it = True
            elif not cells:
                is_in_it = False
            elif is_in_it and set(cells[0]) != {"-"}:
                rows[cells[0]] = tuple(cells[1:])
        return rows


@dataclass(frozen=True)
class Manual:
    """All pages by their path from the root, such as `docs/command.md`."""

    root: Path
    pages: dict[str, Page]

    def dangling_links(self) -> list[Link]:
        """Find links to a file or an anchor that is not there."""
        return [link for page in self.pages.values() for link in page.links() if not self._is_there(link)]

    def reachable_from(self, start: str) -> set[str]:
        """Name the pages that somebody finds who starts at one page and follows links."""
        found, ahead = {start}, [start]
        while ahead:
            for link in self.pages[ahead.pop()].links():
                name = self._name(link.target)
                if name in self.pages and name not in found:
                    found.add(name)
                    ahead.append(name)
        return found

    def _is_there(self, link: Link) -> bool:
        page = self.pages.get(self._name(link.target))
        return link.target.exists() and (not link.anchor or (page is not None and link.anchor in page.anchors))

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix() if self.root in path.parents else ""


def read_manual(root: Path) -> Manual:
    """Read README.md and docs/ below a root: the repository, or an unpacked package."""
    root = root.resolve()
    paths = [root / "README.md", *sorted((root / "docs").glob("*.md"))]
    pages = (Page(path, path.read_text(encoding="utf-8")) for path in paths)
    return Manual(root, {page.path.relative_to(root).as_posix(): page for page in pages})


def _anchor(heading: str) -> str:
    return _PUNCTUATION.sub("", heading.strip().lower()).replace(" ", "-")


def _cells(line: str) -> list[str]:
    """Split a row of a table; a bar within code does not end a cell."""
    text = line.strip()
    if not text.startswith("|"):
        return []
    hidden = _CODE.sub(lambda code: code.group().replace("|", "\0"), text)
    return [cell.strip().replace("\0", "|") for cell in hidden.strip("|").split("|")]
