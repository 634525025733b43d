"""The add-on as a whole, in the lab: real protocol, real HTTP, subprocesses."""
