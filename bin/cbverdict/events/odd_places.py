r"""Folders in which a program should not be: Windows' own outside of Windows, and any where anybody may put one.

Names and folders of Windows' own programs: "Windows commands" and "Windows services" (Microsoft documentation), and
MITRE ATT&CK T1036.005, *Match Legitimate Resource Name or Location*. Folders that users may write to by default: T1036,
and "Well-known folders" (Microsoft documentation).
"""

from __future__ import annotations

import posixpath
import re

from cbverdict.events.device_paths import DEVICE
from cbverdict.events.names import LONGEST_PATH
from cbverdict.lazy_pattern import LazyPattern
from cbverdict.remembered import remember_short

_OF_WINDOWS = frozenset(
    {
        "applicationframehost", "at", "atbroker", "audiodg", "auditpol", "backgroundtaskhost", "bcdedit",
        "bitsadmin", "certutil", "cmd", "cmstp", "compattelrunner", "conhost", "consent", "credentialuibroker",
        "cscript", "csrss", "ctfmon", "dashost", "dllhost", "dwm", "eventvwr", "explorer", "fodhelper",
        "fontdrvhost", "forfiles", "gpscript", "gpupdate", "hh", "ipconfig", "logonui", "lsaiso", "lsass",
        "lsm", "mmc", "mousocoreworker", "msdtc", "mshta", "msiexec", "mstsc", "net", "net1", "netsh",
        "ngentask", "nltest", "nslookup", "osk", "qprocess", "query", "quser", "rdpclip", "reg", "regedit",
        "regsvr32", "rundll32", "runonce", "runtimebroker", "sc", "schtasks", "scrnsave", "searchfilterhost",
        "searchindexer", "searchprotocolhost", "securityhealthservice", "services", "sethc",
        "shellexperiencehost", "sihost", "slui", "smartscreen", "smss", "spoolsv", "sppsvc",
        "startmenuexperiencehost", "svchost", "systeminfo", "taskeng", "taskhost", "taskhostex", "taskhostw",
        "taskkill", "tasklist", "taskmgr", "tiworker", "trustedinstaller", "tscon", "unsecapp", "userinit",
        "usoclient", "utilman", "vds", "vssadmin", "vssvc", "wbadmin", "werfault", "wermgr", "wevtutil",
        "whoami", "wininit", "winlogon", "winrshost", "wmiadap", "wmic", "wmiprvse", "wscript", "wsmprovhost",
        "wuauclt",
    }
)  # fmt: skip
"""Windows' own programs that run from its folder alone, without their extension."""

_BEFORE_FOLDERS = LazyPattern(
    rf"{DEVICE}?(?:[A-Za-z]:|[\\/]?device[\\/](?:harddisk|vss|bootdevice)\w*)?[\\/]*",
    re.IGNORECASE,
)
"""A drive or a volume, with what Windows lets stand before it; two separators alone are another machine."""

_IN_WINDOWS = LazyPattern(
    r"(?:windows|winnt|windows\.old|\$windows\.~\w+|systemroot|%(?:systemroot|windir)%"
    r"|programdata/microsoft/windows/containers)/"
)
_ANYBODYS = LazyPattern(
    r"(?:users/(?:public|[^/]+/(?:downloads|desktop|music|pictures|videos|documents|appdata/local/temp|appdata/locallow))"
    r"|documents and settings/[^/]+/local settings/temp|\$recycle\.bin|recycler|perflogs|temp|tmp|intel/logs"
    r"|windows/(?:temp|tasks|tracing|debug|registration/crmlog|system32/(?:tasks|spool/drivers/color|fxstmp|com/dmp)"
    r"|syswow64/(?:tasks|fxstmp|com/dmp)))/"
    r"|programdata/[^/]*$|users/[^/]*$|users/[^/]+/[^/]*$|(?:private/)?(?:var/)?tmp/|private/var/folders/|users/shared/|dev/shm/|var/spool/|run/user/"
)
_SEPARATORS = ("\\", "/")


@remember_short(LONGEST_PATH)
def passes_for_windows(path: str) -> bool:
    """Return whether a path ends in the name of a program of Windows' own and is in another folder than Windows'."""
    if not _is_path(path) or (path.startswith("/") and not path.startswith("//")):
        return False
    bare = _bare(path)
    stem = bare.rpartition("/")[2].removesuffix(".exe")
    return stem in _OF_WINDOWS and (not _IN_WINDOWS.match(bare) or is_anybodys(path))


@remember_short(LONGEST_PATH)
def is_anybodys(path: str) -> bool:
    """Return whether a program is in a folder where everybody, or a user without rights, may put one, or on a share."""
    return _is_path(path) and (_is_shared(path) or _ANYBODYS.match(_bare(path)) is not None)


def _is_path(text: str) -> bool:
    return len(text) <= LONGEST_PATH and any(separator in text for separator in _SEPARATORS)


def _is_shared(path: str) -> bool:
    """Return whether a path names another machine."""
    start = path.strip(" \"'").replace("\\", "/").lower()
    return start.startswith(("//?/unc/", "/??/unc/", "/device/mup/")) or (
        start.startswith("//") and not start.startswith(("//?/", "//./"))
    )


def _bare(path: str) -> str:
    """Return folders and name without a drive, in small letters and with one kind of separator."""
    bare = path.strip(" \"'")
    match = _BEFORE_FOLDERS.match(bare)
    folders = bare[match.end() if match else 0 :].replace("\\", "/").lower()
    return posixpath.normpath(f"/{folders}").lstrip("/")
