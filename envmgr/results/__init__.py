"""What can be said about runs that are over: reads RunRecords, and never builds."""
