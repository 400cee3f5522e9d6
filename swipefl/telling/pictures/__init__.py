"""Pictures of what people are told, a file each: a report in, the text of an SVG out."""
