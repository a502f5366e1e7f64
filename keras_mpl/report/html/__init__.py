"""`report.html`: one file that needs no network, made of a run folder.

`markup` builds elements of which every text is escaped, `style` has the looks,
`charts` the pictures that matplotlib draws; `finished` reads a run folder, the
modules named after sections say what is in it, and `document` and `comparison`
put sections together.
"""
