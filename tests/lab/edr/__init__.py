"""A Carbon Black EDR simulator: `estate` is what it knows, `search` its query language, `server` its REST API."""
