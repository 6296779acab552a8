"""What the statistics of each shape are and how slopes return to the predictions: the specification."""
