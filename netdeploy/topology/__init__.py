"""What is wanted: topology files, read into frozen models. Knows nothing of Docker."""
