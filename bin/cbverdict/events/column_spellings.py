"""How one column is called by what makes rows: the CIM, `tstats`, and `stats` where it is given no other name."""

from __future__ import annotations

from typing import Tuple

_DATA_SET = "Processes."
_OF_WINLOGBEAT, _OF_WAZUH = "winlog.event_data.", "data.win.eventdata."


def cim(*names: str) -> Tuple[str, ...]:
    """Return the names of columns as the CIM has them, and as `tstats` does."""
    return (*names, *(_DATA_SET + name for name in names))


def values_of_cim(*names: str) -> Tuple[str, ...]:
    """Return how `stats` calls the values of these columns."""
    return tuple(f"values({name})" for name in cim(*names))


def sysmon(*names: str) -> Tuple[str, ...]:
    """Return the names of Sysmon's columns as it writes them, and as Winlogbeat and Wazuh hand them on."""
    of_wazuh = (f"{_OF_WAZUH}{name[0].lower()}{name[1:]}" for name in names)
    return (*names, *(f"{_OF_WINLOGBEAT}{name}" for name in names), *of_wazuh)
