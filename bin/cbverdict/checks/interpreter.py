"""The Python that runs the add-on's scripts, and where it takes the libraries from."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Iterator, Optional, Tuple

from cbverdict.checks.finding import Finding, failure, fine, warning

_APP = Path(__file__).resolve().parents[3]
_FIRST, _LAST = (3, 9), (3, 13)


def check_python(where: str, version: Tuple[int, ...] = sys.version_info[:3]) -> Iterator[Finding]:
    """Check the version; `where` says whose process it is."""
    check = f"Python of the {where}"
    detail = f"Python {'.'.join(map(str, version[:3]))}, {sys.executable}"
    if version[:2] < _FIRST:
        yield failure(
            check,
            detail,
            "Take away what makes Splunk run this app under an older Python than 3.9: python.version in local/ of the "
            "app, or [general] python.version in server.conf. Splunk before 9.3 has none.",
        )
    elif version[:2] > _LAST:
        yield warning(check, detail, "The add-on was never tried with it: look for a newer version of the add-on.")
    else:
        yield fine(check, detail)


def check_libraries(where: str, lib: Path = _APP / "lib") -> Iterator[Finding]:
    """Check that each library that the app brings is taken from the app itself."""
    check = f"libraries of the {where}"
    names = sorted(
        path.stem for path in lib.glob("*") if path.stem.isidentifier() and (path.is_dir() or path.suffix == ".py")
    )
    if not names:
        yield failure(
            check, f"there is nothing in {lib}", "Install the package that `make package` builds, not the sources."
        )
        return
    origins = {name: _origin(name) for name in names}
    strangers = {
        name: origin for name, origin in origins.items() if origin is None or not origin.is_relative_to(lib.resolve())
    }
    if strangers:
        seen = ", ".join(f"{name} from {origin or 'nowhere'}" for name, origin in strangers.items())
        yield failure(
            check,
            f"not from the app's own lib/: {seen}",
            "Take away what puts another folder first: PYTHONPATH in splunk-launch.conf, or packages that were "
            "installed into Splunk's own Python. If a library is nowhere, install the package anew.",
        )
    else:
        yield fine(check, f"all {len(names)} from {lib}")


def _origin(name: str) -> Optional[Path]:
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):  # ValueError: a module that is loaded has no spec
        return None
    if spec is None:
        return None
    places = [spec.origin] if spec.has_location and spec.origin else list(spec.submodule_search_locations or [])
    return Path(places[0]).resolve() if places else None
