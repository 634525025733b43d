"""What people, teams and parents usually do, how unusual a process is, and the sentences that say so.

Pure: no I/O but the time zone database; nothing here knows Carbon Black or Splunk.
"""
