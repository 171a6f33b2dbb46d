"""Results as text for a terminal. Returns it; prints nothing."""
