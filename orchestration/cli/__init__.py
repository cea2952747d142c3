"""The command lbn: what it asks for, and what it prints.

Exit codes: 0 done; 1 refused or failed, nothing was published or written; 2 wrong usage (an unknown
profile or edition); 3 there is nothing to show yet, or source files are missing.
"""
