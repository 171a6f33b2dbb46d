"""Pictures and pages in a real browser."""
