package workspace

import "parvis/crdt/seal"

// KeysOf is the peer key of a manager's device.
func KeysOf(m *Manager) seal.ID { return m.device.PeerPublic() }
