"""Each quarter's asking of one agency: who is asked, by which way, who has answered, and the lists that are frozen."""
