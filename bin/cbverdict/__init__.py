"""The package behind the add-on's commands, REST handlers and inputs.

A room imports those below it, never one beside or above it; `make lint` proves it (import-linter, pyproject.toml):
inputs -> search -> service -> carbonblack, splunkd -> anomalies -> events, settings -> errors -> verdicts.
"""
