"""Fixtures of the lab, and skips that are loud: in CI a skipped test is a failed one."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.lab import authorities
from tests.lab.edr.estate import Estate
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.package import UCC, build_once, unpack
from tests.lab.site import Site

# Deadlines and slow data are bounds of wall time, which a busy machine exceeds. CI looks further than a run at one's
# desk, and always at the same examples, so that nobody's change is refused for another's defect.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", _PATIENT, max_examples=50)
settings.register_profile("ci", _PATIENT, max_examples=200, derandomize=True)
settings.register_profile("mutate", _PATIENT, max_examples=50, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "quick")

authorities.load_none()

SHARED = Path(__file__).resolve().parents[2] / "shared" / "real"


@pytest.fixture
def recorded() -> Path:
    """Give the folder of recorded data; skip where it is not beside the project."""
    if not SHARED.is_dir():
        pytest.skip("LOUD SKIP: the recorded data (../shared/real) is not here, so nothing is compared with it")
    return SHARED


@pytest.fixture
def now() -> int:
    """Give the time when the test began, in seconds since 1970: the last test of a long run has its own."""
    return round(time.time())


@pytest.fixture
def estate() -> Estate:
    """Give an empty estate."""
    return Estate()


@pytest.fixture
def edr(estate: Estate) -> Iterator[EdrServer]:
    """Give a running Carbon Black simulator over the estate."""
    with EdrServer(estate) as server:
        yield server


@pytest.fixture
def bare_site() -> Iterator[Site]:
    """Give a search head with the add-on and no account."""
    with Site() as site:
        yield site


@pytest.fixture
def site(bare_site: Site, edr: EdrServer) -> Site:
    """Give a search head with the add-on, set up for the simulator."""
    bare_site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
    return bare_site


@pytest.fixture(scope="session")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the package, built once for all workers."""
    if not UCC.is_file():
        pytest.skip(f"LOUD SKIP: there is no {UCC}, which `make test` sets up, so no package is built")
    base = tmp_path_factory.getbasetemp()
    return build_once((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "built")


@pytest.fixture(scope="session")
def package(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the package, unpacked."""
    return unpack(tarball, tmp_path_factory.mktemp("package"))


@pytest.fixture
def installed(tarball: Path, tmp_path: Path) -> Path:
    """Give the package where Splunk installs apps, with the caches that Python puts into it there."""
    app = tmp_path / "etc" / "apps" / "cbsigned"
    shutil.copytree(tarball.parent / "compiled" / "cbsigned", app)
    return app


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the file of the longest test, for which the others would wait in the end."""
    items.sort(key=lambda item: item.path.stem != "test_inputs_survive")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run two workers a core, for they wait for other processes half of the time; eight are enough."""
    return min(2 * (os.cpu_count() or 1), 8)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where CI says that nothing may be skipped."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and CI lets nothing skip: {report.longrepr}"
    return report
