"""The verbs that break things: find the one right target, write down the undo, act, wait for the effect, undo.

1. A fault names its target and checks that it is the right one and the only one; none, several or disagreement is refused.
2. How to undo it is on disk and on the target before the act.
3. No fault acts while nobody records.
"""
