"""One module per provider's dialect. Bytes in, values out: no sockets, no clock, no trio."""
