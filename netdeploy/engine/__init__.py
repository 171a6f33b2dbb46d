"""What is: connecting to a Docker engine, observing it (read only) and operating it. Knows nothing of files."""
