"""The sandbox's Kubernetes: an object store, the API over it, and the controllers that act on it."""
