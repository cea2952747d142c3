"""What its statistical office computes: indicators, indices, lists, outcomes, summaries."""
