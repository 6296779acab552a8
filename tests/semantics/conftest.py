"""Each promise is tested on both engines."""

import pytest

from lossfn.core.dispatch import using


@pytest.fixture(autouse=True, params=["native", "reference"])
def engine(request):
    with using(request.param):
        yield request.param
