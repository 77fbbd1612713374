"""What the command line can do, as typed functions: a file a family of commands."""
