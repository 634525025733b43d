"""What Carbon Black EDR calls the fields of a signature and of its file, in documents and in queries."""

from __future__ import annotations

DOCUMENT_FIELDS = {
    "result": "digsig_result",
    "publisher": "digsig_publisher",
    "issuer": "digsig_issuer",
    "subject": "digsig_subject",
    "program": "digsig_prog_name",
    "sign_time": "digsig_sign_time",
    "original_name": "original_filename",
    "internal_name": "internal_name",
    "observed_names": "observed_filename",
    "sha256": "sha256",
    "md5": "md5",
}
"""Carbon Black's name of each attribute of `cbverdict.verdicts.signature.Signature`."""

DIGSIG_FIELDS = {attribute: name for attribute, name in DOCUMENT_FIELDS.items() if name.startswith("digsig_")}
"""Those that a clause may ask for."""
