//go:build !race

package sealtest

// Inputs is how many mutated inputs every decoder gets in each test run.
const Inputs = 10_000
