"""The parts of drains.py."""
