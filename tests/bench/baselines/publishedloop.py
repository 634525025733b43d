"""The published technique as it is usually run: one request for every row."""

import sys
from urllib.parse import quote

import requests
from splunklib.searchcommands import Configuration, Option, StreamingCommand, dispatch


@Configuration(distributed=False)
class PublishedLoop(StreamingCommand):
    """Ask the published query row by row; `once=true` asks each distinct pair once."""

    url = Option(require=True)
    token = Option(require=True)
    ca = Option(require=True)
    once = Option(default="false")

    def prepare(self):
        """Ask for the two columns it needs."""
        self.configuration.required_fields = ["process_md5", "process_name"]
        self.known = {}

    def stream(self, records):
        """Put the answer on each row."""
        session = requests.Session()
        session.trust_env = False
        for record in records:
            pair = (record["process_md5"], record["process_name"])
            if self.once != "true" or pair not in self.known:
                query = quote(f"process_md5:{pair[0]} digsig_prog_name:{pair[1]}", safe="")
                address = f"{self.url}/api/v1/process?q={query}&rows=1&start=0&sort="
                answer = session.get(address, headers={"X-Auth-Token": self.token}, verify=self.ca, timeout=30)
                self.known[pair] = answer.json()["total_results"] > 0
            record["signed"] = "true" if self.known[pair] else "false"
            yield record


dispatch(PublishedLoop, sys.argv, sys.stdin, sys.stdout, __name__)
