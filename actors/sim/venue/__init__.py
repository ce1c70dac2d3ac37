"""The simulated venue: an exchange that speaks Kalshi's published REST and WebSocket.

Read in this order: ``listing`` (what is traded), ``accounts``, ``fees`` and
``holdings`` (whose money, counted again from the reference page), ``order_entry``
and ``lifecycle`` (what happens), ``engine`` (the one object the world holds);
then ``rest``, ``stream`` and ``server``, which put it on a socket. Nothing here
knows which account is whose.
"""
