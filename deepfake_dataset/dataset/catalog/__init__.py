"""What is known of every video: its record in brief, and its failed attempts."""
