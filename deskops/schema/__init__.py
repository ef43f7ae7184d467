"""What a value and a field are: columns, kinds, reference lists, and the schema that reads what was sent."""
