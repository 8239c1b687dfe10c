"""`python -m appliance` is the `segue` command; the supervisor starts its children so, whatever the PATH is."""

from appliance.cli import main

if __name__ == "__main__":
    main()
