// Package text writes documents as plain text and reads plain text. Blocks stand
// apart by an empty line; lists have their signs, tables a tab between their
// cells, footnotes and addresses stand in the text and at its end.
package text
