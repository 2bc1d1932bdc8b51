"""The verbs of the command line, each drawn from the settings that its work takes."""
