"""The command line: ``python supervisor.py`` and ``python -m actors …``."""
