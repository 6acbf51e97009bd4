"""Time of each installed decoder for one full-size mammogram.

Prints, for every transfer syntax, each decoder's best time and its speed relative to SimpleITK's
GDCM, which is always installed. Run from the root of the repository::

    python -m Testing.benchmarks.decoding
"""

from __future__ import annotations

import time
from io import BytesIO

import numpy as np
from pydicom import dcmread

from mammopair.io import pixel_data
from Testing.synthetic_mammograms import LOSSLESS, breast, mammogram, to_bytes

ROWS, COLUMNS, BITS = 3328, 2560, 12
REPEATS = 3


def smooth_breast() -> np.ndarray:
    """Draw a full-size image with the noise of a detector, a few grey levels."""
    rough = breast(ROWS, COLUMNS, bits=BITS, seed=1).astype(np.float64)
    down, right = np.mgrid[0:ROWS, 0:COLUMNS]
    distance = np.hypot((down - ROWS / 2) / (ROWS / 2), right / (COLUMNS * 0.8))
    shade = np.clip(1.0 - distance, 0.0, 1.0) * 3500
    noise = (rough - rough.mean()) / rough.std() * 4
    return np.clip(np.rint(shade + noise * (shade > 0)), 0, 4095).astype(np.uint16)


def best_time(decoder: str, dataset: object) -> float:
    """Return the seconds of the fastest of several runs."""
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        pixel_data.decode_with(dataset, decoder)
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    """Print the table."""
    picture = smooth_breast()
    print(f"{COLUMNS} x {ROWS} pixels of {BITS} bits; ms, and speed relative to SimpleITK")
    for syntax in LOSSLESS:
        dataset = dcmread(BytesIO(to_bytes(mammogram(picture, bits=BITS, transfer_syntax=syntax))))
        names = pixel_data.list_decoders(syntax)
        times = {name: best_time(name, dataset) for name in names}
        base = times["simpleitk"]
        print(f"{syntax.name}  ({len(dataset.PixelData) / 2**20:.1f} MB)")
        for name, seconds in times.items():
            print(f"    {name:<10} {seconds * 1000:7.0f} ms   x {base / seconds:.2f}")


if __name__ == "__main__":
    main()
