package self

import "parvis/crdt/seal"

// Look asks the sources as if the devices of a person had changed, and waits.
func (s *Service) Look(ws seal.ID) {
	s.look(ws)
	s.wg.Wait()
}
