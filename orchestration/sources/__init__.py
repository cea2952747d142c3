"""Where a file comes from: the registry of sources, the vault, the inbox, downloads."""
