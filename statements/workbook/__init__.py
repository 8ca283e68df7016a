"""Excel and OpenDocument workbooks: a sheet becomes the text of a table, which the CSV importer reads."""
