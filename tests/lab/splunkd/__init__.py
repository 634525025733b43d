"""A small splunkd: conf files, storage/passwords, KV store and persistent REST handlers, over HTTPS."""
