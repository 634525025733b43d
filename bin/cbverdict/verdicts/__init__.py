"""What is known of a binary's signature, what `signed` makes of it, how long it counts, when a row may be dropped.

Pure and innermost: imports nothing of the other rooms.
"""
