"""What UCC's handlers need of Splunk's own `splunk.admin`: a request on stdin, its answer on stdout."""

from __future__ import annotations

import json
import sys
from typing import Any

ACTION_CREATE, ACTION_LIST, ACTION_EDIT, ACTION_REMOVE = 1, 2, 4, 8
CONTEXT_APP_ONLY = 1
_METHODS = {
    ACTION_CREATE: "handleCreate",
    ACTION_LIST: "handleList",
    ACTION_EDIT: "handleEdit",
    ACTION_REMOVE: "handleRemove",
}


class ConfigItem(dict[str, Any]):
    """One entry of an answer."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.metadata: dict[str, Any] = {}

    def setMetadata(self, name: str, value: Any) -> None:
        """Add an `eai:` field."""
        self.metadata[name] = value


class ConfigInfo(dict[str, ConfigItem]):
    """An answer: entries by name, made when they are first named."""

    def __missing__(self, name: str) -> ConfigItem:
        """Make an entry."""
        self[name] = ConfigItem()
        return self[name]


class _Arguments:
    def __init__(self) -> None:
        self.required: set[str] = set()
        self.optional: set[str] = set()

    def addReqArg(self, name: str) -> None:
        self.required.add(name)

    def addOptArg(self, name: str) -> None:
        self.optional.add(name)


class _CallerArguments:
    def __init__(self, identity: str | None, data: dict[str, list[str]]) -> None:
        self.id = identity
        self.data = data


class MConfigHandler:
    """The base of every handler."""

    def __init__(self, request: dict[str, Any]) -> None:
        """Take the request."""
        self.requestedAction = request["action"]
        self.callerArgs = _CallerArguments(request["id"], request["data"])
        self.supportedArgs = _Arguments()
        self._session_key = request["session_key"]

    def getSessionKey(self) -> str:
        """Give the user's session."""
        return str(self._session_key)


def init(handler: type[Any], ctxInfo: int = 0) -> None:
    """Answer one request."""
    request = json.loads(sys.stdin.read())
    try:
        one = handler(request)
        one.setup()
        arguments = one.supportedArgs
        given = set(request["data"]) - {"name", "output_mode"}
        if request["action"] in {ACTION_CREATE, ACTION_EDIT}:
            unknown = given - arguments.required - arguments.optional
            missing = arguments.required - given
            if unknown or missing:
                raise ValueError(f"arguments unknown {sorted(unknown)}, missing {sorted(missing)}")
        info = ConfigInfo()
        getattr(one, _METHODS[request["action"]])(info)
        answer = {"entries": {name: {"content": dict(item), "eai": item.metadata} for name, item in info.items()}}
    except Exception as error:
        kind = f"<class '{type(error).__module__}.{type(error).__name__}'>"
        # As splunkd words it; the setup pages cut their message out of this.
        where = "See splunkd.log/python.log for more details."
        answer = {"error": f'Unexpected error "{kind}" from python handler: "{error}". {where}'}
    print(json.dumps(answer))
