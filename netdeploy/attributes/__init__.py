"""The table that says, attribute by attribute, how a wish becomes a create argument, how it is read back, how the two
compare and what changing it costs. Create and diff read the same row, so nothing is sent that is never compared.
"""
