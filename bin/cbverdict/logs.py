"""Prepare a process that splunkd starts: its log, and no way to splunkd but the straight one."""

from __future__ import annotations

import logging
import os

from solnlib import log


def prepare(log_file: str) -> None:
    """Log to `cbsigned_<log_file>.log` in splunkd's folder of logs; forget the environment's proxies and CAs."""
    # solnlib asks splunkd through the environment's proxy and CA bundle; splunkd is this host, so neither may count.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        os.environ.pop(name, None)
    log.Logs.set_context(namespace="cbsigned", root_logger_log_file=log_file)
    # Its warnings repeat the URL, hash and process name included; splunk-sdk's of DEBUG the bodies of requests.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    logging.getLogger("splunklib").setLevel(logging.INFO)
