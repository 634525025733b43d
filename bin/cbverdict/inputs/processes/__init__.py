"""The input of processes: what it asks Carbon Black, and the events that it makes."""
