"""The small company's rows as its Splunk has them: in indexes, by source type, and in the CIM's data model."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Dict, List, Mapping

from tests.lab.spl.environment import Row
from tests.lab.spl.values import format_number

_SHAPES: Mapping[str, Mapping[str, str]] = {
    "md5": {"index": "edr", "sourcetype": "bit9:carbonblack:json", "type": "ingress.event.procstart"},
    "Image": {"index": "sysmon", "sourcetype": "XmlWinEventLog", "EventCode": "1"},
    "process_path": {"index": "endpoint", "sourcetype": "process"},
    "app": {"index": "auth", "sourcetype": "vpn", "action": "success"},
}


def events(rows: List[Row]) -> Dict[str, List[Row]]:
    """Give the company's rows by their indexes: `edr`, `sysmon`, `endpoint` and `auth`; log-ons are tagged."""
    found: Dict[str, List[Row]] = {}
    for row in rows:
        metadata = next(shape for name, shape in _SHAPES.items() if name in row)
        event: Row = {**row, **metadata, "_time": _seconds(str(row["_time"]))}
        if metadata["index"] == "auth":
            event["tag"] = "authentication"
        event["_raw"] = json.dumps({name: cell for name, cell in event.items() if not name.startswith("_")})
        found.setdefault(metadata["index"], []).append(event)
    return found


def data_model(indexes: Mapping[str, List[Row]]) -> Dict[str, List[Row]]:
    """Give `Endpoint.Processes` over the events that have the CIM's fields."""
    return {
        "Endpoint.Processes": [
            {
                name if name == "_time" else f"Processes.{name}": cell
                for name, cell in {**_of_model(event), **event}.items()
                if name != "_raw"
            }
            for event in indexes.get("endpoint", [])
        ]
    }


def _of_model(event: Row) -> Row:
    """Give what add-ons put into the data model beside: tstats leaves out rows that lack a field that it groups by."""
    return {
        "process_guid": f"{{{event['event_id']}}}",
        "original_file_name": event["process_name"],
        "process": f'"{event["process_path"]}"',
    }


def _seconds(text: str) -> str:
    return format_number(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())
