"""What a row of a search says: which columns are read for what, and how their texts are understood.

Pure: a row in, a `ProcessEvent` out; nothing here knows Carbon Black or what is usual.
"""
