import numpy as np
import pytest

import lossfn as lf
from lossfn.core.errors import OptionError, ShapeError
from lossfn.core.spread import spread


@pytest.fixture
def numbers(rng):
    """Predictions and targets of 200 rows, the first ten of which are outliers."""
    prediction = rng.normal(size=200)
    target = prediction + rng.uniform(-1, 1, 200)
    target[:10] += 50
    return prediction, target


@pytest.fixture
def labelled(rng):
    """Scores and labels of 120 rows, the first five of which are surely wrong."""
    labels = rng.integers(0, 3, 120)
    scores = 3.0 * np.eye(3)[labels] + rng.uniform(-0.5, 0.5, (120, 3))
    labels[:5] = (labels[:5] + 1) % 3
    return scores, labels


def test_pull_is_the_length_of_the_gradient(numbers, rng):
    prediction, target = numbers
    weight = rng.uniform(0, 2, 200)
    found = lf.explain(lf.SquaredError(), prediction, target, sample_weight=weight)
    lengths = weight * np.abs(prediction - target)
    np.testing.assert_allclose(found.pulls, lengths / lengths.sum(), rtol=1e-12)
    np.testing.assert_allclose(found.values, weight * (prediction - target) ** 2, rtol=1e-12)


def test_pull_of_a_row_of_scores_is_that_of_all_its_classes(labelled):
    scores, labels = labelled
    softmax = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    lengths = np.linalg.norm(softmax - np.eye(3)[labels], axis=1)
    np.testing.assert_allclose(lf.explain(lf.CrossEntropy(), scores, labels).pulls, lengths / lengths.sum(), rtol=1e-9)


def test_pull_counts_every_prediction():
    found = lf.explain(lf.GaussianNLL(), ([1.0, 0.0], [1.0, 1.0]), [0.0, 0.0])
    # Slopes in the mean are r/v, in the variance ½(1 - r²/v)/v.
    np.testing.assert_allclose(found.pulls, [1 / 1.5, 0.5 / 1.5], rtol=1e-12)


def test_outliers_are_the_rows_that_were_planted(numbers, labelled):
    for loss, data, count in ((lf.Cauchy(), numbers, 10), (lf.Focal(), labelled, 5)):
        found = lf.explain(loss, *data)
        assert found.outliers.nonzero()[0].tolist() == list(range(count))


def test_outliers_of_two_classes_are_surely_wrong():
    logits, labels = [3.0, -3.0, 2.0, 2.3], [1, 1, 0, 0]
    for loss in (lf.BinaryCrossEntropyWithLogits(), lf.Hinge(), lf.BinaryFocal()):
        assert lf.explain(loss, logits, labels).outliers.tolist() == [False, True, False, True]
    probabilities = [0.95, 0.05, 0.88, 0.95]
    assert lf.explain(lf.BinaryCrossEntropy(), probabilities, labels).outliers.tolist() == [False, True, False, True]
    signs = lf.explain(lf.Hinge(labels="pm1"), logits, [1, 1, -1, -1])
    assert signs.outliers.tolist() == [False, True, False, True]
    assert [repr(each.loss) for each in signs.leverage] == ["Hinge(labels='pm1')", "SoftMargin(labels='pm1')"]


@pytest.mark.covers(29, 128, 138, 147)
def test_outliers_pull_less_the_more_robust_a_loss_is(numbers):
    robust = [lf.Huber(), lf.Cauchy(), lf.Tukey()]
    found = lf.explain(lf.SquaredError(), *numbers, against=robust)
    pulls = [each.pull for each in found.leverage]
    assert pulls == sorted(pulls, reverse=True)
    assert pulls[0] > 0.8
    assert pulls[-1] == 0.0


@pytest.mark.covers(147)
def test_parts_add_up(numbers):
    groups = np.arange(200) % 3
    found = lf.explain(0.7 * lf.Huber() + 0.3 * lf.AbsoluteError(), *numbers, by=groups)
    for parts in (found.groups, found.terms):
        assert sum(part.share for part in parts) == pytest.approx(1)
        assert sum(part.pull for part in parts) == pytest.approx(1)
    of_first = next(part for part in found.groups if part.group == "0")
    assert of_first.pull == pytest.approx(found.pulls[groups == 0].sum())
    by_name = {part.group: part.value for part in found.terms}
    assert by_name["0.3·AbsoluteError"] == pytest.approx(0.3 * lf.AbsoluteError()(*numbers))


def test_classes_are_those_that_count(labelled):
    scores, labels = labelled
    labels = np.where(np.arange(120) < 30, -100, labels)
    found = lf.explain(lf.CrossEntropy(ignore_index=-100), scores, labels)
    assert sorted(part.group for part in found.classes) == ["0", "1", "2"]
    assert sum(part.count for part in found.classes) == 90
    assert not found.outliers[:30].any()


def test_weightless_rows_neither_pull_nor_count(numbers):
    prediction, target = numbers
    weight = np.where(np.arange(200) < 10, 0.0, 1.0)
    target[:10] = np.nan
    found = lf.explain(lf.SquaredError(), prediction, target, sample_weight=weight)
    assert found.pulls[:10].max() == 0
    assert not found.outliers.any()


def test_loss_without_a_gradient_has_no_pull():
    found = lf.explain(lf.ZeroOne(), [1.0, -1.0], [0, 0])
    assert np.isnan(found.pulls).all()
    assert "–" in str(found)


def test_text_names_all_parts(numbers):
    text = str(lf.explain(0.5 * lf.Huber() + lf.SquaredError(), *numbers, by=np.arange(200) % 2))
    for piece in ("200 rows, 10 outliers", "term ", "group ", "outliers under", "AbsoluteError", "row "):
        assert piece in text


def test_report_is_one_file(numbers, labelled, tmp_path):
    for loss, data in ((lf.Huber(), numbers), (lf.CrossEntropy(), labelled)):
        lf.explain(loss, *data).save(tmp_path / "report.html")
        page = (tmp_path / "report.html").read_text("utf-8")
        assert page.count("<svg") == 2 + (loss == lf.CrossEntropy())
        assert "src=" not in page
        assert "://" not in page.replace("http://www.w3.org", "")


def test_report_draws_the_losses_that_fit_one_axis(labelled, tmp_path):
    scores = np.asarray(labelled[0][:, 0])
    found = lf.explain(lf.Hinge(), scores, labelled[1] == 0, against=[lf.BinaryCrossEntropyWithLogits()])
    found.save(tmp_path / "report.html")
    assert len(found.leverage) == 2


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_rounding_makes_no_outliers(dtype, rng):
    target = rng.normal(size=100).astype(dtype)
    assert not lf.explain(lf.Huber(), target + dtype(1), target).outliers.any()


def test_missing_groups_are_a_group(numbers):
    found = lf.explain(lf.Huber(), *numbers, by=[None, "a"] * 100)
    assert sorted(part.group for part in found.groups) == ["None", "a"]
    assert sum(part.pull for part in found.groups) == pytest.approx(1)


def test_no_rows_are_explained():
    found = lf.explain(lf.Huber(), [], [])
    assert (found.total.count, found.top(), found.outliers.size) == (0, [], 0)
    assert "over 0 rows" in str(found)


def test_groups_of_another_length_are_refused(numbers):
    with pytest.raises(ShapeError, match="one group per row"):
        lf.explain(lf.Huber(), *numbers, by=["a"])


@pytest.mark.covers(67)
def test_several_losses_share_a_picture():
    figure = lf.plot(lf.AbsoluteError(), lf.SquaredError(), lf.Huber(delta=2.0))
    value = figure.axes[0]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "AbsoluteError",
        "SquaredError",
        "Huber(delta=2.0)",
    ]
    for line, loss in zip(value.get_lines(), (lf.AbsoluteError(), lf.SquaredError(), lf.Huber(delta=2.0)), strict=True):
        x, y = line.get_data()
        np.testing.assert_allclose(y, loss(x, np.zeros_like(x), reduction="none"))


@pytest.mark.parametrize("losses", [(), (lf.Huber(), lf.CrossEntropy()), [lf.Huber(delta=d) for d in range(1, 8)]])
def test_losses_that_cannot_share_a_picture_are_refused(losses):
    with pytest.raises(OptionError, match="losses"):
        lf.plot(*losses)


@pytest.mark.parametrize(
    ("residual", "expected"),
    [
        ([0.0, 0.0, 0.0, 3.0], (0.0, np.sqrt(np.pi / 2) * 0.75)),
        ([0.1, 0.1, 0.3 - 0.2, 3.1], (0.1, np.sqrt(np.pi / 2) * 0.75)),
        ([], (0.0, 0.0)),
        ([5.0], (5.0, 0.0)),
    ],
)
def test_spread_of_hardly_any_residuals(residual, expected):
    assert spread(residual) == pytest.approx(expected)


def test_spread_of_normal_residuals_is_their_deviation(rng):
    assert spread(rng.normal(7.0, 3.0, 100_000)) == pytest.approx((7.0, 3.0), rel=0.02)


def test_own_loss_is_compared_with_classic_ones(numbers):
    class Fourth(lf.Pointwise, register=False):
        def formula(self, m, prediction, target):
            return m.square(m.square(prediction - target))

    found = lf.explain(Fourth(), *numbers)
    assert [type(each.loss).__name__ for each in found.leverage] == ["Fourth", "SquaredError", "AbsoluteError", "Huber"]
    assert found.leverage[0].pull > found.leverage[1].pull


def test_a_negative_count_is_refused():
    with pytest.raises(OptionError, match="count: expected a whole number >= 0, got -1"):
        lf.explain(lf.Huber(), [1.0, 2.0], [0.0, 0.0]).top(-1)
