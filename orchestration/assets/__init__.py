"""The Dagster assets, one module a stage: source files, raw tables, dbt models, the release."""
