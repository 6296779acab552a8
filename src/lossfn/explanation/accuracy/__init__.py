"""How accurate losses are, here and elsewhere: errors in units of the last place against a table of truths."""

from lossfn.explanation.accuracy.measure import Accuracy, accuracies

__all__ = ["Accuracy", "accuracies"]
