"""See `bundle_paths`."""
