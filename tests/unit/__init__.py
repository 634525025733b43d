"""The pure core and the services with fakes at their ports."""
