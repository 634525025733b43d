"""What a check came to: a row of `| cbsignedcheck`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping

from cbverdict.errors import CbsignedError, ServiceError, SetupError, advice

_MAX_TEXT = 2000


class Status(str, Enum):
    """How it is: in order, not as it should be, or broken."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, how it is, what was seen, and what to do about it (empty: nothing)."""

    check: str
    status: Status
    detail: str
    next_step: str = ""

    def row(self) -> Dict[str, str]:
        """Write it as a row of a search."""
        return {
            "check": self.check,
            "status": self.status.value,
            "detail": self.detail[:_MAX_TEXT],
            "next_step": self.next_step[:_MAX_TEXT],
        }


def fine(check: str, detail: str) -> Finding:
    """Return a finding that nothing has to be done about."""
    return Finding(check, Status.OK, detail)


def warning(check: str, detail: str, next_step: str) -> Finding:
    """Return a finding of something that works less well than it could."""
    return Finding(check, Status.WARN, detail, next_step)


def failure(check: str, detail: str, next_step: str) -> Finding:
    """Return a finding of something that does not work."""
    return Finding(check, Status.FAIL, detail, next_step)


Check = Callable[[], Iterable[Finding]]


def run(checks: Mapping[str, Check]) -> Iterator[Finding]:
    """Run checks by name; one that breaks off is a finding of its own, and keeps no other from being run."""
    for name, check in checks.items():
        try:
            yield from list(check())
        except CbsignedError as error:  # noqa: PERF203 - each check stands for itself
            yield failed(name, error)
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            yield failure(name, f"the check broke off: {type(error).__name__}", advice(ServiceError))


def failed(check: str, error: CbsignedError) -> Finding:
    """Return the finding of a check that came to an error.

    What to do stands behind the colon of the text where the set-up is wrong, and in the class's advice otherwise.
    """
    text = str(error)
    what, _, then = text.partition(": ")
    if isinstance(error, SetupError) and then:
        return failure(check, text, then[:1].upper() + then[1:])
    told = advice(type(error))
    return failure(check, text.replace(told, "").strip() or what, told)


def write_findings(findings: Iterable[Finding]) -> str:
    """Write findings as JSON."""
    return json.dumps({"findings": [asdict(finding) for finding in findings]})


def read_findings(text: str) -> List[Finding]:
    """Read findings.

    Raises:
        ServiceError: they are of another version.
    """
    try:
        found: List[Dict[str, Any]] = json.loads(text)["findings"]
        return [
            Finding(str(one["check"]), Status(one["status"]), str(one["detail"]), str(one["next_step"]))
            for one in found
        ]
    except (ValueError, LookupError, TypeError):
        msg = "the health endpoint's answer is of another version: restart Splunk after an upgrade of the add-on"
        raise ServiceError(msg) from None
