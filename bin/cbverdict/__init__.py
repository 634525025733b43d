"""The package behind the `cbsigned` search command: core, adapters and services.

Imports point inwards only (core <- adapters <- services <- entry scripts);
`tests/unit/test_architecture.py` holds the table.
"""
