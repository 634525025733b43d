"""The row pipeline, shared by search commands and inputs: columns on rows, the row codec, what differs from the SDK."""
