"""The base class of persistent handlers."""


class PersistentServerConnectionApplication:
    """A handler that splunkd keeps running and calls once for each request."""
