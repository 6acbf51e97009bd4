"""Read randomly damaged mammograms, in a process of its own because a decoder may crash it.

    python -m Testing.engine.io.damaged_files SEED COUNT [SYNTAX_UID]

Damages COUNT files of each transfer syntax (or of the one specified) and prints how many were
read and how many rejected. Any exception other than InputError ends the process.
"""

import random
import sys
import tempfile
from pathlib import Path

from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import UID, JPEGBaseline8Bit, JPEGLSNearLossless

from mammopair.errors import InputError
from mammopair.io.reader import read_view
from Testing.synthetic_mammograms import LOSSLESS, NATIVE, breast, mammogram, to_bytes


def main(syntax: UID, seed: int, count: int) -> None:
    chance = random.Random(seed)
    bits = 8 if syntax == JPEGBaseline8Bit else 12
    dataset = mammogram(breast(48, 40, bits=bits), bits=bits, transfer_syntax=syntax)
    whole = to_bytes(dataset)
    frame = get_frame(dataset.PixelData, 0, number_of_frames=1) if syntax.is_encapsulated else b""
    read = rejected = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.dcm"
        for _ in range(count):
            if frame and chance.random() < 0.7:
                dataset.PixelData = encapsulate([damage(frame, chance)])
                path.write_bytes(to_bytes(dataset))
            else:
                path.write_bytes(damage(whole, chance, spared=132))
            try:
                pixels = read_view(path).pixels
                if not (pixels.min() >= 0 and pixels.max() <= 1):
                    raise AssertionError("a pixel lies outside [0, 1]")
                read += 1
            except InputError:
                rejected += 1
    print(f"{syntax.name}: {read} read, {rejected} rejected", flush=True)


def damage(content: bytes, chance: random.Random, spared: int = 0) -> bytes:
    """Change some bytes, mostly near the start, where the headers are, and sometimes truncate."""
    damaged = bytearray(content)
    reach = len(damaged) if chance.random() < 0.5 else min(len(damaged), spared + 200)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        damaged[chance.randrange(spared, reach)] = chance.randrange(256)
    if chance.random() < 0.2:
        damaged = damaged[: chance.randrange(spared + 1, len(damaged))] + content[-2:]
    return bytes(damaged)


if __name__ == "__main__":
    for syntax in sys.argv[3:] or (*NATIVE, *LOSSLESS, JPEGBaseline8Bit, JPEGLSNearLossless):
        main(UID(syntax), int(sys.argv[1]), int(sys.argv[2]))
