// Package blocks exchanges sealed blocks between members: /parvis/blk/1
// (SPEC-blocks.md, rules B1 …). It is boxo's bitswap, client and server, on our own
// streams: nobody is dialled, nothing is announced, and every want and every block
// passes the question whether that device may have it. Whoever replaces bitswap
// changes this package alone.
package blocks
