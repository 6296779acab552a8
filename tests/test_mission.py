"""The numbers printed by five tutorials on loss functions stand as doctests of the losses they are about."""

import doctest

import numpy as np
import pytest

import lossfn as lf

# Loss, what the tutorial passes (prediction, target), what it prints.
PRINTED = [
    ("SquaredError", [1, 2, 3], [2, 3, 4], "1.0"),
    ("AbsoluteError", [1, 2, 3], [3, 4, 5], "2.0"),
    ("AbsoluteError", [1, 2, 3], [1, 2, 5], "0.6667"),
    ("SquaredError", [1, 2, 3], [1, 2, 5], "1.3333"),
    ("CrossEntropy", [[0.1, 0.2, 0.3]], [1], "1.1019"),
    ("BinaryCrossEntropy", [0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], "0.164252"),
    ("SquaredError", [0.9, 0.1, 0.8, 0.7], [1, 0, 1, 1], "0.0375"),
    ("BinaryCrossEntropy", [0.8, 0.2, 0.7, 0.4], [1, 0, 1, 0], "0.328447"),
    ("Huber", [1.1, -1.8, 2.9, 0.6], [1, -2, 3, 0.5], "0.00875"),
]


@pytest.mark.parametrize(("loss", "prediction", "target", "number"), PRINTED)
def test_number_stands_in_a_doctest(loss, prediction, target, number):
    examples = doctest.DocTestParser().get_examples(getattr(lf, loss).__doc__)
    calls = [i for i, example in enumerate(examples) if f"({prediction}, {target})" in example.source]
    assert len(calls) == 1
    printed = [example.want for example in examples[calls[0] :] if example.want]
    assert number in printed[0].split()


@pytest.mark.covers(28, 30, 54, 91, 94, 101, 129, 130, 132)
@pytest.mark.parametrize(("loss", "prediction", "target", "number"), PRINTED)
def test_number_is_computed(loss, prediction, target, number):
    digits = len(number.partition(".")[2])
    assert str(np.round(lf.get(loss)(prediction, target), digits)) == number


@pytest.mark.covers(99)
def test_a_row_of_logits_needs_no_batch_axis():
    assert lf.CrossEntropy()([0.1, 0.2, 0.3], 1).round(4) == 1.1019


@pytest.mark.covers(55)
def test_columns_of_probabilities():
    column = np.reshape([0.1, 0.2, 0.8, 0.9], (4, 1))
    assert lf.BinaryCrossEntropy()(column, np.reshape([0.0, 0.0, 1.0, 1.0], (4, 1))).round(6) == 0.164252
