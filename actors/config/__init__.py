"""Profiles: ``profile`` is what one says, ``load`` reads one from its file."""
