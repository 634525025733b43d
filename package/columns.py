"""Write the macro cbsigned_columns into default/macros.conf: `make detections`.

It reads the columns that the command reads, in the same order, so that a row that the command judged is not without a
name in the summary.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Sequence

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bin"))

from cbverdict.events.columns import (  # noqa: E402 - found by then
    HOST_FIELDS,
    MD5_FIELDS,
    NAME_FIELDS,
    OTHER_USER_FIELDS,
    PARENT_NAME_FIELDS,
    USER_FIELDS,
)

MACROS = ROOT / "default" / "macros.conf"
_DEFINITION = re.compile(r"(?<=\[cbsigned_columns\]\ndefinition = ).*")
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


def definition() -> str:
    """Write the macro."""
    hashes = ", ".join(f"`cbsigned_md5_of({name})`" for name in MD5_FIELDS if "(" not in name)
    md5 = f'lower(coalesce({hashes}, {_OF_DOCUMENT}, "-"))'
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
    """Return macros.conf with the macro replaced."""
    return _DEFINITION.sub(lambda _: definition(), MACROS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    MACROS.write_text(renewed(), encoding="utf-8")
