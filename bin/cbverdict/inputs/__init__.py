"""The modular inputs: read what is new on Carbon Black, page by page, and lose nothing of it."""
