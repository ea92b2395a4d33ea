"""The lake: landing Parquet, raw pages and reference snapshots, on local disk or in a bucket.

Every file is replaced whole: a reader, or a run after a crash, sees the old file or the new one.
"""
