"""The simulated venue: an exchange that speaks Kalshi's published REST and WebSocket.

Read in this order: ``listing`` (what is traded), ``accounts``, ``fees``, ``holdings``
and ``collateral`` (whose money, counted again from the reference page),
``admission``, ``order_entry``, ``amending`` and ``lifecycle`` (what happens to an
order and a market), ``order_groups``, ``netting``, ``treasury`` and ``fee_schedule``
(what else moves money), ``engine`` (the one object the world holds); then ``rest``
with its ``*_routes`` and ``*_reads``, ``stream`` and ``server``, which put it on a
socket. Nothing here knows which account is whose.
"""
