"""Files of articles: what is accepted, what they are made of, and how they are named. No database, no Flask.

Uploaded bytes are hostile. What a file is, its first bytes decide (`sniff`), never its name; pictures are encoded anew
and texts read out only in a child process with bounded time and memory (`child`, `process`).
"""
