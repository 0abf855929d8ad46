package main

// version is the program's version, as people read it.
const version = "0.1.0"
