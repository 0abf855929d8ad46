// Package markdown writes documents as Markdown (CommonMark with the tables, task
// lists and strikethrough of GitHub, and footnotes) and reads it. What Markdown
// has no sign for but programs show, such as underlining, is written as HTML
// elements inside lines; comments are footnotes named c1, c2 and so on, with an
// invisible element around the text that they are about. Pictures stand with
// their content at the end of the file.
package markdown
