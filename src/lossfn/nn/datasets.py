"""Data sets that need no download: three from scikit-learn, two made here."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from lossfn.nn.data import Dataset, TaskName, from_arrays


def digits(seed: int = 0) -> Dataset:
    """1797 handwritten digits of 8 x 8 pixels, 10 classes; needs scikit-learn.

    Raises
    ------
    ImportError
        scikit-learn is missing.

    Examples
    --------
    >>> digits().x_train.shape
    (1438, 64)
    """
    return _bundled("digits", "classification", seed)


def diabetes(seed: int = 0) -> Dataset:
    """442 patients, 10 measurements, the disease a year later (25 to 346); needs scikit-learn.

    Raises
    ------
    ImportError
        scikit-learn is missing.
    """
    return _bundled("diabetes", "regression", seed, scaled=False)


def breast_cancer(seed: int = 0) -> Dataset:
    """569 tumours, 30 measurements, malignant (0) or benign (1); needs scikit-learn.

    Raises
    ------
    ImportError
        scikit-learn is missing.
    """
    return _bundled("breast_cancer", "classification", seed)


def sine(seed: int = 0) -> Dataset:
    """600 points of sin x on [-2π, 2π] with normal noise of deviation 0.1, so the best MSE is near 0.01."""
    generator = np.random.default_rng(seed)
    x = generator.uniform(-2 * np.pi, 2 * np.pi, 600)
    y = np.sin(x) + generator.normal(0.0, 0.1, 600)
    return from_arrays(x, y, "regression", name="sine", feature_names=("x",), seed=seed)


def spiral(seed: int = 0) -> Dataset:
    """Three arms of 1000 points in the plane, one class each; the angle has normal noise of deviation 0.2."""
    generator, classes, size = np.random.default_rng(seed), 3, 1000
    # Arm k turns from angle 4k to 4k + 4 while its radius grows from 0 to 1.
    radius = np.tile(np.linspace(0.0, 1.0, size), classes)
    label = np.repeat(np.arange(classes), size)
    angle = 4 * (label + radius) + generator.normal(0.0, 0.2, classes * size)
    x = np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])
    return from_arrays(x, label, "classification", name="spiral", feature_names=("x", "y"), seed=seed)


DATASETS: dict[str, Callable[[int], Dataset]] = {
    function.__name__: function for function in (breast_cancer, diabetes, digits, sine, spiral)
}


def _bundled(name: str, task: TaskName, seed: int, **options: Any) -> Dataset:
    try:
        datasets = import_module("sklearn.datasets")
    except ImportError as error:
        raise ImportError(f'{name}: needs scikit-learn. Try: pip install "lossfn[sklearn]"') from error
    raw = getattr(datasets, f"load_{name}")(**options)
    classes = [str(label) for label in raw.target_names] if task == "classification" else []
    features = [str(feature) for feature in raw.feature_names]
    return from_arrays(raw.data, raw.target, task, name=name, feature_names=features, class_names=classes, seed=seed)
