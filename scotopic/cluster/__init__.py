"""Many machines: pictures handed out by Ray Data to actors that each hold a loaded network.

`EnhanceActor` goes into people's own pipelines. It takes names and gives outcomes;
pictures are read and written where it runs, and never travel between processes.
"""

from scotopic.cluster.actor import COLUMNS as COLUMNS
from scotopic.cluster.actor import EnhanceActor as EnhanceActor
