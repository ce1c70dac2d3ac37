"""Programs that measure the system; nothing here is imported by it."""
