"""A file becomes typed rows with line numbers: one reader a kind of file."""
