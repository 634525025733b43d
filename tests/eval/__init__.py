"""Honest figures: what the scores find on real data, beside simple rules on the same rows."""
