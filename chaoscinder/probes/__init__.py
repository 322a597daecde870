"""Probes: statements that are true, or not. What cannot be told is an error, never a False."""
