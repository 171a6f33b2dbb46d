"""Proving from inside the containers who reaches whom, and telling why not."""
