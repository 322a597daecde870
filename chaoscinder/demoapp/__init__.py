"""The demo application: a small web application that keeps its users in SQLite on a mounted volume.

It is what the experiments are run against when there is nothing else: in the sandbox as a plain process, on a cluster as the image that
deploy/Containerfile describes. It knows nothing of Kubernetes but the two names that the downward API gives it, and nothing of the pack.

1. An answer 201 means that the write has reached the disk (database.py says how).
2. It starts fast and ends fast, so that the outage it shows is the cluster's and not its own.
3. Every bad input gets one line.
"""
