"""``make bench``: frame sent to whole order read, ours beside C, bare trio, Node and httpx."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    # A program of the checkout: its own folder and `actors` are on the path only now.
    from bench.rounds import main

    sys.exit(main())
