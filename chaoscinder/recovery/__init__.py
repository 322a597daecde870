"""Restoring: whatever a fault did is undone however its run ends, by this process, by the next one, or by another machine.

1. An undo is done when the undone state was seen; only then our metadata goes, and only then the intent is closed.
2. An undo is idempotent, asks again while an API does not answer, and has a limit; then it says what is left and how to finish by hand.
3. Nothing cuts an undo short: signals and stop conditions wait for it (chaoscinder.waiting.halt).
4. A Lease in the workload's namespace keeps two runs apart; what a run left on servers is found by their metadata alone.
"""
