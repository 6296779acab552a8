"""Each promise is tested on both engines, unless a module says that no engine is involved."""

import pytest

from lossfn.core.dispatch import using


def pytest_generate_tests(metafunc):
    metafunc.parametrize("engine", getattr(metafunc.module, "ENGINES", ["native", "reference"]), indirect=True)


@pytest.fixture(autouse=True)
def engine(request):
    with using(request.param):
        yield request.param
