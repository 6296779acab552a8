import subprocess
import sys

import numpy as np
import pytest

from lossfn.core.errors import ArgumentError, OptionError, ShapeError
from lossfn.nn import DATASETS, from_arrays, sine, spiral, split_rows

SHAPES = {
    "breast_cancer": (456, 113, 30, 2),
    "diabetes": (354, 88, 10, 0),
    "digits": (1438, 359, 64, 10),
    "sine": (480, 120, 1, 0),
    "spiral": (2400, 600, 2, 3),
}


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_built_in_data_sets(name):
    data, (train, test, features, classes) = DATASETS[name](0), SHAPES[name]
    assert data.name == name
    assert (data.x_train.shape, data.x_test.shape) == ((train, features), (test, features))
    assert (data.y_train.shape, data.y_test.shape) == ((train,), (test,))
    assert (len(data.feature_names), len(data.class_names)) == (features, classes)
    assert data.task == ("classification" if classes else "regression")
    assert data.y_train.dtype == (np.int64 if classes else np.float64)


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_features_are_standardised_on_the_training_part_only(name):
    data = DATASETS[name](0)
    np.testing.assert_allclose(data.x_train.mean(axis=0), 0, atol=1e-12)
    deviation = data.x_train.std(axis=0)
    assert np.all(np.isclose(deviation, 1) | (deviation == 0))
    assert np.abs(data.x_test.mean(axis=0)).max() > 1e-6


def test_same_seed_same_data():
    first, same, other = sine(1), sine(1), sine(2)
    assert np.array_equal(first.x_test, same.x_test)
    assert not np.array_equal(first.x_test, other.x_test)


def test_sine_and_spiral_are_what_they_say():
    data = sine()
    assert np.concatenate([data.y_train, data.y_test]).std() == pytest.approx(np.sqrt(0.5 + 0.01), rel=0.05)
    arms = spiral()
    assert np.bincount(arms.y_train).tolist() == [800, 800, 800]


def test_a_classification_is_split_class_by_class():
    labels = np.repeat([0, 1], [90, 10])
    train, test = split_rows(100, 0.2, seed=4, labels=labels)
    assert np.bincount(labels[test]).tolist() == [18, 2]
    assert sorted([*train, *test]) == list(range(100))


def test_classes_of_any_type_are_numbered():
    data = from_arrays(np.arange(10.0), list("abbaabbaab"), "classification", test_fraction=0.4)
    assert data.class_names == ("a", "b")
    assert data.feature_names == ("x0",)
    assert sorted([*data.y_train, *data.y_test]) == [0] * 5 + [1] * 5


def test_images_are_flattened_and_constant_features_kept():
    data = from_arrays(np.ones((10, 4, 4)), np.arange(10), "regression")
    assert data.x_train.shape == (8, 16)
    assert not data.x_train.any()


@pytest.mark.parametrize("value", [0.1, 1e-300, 1e200])
def test_a_constant_feature_is_constant_whatever_its_digits(value):
    data = from_arrays(np.full(10, value), np.arange(10), "regression")
    assert not data.x_train.any()
    assert not data.x_test.any()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_features_of_any_size_are_standardised(unit, rng):
    data = from_arrays(unit * rng.normal(size=(50, 2)), np.arange(50), "regression")
    np.testing.assert_allclose(data.x_train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(data.x_train.std(axis=0), 1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: from_arrays([1.0, 2.0], [1.0], "regression"), ShapeError, "y: expected 2 rows"),
        (lambda: from_arrays([1.0, 2.0], [1, 2], "ranking"), OptionError, "'regression' or 'class.*'ranking'"),
        (lambda: from_arrays([1.0, np.nan], [1, 2], "regression"), ArgumentError, r"got nan at \(1,\)"),
        (lambda: from_arrays([], [], "regression"), ShapeError, "at least one row"),
        (lambda: from_arrays([1.0, 2.0], [1, 2], "regression"), ShapeError, "enough for a training and"),
        (lambda: split_rows(5, 1.0), OptionError, r"test_fraction: expected a number in \(0, 1\), got 1.0"),
    ],
)
def test_wrong_data(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_missing_scikit_learn_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r'digits: needs scikit-learn.*pip install "lossfn\[sklearn\]"'):
        DATASETS["digits"](0)


HEAVY = {"sklearn", "rich", "matplotlib", "torch", "scipy", "pandas", "jax"}
SLOW = HEAVY | {"llvmlite", "numpy.random", "numpy.typing", "concurrent.futures"}


@pytest.mark.parametrize(
    ("imports", "absent"),
    [("import lossfn.nn", HEAVY), ("from lossfn import Huber, CrossEntropy; Huber()", SLOW), ("import lossfn", SLOW)],
)
def test_importing_loads_nothing_heavy(imports, absent):
    code = f"{imports}\nimport sys; print(sorted({absent} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
