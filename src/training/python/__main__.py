"""Lets `python -I <this folder>` run the package: isolated mode adds only the folder that is run."""

from cbi_worker.main import main

main()
