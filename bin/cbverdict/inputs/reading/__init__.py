"""Page by page, forwards and again: fetching, retrying, stepping over, looking back, counting, and a limit."""
