"""Every command under `sportello`: those of the site itself, and the groups that the features bring."""
