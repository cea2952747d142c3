"""The Dagster code location and the ``lbn`` command of the left-behind-neighbourhoods warehouse."""
