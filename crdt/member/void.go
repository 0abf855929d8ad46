package member

// voided is the void rule, strong removal (rule M24): a record is void iff some
// record c of its authority chain and some revocation r, not void itself,
// exist such that r and c are concurrent, r takes away authority that c needed,
// and r outranks both c and the record.
//
// It asks about revocations of strictly higher rank only, so it ends.
func (f *field) voided(i int) bool {
	if len(f.revocations) == 0 || f.rules.noVoid {
		return false
	}
	return f.judge(i, 0)
}

func (f *field) judge(i, depth int) bool {
	if f.void[i] != unjudged {
		return f.void[i] == isVoid
	}
	if depth > len(f.records) {
		// Ranks are a strict partial order, so this is never reached.
		if f.rules.looped != nil {
			*f.rules.looped = true
		}
		return false
	}
	if _, _, struck := f.striker(i, depth); struck {
		f.void[i] = isVoid
	} else {
		f.void[i] = counts
	}
	return f.void[i] == isVoid
}

// striker finds the revocation that makes a record void, and the record of its
// chain that it hits.
func (f *field) striker(i, depth int) (by, at int, struck bool) {
	e := f.records[i]
	for _, at := range f.chain(i) {
		c := f.records[at]
		for _, bearer := range c.bearers() {
			for _, by := range f.revocations[bearer] {
				if f.strikes(by, at, e) && !f.judge(by, depth+1) {
					return by, at, true
				}
			}
		}
	}
	return 0, 0, false
}

// strikes reports whether the revocation at by takes away what the record at
// place at needed, which stands in the chain of e.
func (f *field) strikes(by, at int, e *record) bool {
	r, c := f.records[by], f.records[at]
	return r.revoke.takes(c) && f.outranks(r, c) && f.outranks(r, e) && f.concurrent(by, at)
}

func (f *field) outranks(r, c *record) bool { return f.rules.noRank || r.rank.outranks(c.rank) }

// chain is the authority chain of a record as far as it lies in the field: the
// record, the entries that gave its author person, role, device and access, and
// theirs (rule M21). What lies before the field is not concurrent with anything
// in it.
func (f *field) chain(i int) []int {
	if f.rules.noChain {
		return []int{i}
	}
	if chain, ok := f.chains[i]; ok {
		return chain
	}
	seen := map[int]bool{i: true}
	chain := []int{i}
	for next := 0; next < len(chain); next++ {
		for _, grant := range f.records[chain[next]].grants {
			if at, in := f.place[grant]; in && !seen[at] {
				seen[at] = true
				chain = append(chain, at)
			}
		}
	}
	f.chains[i] = chain
	return chain
}
