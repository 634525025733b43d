"""The usual ways, as search commands of their own."""
