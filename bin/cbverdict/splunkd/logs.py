"""Prepare a process that splunkd starts: its log, and no way to splunkd but the straight one."""

from __future__ import annotations

import logging
import os
import sys

from solnlib import log


def prepare(log_file: str) -> None:
    """Log to `cbsigned_<log_file>.log` in splunkd's folder of logs; forget the environment's proxies and CAs."""
    # solnlib asks splunkd through the environment's proxy and CA bundle; splunkd is this host, so neither may count.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        os.environ.pop(name, None)
    try:
        log.Logs.set_context(namespace="cbsigned", root_logger_log_file=log_file)
    except OSError as error:  # A log must not stop what is logged; splunkd.log has what goes to standard error.
        logging.basicConfig(stream=sys.stderr, level=logging.INFO)
        logging.getLogger(__name__).warning("log=cbsigned_%s.log trouble=%s", log_file, type(error).__name__)
    # Its warnings repeat the URL, hash and process name included; splunk-sdk's of DEBUG the bodies of requests.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    logging.getLogger("splunklib").setLevel(logging.INFO)
