import json

import numpy as np
import pyarrow
import pytest
from pyarrow import feather, parquet

import lossfn as lf
from cli.helpers import said

Y, P, Q = np.array([1.0, 2.0, 4.0]), np.array([1.5, 2.0, 1.0]), np.array([0.5, 1.0, 2.0])
GROUPS = ["a", "b", "b"]
COLUMNS = ["--target", "y", "--prediction", "p"]


def save(folder, ending):
    """The same table in every format."""
    place = folder / f"table{ending}"
    table = pyarrow.table({"y": Y, "p": P, "q": Q, "g": GROUPS})
    if ending in (".csv", ".tsv", ".txt"):
        mark = {".csv": ",", ".tsv": "\t", ".txt": ";"}[ending]
        rows = [mark.join(map(str, row)) for row in zip(Y, P, Q, GROUPS, strict=True)]
        place.write_text("\ufeff" + "\r\n".join([mark.join("ypqg"), *rows]), "utf-8")
    elif ending == ".parquet":
        parquet.write_table(table, place)
    elif ending in (".arrow", ".feather"):
        feather.write_feather(table, place)
    elif ending == ".npz":
        np.savez(place, y=Y, p=P, q=Q, g=GROUPS)
    else:
        np.save(place, np.array(list(zip(Y, P, Q, GROUPS, strict=True)), "f8,f8,f8,U1").astype([*FIELDS]))
    return place


FIELDS = [("y", "f8"), ("p", "f8"), ("q", "f8"), ("g", "U1")]


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".txt", ".parquet", ".arrow", ".feather", ".npy", ".npz"])
def test_every_format_gives_the_same(tmp_path, ending):
    words = [*COLUMNS, "--weight", "q", "--by", "g", "--loss", "Huber", "--delta", "2", "--top", "1", "--json"]
    (found,) = json.loads(said("evaluate", save(tmp_path, ending), *words))["losses"]
    expected = lf.Huber(delta=2.0).accumulate(P, Y, sample_weight=Q)
    assert (found["mean"], found["total"], found["rows"]) == pytest.approx((expected.mean(), expected.total, 3))
    assert [group["group"] for group in found["groups"]] == ["b", "a"]
    assert sum(group["share"] for group in found["groups"]) == pytest.approx(1)
    worst = lf.Huber(delta=2.0)(P, Y, reduction="none")[2] * 2
    assert found["top"] == [
        {"row": 3, "p": 1.0, "y": 4.0, "loss": worst, "share": pytest.approx(worst / expected.total)}
    ]


def test_options_belong_to_the_loss_before_them(tmp_path):
    losses = ["--loss", "Huber", "--delta", "2", "--loss", "Quantile", "--q", "0.9", "--loss", "Huber", "--delta=3"]
    found = json.loads(said("evaluate", save(tmp_path, ".csv"), *COLUMNS, *losses, "--json"))["losses"]
    assert [one["loss"] for one in found] == ["Huber(delta=2.0)", "Quantile(q=0.9)", "Huber(delta=3.0)"]


@pytest.mark.parametrize("target", ["label", "name"])
def test_scores_of_classes(tmp_path, target):
    scores, labels = np.array([[2.0, 0.0, -1.0], [0.0, 1.0, -np.inf]]), np.array([2, 1])
    rows = [f"{','.join(map(str, row))},{label},{'abc'[label]}" for row, label in zip(scores, labels, strict=True)]
    place = tmp_path / "scores.csv"
    place.write_text("a,b,c,label,name\n" + "\n".join(rows))
    words = ["--target", target, "--prediction", "a,b,c", "--loss", "CrossEntropy", "--json"]
    (found,) = json.loads(said("evaluate", place, *words))["losses"]
    assert found["mean"] == pytest.approx(lf.CrossEntropy()(scores, labels))


def test_matrix_stands_for_its_columns(tmp_path):
    scores, truth = np.array([[2.0, 0.0], [0.0, 1.0]]), np.array([[0.25, 0.75], [1.0, 0.0]])
    np.savez(tmp_path / "x.npz", scores=scores, truth=truth)
    for name in ("CrossEntropy", "KLFromLogits"):
        words = ["--target", "truth", "--prediction", "scores", "--loss", name, "--json"]
        (found,) = json.loads(said("evaluate", tmp_path / "x.npz", *words))["losses"]
        assert found["mean"] == pytest.approx(lf.get(name)(scores, truth))


def test_mean_and_variance(tmp_path):
    words = ["--target", "y", "--prediction", "p,q", "--loss", "GaussianNLL", "--top", "1", "--json"]
    (found,) = json.loads(said("evaluate", save(tmp_path, ".parquet"), *words))["losses"]
    assert found["mean"] == pytest.approx(lf.GaussianNLL()((P, Q), Y))
    assert found["top"][0]["share"] is None
    assert (found["top"][0]["p"], found["top"][0]["q"]) == (1.0, 2.0)


def test_weight_of_the_zloss_beside_the_weight_column(tmp_path):
    place = tmp_path / "x.csv"
    place.write_text("a,b,y,w\n1,2,0,1\n3,1,1,2\n")
    words = ["--target", "y", "--prediction", "a,b", "--weight", "w", "--loss", "ZLoss", "--loss-weight", "2", "--json"]
    (found,) = json.loads(said("evaluate", place, *words))["losses"]
    assert found["loss"] == "ZLoss(ignore_index=None, weight=2.0)"


def test_ignored_labels_are_no_mistake(tmp_path):
    place = tmp_path / "x.csv"
    place.write_text("a,b,y\n1,2,0\n3,1,-1\n")
    words = ["--target", "y", "--prediction", "a,b", "--loss", "CrossEntropy", "--ignore-index", "-1", "--json"]
    assert json.loads(said("evaluate", place, *words))["losses"][0]["rows"] == 1


def test_many_groups_are_cut_short(tmp_path):
    place = tmp_path / "x.csv"
    place.write_text("y,p,g\n" + "".join(f"0,{i},{i}\n" for i in range(30)))
    assert "… and 10 more" in said("evaluate", place, *COLUMNS, "--by", "g", "--loss", "Huber")
