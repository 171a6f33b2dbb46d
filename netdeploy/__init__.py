"""netdeploy: networks and containers stand on a Docker engine exactly as a file says."""

__version__ = "0.1.0"
