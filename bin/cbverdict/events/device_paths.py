r"""What Windows lets stand before a path without it being another one: `\\?\`, `\\.\` and `\??\`."""

from __future__ import annotations

DEVICE = r"(?:[\\/]{2}[?.][\\/]|[\\/]\?\?[\\/])"
"""A part of regular expressions."""
