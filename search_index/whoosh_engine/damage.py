"""What harmed files end in."""

import errno
import pickle
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from whoosh.index import IndexError as WhooshIndexError

from search_index.engine import IndexDamaged

# What reading a cut, overwritten or missing file ends in. It counts only if a fresh reader fails too.
DAMAGE = (OSError, EOFError, TypeError, ValueError, LookupError, AttributeError, AssertionError, ImportError,
          OverflowError, MemoryError, struct.error, zlib.error, pickle.UnpicklingError, WhooshIndexError)  # fmt: skip
_SURROUNDINGS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE}


@contextmanager
def reading() -> Iterator[None]:
    """For the writer, which reads what it published itself: a failure is damage, a full disk is not."""
    try:
        yield
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno in _SURROUNDINGS:
            raise
        raise IndexDamaged(f"the index cannot be changed: {error!r}") from error
