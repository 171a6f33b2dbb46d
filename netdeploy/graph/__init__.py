"""Drawings of a topology: what is on them, where it stands, and writers for several formats. Pure."""
