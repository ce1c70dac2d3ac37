"""A supervised race: feeds hear a goal, one order goes out, everything is written down.

Read in this order: ``supervisor.py`` (the tree on one screen), ``messages/``
(what the actors say to each other), then one folder. Imports point down this
list, never up; ``pyproject.toml`` holds the contract::

    __main__, cli                    python -m actors ...
    sim                              the world: venue, feed servers, other traders
    feeds, trader, audit             the actors; they never import each other
    risk                             the controls and the states of a review
    messages                         what crosses a channel; the journal's records
    exchange                         the venue's wire, signing and client
    config                           profiles, as typed values
    model, runtime                   pure market rules; bare actor machinery
"""
