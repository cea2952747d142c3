"""Everything that Dagster knows: assets, checks, jobs, the schedule, and a refresh as one run."""
