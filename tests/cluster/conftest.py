"""Small dark pictures, and an actor in this process."""

import pytest
from cluster_runs import make_pictures

from scotopic.cluster import EnhanceActor


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("photos"), 12)


@pytest.fixture(scope="session")
def actor():
    return EnhanceActor(model="fast")
