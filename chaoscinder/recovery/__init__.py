"""Restoring: what a fault may have touched is audited before and after, and whatever is still open is undone."""
