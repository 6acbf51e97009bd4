"""Batch: from ten lesions to an archive, resumable, in one process or on a Dask cluster.

The way of a lesion: ``lesions`` streams the manifest, ``grouping`` puts lesions on the same films
into one ``plan.Task``, a ``crew`` has it done (this process alone, or the workers of a
``cluster``), ``worker`` and ``classifying`` turn it into outcomes, ``shards`` keep them, and
``merge`` makes the results of them. ``running`` is the loop.

Who writes what
    The client alone appends outcomes to the shards, and waits for the disk; a worker holds
    nothing that is worth saving. So nothing can be written twice, and whatever is killed costs
    the tasks in flight and no more: a worker, and Dask gives its tasks to another; the scheduler
    or the client, and ``--resume`` does what no shard has. Workers write only what is asked for
    beside the records, into a folder a lesion, whole over what was there. Had each worker shards
    of its own, each would need a lock, an index and a repair of its own for the same promise.

What decides the results
    Tasks depend on the manifest alone, never on what is done already or on who is fast. So the
    merged results are the same bytes for any order of completion and any interruption, on
    machines of one kind with one thread a worker. (Only where two workers died over a task are
    its lesions read one by one, which may move the seventh digit.) No clock decides anything.

What is trusted
    Nothing that lies on a disk is ever unpickled: shards are JSON, checked against their schema.
    Dask's processes do send each other pickles; see ``cluster`` for who can reach them.
"""

from mammopair.batch.film_task import classify_entries, classify_together, read_lesion
from mammopair.batch.outcome import Failure

__all__ = ["Failure", "classify_entries", "classify_together", "read_lesion"]
