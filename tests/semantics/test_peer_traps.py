"""Inputs on which libraries differ or fail, one by one: here each has one right answer, on both engines.

Each case names the test that says the same of every loss it applies to.
"""

import importlib

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.errors import DomainError, DTypeError, OptionError, ShapeError, TargetError, WeightError

INF, NAN = np.inf, np.nan
CE, BCE, PROB = lf.CrossEntropy(), lf.BinaryCrossEntropyWithLogits(), lf.BinaryCrossEntropy()
MSE, NLL, KL, RATE = lf.SquaredError(), lf.GaussianNLL(), lf.KLDivergence(), lf.Poisson()
ROW = [[0.0, 1.0, 2.0]]
F32 = np.float32


def both(loss, prediction, target, **options):
    return loss.value_and_grad(prediction, target, **options)


def masked():
    hidden = np.ma.masked_array([1.0, 99.0], mask=[False, True])
    return both(MSE, hidden, [1.0, 1.0])


def read_only():
    fixed = np.array([1.0, 2.0, 3.0])
    fixed.setflags(write=False)
    return both(MSE, fixed, [1.0, 2.0, 2.0])


# name -> (call, (value, gradient) or (error, words of its message), the test of every loss)
CASES = {
    "CE NaN in one of two rows": (
        lambda: both(CE, [[0.0, 1.0], [NAN, 1.0]], [0, 0]),
        (NAN, [[-0.36552929, 0.36552929], [NAN, NAN]]),
        "test_awkward_values.test_nan_in_a_prediction_stays_in_its_row",
    ),
    "CE +inf at the target": (
        lambda: both(CE, [[INF, 0.0, 1.0]], [0]),
        (0.0, [[0, 0, 0]]),
        "test_awkward_values.test_infinity_at_the_label_costs_nothing",
    ),
    "CE +inf elsewhere": (
        lambda: both(CE, [[INF, 0.0, 1.0]], [1]),
        (INF, [[1, -1, 0]]),
        "test_awkward_values.test_infinity_beside_the_label",
    ),
    "CE masked class": (
        lambda: both(CE, [[-INF, 1.0, 0.0]], [1]),
        (0.31326169, [[0, -0.26894142, 0.26894142]]),
        "test_awkward_values.test_masked_classes_leave_every_row_loss_finite",
    ),
    "CE -inf at the target": (
        lambda: both(CE, [[-INF, 1.0, 0.0]], [0]),
        (INF, [[-1, 0.73105858, 0.26894142]]),
        "test_awkward_values.test_a_label_on_a_masked_class",
    ),
    "CE row of -inf": (
        lambda: both(CE, [[-INF, -INF]], [0]),
        (NAN, [[NAN, NAN]]),
        "test_awkward_values.test_a_row_of_masked_classes_only_is_nan",
    ),
    "CE equal logits of 1e8": (
        lambda: both(CE, F32([[1e8, 1e8, 1e8]]), [0]),
        (1.0986123, [[-0.6666667, 0.3333333, 0.3333333]]),
        "test_awkward_values.test_equal_logits_of_any_size",
    ),
    "CE empty batch": (
        lambda: both(CE, np.zeros((0, 3)), np.zeros(0, int)),
        (0.0, np.zeros((0, 3))),
        "test_empty.test_the_value_of_nothing",
    ),
    "CE target C": (
        lambda: both(CE, ROW, [3]),
        (TargetError, "got 3 at row 0"),
        "test_labels.test_the_first_bad_label_is_named",
    ),
    "CE target -1": (
        lambda: both(CE, ROW, [-1]),
        (TargetError, "got -1 at row 0"),
        "test_labels.test_the_first_bad_label_is_named",
    ),
    "CE target -100": (
        lambda: both(CE, ROW, [-100]),
        (TargetError, "got -100 at row 0"),
        "test_labels.test_the_first_bad_label_is_named",
    ),
    "CE target -7": (
        lambda: both(CE, ROW, [-7]),
        (TargetError, "got -7 at row 0"),
        "test_labels.test_a_bad_label_beside_a_nan_is_still_named",
    ),
    "CE all ignored": (
        lambda: both(lf.CrossEntropy(ignore_index=-100), ROW, [-100]),
        (0.0, [[0, 0, 0]]),
        "test_empty.test_the_gradient_of_nothing_is_zero",
    ),
    "CE float targets": (
        lambda: both(CE, ROW, [0.9]),
        (TargetError, "expected integer labels"),
        "test_labels.test_labels_are_never_floats",
    ),
    "CE int32 logits": (
        lambda: both(CE, np.array([[1, 0]], np.int32), [0]),
        (0.31326169, [[-0.26894142, 0.26894142]]),
        "test_dtypes.test_integer_logits",
    ),
    "CE negative class weight": (
        lambda: lf.CrossEntropy(class_weight=[-1.0, 1.0]),
        (OptionError, "class_weight"),
        "test_options.test_class_weights_are_numbers_that_are_not_negative",
    ),
    "CE weights sum to 0": (
        lambda: both(CE, ROW, [0], sample_weight=[0.0]),
        (0.0, [[0, 0, 0]]),
        "test_empty.test_the_value_of_nothing",
    ),
    "CE probabilities that do not sum to 1": (
        lambda: both(CE, [[0.0, 0.0]], [[0.5, 0.1]]),
        (0.41588831, [[-0.2, 0.2]]),
        "test_algebra.test_the_sum_of_distributions_checks_targets",
    ),
    "BCE y = 2": (
        lambda: both(BCE, [1.0], [2.0]),
        (DomainError, "got 2.0 at position 0"),
        "test_domains.test_the_first_offender_is_named",
    ),
    "BCE y = 2 unchecked": (
        lambda: both(BCE, [1.0], [2.0], check=False),
        (-0.68673831, [-1.26894142]),
        "test_domains.test_every_reduction_checks_and_every_one_can_skip_it",
    ),
    "BCE x = 200": (
        lambda: both(BCE, [200.0], [1.0]),
        (1.3838965267367376e-87, [-1.3838965267367376e-87]),
        "test_dtypes.test_what_no_dtype_holds_is_infinite_without_a_warning",
    ),
    "BCE x = 20": (
        lambda: both(BCE, F32([20.0]), F32([1.0])),
        (2.0611537e-09, [-2.0611537e-09]),
        "test_dtypes.test_narrow_floats_are_computed_wider",
    ),
    "BCE x = inf, y = 1": (
        lambda: both(BCE, [INF], [1.0]),
        (0.0, [0.0]),
        "test_awkward_values.test_infinite_logits_follow_their_limits",
    ),
    "BCE x = -inf, y = 1": (
        lambda: both(BCE, [-INF], [1.0]),
        (INF, [-1.0]),
        "test_awkward_values.test_infinite_logits_follow_their_limits",
    ),
    "probability 0, y = 1": (
        lambda: both(PROB, [0.0], [1.0]),
        (INF, [-INF]),
        "test_awkward_values.test_impossible_probabilities_cost_infinity",
    ),
    "probability 1e-30, y = 1": (
        lambda: both(PROB, F32([1e-30]), F32([1.0])),
        (69.077553, [-1e30]),
        "test_domains.test_members_and_the_closed_ends_are_accepted",
    ),
    "probability 1, y = 0": (
        lambda: both(PROB, [1.0], [0.0]),
        (INF, [INF]),
        "test_awkward_values.test_impossible_probabilities_cost_infinity",
    ),
    "probability 1.5": (
        lambda: both(PROB, [1.5], [1.0]),
        (DomainError, "got 1.5 at position 0"),
        "test_domains.test_the_first_offender_is_named",
    ),
    "probability -0.1": (
        lambda: both(PROB, [-0.1], [1.0]),
        (DomainError, "got -0.1 at position 0"),
        "test_domains.test_the_first_offender_is_named",
    ),
    "probability NaN": (
        lambda: both(PROB, [NAN], [1.0]),
        (NAN, [NAN]),
        "test_awkward_values.test_nan_in_a_prediction_stays_in_its_row",
    ),
    "probability, y = 2": (
        lambda: both(PROB, [0.5], [2.0]),
        (DomainError, "target: expected values in"),
        "test_domains.test_the_first_offender_is_named",
    ),
    "MSE (3,) beside (3, 1)": (
        lambda: both(MSE, np.zeros(3), np.zeros((3, 1))),
        (ShapeError, "reshape"),
        "test_shapes.test_a_column_beside_a_flat_array_is_refused_with_the_repair",
    ),
    "MSE (3,) beside (1,)": (
        lambda: both(MSE, np.zeros(3), np.zeros(1)),
        (ShapeError, "shape"),
        "test_shapes.test_nothing_is_broadcast",
    ),
    "MSE empty": (lambda: both(MSE, [], []), (0.0, []), "test_empty.test_empty_batches_of_several_axes"),
    "MSE int64": (
        lambda: both(MSE, np.array([1, 2]), np.array([3, 5])),
        (6.5, [-2, -3]),
        "test_dtypes.test_integers_are_computed_in_float64",
    ),
    "MSE uint8": (
        lambda: both(MSE, np.array([1], np.uint8), np.array([3], np.uint8)),
        (4.0, [-4]),
        "test_dtypes.test_unsigned_numbers_do_not_wrap_around",
    ),
    "MSE bool": (
        lambda: both(MSE, np.array([True, True]), np.array([True, False])),
        (0.5, [0, 1]),
        "test_dtypes.test_integers_are_computed_in_float64",
    ),
    "MSE complex": (
        lambda: both(MSE, np.array([1 + 1j], np.complex64), [0.0]),
        (DTypeError, "complex64"),
        "test_dtypes.test_what_is_no_real_number_is_refused",
    ),
    "MSE 0-d": (
        lambda: both(MSE, np.array(3.0), np.array(1.0)),
        (4.0, 4.0),
        "test_layouts.test_zero_dimensional_arrays_and_plain_numbers",
    ),
    "MSE negative stride": (
        lambda: both(MSE, np.arange(3.0)[::-1], np.arange(3.0)),
        (2.6666667, [1.3333333, 0, -1.3333333]),
        "test_layouts.test_every_layout_gives_the_same_bits",
    ),
    "MSE read-only": (
        read_only,
        (0.33333333, [0, 0, 0.66666667]),
        "test_layouts.test_every_layout_gives_the_same_bits",
    ),
    "MSE column of a matrix": (
        lambda: both(MSE, np.array([[1.0, 9.0], [2.0, 9.0], [3.0, 9.0]])[:, 0], [1.0, 2.0, 2.0]),
        (0.33333333, [0, 0, 0.66666667]),
        "test_layouts.test_every_layout_gives_the_same_bits",
    ),
    "MSE masked array": (masked, (DTypeError, "a masked array"), "test_dtypes.test_a_masked_array_names_the_way_out"),
    "MSE lists": (lambda: both(MSE, [0.0, 2.0], [0.0, 0.0]), (2.0, [0, 2]), "test_layouts.test_lists_are_arrays"),
    "MSE objects": (
        lambda: both(MSE, np.array([1.0, 2.0], object), [0.0, 0.0]),
        (DTypeError, "dtype object"),
        "test_dtypes.test_what_is_no_real_number_is_refused",
    ),
    "MSE big-endian": (
        lambda: both(MSE, np.array([0, 2], ">f4"), np.array([0, 0], ">f4")),
        (2.0, [0, 2]),
        "test_layouts.test_every_layout_gives_the_same_bits",
    ),
    "MSE float32 beside float64": (
        lambda: both(MSE, F32([0, 2]), np.zeros(2)),
        (2.0, [0, 2]),
        "test_dtypes.test_mixed_floats_promote",
    ),
    "MSE longdouble": (
        lambda: both(MSE, np.zeros(2, np.longdouble), np.zeros(2)),
        (DTypeError, "expected real numbers as"),
        "test_dtypes.test_what_is_no_real_number_is_refused",
    ),
    "MSE 300² in float16": (
        lambda: (MSE(np.float16([300]), np.float16([0]), reduction="none"), MSE(np.float16([300]), np.float16([0]))),
        ([INF], 90000.0),
        "test_dtypes.test_narrow_floats_are_computed_wider",
    ),
    "MSE mean of 1e5 halves": (
        lambda: (MSE(np.ones(10**5, np.float16), np.zeros(10**5, np.float16)), 0.0),
        (1.0, 0.0),
        "test_dtypes.test_the_mean_of_many_halves_never_overflows",
    ),
    "MSE NaN in the target": (
        lambda: both(MSE, [1.0, 2.0], [NAN, 2.0]),
        (NAN, [NAN, 0]),
        "test_awkward_values.test_nan_in_a_target_stays_in_its_row",
    ),
    "MSE overflow": (
        lambda: both(MSE, F32([3e38]), F32([-3e38])),
        (INF, [INF]),
        "test_dtypes.test_what_no_dtype_holds_is_infinite_without_a_warning",
    ),
    "MSE negative weight": (
        lambda: both(MSE, [1.0], [1.0], sample_weight=[-1.0]),
        (WeightError, "-1.0 at position 0"),
        "test_reductions.test_weights_are_finite_and_not_negative",
    ),
    "Gaussian variance 0": (
        lambda: both(NLL, ([0.0], [0.0]), [1.0]),
        (DomainError, "variance: expected values in (0, inf)"),
        "test_domains.test_the_first_offender_is_named",
    ),
    "Gaussian variance 1e-8": (
        lambda: (NLL(([0.0], [1e-8]), [0.0]), 0.0),
        (-9.21034037, 0.0),
        "test_domains.test_members_and_the_closed_ends_are_accepted",
    ),
    "KL 0·log 0": (
        lambda: both(KL, [[0.0, -INF]], [[1.0, 0.0]]),
        (0.0, [[-1, 0]]),
        "test_awkward_values.test_a_masked_class_with_target_zero_costs_nothing",
    ),
    "Poisson rate 0, y = 0": (
        lambda: both(RATE, [-INF], [0.0]),
        (0.0, [0.0]),
        "test_domains.test_members_and_the_closed_ends_are_accepted",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_trap_of_other_libraries(case):
    call, (expected, detail), _ = CASES[case]
    if isinstance(expected, type):
        with pytest.raises(expected) as caught:
            call()
        assert detail in str(caught.value)
        return
    value, gradient = call()
    np.testing.assert_allclose(value, expected, rtol=1e-7)
    np.testing.assert_allclose(gradient, detail, rtol=1e-6)


def test_each_case_has_a_test_of_every_loss():
    for _, _, place in CASES.values():
        module, test = place.split(".")
        assert callable(getattr(importlib.import_module(f"semantics.{module}"), test))
