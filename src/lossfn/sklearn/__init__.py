"""scikit-learn: estimators and scorers under any loss."""

try:
    import sklearn  # noqa: F401
except ImportError as missing:
    raise ImportError("lossfn.sklearn needs scikit-learn. Try: pip install 'lossfn[sklearn]'") from missing

from lossfn.sklearn.classifier import LossClassifier
from lossfn.sklearn.hist import HistLoss
from lossfn.sklearn.mlp import MLPClassifier, MLPRegressor
from lossfn.sklearn.quantiles import MultiQuantileRegressor
from lossfn.sklearn.regressor import LossRegressor

__all__ = ["HistLoss", "LossClassifier", "LossRegressor", "MLPClassifier", "MLPRegressor", "MultiQuantileRegressor"]
