"""The lab: stand-ins for Carbon Black EDR and splunkd, for the demo and for tests; never shipped."""
