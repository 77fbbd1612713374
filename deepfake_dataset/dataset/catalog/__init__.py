"""What is known of every video: its record in brief, failed attempts, files and places."""
