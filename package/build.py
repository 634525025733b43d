"""Build the installable package: stage the app, vendor its libraries, make the tarball, have it inspected.

The same sources give the same bytes. What is left out of lib/, and why, stands at `_prune`.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Callable

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
APP = "cbsigned"
EXPLAINED = ROOT / "package" / "inspect-requirements.txt"
"""Where every warning of AppInspect's is explained."""

PIP = "25.0.1"  # ucc-gen asks pip for its version in a way that later ones refuse
FROM_SOURCE = ("--use-pep517", "--no-build-isolation", "--no-cache-dir")
"""How pip makes a wheel of what has none: with the setuptools that is pinned for it, and nothing from its cache."""

EPOCH = 1577836800  # 2020-01-01: every file of the tarball carries the same time

# AppInspect runs of `make package`; the second has no tags, for some checks run only then.
INSPECTIONS = (("--included-tags", "cloud", "--included-tags", "private_victoria"), ())


def stage(ucc: str) -> Path:
    """Put the app together in build/stage/cbsigned; `ucc` is the ucc-gen that makes the setup pages."""
    app = BUILD / "stage" / APP
    shutil.rmtree(app, ignore_errors=True)
    app.mkdir(parents=True)
    for name in ("bin", "default", "lookups"):
        shutil.copytree(ROOT / name, app / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".*"))
    for name in ("README", "metadata", "static"):
        shutil.copytree(ROOT / "package" / name, app / name)
    shutil.copytree(ROOT / "docs", app / "docs")
    shutil.copytree(ROOT / "package" / "pictures", app / "package" / "pictures")  # where the manual shows them
    for name in ("README.md", "LICENSE", "CHANGELOG.md", "app.manifest"):
        shutil.copy(ROOT / name, app / name)
    _vendor(app / "lib")
    _add_pages(app, ucc)
    for path in (app, *app.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return app


def make_tarball(app: Path) -> Path:
    """Write build/cbsigned-<version>.tar.gz."""
    version = json.loads((ROOT / "app.manifest").read_text(encoding="utf-8"))["info"]["id"]["version"]
    target = BUILD / f"{APP}-{version}.tar.gz"
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, EPOCH) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted([app, *app.rglob("*")]):
            tar.add(path, path.relative_to(app.parent).as_posix(), recursive=False, filter=_anonymous)
    return target


def inspect(tarball: Path, appinspect: str) -> bool:
    """Have Splunk's AppInspect check the tarball; False where it finds an error, a failure or a future failure."""
    is_clean = True
    for number, tags in enumerate(INSPECTIONS):
        report = BUILD / f"appinspect-{number}.json"
        command = [appinspect, "inspect", str(tarball), "--mode", "precert", *tags, "--data-format", "json"]
        command += ["--output-file", str(report), "--skip-trusted-libraries-update"]
        subprocess.run(command, check=True, capture_output=True)
        result = json.loads(report.read_text(encoding="utf-8"))
        summary = result["summary"]
        print(f"AppInspect {' '.join(tags) or '(all checks)'}: {summary}")
        for check in (check for group in result["reports"][0]["groups"] for check in group["checks"]):
            if check["result"] == "warning" and check["name"] not in EXPLAINED.read_text(encoding="utf-8"):
                print(f"  {check['name']} is not explained in {EXPLAINED.name}")
                is_clean = False
            if check["result"] not in {"success", "not_applicable", "skipped"}:
                words = "; ".join(dict.fromkeys(message["message"].splitlines()[0] for message in check["messages"]))
                print(f"  {check['result']}: {check['name']}: {words[:300]}")
        is_clean &= not (summary["error"] or summary["failure"] or summary.get("future_failure", 0))
    return is_clean


def _vendor(lib: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-compile", "--no-deps"]
    command += [*FROM_SOURCE, "--target", str(lib), "-r", str(ROOT / "package" / "requirements.txt")]
    subprocess.run(command, check=True)
    _prune(lib)


def _add_pages(app: Path, ucc: str) -> None:
    """Have UCC make the setup pages of package/globalConfig.json, and take them over.

    It runs in a folder of its own, on a source that holds nothing but what it asks for, because it copies whole folders
    and rewrites its input. Of what it makes, the pages, their REST handlers and the confs that announce both are taken;
    the libraries, the other confs and the scripts of the inputs are our own.
    """
    work = BUILD / "stage" / "ucc"
    shutil.rmtree(work, ignore_errors=True)
    source = work / "package"
    (source / "lib").mkdir(parents=True)
    shutil.copy(ROOT / "app.manifest", source)
    shutil.copy(ROOT / "README.md", source)
    shutil.copy(ROOT / "package" / "globalConfig.json", work)
    pins = (ROOT / "package" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    (needed,) = (pin.partition("#")[0] for pin in pins if pin.startswith("splunktaucclib"))
    (source / "lib" / "requirements.txt").write_text(needed, encoding="utf-8")
    version = json.loads((ROOT / "app.manifest").read_text(encoding="utf-8"))["info"]["id"]["version"]
    script = Path(ucc).absolute()
    command = [str(script), "build", "--source", "package", "--ta-version", version, "-o", "output", "--overwrite"]
    command += [
        "--python-binary-name",
        str(script.with_name("python")),
        "--pip-version",
        PIP,
        "--pip-custom-flag=--no-deps",
    ]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"ucc-gen failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    made = work / "output" / APP
    shutil.copytree(made / "appserver", app / "appserver")
    _name_build(app / "appserver")
    shutil.copytree(made / "default" / "data", app / "default" / "data", ignore=_ours(made, app), dirs_exist_ok=True)
    for handler in [*made.glob("bin/cbsigned_rh_*.py"), made / "bin" / "import_declare_test.py"]:
        shutil.copy(handler, app / "bin")
    _check_settings(app / "bin" / "cbsigned_rh_settings.py")
    shutil.copy(made / "default" / "web.conf", app / "default")
    ours, theirs = app / "default" / "restmap.conf", made / "default" / "restmap.conf"
    generated = theirs.read_text(encoding="utf-8")
    # UCC names four verbs; what there is beside them must not be open to everybody.
    closed = generated.replace("capability.put = ", "capability = cbsigned_admin\ncapability.put = ")
    ours.write_text(f"{ours.read_text(encoding='utf-8')}\n{_for_python_39(closed)}", encoding="utf-8")


def _for_python_39(restmap: str) -> str:
    """Say which Python: on Splunk 9.3 and 9.4 `python3` is 3.7 unless server.conf forces another one."""
    lines = [line for line in restmap.splitlines() if line.startswith("python.version")]
    if set(lines) != {"python.version = python3"}:
        sys.exit(f"the generated restmap.conf is not as it was: {sorted(set(lines))}")
    return restmap.replace("python.version = python3\n", "python.version = python3.9\n")


def _ours(made: Path, app: Path) -> Callable[[str, list[str]], list[str]]:
    """Return what copytree shall leave out: views and the navigation that default/data has itself."""
    return lambda folder, names: [name for name in names if (app / Path(folder).relative_to(made) / name).is_file()]


def _check_settings(handler: Path) -> None:
    """Have settings checked before they are saved: for accounts globalConfig.json says so, for settings nothing can."""
    text = handler.read_text(encoding="utf-8")
    changed = text.replace(
        "from splunktaucclib.rest_handler.admin_external import AdminExternalHandler",
        "from cbsigned_setup_check import SettingsHandler",
    ).replace("handler=AdminExternalHandler", "handler=SettingsHandler")
    if changed.count("SettingsHandler") != 2:  # noqa: PLR2004 - where it comes from, and where it is used
        sys.exit(f"{handler.name} is not as it was: see where it names its handler")
    handler.write_text(changed, encoding="utf-8")


def _name_build(appserver: Path) -> None:
    """Put a number of the pages' content where UCC puts the time: browsers keep a page until it changes."""
    files = sorted(path for path in appserver.rglob("*") if path.suffix == ".js")
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    page = appserver / "templates" / "base.html"
    page.write_text(re.sub(r"@\d+", f"@{int(digest[:8], 16)}", page.read_text(encoding="utf-8")), encoding="utf-8")


def _prune(lib: Path) -> None:
    """Leave out what must not be in an app: compiled code, caches, scripts.

    markupsafe and charset-normalizer each have a Python twin of their compiled part and use it by themselves.
    """
    for pattern in ("*.so", "*.pyd", "*.c", "*.pyi", "py.typed", "*.pyc", "*__mypyc*"):
        for path in lib.rglob(pattern):
            path.unlink()
    for path in [lib / "bin", *lib.rglob("__pycache__")]:
        shutil.rmtree(path, ignore_errors=True)
    for path in [*lib.glob("*.dist-info/RECORD"), *lib.glob("*.dist-info/WHEEL")]:
        path.unlink()  # They would list what was just left out, and name the platform it was for.
    compiled = [path for path in lib.rglob("*") if path.suffix in {".so", ".pyd", ".dll", ".dylib"}]
    if compiled:
        sys.exit(f"compiled code in lib/: {', '.join(map(str, compiled))}")


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = EPOCH
    return member


def main() -> None:
    """Build, and inspect where AppInspect is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ucc", metavar="UCC-GEN", required=True, help="the ucc-gen that makes the setup pages")
    parser.add_argument("--inspect", metavar="APPINSPECT", help="the splunk-appinspect to check the tarball with")
    arguments = parser.parse_args()
    tarball = make_tarball(stage(arguments.ucc))
    print(f"{tarball.relative_to(ROOT)}: {tarball.stat().st_size / 1e6:.2f} MB")
    if arguments.inspect and not inspect(tarball, arguments.inspect):
        sys.exit("AppInspect found errors or failures; build/appinspect-*.json has all of it")
    if arguments.inspect:
        print(f"\nThe package passed AppInspect. Its warnings are explained in {EXPLAINED.relative_to(ROOT)}.")
    print(f"The package: {tarball.relative_to(ROOT)}. Next: Splunk, Apps, Manage Apps, Install app from file; restart.")


if __name__ == "__main__":
    main()
