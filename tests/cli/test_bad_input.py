"""Every mistake gets one sentence on standard error, exit code 2, and leaves nothing behind."""

import re
import shlex

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from cli.helpers import run

TEXTS = {
    "ok.csv": b"y,p,g,w\n1,2,a,1\n2,2,b,-1\n3,5,a,1\n",
    "empty.csv": b"",
    "header.csv": b"y,p\n",
    "blank.csv": b"\n\n",
    "ragged.csv": b"y,p\n1,2\n3\n",
    "double.csv": b"y,y\n1,2\n",
    "unnamed.csv": b"y,\n1,2\n",
    "nan.csv": b"y,p\n1,nan\n",
    "mixed.csv": b"y,p\n1,2\n1,x\n",
    "hole.csv": b"y,p\n1,\n",
    "comma.csv": b"y;p\n1;2,5\n",
    "latin.csv": b"y,p\n\xff,2\n",
    "quote.csv": b'y,p\n1,"2\n',
    "underscore.csv": b"y,p\n1,1_000\n",
    "code.csv": b"y,p\n1,__import__('os')\n",
    "bad.parquet": b"xx",
    "bad.arrow": b"xx",
    "bad.npy": b"xx",
    "bad.npz": b"PK\003\004xx",
    "broken.py": b"def f(:\n",
    "raises.py": b"x = 1\n1 / 0\n",
    "exits.py": b"raise SystemExit(3)\n",
    "own.py": b"import lossfn as lf\nclass Own(lf.Pointwise, register=False):\n"
    b"    def formula(self, m, p, t): return m.square(p - t)\nclass Other: pass\n",
    "needs.py": b"import lossfn as lf\nclass Needs(lf.Pointwise, register=False):\n"
    b"    k: float\n    def formula(self, m, p, t): return self.k * p + 1 / 0\n",
    "small.csv": b"x,c\n" + b"".join(b"%d,%d\n" % (i, i) for i in range(12)),
    "one.csv": b"x,c\n" + b"".join(b"%d,7\n" % i for i in range(12)),
    "parts.csv": b"x,c\n" + b"".join(b"%d,0.5\n" % i for i in range(12)),
    "gap.csv": b"x,c\n" + b"".join(b"%d,%s\n" % (i, b"" if i == 4 else b"a") for i in range(12)),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, content in TEXTS.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.csv").mkdir()
    np.save("plain.npy", np.zeros(3))
    np.save("pickled.npy", np.array([object()]), allow_pickle=True)
    np.savez("pickled.npz", y=np.array([{}], object))
    np.savez("lengths.npz", y=np.zeros(2), p=np.zeros(3))
    np.savez("complex.npz", y=np.zeros(2, complex), p=np.zeros(2))
    np.savez("cube.npz", y=np.zeros((2, 2, 2)), p=np.zeros(2))
    pyarrow.parquet.write_table(pyarrow.table({"y": [1.0, None], "p": [1.0, 2.0]}), "null.parquet")
    pyarrow.parquet.write_table(pyarrow.table({"y": [[1.0], [2.0]], "p": [1.0, 2.0]}), "lists.parquet")
    return tmp_path


FILES = {
    "missing.csv": "missing.csv: no such file.",
    "okk.csv": "okk.csv: no such file. Did you mean ok.csv?",
    "folder.csv": "folder.csv: expected a file, got a folder.",
    "ok.xlsx": "ok.xlsx: expected a name that ends in .csv, ",
    "empty.csv": "empty.csv: expected a table, got an empty file.",
    "blank.csv": "blank.csv: expected a table, got blank lines only.",
    "header.csv": "header.csv: expected rows of data, got none below the names of the columns.",
    "ragged.csv": "ragged.csv, row 2 (line 3): expected 2 cells, as in the first line, got 1.",
    "double.csv": "double.csv: expected names that differ, got 'y' for columns 1 and 2.",
    "unnamed.csv": "unnamed.csv: expected a name for each column, got none for column 2.",
    "nan.csv": "nan.csv, row 1 (line 2), column 'p': expected a finite number, got nan. Fill or drop",
    "mixed.csv": "mixed.csv, row 2 (line 3), column 'p': expected a number, got 'x'.",
    "hole.csv": "hole.csv, row 1 (line 2), column 'p': expected a number, got an empty cell.",
    "comma.csv": "comma.csv, row 1 (line 2), column 'p': expected a number, got '2,5'. Write decimals with a point",
    "latin.csv": "latin.csv: expected UTF-8 text, got byte 0xff in line 2. Save the file as UTF-8 CSV.",
    "quote.csv": "quote.csv, line 2: expected quoted cells as CSV has them, got: unexpected end of data.",
    "underscore.csv": "underscore.csv, row 1 (line 2), column 'p': expected a number, got '1_000'.",
    "code.csv": "code.csv, row 1 (line 2), column 'p': expected a number, got \"__import__('os')\".",
    "bad.parquet": "bad.parquet: expected a Parquet file, got something else or a damaged one (",
    "bad.arrow": "bad.arrow: expected an Arrow file, got something else or a damaged one (",
    "bad.npy": "bad.npy: expected an NPY file of plain numbers or text, got something else or a damaged one.",
    "bad.npz": "bad.npz: expected an NPZ file of plain numbers or text, got something else or a damaged one.",
    "plain.npy": "plain.npy: expected an array with named fields, got dtype float64. Save columns by name",
    "pickled.npy": "pickled.npy: expected an NPY file of plain numbers or text, got pickled Python objects, which",
    "pickled.npz": "pickled.npz: expected an NPZ file of plain numbers or text, got pickled Python objects, which",
    "lengths.npz": "lengths.npz: expected columns of one length, got 2 for 'y' and 3 for 'p'.",
    "complex.npz": "complex.npz, column 'y': expected numbers or text, got dtype complex128.",
    "cube.npz": "cube.npz, column 'y': expected one or two dimensions, got shape (2, 2, 2).",
    "null.parquet": "null.parquet, row 2, column 'y': expected a value, got an empty cell. Fill or drop such rows.",
    "lists.parquet": "lists.parquet, column 'y': expected numbers or text, got list<",
}
OK = "evaluate ok.csv --target y --prediction p"
WORDS = {
    "evalute ok.csv": "unknown command 'evalute'. Did you mean evaluate?",
    "frobnicate": "There are train, evaluate, explain, compare, show, list, check, bench.",
    "evaluate": "missing FILE. Usage: lossfn evaluate FILE --target COL",
    "evaluate ok.csv --target y --loss Huber": "missing --prediction. Usage: lossfn evaluate FILE",
    f"{OK} --loss Hubber": "unknown loss 'Hubber'. Did you mean Huber",
    f"{OK} --loss xyzzy": "unknown loss 'xyzzy'. lossfn list shows them all.",
    f"{OK} --loss Huber --dleta 2": "no option --dleta. Did you mean --delta?",
    f"{OK} --loss Huber --tpo 2": "no option --tpo. Did you mean --top?",
    f"{OK} --loss Huber --gamma 2": "no option --gamma. Huber takes --delta.",
    f"{OK} --loss LogCosh --gamma 2": "no option --gamma. LogCosh takes no options of its own.",
    f"{OK} --loss Huber --delta two": "--delta: expected a number, got 'two'. Try: --delta 1",
    f"{OK} --loss Huber --delta 1_0": "--delta: expected a number, got '1_0'. Try: --delta 1",
    f"{OK} --loss Huber --delta -1": "--delta: expected a number in (0, inf), got -1.0.",
    f"{OK} --loss Huber --delta": "--delta: expected a value, got none. Try: --delta 1",
    f"{OK} --loss Huber --top x": "--top: 'x' is not a valid whole number.",
    f"{OK} --loss Huber --top -1": "--top: -1 is not in the range x>=0.",
    f"{OK} --loss Huber more": "Got unexpected extra argument (more)",
    f"{OK} --loss Huber --weight g": "ok.csv, row 1 (line 2), column 'g': expected a number, got 'a'.",
    f"{OK} --loss Huber --weight w": "ok.csv, row 2 (line 3), column 'w': expected a weight of at least 0, got -1.",
    f"{OK} --loss Huber --by region": "ok.csv: no column 'region'. It has y, p, g, w.",
    f"{OK},y --loss Huber": "Huber: expected one column in --prediction, got 2: p, y. Losses over classes",
    f"{OK} --loss GaussianNLL": "GaussianNLL: expected 2 columns (mean, variance) in --prediction, got 1: p.",
    f"{OK},w --loss GaussianNLL": "ok.csv, row 2 (line 3), column 'w': GaussianNLL expects a variance in (0, inf)",
    f"{OK} --loss CrossEntropy": "CrossEntropy takes a score for each class: expected several columns, got 1. Try",
    f"{OK},y --loss CrossEntropy": "ok.csv, row 2 (line 3), column 'y': expected a class number in 0 to 1, got 2.",
    f"{OK} --loss Hinge": "ok.csv, row 2 (line 3), column 'y': Hinge expects a target in {0, 1}, got 2.",
    f"{OK} --loss BinaryCrossEntropy": "ok.csv, row 1 (line 2), column 'p': BinaryCrossEntropy expects a prediction in",
    "evaluate ok.csv --target w --prediction p --loss Hinge": "ok.csv, row 2 (line 3), column 'w': Hinge expects a "
    "target in {0, 1}, got -1. Try: --labels pm1",
    "evaluate ok.csv --target g --prediction p,y --loss CrossEntropy": "ok.csv, row 1 (line 2), column 'g': expected a "
    "class number in 0 to 1, or the name of a prediction column, got 'a'.",
    "evaluate ok.csv --target y,p --prediction p,y --loss Focal": "Focal takes labels: expected one target column,",
    "evaluate ok.csv --target y --prediction p,y --loss KLFromLogits": "KLFromLogits takes a distribution: expected a "
    "column for each of 2 classes in --target, got 1.",
    "evaluate ok.csv --target w,p --prediction p,y --loss KLFromLogits": "ok.csv, row 2 (line 3), column 'w': "
    "KLFromLogits expects a target in [0, inf), got -1.",
    "evaluate ok.csv --target Y --prediction p --loss Huber": "ok.csv: no column 'Y'. Did you mean y?",
    "train": "missing DATA. Usage: lossfn train DATA --loss NAME [OPTIONS]",
    "train digits": "missing --loss. Usage:",
    "train digit --loss CrossEntropy": "no data set 'digit'. Did you mean digits?",
    "train letters --loss CrossEntropy": "no data set 'letters'. The data sets are breast_cancer,",
    "train digits --loss ZeroOne": "ZeroOne has no gradient to train with. Losses that fit digits:",
    "train digits --loss ZLoss": "ZLoss is a penalty to add to another loss and learns nothing alone.",
    "train digits --loss Hinge": "Hinge is for two classes, and digits has 10. Losses that fit",
    "train sine --loss Poisson": "Poisson takes targets in [0, inf), and the least here is -1.2",
    "train digits --loss CrossEntropy --loss Focal": "train takes one loss, got CrossEntropy and Focal.",
    "train digits --loss CrossEntropy --epoch 3": "no option --epoch. Did you mean --epochs?",
    "train digits --loss CrossEntropy --epochs 0": "--epochs: 0 is not in the range x>=1.",
    "train digits --loss CrossEntropy --model mpl": "--model: 'mpl' is not one of 'mlp', 'linear', 'hist', 'xgboost',",
    "train digits --loss CrossEntropy --report none/x.html": "none/x.html: there is no folder 'none' to write into.",
    "train digits --loss CrossEntropy --report x.txt": "x.txt: expected a name that ends in .html or .htm. Try: x.html",
    "train digits --loss CrossEntropy --class-weight 1,2": "class_weight: expected one number for each of 10 classes",
    "train digits --loss CrossEntropy --target y": "--target and --features name columns of a file, and digits is",
    "train diabetes --loss SquaredError --learning-rate 1e30": "loss: expected a finite number, got ",
    "train ok.csv --loss Huber": "ok.csv: which column is to be predicted? Try: --target w",
    "train ok.csv --loss Huber --target g": "ok.csv, row 1 (line 2), column 'g': expected a number, got 'a'. Huber is",
    "train ok.csv --loss Huber --target y": "ok.csv: expected at least 10 rows to train on, got 3.",
    "train small.csv --loss Focal --target c": "small.csv, column 'c': expected at least 3 rows of some class",
    "train small.csv --loss Huber --target c --features c": "small.csv: expected columns to predict 'c' from, got c.",
    "train one.csv --loss Focal --target c": "one.csv, column 'c': expected 2 to 1000 classes, got 1.",
    "train parts.csv --loss Focal --target c": "parts.csv, row 1 (line 2), column 'c': Focal is for classes, got 0.5.",
    "train gap.csv --loss Focal --target c": "gap.csv, row 5 (line 6), column 'c': expected a class, got an empty",
    "train gap.csv --loss Huber --target x": "gap.csv, row 1 (line 2), column 'c': expected a number, got 'a'. To",
    "show": "missing LOSS. Usage: lossfn show LOSS [OPTIONS]",
    "show huber --plot x.bmp": "x.bmp: expected a name that ends in .svg or .png or .pdf. Try: x.svg",
    "show huber --plot none/x.svg": "none/x.svg: there is no folder 'none' to write into.",
    "show huber --reduction sum": "no option --reduction. Huber takes --delta.",
    "show hinge --labels yes": "--labels: expected one of '01', 'pm1', got 'yes'.",
    "show cross_entropy --class-weight a,b": "--class-weight: expected a number, got 'a'. Try: --class-weight 1,2,0.5",
    "show cross_entropy --ignore-index 1.5": "--ignore-index: expected a whole number, got '1.5'.",
    "show kl_divergence --log-target maybe": "--log-target: expected true or false, got 'maybe'.",
    "check none.py:Own": "none.py: no such file.",
    "check own.py:Owm": "own.py: no loss is named 'Owm' there. Did you mean Own?",
    "check own.py:Other": "own.py: Other is not a loss. Derive it from lossfn.Pointwise, Row or Distribution.",
    "check broken.py:A": "line 1: invalid syntax.",
    "check raises.py:A": "raises.py, line 2: importing it raised ZeroDivisionError: division by zero.",
    "check needs.py:Needs": "Needs needs --k. Try: --k 0.5",
    "check needs.py:Needs --k": "--k: expected a value, got none. Try: --k 0.5",
    "train sine --loss needs.py:Needs --k 2": "needs.py, line 4: ZeroDivisionError: division by zero.",
    "check exits.py:A": "exits.py, line 1: importing it raised SystemExit: 3.",
    "list --jsn": "No such option '--jsn'. Did you mean '--json'?",
}
CASES = {f"evaluate {name} --target y --prediction p --loss Huber": said for name, said in FILES.items()} | WORDS


@pytest.mark.parametrize(("words", "expected"), CASES.items(), ids=CASES)
def test_mistake_gets_one_sentence(folder, words, expected):
    before = sorted(folder.rglob("*.*"))
    code, out, err = run(*shlex.split(words))
    assert (code, out) == (2, "")
    assert re.fullmatch(r"lossfn: [^\n]+\n", err)
    assert expected in err
    assert [file for file in sorted(folder.rglob("*.*")) if "__pycache__" not in str(file)] == before
