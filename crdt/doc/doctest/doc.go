// Package doctest is what every [doc.Engine] must do, as tests: [Contract] is run on
// each implementation. Its own tests compare the implementations with each other and
// with Automerge in JavaScript, on random histories.
package doctest
