"""The candidate: its database, and the dbt run that fills it."""
