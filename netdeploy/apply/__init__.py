"""Running a plan: independent operations at once, waits without holding a worker, and a way back for replacements."""
