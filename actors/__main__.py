"""``python -m actors``: the tools beside the trading process."""

import sys

try:
    from actors.cli.tools import main
    from actors.runtime.secret import guard_tracebacks, no_cores
except ModuleNotFoundError as missing:
    if (missing.name or "").startswith("actors"):
        raise
    sys.exit(f"touchline: {missing.name} is not installed here; run: make setup")

if __name__ == "__main__":
    # Some of them hold a key.
    no_cores()
    guard_tracebacks()
    sys.exit(main())
