"""The loop of every verb, once: look, compare, plan, execute, and look again."""
