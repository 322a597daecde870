"""The file of samples, written in the order of the slots whatever the order of the answers."""

import hashlib
import os
from collections import Counter
from pathlib import Path

from chaoscinder.runs import samples


class Tape:
    """One file of samples. put() may be called from any thread; the rest from one at a time."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb", buffering=0)
        self._digest = hashlib.sha256()
        self._waiting: dict[int, bytes] = {}
        self._unwritten = b""
        self.records = 0
        self.counts: Counter[str] = Counter()

    def put(self, slot: int, record: bytes) -> None:
        """Hand a record over."""
        self._waiting[slot] = record

    def write(self, data: bytes) -> None:
        """Write bytes to the file and into the digest; what a full disk refused is tried again the next time."""
        self._unwritten += data
        while self._unwritten:
            count = self._file.write(self._unwritten) or 0
            self._digest.update(self._unwritten[:count])
            self._unwritten = self._unwritten[count:]

    def flush(self) -> None:
        """Write what is complete up to the first slot that is still under way."""
        ready = []
        while (record := self._waiting.pop(self.records, None)) is not None:
            ready.append(record)
            self.records += 1
            self.counts[samples.OUTCOMES[samples.RECORD.unpack(record)[5]]] += 1
        self.write(b"".join(ready))

    def close(self) -> dict[str, object]:
        """End the file; what its trailer says about it."""
        self.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return {"records": self.records, "counts": dict(self.counts), "sha256": self._digest.hexdigest()}
