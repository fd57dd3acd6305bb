"""The child process: one hostile file from standard input, its result on standard output, then it ends.

`python -m kb.files.child picture|words MEDIA_TYPE SECONDS`. A picture comes as one line of JSON and the bytes, words
as UTF-8.
"""

import json
import logging
import resource
import sys
from typing import BinaryIO

from kb.files.kinds import BY_MEDIA_TYPE, DAMAGED, HEAVY, MAX_PIXELS, PIXELS, FileKind

MEMORY = 1 << 30  # bytes of address space


def limit(seconds: int) -> None:
    """No more memory than that and no more processor time than `seconds`, no files that grow, few that are open."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (most, most))


def picture(kind: FileKind, source: BinaryIO, out: BinaryIO) -> None:
    """Answer with the clean picture, or why there is none."""
    from kb.files import pictures

    try:
        result, size, moved, data = pictures.encode(kind, source)
    except pictures.TooManyPixels:
        refusal = {"refused": PIXELS, "most": MAX_PIXELS // 1_000_000}
        out.write(json.dumps(refusal).encode() + b"\n")
    except MemoryError:
        out.write(json.dumps({"refused": HEAVY}).encode() + b"\n")
    except Exception:
        out.write(json.dumps({"refused": DAMAGED}).encode() + b"\n")
    else:
        about = {"media_type": result.media_type, "width": size[0], "height": size[1], "moved": moved}
        out.write(json.dumps(about).encode() + b"\n")
        out.write(data)


def words(kind: FileKind, source: BinaryIO, out: BinaryIO) -> None:
    """Write the words out as they are found; a file that breaks half-way keeps what came before."""
    from kb.files import reading

    logging.disable(logging.CRITICAL)  # what a library finds odd about a file concerns nobody
    for piece in reading.pieces(kind, source):
        out.write(piece.encode("utf-8", "replace"))
        out.flush()


def main(job: str, media_type: str, seconds: str) -> None:
    """Do one job."""
    limit(int(seconds))
    jobs = {"picture": picture, "words": words}
    with sys.stdout.buffer as out:
        jobs[job](BY_MEDIA_TYPE[media_type], sys.stdin.buffer, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
