"""The door to Carbon Black: one HTTP transport, the circuit breaker, and a folder for each kind of server.

Nothing outside knows a server's query text, batch sizes or field names.
"""
