"""Files made from lists: the job, its file, and one writer for each format."""
