r"""Folders in which a program should not be: Windows' own outside of Windows, and any where anybody may put one.

Names and folders of Windows' own programs: "Windows commands" and "Windows services" (Microsoft documentation), and
MITRE ATT&CK T1036.005, *Match Legitimate Resource Name or Location*. Names of volumes and devices: "Naming files, paths
and namespaces" (Microsoft documentation). Folders that users may write to by default: "Well-known folders" (Microsoft
documentation), and MITRE ATT&CK T1036.
"""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

from cbverdict.events.names import LONGEST_PATH, stem_of
from cbverdict.lazy_pattern import LazyPattern
from cbverdict.remembered import remember_short

_OF_WINDOWS = frozenset(
    {
        "applicationframehost", "atbroker", "audiodg", "auditpol", "backgroundtaskhost", "bcdedit", "bitsadmin",
        "certutil", "cmd", "cmstp", "compattelrunner", "conhost", "consent", "credentialuibroker", "cscript",
        "csrss", "ctfmon", "dashost", "dllhost", "dwm", "eventvwr", "explorer", "fodhelper", "fontdrvhost",
        "forfiles", "gpscript", "gpupdate", "hh", "ipconfig", "logonui", "lsaiso", "lsass", "lsm", "mmc",
        "mousocoreworker", "msdtc", "mshta", "msiexec", "mstsc", "net", "net1", "netsh", "ngentask", "nltest",
        "nslookup", "osk", "rdpclip", "reg", "regedit", "regsvr32", "rundll32", "runonce", "runtimebroker",
        "sc", "schtasks", "scrnsave", "searchfilterhost", "searchindexer", "searchprotocolhost", "services",
        "sethc", "shellexperiencehost", "sihost", "slui", "smss", "spoolsv", "sppsvc",
        "startmenuexperiencehost", "svchost", "systeminfo", "taskeng", "taskhost", "taskhostex", "taskhostw",
        "taskkill", "tasklist", "taskmgr", "tiworker", "trustedinstaller", "tscon", "unsecapp", "userinit",
        "usoclient", "utilman", "vds", "vssadmin", "vssvc", "wbadmin", "werfault", "wermgr", "wevtutil",
        "wininit", "winlogon", "winrshost", "wmiadap", "wmic", "wmiprvse", "wscript", "wsmprovhost", "wuauclt",
    }
)  # fmt: skip
"""Windows' own programs that run from its folder alone, without their extension."""

_NAMESPACES = LazyPattern(r"(?:/(?:/[?.]|\?\?|global\?\?|dosdevices)/|^/?globalroot/)+(?:globalroot/)?")
_VOLUME = LazyPattern(
    r"(?P<drive>[a-z]):/?|/?device/(?:harddiskvolume\w*|harddisk\d+/partition\d+|(?:vhd)?harddisk\{[^/]*\})/"
    r"|/?volume\{[^/]*\}/"
)
_SHARE = LazyPattern(r"//(?![?.]/)|/?unc/|/?device/(?:mup|lanmanredirector|webdavredirector|rdpdr|cdrom\d*)/")
_VARIABLES = {
    "%systemroot%": "windows",
    "%windir%": "windows",
    "systemroot": "windows",
    "system32": "windows/system32",
    "syswow64": "windows/syswow64",
    "%temp%": "temp",
    "%tmp%": "temp",
    "%public%": "users/public",
    "%userprofile%": "users/user",
    "%localappdata%": "users/user/appdata/local",
    "%appdata%": "users/user/appdata/roaming",
    "%programdata%": "programdata",
    "%allusersprofile%": "programdata",
}
"""What a path may begin with that names no drive, and where that is."""

_OF_USERS = r"(?:downloads|desktop|music|pictures|videos|documents|onedrive[^/]*|appdata/local/temp|appdata/locallow)"
_ANYBODYS = LazyPattern(
    rf"(?:users/(?:public|shared|[^/]+/{_OF_USERS}|[^/]+/appdata/local/microsoft/windows/(?:inetcache|temporary[^/]*))"
    rf"|documents and settings/(?:public|all users|[^/]+/(?:{_OF_USERS}|local settings/temp[^/]*))"
    r"|\$recycle\.bin|recycler|perflogs|temp|tmp|intel/logs|winnt/temp"
    r"|windows/(?:temp|tasks|tracing|debug|registration/crmlog|sysnative/tasks"
    r"|(?:system32|syswow64)/(?:tasks|tasks_migrated|fxstmp|com/dmp|spool/(?:drivers/color|printers|servers)"
    r"|microsoft/crypto/rsa/machinekeys)))/"
    r"|programdata/[^/]*$|users/[^/]*$|users/[^/]+/[^/]*$"
    r"|(?:system/volumes/data/)?(?:private/)?(?:var/)?tmp/|(?:private/)?var/folders/|volumes/|home/[^/]+/downloads/"
    r"|dev/shm/|run/(?:shm|lock|user)/|var/(?:spool|run/user|lock)/|proc/"
)
_SHORT_FOLDER = LazyPattern(r"(?:^|/)(?!progra~[12]/)[^/]*~\d[^/]*/")
"""A folder by its short name (8.3), of which nobody knows the long one, but for those of `Program Files`."""


class _Place(NamedTuple):
    """Where a program is: its path without a drive or a volume, in small letters and with one kind of separator.

    `is_shared`: on another machine, or on a medium that somebody has put in. `is_other_drive`: on another one than
    Windows' usual, or on none that is known.
    """

    path: str
    is_shared: bool = False
    is_other_drive: bool = False


@remember_short(LONGEST_PATH)
def passes_for_windows(path: str) -> bool:
    """Return whether a path ends in the name of a program of Windows' own and is in another folder than Windows'."""
    if not _is_path(path) or (path.startswith("/") and not path.startswith("//")):
        return False
    place = _place_of(path)
    if stem_of(place.path.rpartition("/")[2]) not in _OF_WINDOWS:
        return False
    return place.is_shared or place.is_other_drive or not place.path.startswith("windows/") or is_anybodys(path)


@remember_short(LONGEST_PATH)
def is_anybodys(path: str) -> bool:
    """Return whether a program is in a folder where everybody, or a user without rights, may put one, or on a share.

    Of a short name of a folder (8.3) nobody knows.
    """
    if not _is_path(path):
        return False
    place = _place_of(path)
    return place.is_shared or _ANYBODYS.match(place.path) is not None or _SHORT_FOLDER.search(place.path) is not None


def bare_path(path: str) -> str:
    """Return a path as it is compared: without a drive or a volume, in small letters and with one kind of separator."""
    return _place_of(path).path


def _is_path(text: str) -> bool:
    return len(text) <= LONGEST_PATH and ("\\" in text or "/" in text)


def _place_of(path: str) -> _Place:
    text = path.strip(" \"'").replace("\\", "/").lower()
    if _SHARE.match(text):
        return _Place(_normal(text), is_shared=True)
    bare = text[match.end() :] if (match := _NAMESPACES.match(text)) else text
    if _SHARE.match(bare):
        return _Place(_normal(bare), is_shared=True)
    volume = _VOLUME.match(bare)
    if volume is not None:
        return _Place(_normal(bare[volume.end() :]), is_other_drive=volume["drive"] not in {None, "c"})
    first, slash, rest = bare.lstrip("/").partition("/")
    if slash and first in _VARIABLES:
        return _Place(_normal(f"{_VARIABLES[first]}/{rest}"))
    return _Place(_normal(bare), is_other_drive=not bare.startswith("/"))  # from no root it may be anywhere


def _normal(path: str) -> str:
    return posixpath.normpath(f"/{re.sub('/+', '/', path)}").lstrip("/")
