"""What a night asks of the world before it works: each file asks about one matter, and says when it cannot know."""
