"""The door to Splunk: REST, confs and secrets, KV store, lookup files, logs."""
