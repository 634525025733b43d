"""What an admin has set, parsed and checked once; nothing else reads a conf file's text."""
