"""How its files are laid out: the formats of the real publishers, with their quirks."""
