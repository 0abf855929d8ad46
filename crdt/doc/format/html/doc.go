// Package html writes documents as web pages that stand alone, pictures included,
// and reads web pages. A page of ours keeps everything: what HTML has no word for
// lies in data attributes. Of other pages only what is on a list of elements,
// attributes and styles is taken; scripts, frames and addresses that are not
// allowed never are, and nothing is fetched.
package html
