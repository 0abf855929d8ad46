// Package process holds the tests that run whole nodes as processes of their own and
// use them the way a person or a script does: through the command line. Nothing
// here looks inside the program, but the data folder is looked at from outside.
package process
