"""`python -m netdeploy`."""

from netdeploy.cli.main import main

if __name__ == "__main__":
    main()
