"""The commands of the command line, one file for each thing done. Heavy imports stay inside the functions."""
