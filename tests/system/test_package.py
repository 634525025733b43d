"""The package as a user installs it: pure Python, complete, and at work under every interpreter of Splunk's."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath

from cbsigned import CbsignedCommand
from cbverdict.settings.verdicts import Method
from tests.lab.conf_check import problems, read_app
from tests.lab.confs import read_conf
from tests.lab.edr.estate import Estate, Start
from tests.lab.edr.server import TOKEN, EdrServer
from tests.lab.inputs import InputHost
from tests.lab.manual import read_manual
from tests.lab.package import build
from tests.lab.site import ROOT, Site


def test_the_package_holds_what_splunk_needs_and_nothing_else(package: Path, tarball: Path) -> None:
    """No tests, no caches, no dotfiles, nothing compiled, nothing executable."""
    top = {path.name for path in package.iterdir()}
    assert top == {
        "app.manifest", "appserver", "bin", "CHANGELOG.md", "default", "lib", "LICENSE", "lookups", "metadata",
        "docs", "package", "README", "README.md", "static",
    }  # fmt: skip
    manual = read_manual(package)
    assert len(manual.pages) > 10
    assert manual.dangling_links() == []
    with tarfile.open(tarball) as members:  # What is unpacked is run by other tests, and has caches then.
        for member in members:
            path = PurePosixPath(member.name)
            assert not path.name.startswith(".")
            assert path.suffix not in {".so", ".pyd", ".pyc", ".dll", ".dylib"}
            assert member.isdir() or member.mode & 0o777 == 0o644


def test_the_same_sources_give_the_same_bytes(tarball: Path, tmp_path: Path) -> None:
    """So that a package can be checked against its sources, whatever the umask and whatever pip has in its cache."""
    again = build(tmp_path, umask=0o077, PIP_CACHE_DIR=str(tmp_path / "empty"), PYTHONHASHSEED="1", TZ="Asia/Tokyo")
    assert again.read_bytes() == tarball.read_bytes()


def test_the_version_is_one() -> None:
    """Manifest, app.conf, project and changelog say the same."""
    version = json.loads((ROOT / "app.manifest").read_text(encoding="utf-8"))["info"]["id"]["version"]
    app = read_conf(ROOT / "default" / "app.conf")
    assert app["launcher"]["version"] == app["id"]["version"] == version
    assert f'version = "{version}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_package_works_with_nothing_but_its_own_libraries(installed: Path, tmp_path: Path) -> None:
    """Command and handler run under this interpreter without any package installed, as in Splunk."""
    venv = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    estate = Estate()
    estate.add_binary("a" * 32, "Signed", "c:\\a.exe", publisher="Example Corp")
    with EdrServer(estate) as edr, Site(installed, str(venv / "bin" / "python")) as site:
        site.save_account("lab", url=edr.url, api_token=TOKEN, ca_certificate=edr.trust_pem)
        for arguments in ((), ("method=prog_name",), ("method=binary",)):
            result = site.search([{"md5": "a" * 32, "process_name": "a.exe"}, {"md5": "b" * 32}], *arguments)
            assert len(result.rows) == 2
            assert [level for level, _ in result.messages] == ["INFO"], result.messages
        learnt = site.learn([{"_time": "1793606400", "user": "ann", "team": "hr", "process_name": "a.exe"}])
        assert (learnt.rows[0]["action"], learnt.messages) == ("learnt", [])
        assert result.rows[0]["process_signature_publisher"] == "Example Corp"
        estate.add_process(Start("a" * 32, "c:\\a.exe"))
        for kind in ("cbsigned_processes", "cbsigned_binaries"):
            host = InputHost(site, kind)
            assert host.validate() == ""
            (event,) = host.run(start="2026-01-01")
            assert event.fields["signed"] == "true"
        assert "Traceback" not in site.logs()


def test_every_script_runs_under_a_python_that_it_is_written_for(package: Path) -> None:
    """UCC's as well: `python3` alone is 3.7 on Splunk 9.3 and 9.4, where server.conf does not force another one."""
    stanzas = {
        f"{path.name} [{name}]": (settings.get("python.version"), settings.get("python.required"))
        for path in sorted((package / "default").glob("*.conf"))
        for name, settings in read_conf(path).items()
        if {"filename", "handlerfile", "script", "handler", "interval", "python.version"} & set(settings)
        and not settings.get("filename", "").endswith(".csv")
    }
    assert len(stanzas) > 12
    assert set(stanzas.values()) == {("python3.9", "3.9, 3.13")}, stanzas


def test_every_runtime_requirement_is_pinned_with_a_reason() -> None:
    """One a line."""
    lines = (ROOT / "package" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 3
    for line in lines:
        assert line.startswith("#") or re.fullmatch(r"[a-z0-9-]+==[0-9.]+ +# .{10,}", line), line


class TestNothingDrifts:
    """Conf files, specs, lookups and code say the same; `tests/unit/test_manual.py` holds the manual to them."""

    def test_the_options_in_searchbnf_are_the_commands(self) -> None:
        """Asked of the command itself."""
        syntax = read_conf(ROOT / "default" / "searchbnf.conf")["cbsigned-options"]["syntax"]
        options = CbsignedCommand().options
        assert set(re.findall(r"(\w+)=", syntax)) == set(options)
        assert options["method"].validator.membership == {method.value for method in Method}

    def test_every_setting_has_a_spec_and_is_read(self) -> None:
        """default/, README/*.spec and the code know the same names."""
        rooms = [*(ROOT / "bin" / "cbverdict" / "settings").glob("*.py")]
        rooms.append(ROOT / "bin" / "cbverdict" / "splunkd" / "conf.py")
        source = "".join(path.read_text(encoding="utf-8") for path in rooms)
        for name in ("cbsigned_account", "cbsigned_settings"):
            spec = (ROOT / "package" / "README" / f"{name}.conf.spec").read_text(encoding="utf-8")
            specified = set(re.findall(r"^(\w+) = ", spec, re.MULTILINE))
            shipped = {key for stanza in read_conf(ROOT / "default" / f"{name}.conf").values() for key in stanza}
            assert shipped <= specified
            for setting in specified:
                assert re.search(rf"""["']{setting}["']""", source), setting

    def test_every_argument_of_an_input_is_the_same_everywhere(self) -> None:
        """inputs.conf, its spec, the scheme and the code."""
        source = (ROOT / "bin" / "cbverdict" / "inputs" / "script.py").read_text(encoding="utf-8")
        scheme = set(re.findall(r'^    \(\s*"(\w+)",', source, re.MULTILINE))
        code = (ROOT / "bin" / "cbverdict" / "inputs" / "arguments.py").read_text(encoding="utf-8")
        spec = (ROOT / "package" / "README" / "inputs.conf.spec").read_text(encoding="utf-8")
        stanzas = read_conf(ROOT / "default" / "inputs.conf")
        own = {"interval", "disabled", "start_by_shell", "python.version", "python.required"}
        for kind, settings in stanzas.items():
            assert (ROOT / "bin" / f"{kind}.py").is_file()
            section = spec.partition(f"[{kind}://<name>]")[2].partition("\n[")[0]
            assert set(re.findall(r"^(\w+) = ", section, re.MULTILINE)) == scheme
            assert set(settings) - own <= scheme
        for argument in scheme:
            assert f'"{argument}"' in code, argument

    def test_the_confs_that_are_built_keep_to_the_specs(self, package: Path) -> None:
        """Those that UCC makes as well: names and values of Splunk's specs, and of the app's own."""
        assert list(problems(read_app(package, package / "README"))) == []

    def test_every_source_type_has_props_and_an_event_type(self) -> None:
        """Of its name."""
        sources = [path.read_text(encoding="utf-8") for path in (ROOT / "bin" / "cbverdict" / "inputs").rglob("*.py")]
        written = set(re.findall(r'SOURCETYPE = "([\w:]+)"', "".join(sources)))
        assert written == set(read_conf(ROOT / "default" / "props.conf"))
        searches = {stanza["search"] for stanza in read_conf(ROOT / "default" / "eventtypes.conf").values()}
        assert searches == {f'sourcetype="{name}"' for name in written}

    def test_scripts_stanzas_and_commands_have_one_name(self) -> None:
        """Script stem = conf stanza = what is typed."""
        for stanza, settings in read_conf(ROOT / "default" / "commands.conf").items():
            assert settings["filename"] == f"{stanza}.py"
            assert (ROOT / "bin" / settings["filename"]).is_file()
            assert f"{stanza}-command" in read_conf(ROOT / "default" / "searchbnf.conf")
        for settings in read_conf(ROOT / "default" / "restmap.conf").values():
            script, _, handler = settings["handler"].rpartition(".")
            assert settings["script"] == f"{script}.py"
            assert f"class {handler}" in (ROOT / "bin" / settings["script"]).read_text(encoding="utf-8")
        for lookup in read_conf(ROOT / "default" / "transforms.conf").values():
            assert "collection" in lookup or (ROOT / "lookups" / lookup["filename"]).is_file()
