"""What the REST handlers run, the wire format they speak, and the clients with which searches and inputs speak it."""
