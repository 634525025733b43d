"""An acceptance run against a Splunk that somebody has: whether it does what the lab assumes."""
