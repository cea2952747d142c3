"""Questions of a published release: lists, why, what changed, what if, an edition as a file."""
