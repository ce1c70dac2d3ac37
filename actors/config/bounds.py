"""How long each actor may go without progress: the one table that the watchdog goes by.

A vital actor that does not come on keeps systemd's watchdog unfed, and the process is
restarted. Who only waits for others (lines that the venue may drop, feeds that have a
deadline of their own, guests) is not listed.
"""

from collections.abc import Mapping
from typing import Final

from actors.runtime.health import Bound

BOUNDS: Final[Mapping[str, Bound]] = {
    # Sync and rotation: a disk that is slower than this is as good as broken.
    "journal": Bound(after_s=20.0, by="backlog"),
    # Whatever is posted is written within a turn; nothing else may wait behind it.
    "auditor": Bound(after_s=5.0, by="backlog"),
    # Signs each second; header sets are good for five.
    "signer": Bound(after_s=10.0, by="marks"),
    # Looks twice a second; a question may take as long as the venue lets it.
    "clock": Bound(after_s=60.0, by="marks"),
    # Its start has 30 s (``ready_s``); afterwards it rests between readings.
    "reconciler": Bound(after_s=60.0, by="marks"),
    # Pings every 2 s at least, and gives up a connection that does not answer by itself. The
    # second is there with ``venue.streams = 2`` only, and a loop that hangs there is no less one.
    "market_data": Bound(after_s=30.0, by="marks"),
    "market_data_2": Bound(after_s=30.0, by="marks"),
    # Reads each ``poll_s``; a venue that is away makes it late, which is no fault of ours.
    "catalogue": Bound(after_s=1_800.0, by="marks", vital=False),
    # These take whatever comes at once, and see it through beside the next.
    "exits": Bound(after_s=5.0, by="backlog"),
    "executor": Bound(after_s=5.0, by="backlog"),
    "planner": Bound(after_s=5.0, by="backlog"),
    "arbiter": Bound(after_s=5.0, by="backlog"),
}
