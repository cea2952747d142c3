"""The command lbn: what it asks for, and what it prints."""
