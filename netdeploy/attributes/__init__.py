"""The table of attributes: how a wish is sent, how it is read back, how the two compare, and what changing it costs.

Create and diff read the same row, so nothing is sent that is never compared.
"""
