"""Everything that crosses a channel, and the journal's records. Each says from whom to whom.

``feeds`` (feed to arbiter), ``race`` (arbiter to the trigger and the auditor),
``trading`` (planner, trigger, executor, exits), ``market`` (market data to
planner and auditor), ``catalogue`` (what is traded), ``records`` (what the
journal keeps).
"""
