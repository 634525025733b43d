"""The input of binaries: what it asks Carbon Black, and the events that it makes."""
