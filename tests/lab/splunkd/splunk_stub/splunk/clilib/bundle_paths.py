"""Where Splunk is installed."""

import os
from pathlib import Path


def make_splunkhome_path(parts: "list[str]") -> str:
    """Give a path below SPLUNK_HOME."""
    return str(Path(os.environ["SPLUNK_HOME"]).joinpath(*parts))
