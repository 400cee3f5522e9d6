"""`python -m swipefl`."""

from swipefl.cli.app import main

if __name__ == "__main__":
    main()
