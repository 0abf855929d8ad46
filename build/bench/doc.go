// Package bench measures whole nodes from outside: "make bench" prints the table.
package bench
