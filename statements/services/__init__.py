"""Every write of imports: receiving a file, correcting how it is read, recording its rows."""
