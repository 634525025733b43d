"""Searches that are written in the manual and in searchbnf.conf, as somebody would copy them."""

from __future__ import annotations

import re
from typing import Iterator

from tests.lab.confs import Stanzas
from tests.lab.manual import Manual, Page

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"``\s(.+?)\s``|`([^`]+)`", re.DOTALL)
_BEGINS = re.compile(
    r"index=|tag=|<your search>|`cbsigned_|\.\.\. \||\| (?:makeresults|tstats|inputlookup|rest) |"
    r"\| cbsigned(?:check|purge|profile|inputs)\b"
)
_FRAGMENT = re.compile(r"\| where ")
_INLINE = re.compile(r"\| \S+ .|index=\S+ |tag=\S+ ")
_SHAPE = re.compile(r"\| tstats \.\.\. |.*\[\w+=<")
_NOT_OURS = {"| sendalert risk"}


def searches_of(manual: Manual) -> Iterator[tuple[str, str]]:
    """Give the page and the text of each search in the manual: of blocks of code, and of code within prose and tables.

    The name of a command alone is no search, nor is what shows the shape of one (`[option=<value>]`, `| tstats ...`).
    """
    for name, page in manual.pages.items():
        for text in (*_in_blocks(page), *_in_prose(page)):
            if text not in _NOT_OURS and not _SHAPE.match(text):
                yield name, text


def _in_blocks(page: Page) -> Iterator[str]:
    for language, block in _FENCE.findall(page.text):
        lines = [line.strip() for line in block.splitlines() if line.strip()]
        if language or not lines or not (_BEGINS.match(lines[0]) or _FRAGMENT.match(lines[0])):
            continue
        begins = _FRAGMENT if _FRAGMENT.match(lines[0]) else _BEGINS
        found: list[list[str]] = []
        for line in lines:
            if begins.match(line) or not found:
                found.append([])
            found[-1].append(line)
        yield from ("\n".join(each) for each in found)


def _in_prose(page: Page) -> Iterator[str]:
    text = _FENCE.sub("", page.text)
    for doubled, single in _CODE.findall(text):
        code = " ".join((doubled or single).split())
        if _INLINE.match(code):
            yield code


def examples_of(searchbnf: Stanzas) -> Iterator[tuple[str, str]]:
    """Give the stanza and the text of each example of searchbnf.conf."""
    for stanza, settings in searchbnf.items():
        for name, value in settings.items():
            if re.fullmatch(r"example\d+", name):
                yield stanza, value
