"""What `| cbsignedcheck` looks at: whether what the add-on rests on holds on this search head."""
