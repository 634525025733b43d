"""The dashboards' pages, written in the fewest words; `make views` writes what Splunk takes."""
