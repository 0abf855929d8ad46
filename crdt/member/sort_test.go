package member

import (
	"slices"

	"parvis/crdt/seal"
)

func sorted(ids ...seal.ID) []seal.ID {
	slices.SortFunc(ids, seal.ID.Compare)
	return ids
}

func sortedSigs(sigs []TrusteeSig) []TrusteeSig {
	slices.SortFunc(sigs, func(a, b TrusteeSig) int { return a.Device.Compare(b.Device) })
	return sigs
}
