"""Tests, and the lab that they and the demo run in."""
