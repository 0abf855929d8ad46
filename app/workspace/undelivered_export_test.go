package workspace

import "parvis/crdt/seal"

// Tell lets a courier hear the number of the newest object of a space.
func (k *Courier) Tell(space seal.SpaceID, newest uint64) { k.c.told(k.c.code.tag(space), newest) }

// Lacks is how many objects the super-peer told of and were not read.
func (k *Courier) Lacks() uint64 { return k.c.behind() }
