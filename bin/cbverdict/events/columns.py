"""Which columns of a row are read for what, first match first.

CIM names first (as they are, and as `tstats` gives them, with the data set's name before them), then what forwarders
and Sysmon write raw, and what Elastic's common schema calls it.
"""

from __future__ import annotations

from typing import Dict, NamedTuple, Tuple

from cbverdict.events.column_spellings import cim, values_of_cim
from cbverdict.events.event_columns import (
    ACTION_FIELDS,
    CATEGORY_FIELDS,
    CHILD_FIELDS,
    EVENT_KIND_FIELDS,
    EVENT_STATE_FIELDS,
    FILE_HASH_FIELDS,
    OTHER_FILE_FIELDS,
    TARGET_FIELDS,
)
from cbverdict.events.finding_columns import FINDING_FIELDS
from cbverdict.events.parent_columns import (
    PARENT_COMMAND_FIELDS,
    PARENT_MD5_FIELDS,
    PARENT_NAME_FIELDS,
    PARENT_ORIGINAL_NAME_FIELDS,
    PARENT_SHA1_FIELDS,
    PARENT_SHA256_FIELDS,
)

OWN_MD5_FIELDS = ("process_md5",)
"""What can be nothing but the hash of the process, whatever else the event is about."""

MD5_FIELDS = (
    *OWN_MD5_FIELDS,
    *cim("process_hash"),
    "process_hash{}",
    "md5",
    "Hashes",
    "process.hash.md5",
    "MD5",
    "MD5HashData",
    "action_process_image_md5",
    "tgt.process.image.md5",
    "properties.MD5",
    "winlog.event_data.Hashes",
    "data.win.eventdata.hashes",
    *values_of_cim("process_hash"),
)
NAME_FIELDS = (
    *cim("process_name", "process_exec", "process_path"),
    "path",
    "Image",
    "process.name",
    "process.executable",
    "NewProcessName",
    "New_Process_Name",
    "ImageFileName",
    "FileName",
    "FolderPath",
    "action_process_image_name",
    "action_process_image_path",
    "tgt.process.name",
    "tgt.process.image.path",
    "properties.FileName",
    "properties.FolderPath",
    "winlog.event_data.Image",
    "data.win.eventdata.image",
    *values_of_cim("process_name", "process_path"),
)
ORIGINAL_NAME_FIELDS = (
    *cim("original_file_name"),
    "OriginalFileName",
    "OriginalFilename",
    "original_filename",
    "process.pe.original_file_name",
    "ProcessVersionInfoOriginalFileName",
    "originalFileName",
    "winlog.event_data.OriginalFileName",
    "data.win.eventdata.originalFileName",
    "properties.ProcessVersionInfoOriginalFileName",
    "process_original_filename",
    "values(OriginalFileName)",
    *values_of_cim("original_file_name"),
)
INTERNAL_NAME_FIELDS = (
    "internal_name",
    "InternalName",
    "ProcessVersionInfoInternalFileName",
    "properties.ProcessVersionInfoInternalFileName",
)
"""What else its author called the file: looked for among the tools, and often no file's name."""

USER_FIELDS = (
    *cim("user"),
    "username",
    "User",
    "user.name",
    "user_name",
    "UserName",
    "AccountName",
    "Account_Name",
    "winlog.event_data.User",
    "data.win.eventdata.user",
    "action_process_username",
    "tgt.process.user",
    "properties.AccountName",
    "values(User)",
    *values_of_cim("user"),
)
OTHER_USER_FIELDS = (
    "process_username",
    "SubjectUserName",
    "TargetUserName",
    "winlog.event_data.SubjectUserName",
    "winlog.event_data.TargetUserName",
    "data.win.eventdata.subjectUserName",
    "data.win.eventdata.targetUserName",
    "InitiatingProcessAccountName",
)
"""Who is meant where `USER_FIELDS` name nobody."""

TEAM_FIELDS = ("team",)
HOST_FIELDS = (
    *cim("dest"),
    "computer_name",
    "hostname",
    "ComputerName",
    "Computer",
    "DeviceName",
    "device_name",
    "host.name",
    "dvc",
    "host",
)
"""The endpoint; `host` comes last, for it is the forwarder where events come from one."""

TIME_FIELD = "_time"
RESOLVED_TIME_FIELDS = ("cbsigned_first_time", "cbsigned_last_time")
"""Both ends of a time in seconds since 1970, as the macro `cbsigned_filter` makes them of texts without a zone."""

OTHER_TIME_FIELDS = (
    *RESOLVED_TIME_FIELDS,
    "firstTime",
    "first_time",
    "earliest",
    "lastTime",
    "last_time",
    "latest",
    "timestamp",
    "endpoint_time",
    "orig_time",
    "min_time",
    "max_time",
    "min(_time)",
    "max(_time)",
    "earliest(_time)",
    "latest(_time)",
    "values(_time)",
    "minTime",
    "maxTime",
)
"""What aggregating searches and the inputs hand over instead of `_time`, or beside it: both ends of a time."""

GUID_FIELDS = (*cim("process_guid"), "ProcessGuid", "values(process_guid)", "values(ProcessGuid)")
PROCESS_ID_FIELDS = (*cim("process_id"), "ProcessId", "pid")
PARENT_GUID_FIELDS = (*cim("parent_process_guid"), "ParentProcessGuid", "parent_guid")
PARENT_ID_FIELDS = (*cim("parent_process_id"), "ParentProcessId", "parent_pid")
PARENT_ROW_FIELDS = (*PROCESS_ID_FIELDS, *PARENT_GUID_FIELDS, *PARENT_ID_FIELDS)
"""What tells which row is the parent's own, where a row has no hash of its parent."""

ANY_PATH_FIELDS = ("path",)
PROCESS_PATH_FIELDS = (*cim("process_path"), "Image", "process.executable", "NewProcessName", "New_Process_Name")
"""Where both are there and differ, the first is another file's: of what Carbon Black's forwarder writes, a module's."""

SHA256_FIELDS = (
    "process_sha256",
    "sha256",
    "SHA256",
    "SHA256HashData",
    "process.hash.sha256",
    "action_process_image_sha256",
    "tgt.process.image.sha256",
    "properties.SHA256",
)
"""Where a SHA-256 of the process stands, beside `MD5_FIELDS`."""

HASH_FIELDS = (*FILE_HASH_FIELDS, "hash", "hashes")
"""Looked at only to say that there is a hash which is not read."""


class EventFields(NamedTuple):
    """Which columns are read for what; an option of the command pins one."""

    md5: Tuple[str, ...] = MD5_FIELDS
    name: Tuple[str, ...] = NAME_FIELDS
    parent_md5: Tuple[str, ...] = PARENT_MD5_FIELDS
    parent_name: Tuple[str, ...] = PARENT_NAME_FIELDS
    user: Tuple[str, ...] = USER_FIELDS
    team: Tuple[str, ...] = TEAM_FIELDS

    def named(self) -> Dict[str, str]:
        """Return the columns of files that the analyst has named, by option."""
        given = {
            "md5": self.md5 if self.is_md5_pinned else (),
            "name": self.name if self.is_name_pinned else (),
            "parent_md5": self.parent_md5 if self.parent_md5 is not PARENT_MD5_FIELDS else (),
            "parent_name": self.parent_name if self.is_parent_name_pinned else (),
        }
        return {option: names[0] for option, names in given.items() if names}

    @property
    def is_md5_pinned(self) -> bool:
        """Whether the analyst says where the hash of the process is."""
        return self.md5 is not MD5_FIELDS

    @property
    def is_name_pinned(self) -> bool:
        """Whether the analyst says where the name of the process is."""
        return self.name is not NAME_FIELDS

    @property
    def is_parent_name_pinned(self) -> bool:
        """Whether the analyst says where the name of the parent is."""
        return self.parent_name is not PARENT_NAME_FIELDS

    @property
    def parent_sha256(self) -> Tuple[str, ...]:
        """The columns that a SHA-256 of the parent is read from."""
        is_pinned = self.parent_md5 is not PARENT_MD5_FIELDS
        return self.parent_md5 if is_pinned else (*self.parent_md5, *PARENT_SHA256_FIELDS)

    @property
    def parent_any_hash(self) -> Tuple[str, ...]:
        """The columns that may hold a hash of the parent of any kind."""
        is_pinned = self.parent_md5 is not PARENT_MD5_FIELDS
        return self.parent_md5 if is_pinned else (*self.parent_sha256, *PARENT_SHA1_FIELDS)

    def columns(self, *, has_names: bool) -> list[str]:
        """Return the columns that say which file ran, `GUID_FIELDS` apart; those of parents only with `has_names`."""
        of_others = [*OTHER_FILE_FIELDS, *CHILD_FIELDS, *TARGET_FIELDS, *EVENT_STATE_FIELDS, *ACTION_FIELDS]
        about = [*SHA256_FIELDS, *EVENT_KIND_FIELDS, *CATEGORY_FIELDS, *of_others, *FINDING_FIELDS, *HASH_FIELDS]
        of_author = [*ORIGINAL_NAME_FIELDS, *INTERNAL_NAME_FIELDS, *PARENT_ORIGINAL_NAME_FIELDS]
        names = [*NAME_FIELDS, *self.parent_name, *PARENT_NAME_FIELDS, *PARENT_COMMAND_FIELDS, *of_author]
        of_parent = [*self.parent_sha256, *self.parent_any_hash]
        return list(dict.fromkeys([*self.md5, *of_parent, *about, *self.name, *(names if has_names else ())]))

    def who(self) -> list[str]:
        """Return the columns that say for whom."""
        return list(dict.fromkeys([*self.user, *self.other_user, *self.team]))

    @property
    def other_user(self) -> Tuple[str, ...]:
        """The columns that a user is read from where `user` names nobody."""
        return OTHER_USER_FIELDS if self.user is USER_FIELDS else ()
