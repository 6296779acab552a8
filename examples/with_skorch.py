"""A torch network inside scikit-learn's cross-validation, under a loss torch does not have.

Needs `pip install torch skorch scikit-learn`. Run `python examples/with_skorch.py`.
"""

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score
from skorch import NeuralNetClassifier
from torch import nn

import lossfn as lf
from lossfn.torch.nn import Loss

# %% The loss is a module like torch's own; skorch hands `criterion__loss` to it


def network():
    return NeuralNetClassifier(
        nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)),
        criterion=Loss,
        criterion__loss=lf.Focal(gamma=2.0),
        optimizer=torch.optim.Adam,
        lr=3e-3,
        max_epochs=12,
        batch_size=32,
        verbose=0,
    )


# %% Three folds of the digits

if __name__ == "__main__":
    torch.manual_seed(0)
    x, y = load_digits(return_X_y=True)
    scores = cross_val_score(network(), (x / 16).astype("float32"), y, cv=3)
    print(f"accuracy in three folds: {scores.round(3)}")
