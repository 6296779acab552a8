"""A Lightning module under a loss torch does not have, whose epoch value is exact whatever the batches.

Needs `pip install torch lightning scikit-learn`. Run `python examples/with_lightning.py`.
"""

import logging
import warnings

import lightning
import torch
from sklearn.datasets import load_diabetes
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import lossfn as lf

# %% The loss needs no wrapper: it takes tensors and returns one that backpropagates


class Regression(lightning.LightningModule):
    """Median regression whose corner is rounded; sums of batches are merged before the one division."""

    def __init__(self):
        super().__init__()
        self.network = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
        self.loss, self.seen, self.epochs = lf.Charbonnier(eps=0.1), lf.LossSum(), []

    def training_step(self, batch, _):
        x, y = batch
        part = self.loss.accumulate(self.network(x).squeeze(1), y)
        self.seen += lf.LossSum(float(part.total.detach()), part.denominator, part.count)
        return part.total / part.denominator

    def on_train_epoch_end(self):
        self.epochs.append(self.seen.mean())
        self.seen = lf.LossSum()

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.01)


# %% Ten epochs of the diabetes data

if __name__ == "__main__":
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    lightning.seed_everything(0, verbose=False)
    x, y = (torch.tensor(part, dtype=torch.float32) for part in load_diabetes(return_X_y=True))
    data = DataLoader(TensorDataset(20 * x, (y - y.mean()) / y.std()), batch_size=50, shuffle=True)
    model = Regression()
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    lightning.Trainer(max_epochs=10, accelerator="cpu", enable_model_summary=False, **quiet).fit(model, data)
    print(f"mean loss of the first epoch {model.epochs[0]:.3f}, of the last {model.epochs[-1]:.3f}")
