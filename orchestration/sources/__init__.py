"""From a registered source release to a typed raw table: registry, vault, readers."""
