"""Pure functions: what differs, and in which steps it is mended. No engine is needed here."""
