import re
from xml.etree import ElementTree

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.errors import OptionError, ShapeError
from lossfn.explanation.contributions import contributions
from lossfn.explanation.plots import draw_history, draw_parts, draw_shares, plot
from lossfn.explanation.report import Section, report
from lossfn.explanation.style import inline, save, write_whole


@pytest.mark.covers(67)
@pytest.mark.parametrize("name", lf.list_losses())
def test_every_loss_is_drawn(name):
    loss = lf.get(name)
    (*panels,) = plot(loss).axes
    assert len(panels) == (3 if loss.differentiable else 1)
    for axes in panels:
        assert axes.get_title(loc="left")
        for line in axes.get_lines():
            assert np.isfinite(line.get_ydata()).any()


def test_picture_for_a_page_is_svg_in_the_colours_of_the_page():
    for figure in draw_parts(lf.GaussianNLL()):
        text = inline(figure)
        ElementTree.fromstring(text)
        assert text.startswith("<svg")
        assert "var(--series-1)" in text
        assert not re.search(r'\bid="\w+_\d+"|<metadata', text)


def test_history_has_a_picture_for_each_measure():
    history = {"train_loss": [100.0, 1.0], "train_mse": [4.0, 3.0], "valid_loss": [90.0, 2.0], "valid_mse": [5.0, 4.0]}
    loss, mse = draw_history(history, best=2)
    assert [line.get_ydata().tolist() for line in loss.axes[0].get_lines()[1:]] == [[100.0, 1.0], [90.0, 2.0]]
    assert (loss.axes[0].get_yscale(), mse.axes[0].get_yscale()) == ("log", "linear")
    assert [text.get_text() for text in mse.axes[0].texts] == ["learnt from", "held out"]


def test_shares_are_drawn_for_each_group():
    found = contributions(lf.SquaredError(), [1.0, 2.0, 3.0], [1.0, 1.0, 0.0], groups=["a", "a", "b"])
    (axes,) = draw_shares(found.groups).axes
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([90.0, 10.0])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["b", "a"]


def test_files_are_written_whole_or_not_at_all(tmp_path):
    figure = plot(lf.Huber())
    with pytest.raises(OptionError, match=r"ends in \.svg"):
        save(figure, tmp_path / "x.bmp")
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "none" / "x.svg", b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_whole(tmp_path / "folder", b"x")
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]
    write_whole(tmp_path / "x.txt", b"one")
    write_whole(tmp_path / "x.txt", b"two")
    assert (tmp_path / "x.txt").read_bytes() == b"two"


def test_same_picture_same_bytes(tmp_path):
    for name in ("a.svg", "b.svg"):
        save(plot(lf.Huber()), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_report_escapes_what_it_is_given():
    rows = [("name", "share"), ("<b>", "12.5 %")]
    page = report("a < b", "c & d", [("x", "<1")], [Section("<i>", "e > f", rows=rows, command='"<"')])
    for text in (
        "a &lt; b",
        "c &amp; d",
        "&lt;1",
        "&lt;i&gt;",
        "e &gt; f",
        "<td>&lt;b&gt;</td>",
        '<td class="number">12.5 %',
    ):
        assert text in page
    assert "<b>" not in page


def test_contributions_add_up(rng):
    scores, labels, weight = rng.normal(size=(60, 4)), rng.integers(0, 4, 60), rng.uniform(0, 2, 60)
    loss = lf.CrossEntropy(class_weight=[1, 2, 3, 4])
    found = contributions(loss, scores, labels, weight, groups=labels)
    assert found.total == loss.accumulate(scores, labels, sample_weight=weight)
    assert sum(group.share for group in found.groups) == pytest.approx(1)
    assert sum(group.count for group in found.groups) == 60
    for group in found.groups:
        of = labels == int(group.group)
        assert group.value == pytest.approx(loss(scores[of], labels[of], sample_weight=weight[of]))
    top = found.top(5)
    assert [row.value for row in top] == sorted(found.terms, reverse=True)[:5]


def test_shares_of_negative_terms_say_nothing():
    found = contributions(lf.GaussianNLL(), ([0.0, 0.0], [0.01, 9.0]), [0.0, 0.0], groups=["a", "b"])
    assert np.isnan([group.share for group in found.groups]).all()
    assert np.isnan(found.shares).all()


def test_groups_of_another_length_are_refused():
    with pytest.raises(ShapeError, match="one group per row"):
        contributions(lf.Huber(), [1.0, 2.0], [0.0, 0.0], groups=["a"])
