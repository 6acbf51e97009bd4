"""Classify many lesions and write their results, resumable, in one process or on a Dask cluster.

``mammopair classify``, ``demo``, ``batch`` and the batch in 3D Slicer all call
:func:`mammopair.batch.runner.run_batch`:

1. a :class:`~mammopair.batch.lesion_source.LesionSource` yields the lesions of a table or list;
2. ``film_groups`` groups lesions that share films into a :class:`~mammopair.batch.work_plan.Task`;
3. a :class:`~mammopair.batch.executor.TaskExecutor` runs the tasks, in this process or on the
   workers of a ``cluster``. A task decodes each of its films once (``lesion_task``), classifies its
   lesions, and writes the requested files of each lesion (``lesion_output``);
4. ``shards`` append the outcomes to the journal of the run;
5. ``merge`` writes the results from the journal, in the order of the source.

Only the client writes to the journal and waits for the disk. A killed worker, scheduler or client
therefore loses only the tasks that were running; Dask repeats them on another worker, or
``--resume`` runs them again. Workers write the files of a lesion atomically into its own folder, so
that a repeated task leaves the same files.

The composition of tasks depends on the order of the lesions only, not on what is already finished
or on timing. The results are therefore the same bytes after any interruption, on machines of one
kind with one thread per worker. (Only if two workers die during a task, its lesions are classified
one by one, which may change the seventh digit.)

Nothing is unpickled from disk. Dask's processes do exchange pickles; see ``cluster``.
"""
