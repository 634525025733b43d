"""Columns that say what kind of event a row is, and which other file than the process's it is about."""

from __future__ import annotations

from cbverdict.events.column_spellings import cim, sysmon

EVENT_KIND_FIELDS = (
    "EventCode",
    "EventID",
    "event_id",
    "signature_id",
    "event.code",
    "event_type",
    "type",
    "event.action",
    "event_simpleName",
    "ActionType",
    "EventDescription",
    "signature",
    "event_code",
    "eventcode",
    "Event_ID",
    "EventId",
    "eventid",
    "Event.System.EventID",
    "winlog.event_id",
    "TaskCategory",
    "EventType",
    "category",
    "event_simplename",
    "event_SimpleName",
    "#event_simpleName",
    "actiontype",
    "event.type",
    "eventType",
    "event_name",
    "EventName",
    "event_sub_type",
    "action_type",
    "data.win.system.eventID",
    "System.EventID",
    "event_id.id",
    "event_action",
    "actionType",
    "operation",
    "evt.type",
    "routing.event_type",
    "metadata.event_type",
    "es_event_type",
    "properties.ActionType",
    "values(EventCode)",
    "values(EventID)",
    "values(signature_id)",
    "values(event_type)",
    "values(ActionType)",
)
"""What kind of event a row is: Sysmon's and Windows' numbers and names, Carbon Black's, Elastic's, CrowdStrike's and
Defender's words, in the spellings that add-ons and searches give these columns."""

DEFENDER_KIND_FIELDS = ("ActionType", "actiontype", "properties.ActionType", "values(ActionType)")
CROWDSTRIKE_KIND_FIELDS = ("event_simpleName", "event_simplename", "event_SimpleName", "#event_simpleName")
"""Of these, those of sources that name each of their kinds, so that a list of them can be closed."""

TITLE_FIELDS = ("EventDescription", "signature", "TaskCategory", "EventType", "category")
"""Of these, where the title of an alert may stand as well: there it counts where no other says that it is a start."""

CATEGORY_FIELDS = ("event.category",)
"""What a row is about, of which Elastic's common schema knows several at once."""

EVENT_STATE_FIELDS = ("event.kind",)
"""Whether a row is an event or an alert of the endpoint's, in the same schema."""

LOADED_FILE_FIELDS = (
    *sysmon("ImageLoaded"),
    *cim("loaded_file", "loaded_file_path"),
    "dll.name",
    "dll.path",
    "imageLoaded",
    "image_loaded",
    "modload_name",
    "modload_path",
    "module.path",
    "module_path",
    "dll_path",
    "driver_path",
    "action_module_path",
    "dll.hash.md5",
    "module.md5",
    "modload_md5",
    "modload_hash",
    "modload_hash{}",
    "scriptload_name",
    "scriptload_md5",
    "scriptload_hash",
    "scriptload_hash{}",
)
"""What names an image, a library or a driver that the process has loaded, or has its hash."""

OTHER_FILE_FIELDS = (
    *LOADED_FILE_FIELDS,
    *sysmon("TargetFilename"),
    "TargetFileName",
    "file_name",
    "file_path",
    "Filesystem.file_name",
    "Filesystem.file_path",
    "file.name",
    "file.path",
    "filename",
    "fileName",
    "filepath",
    "FilePath",
    "target_path",
    "TargetPath",
    "ImagePath",
    "ServiceFileName",
    "filePath",
    "FullPath",
    "object_path",
    "objectFilePath",
    "tgt.file.path",
    "TgtFilePath",
    "action_file_path",
    "filemod_name",
    "filemod_md5",
    "filemod_hash",
    "filemod_hash{}",
    "values(TargetFilename)",
)
"""What names another file than the process's: an image or driver that was loaded, a file that was made or deleted."""

CHILD_FIELDS = ("childproc_name", "childproc_hash", "childproc_hash{}", "childproc_md5", "childproc_sha256")
"""What names the process that the row's process has started: of Carbon Black Cloud's starts that is who began."""

TARGET_FIELDS = (
    *sysmon(
        "SourceImage",
        "TargetImage",
        "SourceProcessGUID",
        "TargetProcessGUID",
        "GrantedAccess",
        "CallTrace",
        "StartModule",
        "StartAddress",
        "NewThreadId",
    ),
    "SourceProcessGuid",
    "TargetProcessGuid",
    "sourceImage",
    "targetImage",
    "Target.process.name",
    "Target.process.executable",
    "target_process_name",
    "target_process_path",
    "TargetProcessName",
    "target_md5",
    "crossproc_name",
    "crossproc_md5",
    "crossproc_hash",
    "crossproc_hash{}",
    "blocked_name",
    "blocked_md5",
    "blocked_hash",
    "values(TargetImage)",
    "values(SourceImage)",
)
"""What names a process that another one reached into, or a file that was blocked."""

ACTION_FIELDS = ("action", "Filesystem.action")
"""What became of the file, where an event is about one."""

FILE_HASH_FIELDS = ("file_hash", "Filesystem.file_hash", "file_md5", "file.hash.md5")
"""The hash of the file that an event is about; read where that is the process's own."""
