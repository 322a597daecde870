"""Play recordings and print where the sandbox differs: python -m tests.timelines 1.36-c (all of them without a name)."""

import sys

from tests.timelines import compare, recording, replay


def main(names: list[str]) -> int:
    """Print a table for each recording; tell 1 where one has differences."""
    different = 0
    for name in names or recording.names():
        found = replay.differences(recording.load(name))
        different += bool(found)
        sys.stdout.write(f"{name}: {compare.table(found)}\n")
    return min(different, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
