"""The rules of the house: who imports whom, and what the code never does."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "lossfn"

# Each part of the house, and the parts it may import besides itself.
BELOW = {
    "core": set(),
    "losses": {"core"},
    "shapes": {"core"},
    "engines": {"core", "shapes"},
    "torch": {"core", "losses", "shapes", "engines"},
    "jax": {"core", "shapes", "engines"},
    "boosting": {"core", "shapes", "engines"},
    "sklearn": {"core", "losses", "shapes", "engines", "nn"},
    "nn": {"core", "losses", "shapes", "engines"},
    "explanation": {"core", "losses", "shapes", "engines"},
    "comparison": {"core", "losses", "shapes", "engines", "nn", "explanation"},
    "compat": {"core", "losses", "nn", "functions"},
    "cli": {"core", "losses", "shapes", "engines", "boosting", "sklearn", "nn", "explanation", "comparison", ""},
}
# Optional libraries, and the file or folder name under which alone they may be imported.
OWNER = {
    "catboost": "boosting",
    "click": "cli",
    "jax": "jax",
    "lightgbm": "boosting",
    "llvmlite": "native",
    "matplotlib": "explanation",
    "safetensors": "nn",
    "tensorboard": "nn",
    "torch": "torch",
    "triton": "triton",
    "xgboost": "boosting",
}
# The places that find engines, servers of other libraries' arrays, and adapters by name.
FINDERS = {"core/dispatch.py", "core/doors.py", "core/frameworks.py"}
# Files longer than LIMIT lines, with the reason.
LIMIT = 250
LONG: dict[str, str] = {}

COMPARISONS = {"allclose", "array_equal", "array_equiv", "isclose", "all", "any", "equals"}
PEERS = {
    "catboost",
    "jax",
    "jaxlib",
    "keras",
    "lightgbm",
    "lightning",
    "optax",
    "skorch",
    "sphinx",
    "tensorboard",
    "torch",
    "transformers",
    "xgboost",
}


def imported(tree: ast.AST, package: str) -> Iterator[tuple[int, str]]:
    """Line and absolute name of every import, inside functions and by `import_module` too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: 1 - node.level or None] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and called(node) in {"import_module", "__import__"}:
            for part in ast.walk(node.args[0]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield node.lineno, part.value


def called(node: ast.Call) -> str:
    """Return the last part of a call's name."""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def import_complaints(name: str, text: str) -> list[str]:
    """Imports of the module `name` (path below src/lossfn) that point the wrong way."""
    path = Path(name)
    part = path.parts[0] if len(path.parts) > 1 else ""
    names = {*path.parts[:-1], path.stem}
    parts = {file.name.removesuffix(".py") for file in SOURCE.iterdir()} | BELOW.keys()
    complaints = []
    for line, target in imported(ast.parse(text), ".".join(["lossfn", *path.parts[:-1]])):
        library, _, rest = target.partition(".")
        if library == "lossfn" and name not in FINDERS:
            other = rest.partition(".")[0]
            other = other if other in parts else ""
            if part in BELOW and other != part and other not in BELOW[part]:
                complaints.append(f"{name}:{line}: {part} imports {other or 'lossfn itself'}")
        if library in OWNER and OWNER[library] not in names:
            complaints.append(f"{name}:{line}: {library} belongs to {OWNER[library]}")
        if part == "losses" and library in {"numpy", "scipy"}:
            complaints.append(f"{name}:{line}: a loss imports an array library")
    return complaints


def rank(name: str) -> tuple[bool, bool, str]:
    """Order of public names: constants, classes, functions, as the linter sorts them."""
    return not name.isupper(), not name[:1].isupper(), name


def source_complaints(name: str, text: str) -> list[str]:
    """Unsorted `__all__`, asserts and overlong files in src."""
    complaints = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assert):
            complaints.append(f"{name}:{node.lineno}: assert")
        if isinstance(node, ast.Assign) and [getattr(t, "id", "") for t in node.targets] == ["__all__"]:
            public = [c.value for c in ast.walk(node.value) if isinstance(c, ast.Constant)]
            if public != sorted(public, key=rank):
                complaints.append(f"{name}:{node.lineno}: __all__ is not sorted")
    if len(text.splitlines()) > LIMIT and name not in LONG:
        complaints.append(f"{name}: more than {LIMIT} lines")
    return complaints


def check_complaints(name: str, text: str) -> list[str]:
    """Comparisons in tests that cannot fail, and peers obtained other than through `peer`."""
    tree = ast.parse(text)
    complaints = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            value = node.value
            idle = isinstance(value, ast.Compare | ast.BoolOp | ast.UnaryOp)
            if idle or (isinstance(value, ast.Call) and called(value) in COMPARISONS):
                complaints.append(f"{name}:{node.lineno}: a comparison nobody looks at")
        if isinstance(node, ast.Call) and called(node) == "importorskip" and name != "peers.py":
            complaints.append(f"{name}:{node.lineno}: importorskip instead of peer")
    complaints += [
        f"{name}:{line}: imports {target} without peer"
        for line, target in imported(tree, "")
        if target.partition(".")[0] in PEERS
    ]
    homes = [node for node in tree.body if ast.unparse(node).startswith("pytestmark = pytest.mark.peer")]
    homes += [
        node
        for node in ast.walk(tree)
        if "pytest.mark.peer" in [ast.unparse(d) for d in getattr(node, "decorator_list", [])]
    ]
    marked = {call for home in homes for call in ast.walk(tree if isinstance(home, ast.Assign) else home)}
    complaints += [
        f"{name}:{node.lineno}: peer without pytest.mark.peer"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) == "peer" and node not in marked
    ]
    return complaints


def files(folder: Path) -> list[tuple[str, str]]:
    """Name and text of every Python file below `folder`."""
    return [(p.relative_to(folder).as_posix(), p.read_text("utf-8")) for p in sorted(folder.rglob("*.py"))]


@pytest.mark.parametrize(
    ("check", "folder"),
    [(import_complaints, SOURCE), (source_complaints, SOURCE), (check_complaints, ROOT / "tests")],
)
def test_house_rules_hold(check, folder):
    found = files(folder)
    assert found
    assert [complaint for name, text in found for complaint in check(name, text)] == []


def test_reasons_name_files_that_are_long():
    assert [n for n, text in files(SOURCE) if len(text.splitlines()) > LIMIT] == sorted(LONG)


@pytest.mark.parametrize(
    ("check", "name", "text"),
    [
        (import_complaints, "core/loss.py", "import lossfn.engines"),
        (import_complaints, "core/loss.py", "import lossfn"),
        (import_complaints, "core/loss.py", "from lossfn import engines"),
        (import_complaints, "core/loss.py", "from ..shapes import row"),
        (import_complaints, "core/loss.py", "def f():\n    from lossfn.engines import reference"),
        (import_complaints, "core/loss.py", "import importlib\nimportlib.import_module('lossfn.engines')"),
        (import_complaints, "core/loss.py", "import importlib\nimportlib.import_module(f'lossfn.{x}')"),
        (import_complaints, "engines/native/kernel.py", "from lossfn.losses.regression import Huber"),
        (import_complaints, "explanation/report.py", "from lossfn.nn import layers"),
        (import_complaints, "losses/regression.py", "import numpy as np"),
        (import_complaints, "losses/regression.py", "from ..shapes import pointwise"),
        (import_complaints, "shapes/row.py", "import torch.nn"),
        (import_complaints, "nn/trainer.py", "def f():\n    import click"),
        (source_complaints, "core/loss.py", "assert x > 0"),
        (source_complaints, "core/loss.py", "__all__ = ['b', 'a']"),
        (source_complaints, "core/loss.py", "x = 1\n" * (LIMIT + 1)),
        (check_complaints, "test_x.py", "a == b"),
        (check_complaints, "test_x.py", "a < b and b < c"),
        (check_complaints, "test_x.py", "not a == b"),
        (check_complaints, "test_x.py", "np.allclose(a, b)"),
        (check_complaints, "test_x.py", "(a == b).all()"),
        (check_complaints, "test_x.py", "import torch"),
        (check_complaints, "test_x.py", "pytest.importorskip('jax')"),
        (check_complaints, "test_x.py", "torch = peer('torch')"),
        (check_complaints, "test_x.py", "@pytest.mark.peer\ndef test_a(): ...\ndef test_b(): peer('jax')"),
    ],
)
def test_planted_violation_is_reported(check, name, text):
    assert len(check(name, text)) == 1


@pytest.mark.parametrize(
    ("check", "name", "text"),
    [
        (import_complaints, "core/dispatch.py", "importlib.import_module('lossfn.engines')"),
        (
            import_complaints,
            "core/loss.py",
            "from lossfn.core.errors import ShapeError\nfrom . import domain",
        ),
        (import_complaints, "cli/train.py", "import lossfn as lf\nimport click"),
        (import_complaints, "engines/torch.py", "import torch\nfrom ..shapes import row"),
        (source_complaints, "core/loss.py", "__all__ = ['Huber', 'get']"),
        (check_complaints, "test_x.py", "assert a == b\nnp.testing.assert_allclose(a, b)"),
        (check_complaints, "test_x.py", "pytestmark = pytest.mark.peer\ntorch = peer('torch')"),
        (check_complaints, "test_x.py", "@pytest.mark.peer\ndef test_a(): peer('jax')"),
    ],
)
def test_what_is_allowed_is_not_reported(check, name, text):
    assert check(name, text) == []
