"""The wiring of the workflow: where files lie, what is made, what a job asks for, what must hold before."""
