"""What Carbon Black EDR calls the fields of a signature: in the documents of binaries and in queries."""

from __future__ import annotations

DIGSIG_FIELDS = {
    "result": "digsig_result",
    "publisher": "digsig_publisher",
    "issuer": "digsig_issuer",
    "subject": "digsig_subject",
    "program": "digsig_prog_name",
    "sign_time": "digsig_sign_time",
}
"""Carbon Black's name of each attribute of `cbverdict.verdicts.signature.Signature`."""
