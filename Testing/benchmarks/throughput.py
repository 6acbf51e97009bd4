"""From DICOM files to results: this package compared with a simple script (the "peer").

The peer reads each view of each lesion with ``pydicom.dcmread(file).pixel_array``, crops, resizes,
and runs the members as they were trained, in eager torch, one image and one member at a time. It
averages the same flips, but computes no evidence, interval or record. This package reads each film
once, runs batches, and computes complete records. Models are loaded before the measurement; both
use the same number of threads. Run from the root of the repository::

    python -m Testing.benchmarks.throughput [MANIFEST --root FOLDER] [--ensemble E] [--threads N]

Without a table the lesions of ``mammopair demo`` are used.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from pydicom import dcmread
from safetensors.torch import load_file
from torch import nn

from mammopair.batch.film_groups import group_by_film
from mammopair.batch.lesion_task import classify_lesions, cut_lesions, mark_view
from mammopair.classification import classify_many
from mammopair.cli.demo_command import DEMO_TABLE, exams_folder
from mammopair.crop import CONTEXT, cut_patch, place_square
from mammopair.io.lesion_table import LesionTableRow, TableLesion, read_lesion_table
from mammopair.io.reader import read_view
from mammopair.lesion import Lesion
from mammopair.model.ensemble import Ensemble, load_ensemble
from mammopair.model.inference import FLIP_AXES
from mammopair.progress import exhaust
from mammopair.record import Record
from Testing.benchmarks.timing import print_times, print_verdict, speed_ratio, time_in_turn

ROUNDS = 5
TARGET = 4.0


def run_ours(entries: Sequence[TableLesion], ensemble: Ensemble) -> list[Record]:
    """Classify as the tasks of ``mammopair demo``, ``classify`` and ``batch`` do."""
    records = []
    for group in group_by_film(entries, lambda entry: [row.file for row in entry.rows]):
        cut = exhaust(cut_lesions(group))
        records += exhaust(classify_lesions(cut, ensemble, nullcontext()))
    failed = [record for record in records if not isinstance(record, Record)]
    assert not failed, failed
    return records


def unfolded_networks(ensemble: Ensemble) -> list[nn.Module]:
    """Load the members as the peer does: batch norms not folded, channels first."""
    networks = []
    for entry in ensemble.members:
        weights = load_file(ensemble.folder / entry.file)
        network = ensemble.manifest.network.build(len(weights["fc.bias"]))
        network.load_state_dict(weights, strict=False)
        networks.append(network.eval())
    return networks


@torch.no_grad()
def run_peer(
    entries: Sequence[TableLesion],
    networks: Sequence[nn.Module],
    side: int,
    flips: Sequence[tuple[int, ...]],
    decoder: str = "",
) -> list[float]:
    """Compute probabilities, one lesion, view, member and flip after the other."""
    probabilities = []
    for entry in entries:
        scores = []
        for row in entry.rows:
            patch = peer_patch(row, side, decoder)
            image = torch.from_numpy(patch)[None, None]
            for network in networks:
                logits = [network(image.flip(axes))[0, 0] for axes in flips]
                scores.append(torch.sigmoid(torch.stack(logits).mean()).item())
        probabilities.append(float(np.mean(scores)))
    return probabilities


def peer_patch(row: LesionTableRow, side: int, decoder: str) -> np.ndarray:
    """Crop the square around a box, resize it and scale it to [-1, 1]."""
    dataset = dcmread(row.file)
    if decoder:
        dataset.pixel_array_options(decoding_plugin=decoder)
    pixels = dataset.pixel_array
    half = int(CONTEXT * max(row.box_w, row.box_h) / 2)
    x, y = int(row.box_x + row.box_w / 2), int(row.box_y + row.box_h / 2)
    square = pixels[max(y - half, 0) : y + half, max(x - half, 0) : x + half].astype(np.float32)
    resized = np.asarray(Image.fromarray(square).resize((side, side), Image.Resampling.BILINEAR))
    return (resized - resized.min()) / max(np.ptp(resized), 1) * 2 - 1


def print_steps(entries: Sequence[TableLesion], ensemble: Ensemble) -> None:
    """Measure the steps of this package separately."""
    times = [time.perf_counter()]
    views = {row.file: read_view(Path(row.file)) for entry in entries for row in entry.rows}
    times.append(time.perf_counter())
    lesions = [
        Lesion(
            entry.case_id, entry.lesion_id, tuple(mark_view(views[r.file], r) for r in entry.rows)
        )
        for entry in entries
    ]
    for lesion in lesions:
        for marked in lesion.marked:
            cut_patch(marked.view, place_square(marked.view, marked.box))
    times.append(time.perf_counter())
    classify_many(lesions, ensemble)
    times.append(time.perf_counter())
    reading, cutting, classifying = np.diff(times) * 1e3
    print(
        f"ours, by steps: reading {len(views)} films {reading:.0f} ms, extracting patches "
        f"{cutting:.0f} ms, networks, evidence and records {classifying - cutting:.0f} ms"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path, nargs="?", help="Table of lesions (CSV).")
    parser.add_argument("--root", type=Path, help="Folder of its files.")
    parser.add_argument(
        "--ensemble", help="Name or folder of an ensemble; the default one if omitted."
    )
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)

    ensemble = load_ensemble(chosen.ensemble, device="cpu")
    if chosen.manifest:
        entries = read_lesion_table(chosen.manifest, chosen.root)
    else:
        entries = read_lesion_table(DEMO_TABLE, exams_folder())
    networks, side = unfolded_networks(ensemble), ensemble.manifest.input.side
    flips = FLIP_AXES if ensemble.manifest.flips else FLIP_AXES[:1]
    views = sum(len(entry.rows) for entry in entries)
    print(
        f"{len(entries)} lesions on {views} views, {len(networks)} members of "
        f"{ensemble.manifest.name} {ensemble.manifest.version}, {len(flips)} flips, "
        f"threads: {chosen.threads}, rounds: {ROUNDS}"
    )
    seconds = time_in_turn(
        {
            "ours": lambda: run_ours(entries, ensemble),
            "peer": lambda: run_peer(entries, networks, side, flips),
            "peer, pydicom only": lambda: run_peer(entries, networks, side, flips, "pydicom"),
        },
        ROUNDS,
    )
    print_times(seconds, "ours")
    print(f"ours: {len(entries) / min(seconds['ours']):.2f} lesions per second")
    print_steps(entries, ensemble)
    print('"peer" uses the installed decoders; "peer, pydicom only" those that pydicom installs.')
    print_verdict("speed relative to the peer", speed_ratio(seconds, "ours", "peer"), TARGET)


if __name__ == "__main__":
    main()
