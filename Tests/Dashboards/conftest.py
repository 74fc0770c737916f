import pytest
from prometheus import RecordedPrometheus
from recording import load


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory):
    with RecordedPrometheus(load(), tmp_path_factory.mktemp("prometheus")) as server:
        yield server
