"""Carbon Black EDR: its REST API, its query language, and how its answers become evidence."""
