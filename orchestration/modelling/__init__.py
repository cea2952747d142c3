"""What the models need and SQL cannot do: drawn lists, factor weights, checks of the seeds."""
