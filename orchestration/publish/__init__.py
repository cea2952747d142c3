"""From an audited candidate to an immutable release and the pointer to it."""
