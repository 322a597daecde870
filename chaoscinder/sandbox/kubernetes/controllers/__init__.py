"""The controllers of the sandbox's Kubernetes, each named after the real one.

1. A controller is a function of the objects and the present moment: sync() is asked after each change of what it watches.
2. What it must remember between two looks (a timer, a back-off) it keeps itself; what others must see it writes into objects.
3. It never waits. What happens later is a timer of the world.
4. It knows no version: figures and words that differ come from the profile.
"""
