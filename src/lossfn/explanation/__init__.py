"""What a loss does to data: checks, comparisons, plots, reports."""
