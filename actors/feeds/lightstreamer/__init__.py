"""Lightstreamer's TLCP-2.5.0: lines in, requests out. Only ``link`` knows trio."""
