"""Columns in which an endpoint or a threat feed speaks against a process or its parent."""

from __future__ import annotations

SIGNATURE_FIELDS = (
    "process.code_signature.status",
    "process.code_signature.exists",
    "process.code_signature.trusted",
    "process.code_signature.valid",
    "tgt.process.signedStatus",
    "tgt.process.verifiedStatus",
    "action_process_signature_status",
    "process_publisher_state",
    "process_publisher_state{}",
    "process_publisher{}.state",
)
"""What an endpoint says of the signature of what ran."""

SIGNATURE_BITS_FIELDS = ("SignInfoFlags",)
"""The same as CrowdStrike's bits."""

PARENT_SIGNATURE_FIELDS = (
    "process.parent.code_signature.status",
    "process.parent.code_signature.exists",
    "process.parent.code_signature.trusted",
    "process.parent.code_signature.valid",
    "src.process.signedStatus",
    "src.process.verifiedStatus",
    "actor_process_signature_status",
    "os_actor_process_signature_status",
    "InitiatingProcessSignatureStatus",
    "properties.InitiatingProcessSignatureStatus",
    "initiatingprocesssignaturestatus",
    "parent_publisher_state",
    "parent_publisher_state{}",
    "parent_publisher{}.state",
)
"""What an endpoint says of the signature of what started it."""

REPUTATION_FIELDS = (
    "process_reputation",
    "process_effective_reputation",
    "process_cloud_reputation",
    "process_reputation{}",
)
PARENT_REPUTATION_FIELDS = ("parent_reputation", "parent_effective_reputation")
"""What Carbon Black Cloud thinks of a file."""

FEED_FIELDS = ("feed_name",)
"""The threat feed that made a hit of Carbon Black EDR's, and those that list a process of the inputs."""

TACTICS_FIELDS = ("ttps", "ttps{}", "ttp", "threat_indicators{}.ttps{}", "alert_ttps{}")
"""What a process did, in the words of Carbon Black Cloud's alerts."""

INJECTED_FIELDS = ("actor_is_injected_thread", "os_actor_is_injected_thread", "causality_actor_is_injected_thread")
"""Whether a thread started the process that was put into another one, which Cortex XDR says."""

SENSOR_ACTION_FIELDS = (
    "sensor_action",
    "sensor_action{}",
    "Processes.action",
    "Malware_Attacks.action",
    "values(action)",
    "values(Processes.action)",
)
"""What an endpoint did about a process, beside `ACTION_FIELDS`."""

FINDING_FIELDS = (
    *SIGNATURE_FIELDS,
    *SIGNATURE_BITS_FIELDS,
    *PARENT_SIGNATURE_FIELDS,
    *REPUTATION_FIELDS,
    *PARENT_REPUTATION_FIELDS,
    *FEED_FIELDS,
    *TACTICS_FIELDS,
    *INJECTED_FIELDS,
    *SENSOR_ACTION_FIELDS,
)
"""All of them."""
