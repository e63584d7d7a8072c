"""Audiences from Real-Time CDP into Adobe Campaign Classic, delivery events back."""

__version__ = "0.1.0"
