"""The door to Carbon Black: the port, a folder for each kind of server, and what they share.

`port` says what is asked and what comes back, `factory` makes a server from an account, `edr` is one kind. Shared are
`https` (requests with a deadline), `calls` and `deadline` (many of them, waited for) and `circuit_breaker`. Nothing
outside knows a server's query text, batch sizes or field names.

A new kind is a folder with a class that fulfils `port.Server`, and a line in `factory`.
"""
