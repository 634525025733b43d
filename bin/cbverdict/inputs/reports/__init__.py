"""What an input tells of itself: its lag, its troubles, a summary at the end of each run."""
