"""The documentation of a release: the data dictionary, and dbt's page."""
