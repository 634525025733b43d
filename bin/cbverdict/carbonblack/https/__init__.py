"""HTTPS to a server that may be anybody's: the one door through which bytes come in from outside."""
