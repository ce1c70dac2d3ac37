"""Market and match nouns and their rules. Pure: no clock, no I/O, no trio, no logging."""
