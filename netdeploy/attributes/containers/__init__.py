"""The rows of a container, by topic."""
