"""The official Python client: prints what it hears as JSON, one object a line.

``python lightstreamer_client.py URL`` in the environment that ``install.py`` made.
"""

import json
import os
import sys
from importlib import import_module
from typing import Any

sdk: Any = import_module("lightstreamer.client")
FIELDS = ["key", "command", "home", "away", "h", "a", "period"]


def tell(what: str, said: object) -> None:
    """Print one line."""
    print(json.dumps({"what": what, "said": said}), flush=True)  # noqa: T201 - it is what this is for


class Items(sdk.SubscriptionListener):  # type: ignore[misc,no-any-unimported]  # the SDK has no types
    """Tells of updates."""

    def onItemUpdate(self, update: Any) -> None:  # noqa: N802, ANN401 - the SDK's name, and its type
        """Tell one update."""
        said = {name: update.getValue(name) for name in FIELDS}
        tell("update", {**said, "snapshot": update.isSnapshot()})

    def onItemLostUpdates(self, _name: str, _at: int, lost: int) -> None:  # noqa: N802 - the SDK's name
        """Tell that updates are missing."""
        tell("lost", lost)

    def onSubscriptionError(self, code: int, message: str) -> None:  # noqa: N802 - the SDK's name
        """Tell a refusal."""
        tell("refused", [code, message])


class Status(sdk.ClientListener):  # type: ignore[misc,no-any-unimported]  # the SDK has no types
    """Tells how the connection does."""

    def onStatusChange(self, status: str) -> None:  # noqa: N802 - the SDK's name
        """Tell the state of the connection."""
        tell("status", status)


def main(url: str) -> None:
    """Subscribe to all matches until standard input ends."""
    client = sdk.LightstreamerClient(url, "SPORTS")
    client.addListener(Status())
    client.connectionOptions.setForcedTransport("WS-STREAMING")
    client.connectionOptions.setStalledTimeout(100)
    client.connectionOptions.setReconnectTimeout(100)
    items = sdk.Subscription("COMMAND", ["matches"], FIELDS)
    items.setRequestedSnapshot("yes")
    items.addListener(Items())
    client.subscribe(items)
    client.connect()
    sys.stdin.read()
    # Its own threads do not end by themselves.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
