"""What Splunk's own Python has as `splunk`, as far as a persistent handler needs it."""
