"""DeskOps: the daily book of a yard that crushes and recycles rubble."""

__version__ = "0.1.0"
