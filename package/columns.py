"""Write what is made of the lists of columns that the command reads: `make detections`.

The macro cbsigned_columns of default/macros.conf reads them in the same order, so that a row that the command judged is
not without a name in the summary. The manual's page of columns lists them all.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Sequence

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bin"))

from cbverdict.events.columns import (  # noqa: E402 - found by then
    GUID_FIELDS,
    HOST_FIELDS,
    INTERNAL_NAME_FIELDS,
    MD5_FIELDS,
    NAME_FIELDS,
    ORIGINAL_NAME_FIELDS,
    OTHER_TIME_FIELDS,
    OTHER_USER_FIELDS,
    SHA256_FIELDS,
    TEAM_FIELDS,
    TIME_FIELD,
    USER_FIELDS,
)
from cbverdict.events.event_columns import (  # noqa: E402 - likewise
    ACTION_FIELDS,
    CATEGORY_FIELDS,
    CHILD_FIELDS,
    EVENT_KIND_FIELDS,
    EVENT_STATE_FIELDS,
    FILE_HASH_FIELDS,
    LOADED_FILE_FIELDS,
    OTHER_FILE_FIELDS,
    TARGET_FIELDS,
)
from cbverdict.events.finding_columns import FINDING_FIELDS  # noqa: E402 - likewise
from cbverdict.events.parent_columns import (  # noqa: E402 - likewise
    PARENT_COMMAND_FIELDS,
    PARENT_MD5_FIELDS,
    PARENT_NAME_FIELDS,
    PARENT_ORIGINAL_NAME_FIELDS,
    PARENT_SHA1_FIELDS,
    PARENT_SHA256_FIELDS,
)

MACROS = ROOT / "default" / "macros.conf"
PAGE = ROOT / "docs" / "columns.md"
_TABLE = re.compile(r"(?<=\n<!-- written by `make detections` -->\n).*?(?=\n<!-- end -->)", re.DOTALL)
_PURPOSES = {
    "MD5 of the process": MD5_FIELDS,
    "MD5 of the file that a row is about, where that is the process's own": FILE_HASH_FIELDS,
    "SHA-256 of the process, where those of its MD5 have none": SHA256_FIELDS,
    "name of the process, or its path; the list of tools is asked for all of them": NAME_FIELDS,
    "name that its author gave the file": ORIGINAL_NAME_FIELDS,
    "what else its author called it; looked for among the tools alone": INTERNAL_NAME_FIELDS,
    "MD5 of the parent": PARENT_MD5_FIELDS,
    "SHA-256 of the parent, where those of its MD5 have none": PARENT_SHA256_FIELDS,
    "another hash of the parent, for which nobody can be asked": PARENT_SHA1_FIELDS,
    "name of the parent, or its path": PARENT_NAME_FIELDS,
    "the parent's command line, whose first program can only hold a row back": PARENT_COMMAND_FIELDS,
    "name that its author gave the parent": PARENT_ORIGINAL_NAME_FIELDS,
    "user": USER_FIELDS,
    "user, where those name nobody": OTHER_USER_FIELDS,
    "team": TEAM_FIELDS,
    "time": (TIME_FIELD,),
    "other times, of which the most unusual hour counts": OTHER_TIME_FIELDS,
    "host (only with `risk=true`)": HOST_FIELDS,
    "whether there are several processes": GUID_FIELDS,
    "what kind of event it is": (*EVENT_KIND_FIELDS, *CATEGORY_FIELDS, *EVENT_STATE_FIELDS),
    "what became of a file": ACTION_FIELDS,
    "a file that the process has loaded": LOADED_FILE_FIELDS,
    "what the endpoint or a threat feed says against the process or its parent": FINDING_FIELDS,
    "another file than the process's": tuple(name for name in OTHER_FILE_FIELDS if name not in LOADED_FILE_FIELDS),
    "a process that this one has started": CHILD_FIELDS,
    "a process that this one reached into, or a file that was blocked": TARGET_FIELDS,
}
"""What the columns are read for, in the words of the manual."""

_BASE_NAME = r"^.*[\\\\/]|[. ]+$"
_ACCOUNT = r"^.*[\\\\/]|@.*$"
_OF_DOCUMENT = 'if(match(coalesce(process_document_md5, ""), "^[0-9a-f]{32}$"), process_document_md5, null())'
_CLEAN = '[eval <<FIELD>>=if(\'<<FIELD>>\'="", "-", replace(\'<<FIELD>>\', "[\\"\\r\\n]|\\\\\\\\$", "\'"))]'
_CLEANED = "user process parent host team md5"


def _first(names: Sequence[str]) -> str:
    """Write what is the first text among columns that says something.

    A name with parentheses in it cannot be handed to a macro.
    """
    return f"coalesce({', '.join(f'`cbsigned_says({name})`' for name in names if '(' not in name)})"


def _name(column: str, names: Sequence[str], cut: str) -> str:
    return f'{column}=coalesce(lower(replace({_first(names)}, "{cut}", "")), "")'


def own_md5() -> str:
    """Write the macro that finds the MD5 of a row's process (null: it has none)."""
    hashes = ", ".join(f"`cbsigned_md5_of({name})`" for name in MD5_FIELDS if "(" not in name)
    return f"lower(coalesce({hashes}))"


def definition() -> str:
    """Write the macro."""
    md5 = f'lower(coalesce(`cbsigned_own_md5`, {_OF_DOCUMENT}, "-"))'
    read = [
        _name("cbsigned_user", (*USER_FIELDS, *OTHER_USER_FIELDS), _ACCOUNT),
        _name("cbsigned_process", NAME_FIELDS, _BASE_NAME),
        _name("cbsigned_parent", PARENT_NAME_FIELDS, _BASE_NAME),
        f'cbsigned_host=coalesce(lower({_first(HOST_FIELDS)}), "")',
        f"cbsigned_md5={md5}",
    ]
    own, of_team = "cbsigned_zone", "cbsigned_team_zone"
    zone = (
        f'{own}=coalesce({own}, ""), {of_team}=coalesce({of_team}, ""), '
        f'{own}=case({own}!="", {own}, {of_team}!="", {of_team}, true(), "UTC")'
    )
    cleaned = " ".join(f"cbsigned_{name}" for name in _CLEANED.split())
    key = 'md5(mvjoin(mvappend(cbsigned_user, cbsigned_team, cbsigned_process, cbsigned_parent, cbsigned_md5), "|"))'
    steps = [
        f"eval {', '.join(read)}",
        "lookup cbsigned_teams user AS cbsigned_user OUTPUT team AS cbsigned_listed timezone AS cbsigned_zone",
        'eval cbsigned_team=lower(coalesce(mvindex(team, 0), cbsigned_listed, "")), cbsigned_everybody="*"',
        "lookup cbsigned_teams user AS cbsigned_everybody team AS cbsigned_team OUTPUT timezone AS cbsigned_team_zone",
        f"eval {zone}",
        f"foreach {cleaned} {_CLEAN}",
        f"eval cbsigned_key={key}",
        "fields - cbsigned_listed cbsigned_everybody cbsigned_team_zone",
    ]
    return " | ".join(steps)


def renewed() -> str:
    """Return macros.conf with the macros replaced."""
    text = MACROS.read_text(encoding="utf-8")
    for name, written in (("cbsigned_columns", definition()), ("cbsigned_own_md5", own_md5())):
        before, head, rest = text.partition(f"[{name}]\ndefinition = ")
        after = rest.partition("\n")[2]
        text = f"{before}{head}{written}\n{after}"
    return text


def table() -> str:
    """Write the manual's table of all columns, those of the CIM without the prefix that `tstats` gives them."""
    rows = (
        f"| {what} | {', '.join(f'`{name}`' for name in names if 'Processes.' not in name)} |"
        for what, names in _PURPOSES.items()
    )
    return "\n".join(["| what | columns, first match first |", "|---|---|", *rows])


def renewed_page() -> str:
    """Return the manual's page with its table replaced."""
    return _TABLE.sub(lambda _: table(), PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    PAGE.write_text(renewed_page(), encoding="utf-8")
    MACROS.write_text(renewed(), encoding="utf-8")
