"""Feeds over plain HTTP: event streams, pushed lines, and polling. The cores know no sockets."""
