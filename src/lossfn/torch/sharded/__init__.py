"""Losses over classes whose scores are spread over ranks: each holds some of the classes of every row."""
